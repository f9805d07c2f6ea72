// Any series, labels, times and values as a remote-write request: it is whole, and a parser that
// shares nothing with the encoder finds in it what was put in, names and labels as Prometheus wants
// them.
#include <algorithm>
#include <bit>
#include <cmath>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/text.h"
#include "coordinator/core/export/remote_write.h"
#include "schemas/metrics/prometheus_name.h"
#include "tests/unit/coordinator/core/export/messages.h"

namespace {

using bw::coordinator::exporting::Block;
using bw::coordinator::exporting::Message;
using bw::coordinator::exporting::RemoteWriteEncoder;
using bw::wire::Label;
using bw::wire::SeriesInfo;
using bw::wire::SeriesKind;

// Takes the input apart.
class Source {
 public:
  explicit Source(std::span<const std::uint8_t> bytes) : rest_(bytes) {}
  bool is_empty() const { return rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const std::uint8_t first = rest_.front();
    rest_ = rest_.subspan(1);
    return first;
  }
  std::string text() {
    const std::size_t size = std::min<std::size_t>(byte(), rest_.size());
    std::string text(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(size));
    rest_ = rest_.subspan(size);
    return text;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8 | byte();
    return value;
  }

 private:
  std::span<const std::uint8_t> rest_;
};

struct Put {
  SeriesInfo series;
  std::vector<std::int64_t> times;
  std::vector<double> values;
};

Put read_put(Source& from) {
  constexpr const char* kUnits[] = {"%", "s", "ms", "B", "KiB", "count", "1", "C", "unknown"};
  Put put;
  put.series.name = from.text();
  put.series.unit = kUnits[from.byte() % std::size(kUnits)];
  put.series.kind = from.byte() % 2 == 0 ? SeriesKind::gauge : SeriesKind::counter;
  for (int labels = from.byte() % 5; labels > 0; --labels) {
    put.series.labels.push_back({from.text(), from.text()});
  }
  for (int samples = from.byte() % 9; samples > 0; --samples) {
    put.times.push_back(static_cast<std::int64_t>(from.number()));
    put.values.push_back(std::bit_cast<double>(from.number()));
  }
  return put;
}

bool is_name(const std::string& name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

void check_labels(const Message& series, const Put& put, const Block& block) {
  std::vector<std::string> names;
  std::multiset<std::string> values;
  for (const Message& label : series.messages(1)) {
    BW_ASSERT(label.is_whole && is_name(label.text(1)) && !label.text(2).empty());
    names.push_back(label.text(1));
    values.insert(label.text(2));
  }
  BW_ASSERT(std::is_sorted(names.begin(), names.end()));
  BW_ASSERT(std::adjacent_find(names.begin(), names.end()) == names.end());
  std::multiset<std::string> expected = {
      bw::metrics::prometheus_name(put.series.name, put.series.unit, put.series.kind),
      block.node};  // an id, checked on its way in
  if (!block.site.empty()) expected.insert(bw::to_utf8(block.site));
  for (const Label& label : put.series.labels) {
    if (!label.value.empty()) expected.insert(bw::to_utf8(label.value));
  }
  BW_ASSERT(values == expected);
}

void check(std::span<const std::uint8_t> bytes) {
  Source from(bytes);
  Block block;
  block.node = "n" + from.text();
  block.site = from.text();
  RemoteWriteEncoder encoder;
  std::vector<Put> all;
  while (!from.is_empty()) {
    Put put = read_put(from);
    encoder.add(block, put.series, put.times, put.values);
    if (!put.times.empty()) all.push_back(std::move(put));
  }
  const Message request = Message::parse(encoder.take());
  BW_ASSERT(request.is_whole && request.count(1) == all.size());
  const auto series = request.messages(1);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Put& put = all[i];
    BW_ASSERT(series[i].is_whole);
    check_labels(series[i], put, block);
    const auto samples = series[i].messages(2);
    BW_ASSERT(samples.size() == put.times.size());
    const bw::metrics::BaseUnit& unit = bw::metrics::base_unit(put.series.unit);
    for (std::size_t k = 0; k < samples.size(); ++k) {
      const double expected = unit.convert(put.values[k]);
      const double found = samples[k].real(1);
      BW_ASSERT(found == expected || (std::isnan(found) && std::isnan(expected)));
      BW_ASSERT(static_cast<std::int64_t>(samples[k].number(2)) == put.times[k]);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check(std::span(data, size));
  return 0;
}
