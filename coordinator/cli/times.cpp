#include "coordinator/cli/times.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "coordinator/cli/units.h"

namespace bw::cli {

namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kMaxMs = 253'402'300'799'999;  // the end of the year 9999

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
constexpr std::array<Unit, 6> kUnits = {
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", kDayMs}, {"w", 7 * kDayMs}}};

// Reads a text from its front.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Exactly `count` digits.
  std::optional<int> digits(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int value = 0;
    const char* end = rest_.data() + count;
    const auto [stop, error] = std::from_chars(rest_.data(), end, value);
    if (error != std::errc{} || stop != end || rest_.front() == '-') return std::nullopt;
    rest_.remove_prefix(count);
    return value;
  }
  // Digits behind a point, as milliseconds; finer ones are dropped.
  std::optional<int> fraction_ms() {
    int value = 0;
    int weight = 100;
    std::size_t count = 0;
    for (; count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9'; ++count) {
      value += (rest_[count] - '0') * weight;
      weight /= 10;
    }
    if (count == 0) return std::nullopt;
    rest_.remove_prefix(count);
    return value;
  }

 private:
  std::string_view rest_;
};

struct Civil {
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int ms = 0;
};

bool read_date(Cursor& in, Civil& out) {
  const auto year = in.digits(4);
  if (!year || !in.take('-')) return false;
  const auto month = in.digits(2);
  if (!month || !in.take('-')) return false;
  const auto day = in.digits(2);
  if (!day) return false;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  out.year = *year;
  out.month = *month;
  out.day = *day;
  return date.ok();
}

// "10:00", "10:00:00", "10:00:00.5"
bool read_clock(Cursor& in, Civil& out, bool needs_seconds) {
  const auto hour = in.digits(2);
  if (!hour || *hour > 23 || !in.take(':')) return false;
  const auto minute = in.digits(2);
  if (!minute || *minute > 59) return false;
  out.hour = *hour;
  out.minute = *minute;
  if (!in.take(':')) return !needs_seconds;
  const auto second = in.digits(2);
  if (!second || *second > 60) return false;
  out.second = *second;
  if (!in.take('.')) return true;
  const auto ms = in.fraction_ms();
  out.ms = ms.value_or(0);
  return ms.has_value();
}

std::int64_t as_utc(const Civil& civil) {
  const std::chrono::sys_days days{std::chrono::year_month_day{
      std::chrono::year{civil.year}, std::chrono::month{static_cast<unsigned>(civil.month)},
      std::chrono::day{static_cast<unsigned>(civil.day)}}};
  return days.time_since_epoch().count() * kDayMs + civil.hour * 3'600'000LL +
         civil.minute * 60'000LL + civil.second * 1000LL + civil.ms;
}

std::int64_t as_local(const Civil& civil) {
  std::tm local{};
  local.tm_year = civil.year - 1900;
  local.tm_mon = civil.month - 1;
  local.tm_mday = civil.day;
  local.tm_hour = civil.hour;
  local.tm_min = civil.minute;
  local.tm_sec = civil.second;
  local.tm_isdst = -1;
  return static_cast<std::int64_t>(std::mktime(&local)) * 1000 + civil.ms;
}

std::tm local_parts(std::int64_t ms) {
  // Rounded down, before 1970 too.
  const auto seconds = static_cast<std::time_t>((ms - (((ms % 1000) + 1000) % 1000)) / 1000);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  return parts;
}

std::optional<std::int64_t> parse_local(std::string_view text, std::int64_t now_ms) {
  Civil civil;
  Cursor clock_only(text);
  if (read_clock(clock_only, civil, false) && clock_only.done()) {
    const std::tm today = local_parts(now_ms);
    civil.year = today.tm_year + 1900;
    civil.month = today.tm_mon + 1;
    civil.day = today.tm_mday;
    return as_local(civil);
  }
  civil = {};
  Cursor in(text);
  if (!read_date(in, civil)) return std::nullopt;
  if (in.done()) return as_local(civil);
  if (!in.take(' ') && !in.take('T')) return std::nullopt;
  if (!read_clock(in, civil, false) || !in.done()) return std::nullopt;
  return as_local(civil);
}

// "1m30s": pairs of a number and its unit; nothing else.
std::optional<std::int64_t> parse_pairs(std::string_view text) {
  double total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    double number = 0;
    const auto [stop, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc{} || number < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    const std::size_t length = std::min(text.find_first_of("0123456789"), text.size());
    const Unit* found = nullptr;
    for (const Unit& unit : kUnits) {
      if (unit.name == text.substr(0, length)) found = &unit;
    }
    if (found == nullptr) return std::nullopt;
    total += number * static_cast<double>(found->ms);
    text.remove_prefix(length);
  }
  if (!(total <= static_cast<double>(kMaxMs))) return std::nullopt;
  return static_cast<std::int64_t>(total);
}

}  // namespace

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  Civil civil;
  Cursor in(text);
  if (!read_date(in, civil)) return std::nullopt;
  if (!in.take('T') && !in.take('t') && !in.take(' ')) return std::nullopt;
  if (!read_clock(in, civil, true)) return std::nullopt;
  if (in.take('Z') || in.take('z')) return in.done() ? std::optional(as_utc(civil)) : std::nullopt;
  const int sign = in.take('+') ? 1 : in.take('-') ? -1 : 0;
  Civil offset;
  if (sign == 0 || !read_clock(in, offset, false) || !in.done()) return std::nullopt;
  return as_utc(civil) - sign * (offset.hour * 3'600'000LL + offset.minute * 60'000LL);
}

