// Tables of numbers as the data sets have them: comma separated, a row a line, no header.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace bw::bench {

struct Table {
  std::size_t columns = 0;
  std::vector<float> values;  // row by row

  std::size_t rows() const { return columns == 0 ? 0 : values.size() / columns; }
};

// Ends the program with the place where the file is no such table.
Table read_table(const std::string& path);

}  // namespace bw::bench
