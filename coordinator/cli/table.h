// Columns of text that stay aligned whatever is put into them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "coordinator/cli/display.h"
#include "coordinator/cli/style.h"

namespace bw::cli {

struct Cell {
  Cell() = default;
  Cell(std::string value, Tone with = Tone::plain) : text(std::move(value)), tone(with) {}
  Cell(std::string_view value, Tone with = Tone::plain) : text(value), tone(with) {}
  Cell(const char* value, Tone with = Tone::plain) : text(value), tone(with) {}

  std::string text;  // as it came: the table makes it visible
  Tone tone = Tone::plain;
};

class Table {
 public:
  // An empty title of the first column: no line of titles is printed.
  Table& column(std::string_view title, Align align = Align::left);
  // Cells left out are empty; those too many are a bug.
  void row(std::vector<Cell> cells);

  // Every line ends in '\n'; two spaces between columns, none at the end of a line.
  std::string text(const Style& style) const;

 private:
  struct Column {
    std::string title;
    Align align;
  };

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace bw::cli
