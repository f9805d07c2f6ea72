#include "coordinator/cli/screen_painter.h"

#include "coordinator/cli/display.h"

namespace bw::cli {

namespace {

// Terminals that know synchronized updates show the whole frame at once; others ignore these.
constexpr std::string_view kBegin = "\x1b[?2026h";
constexpr std::string_view kEnd = "\x1b[?2026l";

}  // namespace

std::string ScreenPainter::update(const std::vector<std::string>& lines, TopSize size) {
  std::string changes;
  if (!known_ || size_.rows != size.rows || size_.columns != size.columns) {
    changes += "\x1b[2J";
    shown_.clear();
    size_ = size;
    known_ = true;
  }
  shown_.resize(size.rows);
  for (std::size_t row = 0; row < size.rows; ++row) {
    const std::string line = row < lines.size() ? lines[row] : std::string();
    if (line == shown_[row]) continue;
    changes += "\x1b[" + std::to_string(row + 1) + ";1H" + line;
    // Behind a full line the cursor still stands on its last column: nothing must be erased there.
    if (display_width(line) < size.columns) changes += "\x1b[K";
    shown_[row] = line;
  }
  if (changes.empty()) return "";
  return std::string(kBegin) + changes + std::string(kEnd);
}

}  // namespace bw::cli
