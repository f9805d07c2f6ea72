// A text file of cells in rows: separated by comma, semicolon or tab, quoted or not, with any line
// ends. Read from front to end in pieces, so that a file may be larger than memory.
#pragma once

#include <cstddef>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bw::cli {

class CsvFile {
 public:
  static constexpr std::size_t kMaxRowBytes = 1U << 20;
  static constexpr std::size_t kMaxCells = 10'000;  // of a row

  // Fails with the reason where it can't be opened or is no text: a folder, compressed, binary.
  static Result<CsvFile> open(const std::string& path);

  // The next row that is not blank, without spaces around its cells; false at the end.
  Result<bool> next(std::vector<std::string>& cells);

  // Of the row that next() gave last, counted from 1: where it began.
  std::size_t line() const { return row_line_; }
  char separator() const { return separator_; }
  const std::string& path() const { return path_; }
  // "FILE:LINE: what"
  Error error(std::string_view what) const;

 private:
  explicit CsvFile(std::string path) : path_(std::move(path)) {}

  // The next line with its quoted line breaks, without its end; false at the end of the file.
  Result<bool> next_record();
  int take();  // a byte, -1 at the end
  Result<void> split(std::vector<std::string>& cells) const;

  std::string path_;
  std::ifstream file_;
  char separator_ = '\0';  // until it is known
  std::string record_;
  std::size_t line_ = 1;
  std::size_t row_line_ = 0;
};

}  // namespace bw::cli
