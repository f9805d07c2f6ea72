#include "coordinator/cli/detect_table.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>

#include "base/text.h"
#include "coordinator/cli/display.h"
#include "coordinator/cli/times.h"

namespace bw::cli {

namespace {

constexpr std::string_view kTimeNames[] = {"time",      "timestamp", "ts",    "date",
                                           "datetime",  "epoch",     "unix",  "_time",
                                           "unix_time", "time_ms",   "time_s"};
constexpr std::string_view kMissingWords[] = {"", "nan", "-nan", "na", "n/a", "null", "none", "?"};
constexpr double kMostTimeMs = 253402300799999;  // the end of the year 9999
constexpr std::size_t kColumnsShown = 8;

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool is_time_name(const std::string& name) {
  return std::find(std::begin(kTimeNames), std::end(kTimeNames), lower_case(name)) !=
         std::end(kTimeNames);
}

std::optional<TimeCell> time_of_number(double number) {
  const double size = std::fabs(number);
  const double ms = size >= 1e17   ? number / 1e6
                    : size >= 1e14 ? number / 1e3
                    : size >= 1e11 ? number
                                   : number * 1e3;
  if (!(ms >= 0 && ms <= kMostTimeMs)) return std::nullopt;
  return TimeCell{std::llround(ms), true, false};
}

// Between the years 2001 and 2128, in one of the units.
bool looks_like_now(const TimeCell& cell) {
  return !cell.is_number || (cell.ms >= 1'000'000'000'000 && cell.ms < 5'000'000'000'000);
}

std::string in_short(std::string_view text) {
  constexpr std::size_t kShown = 40;
  return "'" + visible(text.substr(0, kShown)) + (text.size() > kShown ? "..." : "") + "'";
}

std::string column_names(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(kColumnsShown, names.size()); ++i) {
    text += (i > 0 ? ", " : "") + visible(names[i]);
  }
  if (names.size() <= kColumnsShown) return text;
  return text + " and " + std::to_string(names.size() - kColumnsShown) + " more";
}

}  // namespace

std::optional<TimeCell> parse_time_cell(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return time_of_number(number);
  if (text.size() < 10 || text[4] != '-') return std::nullopt;
  if (const auto exact = parse_rfc3339(text)) return TimeCell{*exact, false, false};
  const std::string cell(text);
  for (const char* rest : {"Z", ":00Z", "T00:00:00Z"}) {
    if (const auto utc = parse_rfc3339(cell + rest)) return TimeCell{*utc, false, true};
  }
  return std::nullopt;
}

