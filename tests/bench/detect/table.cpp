#include "tests/bench/detect/table.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>

namespace bw::bench {

Table read_table(const std::string& path) {
  std::ifstream file(path);
  Table table;
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    const char* at = line.c_str();
    std::size_t columns = 0;
    while (true) {
      char* end = nullptr;
      table.values.push_back(static_cast<float>(std::strtod(at, &end)));
      ++columns;
      if (end == at || (*end != ',' && *end != '\0' && *end != '\r')) {
        std::cerr << path << ":" << number << ": column " << columns << " is no number\n";
        std::exit(2);
      }
      if (*end != ',') break;
      at = end + 1;
    }
    if (table.columns == 0) table.columns = columns;
    if (columns != table.columns) {
      std::cerr << path << ":" << number << ": " << columns << " columns, not " << table.columns
                << "\n";
      std::exit(2);
    }
  }
  if (table.values.empty()) {
    std::cerr << path << ": no rows\n";
    std::exit(2);
  }
  return table;
}

}  // namespace bw::bench
