// What encoders do to values beyond the bounds that decoders hold: a long text is cut, a time out
// of range is moved to its edge. So what an agent says of odd hardware or an odd clock is never
// refused.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "schemas/wire/limits.h"

namespace bw::wire {

// At most `most` bytes, and no UTF-8 sequence cut in two.
inline std::string_view clip_text(std::string_view text, std::size_t most = kMaxText) {
  if (text.size() <= most) return text;
  std::size_t end = most;
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U;
  };
  while (end > most - 4 && continues(end)) --end;
  return text.substr(0, end);
}

inline std::int64_t clip_time(std::int64_t ms) {
  return std::clamp(ms, kMinTimeMs, kMaxTimeMs);
}

}  // namespace bw::wire
