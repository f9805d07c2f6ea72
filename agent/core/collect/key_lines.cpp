#include "agent/core/collect/key_lines.h"

#include <cmath>

#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

// "MemTotal:" is the key MemTotal.
std::string_view without_colon(std::string_view word) {
  if (word.ends_with(':')) word.remove_suffix(1);
  return word;
}

}  // namespace

bool KeyLines::read(std::string_view text) {
  values_ = 0;
  if (!follow(text)) {
    values_ = 0;
    learn(text);
  }
  return values_ > 0;
}

void KeyLines::lose() {
  for (const Line& line : lines_) sample_.lose(line.alias);
}

void KeyLines::take(Scanner& scanner, const Line& line) {
  if (line.bare) return;
  if (line.alias != Sample::kNoAlias) {
    const double value = scanner.whole();
    if (!std::isnan(value)) ++values_;
    sample_.set(line.alias, value * line.scale);
  }
  scanner.skip_line();
}

bool KeyLines::follow(std::string_view text) {
  Scanner scanner(text);
  for (const Line& line : lines_) {
    if (!scanner.skip({keys_.data() + line.offset, line.size})) return false;
    take(scanner, line);
  }
  return scanner.done() || lines_.size() == kMaxLines;
}

void KeyLines::learn(std::string_view text) {
  lose();
  lines_.clear();
  keys_.clear();
  Scanner scanner(text);
  while (!scanner.done() && lines_.size() < kMaxLines) {
    const char* const first = scanner.rest().data();
    const std::string_view word = scanner.word();
    Line line{.offset = keys_.size(),
              .size = static_cast<std::size_t>(word.data() + word.size() - first),
              .bare = scanner.at_line_end(),
              .alias = Sample::kNoAlias,
              .scale = 1};
    if (line.size < kMaxKey) {
      // With what stands behind it, so that no key is taken for a longer one.
      if (!scanner.done()) {
        scanner.skip_byte();
        ++line.size;
      }
      if (const metrics::MetricInfo* info = metrics::find_metric(source_, without_colon(word))) {
        line.alias = sample_.declare(*info);
        line.scale = info->scale;
        if (line.bare) sample_.lose(line.alias);
      }
    } else {
      line.size = kMaxKey;
      line.bare = false;
    }
    keys_.append(first, line.size);
    lines_.push_back(line);
    take(scanner, line);
  }
}

}  // namespace bw::agent
