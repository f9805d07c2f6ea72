// Made-up metrics of a box as CSV, with trouble put into some rows, for the tests beside this file.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>

namespace bw::cli::testing {

// Rows of two metrics that go up and down together and one of its own; from row `bad` on, counted
// from 1, `bad_rows` rows have "disk" far beyond the usual. 0: none.
inline std::string detect_rows(std::size_t rows, std::size_t bad = 0, std::size_t bad_rows = 20) {
  std::string text = "cpu,load,disk\n";
  unsigned state = 12345;
  const auto noise = [&] {
    state = state * 1664525U + 1013904223U;
    return static_cast<double>(state >> 8U) / (1U << 24U) - 0.5;
  };
  for (std::size_t i = 1; i <= rows; ++i) {
    const double wave = std::sin(static_cast<double>(i) / 20);
    const bool is_bad = bad > 0 && i >= bad && i < bad + bad_rows;
    text += std::to_string(50 + 20 * wave + 5 * noise()) + ",";
    text += std::to_string(2 + wave + 0.3 * noise()) + ",";
    text += std::to_string((is_bad ? 95 : 10) + 4 * noise()) + "\n";
  }
  return text;
}

}  // namespace bw::cli::testing
