// A request's target taken apart: path segments and parameters, percent-decoded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace bw::coordinator::api {

inline constexpr std::size_t kMaxTarget = 8192;    // bytes
inline constexpr std::size_t kMaxParameters = 64;  // of one request

struct Target {
  std::string path;                   // as it came, without the parameters
  std::vector<std::string> segments;  // of the path
  std::vector<std::pair<std::string, std::string>> parameters;  // in their order

  // The first value of a parameter; nothing where it is missing or empty.
  std::optional<std::string_view> get(std::string_view name) const;
};

Result<Target> parse_target(std::string_view target);

}  // namespace bw::coordinator::api
