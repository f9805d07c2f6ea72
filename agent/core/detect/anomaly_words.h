// An anomaly in words, for a person woken at three in the morning.
#pragma once

#include <string>
#include <string_view>

#include "schemas/wire/anomaly.h"

namespace bw::agent {

// "98.1 %", "12.3 MB/s", "312 W": a number with its unit, three digits of it. `unit` is a metric's
// of the table, with "/s" where it is a rate. NaN: "no value".
std::string quantity_text(double value, std::string_view unit);

// "1 to 40 %": both ends in the same unit.
std::string range_text(double low, double high, std::string_view unit);

// What happened and what made it so, the three foremost causes: "unlike itself: disk.util{...} is
// 98.1 %, usually 1 to 40 % (54 % of it)".
std::string anomaly_text(const wire::Anomaly& anomaly);

}  // namespace bw::agent
