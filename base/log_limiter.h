// How many lines of the log one part may write in a second, so that a fault that repeats itself
// neither fills the disk nor hides what others say.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace bw {

class LogLimiter {
 public:
  static constexpr std::uint32_t kLinesPerSecond = 100;  // of one part
  static constexpr std::size_t kParts = 32;              // those beyond share the last one's count

  struct Verdict {
    bool passes = false;
    std::uint64_t left_out = 0;  // lines of this part since the last one that passed
  };

  Verdict admit(std::string_view part, Instant now);

 private:
  struct Part {
    std::string name;
    Instant second{};  // when its count began
    std::uint32_t lines = 0;
    std::uint64_t left_out = 0;
  };

  Part& find(std::string_view name);

  std::array<Part, kParts> parts_;
  std::size_t used_ = 0;
};

}  // namespace bw
