#include "coordinator/cli/table.h"

#include <algorithm>

#include "base/assert.h"

namespace bw::cli {

namespace {

void append_line(std::string& out, const std::string& line) {
  out.append(without_trailing_spaces(line)).push_back('\n');
}

}  // namespace

Table& Table::column(std::string_view title, Align align) {
  columns_.push_back({std::string(title), align});
  return *this;
}

void Table::row(std::vector<Cell> cells) {
  BW_ASSERT(cells.size() <= columns_.size());
  cells.resize(columns_.size());
  for (Cell& cell : cells) cell.text = visible(cell.text);
  rows_.push_back(std::move(cells));
}

std::string Table::text(const Style& style) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = display_width(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, display_width(row[i].text));
    widths.push_back(width);
  }
  std::string out;
  if (!columns_.empty() && !columns_.front().title.empty()) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) line += "  ";
      line += pad(columns_[i].title, widths[i], columns_[i].align);
    }
    out.append(style.paint(Tone::dim, without_trailing_spaces(line))).push_back('\n');
  }
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += "  ";
      // Padding around the painted text: colours never cover the gaps.
      line += pad(style.paint(row[i].tone, row[i].text), widths[i], columns_[i].align);
    }
    append_line(out, line);
  }
  return out;
}

}  // namespace bw::cli
