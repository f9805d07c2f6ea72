// Numbers in words that a person reads at a glance: 3.4 GiB, 12.5 %, 2h 5m. An unknown value is
// "-".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bw::cli {

inline constexpr std::string_view kUnknown = "-";

// At most six columns with three significant digits: "973 B", "1.21 GiB".
std::string bytes_text(double bytes);
std::string bytes_text(std::optional<double> bytes);
// "1.21 MiB/s"
std::string rate_text(std::optional<double> bytes_per_second);
// 12.34 -> "12.3%"
std::string percent_text(std::optional<double> percent);
// "0.42", "12.3", "1.2k"
std::string number_text(double value);
std::string number_text(std::optional<double> value);
// 1234567 -> "1,234,567"
std::string count_text(std::uint64_t count);
// "3s", "5m 2s", "2h 5m", "3d 4h"
std::string duration_text(std::int64_t ms);

// A value in its unit, as the series table names units ("B", "%", "s", "C", "count", "B/s");
// `per_second`: of that unit a second. Time a second is written as the share it is.
std::string value_text(double value, std::string_view unit, bool per_second = false);

}  // namespace bw::cli