std::optional<double> parse_number_cell(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool is_whole = end == digits.data() + digits.size() && !digits.empty();
  if (is_whole && error == std::errc()) return number;
  if (is_whole && error == std::errc::result_out_of_range) {
    return std::numeric_limits<double>::infinity();
  }
  const std::string word = lower_case(text);
  if (std::find(std::begin(kMissingWords), std::end(kMissingWords), word) ==
      std::end(kMissingWords)) {
    return std::nullopt;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

Result<DetectTable> DetectTable::open(const std::string& path,
                                      const std::vector<std::string>& patterns) {
  auto csv = CsvFile::open(path);
  if (!csv) return csv.error();
  DetectTable table(std::move(*csv));
  if (const auto looked = table.look_ahead(); !looked) return looked.error();
  if (table.ahead_.empty()) return Error{path + ": it has no rows"};
  const auto& first = table.ahead_.front().cells;
  const bool has_header = std::any_of(first.begin(), first.end(), [](const std::string& cell) {
    return !parse_number_cell(cell) && !parse_time_cell(cell);
  });
  table.name_columns(has_header);
  if (has_header) table.ahead_.pop_front();
  if (table.ahead_.empty()) return Error{path + ": it has a line of names, but no rows"};
  table.find_times();
  if (const auto chosen = table.choose(patterns); !chosen) return chosen.error();
  return table;
}

Result<void> DetectTable::look_ahead() {
  while (ahead_.size() <= kLookedAt) {
    Line line;
    const auto found = csv_.next(line.cells);
    if (!found) return found.error();
    if (!*found) break;
    line.line = csv_.line();
    ahead_.push_back(std::move(line));
  }
  return {};
}

void DetectTable::name_columns(bool has_header) {
  const auto& first = ahead_.front().cells;
  std::set<std::string> taken;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const std::string plain = "column_" + std::to_string(i + 1);
    std::string name = has_header && !first[i].empty() ? to_utf8(first[i]) : plain;
    for (int again = 2; !taken.insert(name).second; ++again) {
      name = (has_header && !first[i].empty() ? to_utf8(first[i]) : plain) + "_" +
             std::to_string(again);
    }
    names_.push_back(std::move(name));
  }
}

void DetectTable::find_times() {
  if (names_.size() < 2) return;
  std::vector<std::int64_t> apart;
  std::optional<TimeCell> before;
  bool all_like_now = true;
  for (const Line& line : ahead_) {
    const auto time = line.cells.empty() ? std::nullopt : parse_time_cell(line.cells[0]);
    if (!time) return;
    all_like_now = all_like_now && looks_like_now(*time);
    if (before && time->ms > before->ms) apart.push_back(time->ms - before->ms);
    // A measure that falls is no time.
    if (before && time->is_number && time->ms < before->ms && !is_time_name(names_[0])) return;
    before = time;
  }
  const bool is_text = !before->is_number;
  has_times_ = is_text || is_time_name(names_[0]) || (all_like_now && !apart.empty());
  if (!has_times_) return;
  zoneless_ = before->zoneless;
  if (apart.empty()) return;
  const auto middle = apart.begin() + static_cast<std::ptrdiff_t>(apart.size() / 2);
  std::nth_element(apart.begin(), middle, apart.end());
  period_ms_ = *middle;
}

Result<void> DetectTable::choose(const std::vector<std::string>& patterns) {
  std::vector<std::string> offered;
  for (std::size_t i = has_times_ ? 1 : 0; i < names_.size(); ++i) {
    offered.push_back(names_[i]);
    const bool is_wanted = patterns.empty() || std::any_of(patterns.begin(), patterns.end(),
                                                           [&](const std::string& one) {
                                                             return glob_matches(one, names_[i]);
                                                           });
    if (!is_wanted) continue;
    if (metrics_.size() == kMostDetectMetrics) {
      left_out_.push_back(names_[i]);
      continue;
    }
    places_.push_back(i);
    metrics_.push_back(names_[i]);
  }
  if (!metrics_.empty()) return {};
  return Error{path() + ": no column matches --columns; there are " + column_names(offered)};
}

Error DetectTable::error(const Line& line, std::string_view what) const {
  return Error{path() + ":" + std::to_string(line.line) + ": " + std::string(what)};
}

Result<void> DetectTable::read(const Line& line, DetectRow& row) const {
  if (line.cells.size() != names_.size()) {
    return error(line, std::to_string(line.cells.size()) + " cells, where the rows before have " +
                           std::to_string(names_.size()));
  }
  row.time_ms.reset();
  if (has_times_) {
    const auto time = parse_time_cell(line.cells[0]);
    if (!time) {
      return error(line, "column 1 (" + visible(names_[0]) + "): " + in_short(line.cells[0]) +
                             " is no time: write 2026-03-01T10:00:00Z, 2026-03-01 10:00:00 or "
                             "seconds since 1970");
    }
    row.time_ms = time->ms;
  }
  row.values.clear();
  for (const std::size_t place : places_) {
    const auto value = parse_number_cell(line.cells[place]);
    if (!value) {
      return error(line, "column " + std::to_string(place + 1) + " (" + visible(names_[place]) +
                             "): " + in_short(line.cells[place]) +
                             " is no number; --columns chooses others");
    }
    row.values.push_back(*value);
  }
  return {};
}

Result<bool> DetectTable::next(DetectRow& row) {
  Line line;
  if (!ahead_.empty()) {
    line = std::move(ahead_.front());
    ahead_.pop_front();
  } else {
    const auto found = csv_.next(line.cells);
    if (!found || !*found) return found;
    line.line = csv_.line();
  }
  if (const auto done = read(line, row); !done) return done.error();
  row.number = ++rows_;
  return true;
}

std::string DetectTable::when(std::size_t row, std::optional<std::int64_t> time_ms) const {
  if (!has_times_ || !time_ms) return "row " + std::to_string(row);
  if (!zoneless_) return local_time(time_ms);
  std::string text = rfc3339(*time_ms).substr(0, 19);
  text[10] = ' ';
  return text;
}

}  // namespace bw::cli
