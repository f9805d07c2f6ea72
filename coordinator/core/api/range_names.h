// What the API calls functions, groupings and resolutions; in the order of their enumerations.
#pragma once

#include <string_view>

namespace bw::coordinator::api {

inline constexpr std::string_view kFunctionNames[] = {
    "avg", "min", "max", "sum", "count", "last", "rate", "increase", "p50", "p95", "p99"};
inline constexpr std::string_view kAcrossNames[] = {"avg", "min", "max", "sum", "count", "p95"};
inline constexpr std::string_view kResolutionNames[] = {"raw", "1m", "1h"};

}  // namespace bw::coordinator::api
