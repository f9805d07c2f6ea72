#include "coordinator/cli/units.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace bw::cli {

namespace {

// Three significant digits, no exponent for what is met.
std::string three_digits(double value) {
  const double size = std::fabs(value);
  std::array<char, 64> buffer{};
  if (size >= 1e15 || (size > 0 && size < 0.0005)) {
    std::snprintf(buffer.data(), buffer.size(), "%.2e", value);
  } else {
    const int decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
    std::snprintf(buffer.data(), buffer.size(), "%.*f", decimals, value);
  }
  return buffer.data();
}

bool is_whole(double value) {
  return std::fabs(value) < 1e15 && value == std::floor(value);
}

std::string whole_text(double value) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.0f", value);
  return buffer.data();
}

std::string scaled(double value, double step, const std::array<std::string_view, 6>& names,
                   std::string_view gap) {
  std::size_t name = 0;
  while (std::fabs(value) >= step * 0.9995 && name + 1 < names.size()) {
    value /= step;
    ++name;
  }
  const std::string digits = name == 0 && is_whole(value) ? whole_text(value) : three_digits(value);
  std::string out = digits;
  if (!names[name].empty()) out.append(gap).append(names[name]);
  return out;
}

// 0 for what is no unit of time.
double seconds_in(std::string_view unit) {
  if (unit == "s") return 1;
  if (unit == "ms") return 1e-3;
  return unit == "us" ? 1e-6 : 0;
}

std::string seconds_text(double seconds) {
  const double size = std::fabs(seconds);
  if (size >= 60 && size < 9e15) return duration_text(static_cast<std::int64_t>(seconds * 1000));
  if (size >= 1 || size == 0) return three_digits(seconds) + " s";
  if (size >= 1e-3) return three_digits(seconds * 1e3) + " ms";
  return three_digits(seconds * 1e6) + " us";
}

}  // namespace

std::string bytes_text(double bytes) {
  static constexpr std::array<std::string_view, 6> kNames = {"B",   "KiB", "MiB",
                                                             "GiB", "TiB", "PiB"};
  return scaled(bytes, 1024, kNames, " ");
}

std::string bytes_text(std::optional<double> bytes) {
  return bytes ? bytes_text(*bytes) : std::string(kUnknown);
}

std::string rate_text(std::optional<double> bytes_per_second) {
  return bytes_per_second ? bytes_text(*bytes_per_second) + "/s" : std::string(kUnknown);
}

std::string percent_text(std::optional<double> percent) {
  if (!percent || !std::isfinite(*percent)) return std::string(kUnknown);
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.1f%%", *percent);
  return buffer.data();
}

std::string number_text(double value) {
  static constexpr std::array<std::string_view, 6> kNames = {"", "k", "M", "G", "T", "P"};
  if (std::fabs(value) < 10000) return is_whole(value) ? whole_text(value) : three_digits(value);
  return scaled(value, 1000, kNames, "");
}

std::string number_text(std::optional<double> value) {
  return value ? number_text(*value) : std::string(kUnknown);
}

std::string count_text(std::uint64_t count) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string duration_text(std::int64_t ms) {
  const std::string sign = ms < 0 ? "-" : "";
  const auto seconds = static_cast<std::uint64_t>(ms < 0 ? -(ms / 1000) : ms / 1000);
  const auto pair = [&](std::uint64_t major, char a, std::uint64_t minor, char b) {
    std::string text = sign;
    text.append(std::to_string(major)).push_back(a);
    if (minor > 0) text.append(" ").append(std::to_string(minor)).push_back(b);
    return text;
  };
  if (seconds >= 86400) return pair(seconds / 86400, 'd', seconds % 86400 / 3600, 'h');
  if (seconds >= 3600) return pair(seconds / 3600, 'h', seconds % 3600 / 60, 'm');
  if (seconds >= 60) return pair(seconds / 60, 'm', seconds % 60, 's');
  return sign + std::to_string(seconds) + "s";
}

std::string value_text(double value, std::string_view unit, bool per_second) {
  if (!std::isfinite(value)) return std::string(kUnknown);
  if (unit.ends_with("/s")) return value_text(value, unit.substr(0, unit.size() - 2), true);
  const std::string suffix = per_second ? "/s" : "";
  if (unit == "B") return bytes_text(value) + suffix;
  if (unit == "%") return percent_text(value) + suffix;
  if (unit == "ratio") return percent_text(value * 100) + suffix;
  if (const double seconds = seconds_in(unit); seconds > 0) {
    // Time a second is a share of it.
    return per_second ? percent_text(value * seconds * 100) : seconds_text(value * seconds);
  }
  if (unit == "C") return three_digits(value) + " °C";
  std::string text = number_text(value);
  if (!unit.empty() && unit != "1" && unit != "count") text.append(" ").append(unit);
  return text + suffix;
}

}  // namespace bw::cli
