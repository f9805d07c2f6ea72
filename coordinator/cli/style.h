// How text is dressed for where it goes: colours on a terminal, block characters where UTF-8 is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bw::cli {

enum class Tone : std::uint8_t { plain, strong, dim, good, warning, bad, accent, selected };

struct Style {
  bool colour = false;   // may escape sequences be written
  bool unicode = false;  // may blocks and arrows be drawn

  // `text` in that tone; unchanged without colours.
  std::string paint(Tone tone, std::string_view text) const;
};

}  // namespace bw::cli
