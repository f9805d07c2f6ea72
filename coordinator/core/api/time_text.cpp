#include "coordinator/core/api/time_text.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>
#include <system_error>

namespace bw::coordinator::api {

namespace {

constexpr std::int64_t kLastMs = 253402300799999;  // 9999-12-31T23:59:59.999Z
constexpr double kMostMs = 1e5 * 365.25 * 86400e3;

std::string padded(std::int64_t number, std::size_t width) {
  std::string text = std::to_string(number);
  if (text.size() < width) text.insert(0, width - text.size(), '0');
  return text;
}

// Takes exactly `count` digits off the front.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int number = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return number;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// A decimal number without sign or exponent.
std::optional<double> take_decimal(std::string_view& text) {
  const std::size_t length = std::min(text.find_first_not_of("0123456789."), text.size());
  double number = 0;
  const char* const end = text.data() + length;
  const auto [stop, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (length == 0 || error != std::errc() || stop != end) return std::nullopt;
  text.remove_prefix(length);
  return number;
}

// "T07:43:15.250" in milliseconds of the day. A leap second counts as the one before it.
std::optional<std::int64_t> take_time_of_day(std::string_view& text) {
  if (!take(text, "Tt ")) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ":")) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || !take(text, ":")) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  std::int64_t ms = ((*hour * 60 + *minute) * 60 + std::min(*second, 59)) * std::int64_t{1000};
  if (!take(text, ".")) return ms;
  int scale = 100;
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    ms += (text.front() - '0') * scale;
    scale /= 10;
    text.remove_prefix(1);
  }
  return ms;
}

// "Z" or "+01:00", in milliseconds east of UTC, and nothing behind it.
std::optional<std::int64_t> take_offset(std::string_view& text) {
  if (take(text, "Zz")) return text.empty() ? std::optional<std::int64_t>(0) : std::nullopt;
  // A '+' that was not percent-encoded arrives as a space.
  const bool is_west = !text.empty() && text.front() == '-';
  if (!take(text, "+- ")) return std::nullopt;
  const auto hours = take_digits(text, 2);
  if (!hours || !take(text, ":")) return std::nullopt;
  const auto minutes = take_digits(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59 || !text.empty()) return std::nullopt;
  const std::int64_t ms = (*hours * 60 + *minutes) * std::int64_t{60000};
  return is_west ? -ms : ms;
}

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  const auto time = take_time_of_day(text);
  if (!time) return std::nullopt;
  const auto offset = take_offset(text);
  if (!offset) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * 86400000 + *time - *offset;
}

double unit_ms(std::string_view unit) {
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}, {"w", 7 * 86400e3}};
  for (const auto& [name, ms] : kUnits) {
    if (name == unit) return ms;
  }
  return 0;
}

}  // namespace

std::string format_time(std::int64_t ms) {
  ms = std::clamp<std::int64_t>(ms, 0, kLastMs);
  const std::int64_t days = ms / 86400000;
  const std::int64_t rest = ms % 86400000;
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days{static_cast<int>(days)}}};
  return padded(static_cast<int>(date.year()), 4) + "-" +
         padded(static_cast<unsigned>(date.month()), 2) + "-" +
         padded(static_cast<unsigned>(date.day()), 2) + "T" + padded(rest / 3600000, 2) + ":" +
         padded(rest / 60000 % 60, 2) + ":" + padded(rest / 1000 % 60, 2) + "." +
         padded(rest % 1000, 3) + "Z";
}

Result<std::int64_t> parse_time(std::string_view text, std::int64_t now_ms) {
  const auto in_bounds = [&](std::int64_t ms) -> Result<std::int64_t> {
    if (ms < 0 || ms > kLastMs) {
      return Error{"'" + std::string(text) + "' is not between the years 1970 and 9999"};
    }
    return ms;
  };
  if (text == "now") return now_ms;
  if (const auto ms = parse_rfc3339(text)) return in_bounds(*ms);
  std::string_view rest = text;
  if (const auto seconds = take_decimal(rest); seconds && rest.empty()) {
    if (*seconds > static_cast<double>(kLastMs) / 1000) return in_bounds(-1);
    return in_bounds(static_cast<std::int64_t>(std::llround(*seconds * 1000)));
  }
  // A '+' that was not percent-encoded arrives as a space.
  if (!text.empty() && (text.front() == '-' || text.front() == '+' || text.front() == ' ')) {
    if (const auto ms = parse_duration(text.substr(1))) {
      return in_bounds(text.front() == '-' ? now_ms - *ms : now_ms + *ms);
    }
  }
  return Error{"'" + std::string(text) +
               "' is not a time: use RFC 3339 (2026-01-31T12:00:00Z), seconds since 1970, 'now', "
               "or a duration before now (-15m)"};
}

Result<std::int64_t> parse_duration(std::string_view text) {
  const Error bad{
      "'" + std::string(text) +
      "' is not a duration: use a number with its unit, ms s m h d or w (500ms, 1h30m)"};
  if (text.empty()) return bad;
  double ms = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const auto number = take_decimal(rest);
    const std::size_t length =
        std::min(rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), rest.size());
    const double unit = unit_ms(rest.substr(0, length));
    if (!number || unit == 0) return bad;
    rest.remove_prefix(length);
    ms += *number * unit;
    if (!(ms <= kMostMs)) return Error{"'" + std::string(text) + "' is too long a duration"};
  }
  return static_cast<std::int64_t>(std::llround(ms));
}

}  // namespace bw::coordinator::api