std::string rfc3339(std::int64_t ms) {
  const std::int64_t rest = ((ms % kDayMs) + kDayMs) % kDayMs;
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days{(ms - rest) / kDayMs}}};
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(rest / 3'600'000),
                static_cast<int>(rest / 60'000 % 60), static_cast<int>(rest / 1000 % 60),
                static_cast<int>(rest % 1000));
  return buffer.data();
}

Result<std::int64_t> parse_duration(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  std::optional<std::int64_t> ms;
  if (error == std::errc{} && stop == text.data() + text.size() && seconds <= kMaxMs / 1000) {
    ms = seconds * 1000;
  } else {
    ms = parse_pairs(text);
  }
  if (!ms || *ms <= 0) {
    return Error{"'" + std::string(text) + "' is not a length of time: write 10s, 1m30s, 2h or 7d"};
  }
  return *ms;
}

Result<std::int64_t> parse_time(std::string_view text, std::int64_t now_ms) {
  if (text == "now") return now_ms;
  if (text.starts_with('-')) {
    if (const auto back = parse_pairs(text.substr(1)); back && *back <= now_ms) {
      return now_ms - *back;
    }
  } else if (const auto exact = parse_rfc3339(text)) {
    return *exact;
  } else if (const auto local = parse_local(text, now_ms)) {
    return *local;
  }
  return Error{"'" + std::string(text) +
               "' is not a time: write -15m, 10:00, '2026-03-01 10:00' (local) or "
               "2026-03-01T10:00:00Z"};
}

std::string local_time(std::optional<std::int64_t> ms) {
  if (!ms) return std::string(kUnknown);
  const std::tm parts = local_parts(*ms);
  std::array<char, 64> buffer{};
  std::strftime(buffer.data(), buffer.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return buffer.data();
}

std::string local_clock(std::int64_t ms) {
  const std::tm parts = local_parts(ms);
  std::array<char, 32> buffer{};
  std::strftime(buffer.data(), buffer.size(), "%H:%M:%S", &parts);
  return buffer.data();
}

std::string ago(std::optional<std::int64_t> ms, std::int64_t now_ms) {
  if (!ms) return std::string(kUnknown);
  const std::int64_t past = now_ms - *ms;
  // Two clocks are compared: what seems to come within a second is now.
  if (past < -1000) return "in " + duration_text(-past);
  return duration_text(past < 0 ? 0 : past) + " ago";
}

}  // namespace bw::cli
