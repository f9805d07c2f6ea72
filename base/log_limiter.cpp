#include "base/log_limiter.h"

#include <utility>

namespace bw {

LogLimiter::Verdict LogLimiter::admit(std::string_view name, Instant now) {
  Part& part = find(name);
  if (now - part.second >= std::chrono::seconds{1}) {
    part.second = now;
    part.lines = 0;
  }
  if (part.lines == kLinesPerSecond) {
    ++part.left_out;
    return {};
  }
  ++part.lines;
  return {.passes = true, .left_out = std::exchange(part.left_out, 0)};
}

LogLimiter::Part& LogLimiter::find(std::string_view name) {
  for (std::size_t i = 0; i < used_; ++i) {
    if (parts_[i].name == name) return parts_[i];
  }
  if (used_ == kParts) return parts_.back();
  Part& fresh = parts_[used_++];
  fresh.name = name;
  return fresh;
}

}  // namespace bw
