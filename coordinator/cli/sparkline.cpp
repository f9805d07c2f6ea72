#include "coordinator/cli/sparkline.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>

namespace bw::cli {

namespace {

using Levels = std::array<std::string_view, 8>;
constexpr Levels kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr Levels kAscii = {"_", ".", "-", "=", "+", "*", "%", "#"};
// Parts of a column, in eighths.
constexpr std::array<std::string_view, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};

std::optional<double> mean(const std::vector<QueryPoint>& points, std::size_t begin,
                           std::size_t end) {
  double sum = 0;
  int count = 0;
  for (std::size_t i = begin; i < end; ++i) {
    if (!points[i].value || !std::isfinite(*points[i].value)) continue;
    sum += *points[i].value;
    ++count;
  }
  if (count == 0) return std::nullopt;
  return sum / count;
}

}  // namespace

std::string sparkline(const std::vector<QueryPoint>& points, std::size_t width, bool unicode) {
  const std::size_t columns = std::min(points.size(), width);
  std::vector<std::optional<double>> values;
  for (std::size_t i = 0; i < columns; ++i) {
    values.push_back(mean(points, i * points.size() / columns, (i + 1) * points.size() / columns));
  }
  double low = INFINITY;
  double high = -INFINITY;
  for (const auto& value : values) {
    if (!value) continue;
    low = std::min(low, *value);
    high = std::max(high, *value);
  }
  std::string line;
  for (const auto& value : values) {
    if (!value) {
      line += " ";
      continue;
    }
    const double share = high > low ? (*value - low) / (high - low) : 0;
    const auto level = std::min<std::size_t>(7, static_cast<std::size_t>(share * 8));
    line += unicode ? kBlocks[level] : kAscii[level];
  }
  return line;
}

std::string bar(double share, std::size_t width, bool unicode) {
  const double bounded = std::isfinite(share) ? std::clamp(share, 0.0, 1.0) : 0;
  const std::size_t parts = unicode ? 8 : 1;
  const auto filled =
      static_cast<std::size_t>(std::lround(bounded * static_cast<double>(width * parts)));
  std::string line;
  for (std::size_t i = 0; i < filled / parts; ++i) line += unicode ? "█" : "#";
  std::size_t used = filled / parts;
  if (filled % parts > 0) {
    line += kEighths[filled % parts];
    ++used;
  }
  for (; used < width; ++used) line += unicode ? " " : ".";
  return line;
}

}  // namespace bw::cli
