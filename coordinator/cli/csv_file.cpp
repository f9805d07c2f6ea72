#include "coordinator/cli/csv_file.h"

#include <cerrno>
#include <cstring>

#include <sys/stat.h>

namespace bw::cli {

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

struct Magic {
  std::string_view bytes;
  std::string_view tool;
};
constexpr Magic kCompressed[] = {{"\x1f\x8b", "gzip -dc"},
                                 {"\x28\xb5\x2f\xfd", "zstd -dc"},
                                 {"\xfd"
                                  "7zXZ",
                                  "xz -dc"},
                                 {"BZh", "bzip2 -dc"},
                                 {"PK\x03\x04", "unzip -p"}};

std::string_view without_spaces(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// By the first row: tabs and semicolons are seldom anything else.
char separator_of(std::string_view record) {
  bool quoted = false;
  bool semicolon = false;
  for (const char c : record) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\t') return '\t';
    semicolon = semicolon || c == ';';
  }
  return semicolon ? ';' : ',';
}

}  // namespace

Result<CsvFile> CsvFile::open(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return Error{path + ": " + std::strerror(errno)};
  if (S_ISDIR(status.st_mode)) return Error{path + ": it is a folder, not a file"};
  CsvFile csv(path);
  csv.file_.open(path, std::ios::binary);
  if (!csv.file_) return Error{path + ": " + std::strerror(errno)};
  std::string head(6, '\0');
  csv.file_.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(csv.file_.gcount()));
  for (const Magic& magic : kCompressed) {
    if (head.starts_with(magic.bytes)) {
      return Error{path + ": it is compressed: unpack it first ('" + std::string(magic.tool) + " " +
                   path + "')"};
    }
  }
  csv.file_.clear();
  csv.file_.seekg(
      head.starts_with(kByteOrderMark) ? static_cast<std::streamoff>(kByteOrderMark.size()) : 0);
  if (!csv.file_) return Error{path + ": it can't be read from its begin"};
  return csv;
}

Error CsvFile::error(std::string_view what) const {
  return Error{path_ + ":" + std::to_string(row_line_) + ": " + std::string(what)};
}

int CsvFile::take() {
  const int c = file_.get();
  return c == std::char_traits<char>::eof() ? -1 : c;
}

Result<bool> CsvFile::next_record() {
  record_.clear();
  row_line_ = line_;
  bool quoted = false;
  for (int c = take(); c >= 0; c = take()) {
    if (c == 0) return error("a byte 0: this is no text file");
    if (c == '"') quoted = !quoted;
    const bool is_end = c == '\n' || c == '\r';
    if (c == '\r' && file_.peek() == '\n') file_.get();
    if (is_end) ++line_;
    if (is_end && !quoted) return true;
    record_.push_back(is_end ? '\n' : static_cast<char>(c));
    if (record_.size() > kMaxRowBytes) {
      return error("a row of more than " + std::to_string(kMaxRowBytes) + " bytes" +
                   (quoted ? ": is a quote not closed?" : ""));
    }
  }
  if (file_.bad()) return error("it can't be read further");
  if (quoted) return error("a quote is not closed");
  return !record_.empty();
}

Result<bool> CsvFile::next(std::vector<std::string>& cells) {
  cells.clear();
  do {
    const auto found = next_record();
    if (!found || !*found) return found;
  } while (without_spaces(record_).empty());
  if (separator_ == '\0') separator_ = separator_of(record_);
  if (const auto done = split(cells); !done) return done.error();
  return true;
}

Result<void> CsvFile::split(std::vector<std::string>& cells) const {
  std::string_view rest = record_;
  while (true) {
    if (cells.size() == kMaxCells) {
      return error("more than " + std::to_string(kMaxCells) + " cells in a row");
    }
    const std::size_t quote = rest.find_first_not_of(' ');
    if (quote == std::string_view::npos || rest[quote] != '"') {
      const std::size_t end = rest.find(separator_);
      cells.emplace_back(without_spaces(rest.substr(0, end)));
      if (end == std::string_view::npos) return {};
      rest.remove_prefix(end + 1);
      continue;
    }
    std::string& cell = cells.emplace_back();
    std::size_t at = quote + 1;
    for (; at < rest.size(); ++at) {
      if (rest[at] == '"') {
        if (at + 1 == rest.size() || rest[at + 1] != '"') break;
        ++at;
      }
      cell.push_back(rest[at]);
    }
    rest.remove_prefix(std::min(rest.size(), at + 1));
    const std::size_t end = std::min(rest.find(separator_), rest.size());
    if (!without_spaces(rest.substr(0, end)).empty()) {
      return error("cell " + std::to_string(cells.size()) + " goes on behind its closing quote");
    }
    if (end == rest.size()) return {};
    rest.remove_prefix(end + 1);
  }
}

}  // namespace bw::cli
