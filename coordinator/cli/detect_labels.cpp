#include "coordinator/cli/detect_labels.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "coordinator/cli/csv_file.h"
#include "coordinator/cli/detect_table.h"
#include "coordinator/cli/display.h"

namespace bw::cli {

namespace {

std::optional<bool> parse_label(std::string_view cell) {
  if (cell == "true" || cell == "True") return true;
  if (cell == "false" || cell == "False") return false;
  const auto number = parse_number_cell(cell);
  if (number && *number == 0) return false;
  if (number && *number == 1) return true;
  return std::nullopt;
}

std::optional<std::int64_t> parse_row(std::string_view cell) {
  std::int64_t row = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), row);
  if (error != std::errc() || end != cell.data() + cell.size() || row < 1) return std::nullopt;
  return row;
}

// A number that small is a row, not a time.
bool is_label_time(std::string_view cell) {
  const auto time = parse_time_cell(cell);
  return time && (!time->is_number || time->ms >= 1'000'000'000'000);
}

bool is_named(const std::vector<std::string>& cells) {
  return std::none_of(cells.begin(), cells.end(), [](const std::string& cell) {
    return parse_label(cell) || parse_row(cell) || is_label_time(cell);
  });
}

}  // namespace

Result<DetectLabels> DetectLabels::open(const std::string& path) {
  auto csv = CsvFile::open(path);
  if (!csv) return csv.error();
  DetectLabels out;
  out.path_ = path;
  std::vector<std::string> cells;
  std::size_t columns = 0;
  bool is_first = true;
  while (true) {
    const auto found = csv->next(cells);
    if (!found) return found.error();
    if (!*found) break;
    const bool is_header = is_first && is_named(cells);
    is_first = false;
    if (is_header) continue;
    if (columns == 0) {
      columns = cells.size();
      if (columns > 2) {
        return csv->error(std::to_string(columns) +
                          " cells: labels are 0 or 1, a time and 0 or 1, "
                          "or the begin and end of a range");
      }
      out.by_row_ = columns == 1 || (is_label_time(cells[0]) && parse_label(cells[1]));
      out.by_time_ = !out.by_row_ && is_label_time(cells[0]);
    }
    if (cells.size() != columns) {
      return csv->error(std::to_string(cells.size()) + " cells, where the rows before have " +
                        std::to_string(columns));
    }
    const std::string where = path + ":" + std::to_string(csv->line());
    const auto taken =
        out.by_row_ ? out.take_row(cells.back(), where) : out.take_range(cells[0], cells[1], where);
    if (!taken) return taken.error();
  }
  if (out.rows_.empty() && out.ranges_.empty()) return Error{path + ": it has no labels"};
  out.merge_ranges();
  return out;
}

Result<void> DetectLabels::take_row(const std::string& cell, const std::string& where) {
  const auto label = parse_label(cell);
  if (!label) return Error{where + ": '" + visible(cell) + "' is no label: write 0 or 1"};
  if (rows_.size() == kMostRows) {
    return Error{where + ": more than " + std::to_string(kMostRows) + " labels"};
  }
  rows_.push_back(*label);
  return {};
}

Result<void> DetectLabels::take_range(const std::string& begin, const std::string& end,
                                      const std::string& where) {
  Range range;
  if (by_time_) {
    const auto first = parse_time_cell(begin);
    const auto last = parse_time_cell(end);
    if (!first || !last) {
      return Error{where + ": '" + visible(first ? end : begin) + "' is no time"};
    }
    range = {first->ms, last->ms};
  } else {
    const auto first = parse_row(begin);
    const auto last = parse_row(end);
    if (!first || !last) {
      return Error{where + ": '" + visible(first ? end : begin) +
                   "' is no row: they are counted from 1"};
    }
    range = {*first, *last};
  }
  if (range.second < range.first) return Error{where + ": the range ends before it begins"};
  if (ranges_.size() == kMostRanges) {
    return Error{where + ": more than " + std::to_string(kMostRanges) + " ranges"};
  }
  ranges_.push_back(range);
  return {};
}

void DetectLabels::merge_ranges() {
  std::sort(ranges_.begin(), ranges_.end());
  std::vector<Range> merged;
  for (const Range& range : ranges_) {
    if (!merged.empty() && range.first <= merged.back().second) {
      merged.back().second = std::max(merged.back().second, range.second);
    } else {
      merged.push_back(range);
    }
  }
  ranges_ = std::move(merged);
}

bool DetectLabels::at(std::size_t row, std::optional<std::int64_t> time_ms) const {
  if (by_row_) return row >= 1 && row <= rows_.size() && rows_[row - 1];
  if (by_time_ && !time_ms) return false;
  const std::int64_t here = by_time_ ? *time_ms : static_cast<std::int64_t>(row);
  const auto behind =
      std::upper_bound(ranges_.begin(), ranges_.end(), here,
                       [](std::int64_t at, const Range& range) { return at < range.first; });
  return behind != ranges_.begin() && std::prev(behind)->second >= here;
}

Result<void> DetectLabels::check(std::size_t rows, bool has_times) const {
  if (by_row_ && rows_.size() != rows) {
    return Error{path_ + ": " + std::to_string(rows_.size()) + " labels, for " +
                 std::to_string(rows) + " rows"};
  }
  if (by_time_ && !has_times) {
    return Error{path_ + ": ranges of times, but the rows have none"};
  }
  if (!by_row_ && !by_time_ && ranges_.back().second > static_cast<std::int64_t>(rows)) {
    return Error{path_ + ": a range up to row " + std::to_string(ranges_.back().second) +
                 ", but there are " + std::to_string(rows) + " rows"};
  }
  return {};
}

}  // namespace bw::cli
