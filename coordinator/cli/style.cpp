#include "coordinator/cli/style.h"

namespace bw::cli {

namespace {

constexpr std::string_view code_of(Tone tone) {
  switch (tone) {
    case Tone::strong:
      return "1";
    case Tone::dim:
      return "2";
    case Tone::good:
      return "32";
    case Tone::warning:
      return "33";
    case Tone::bad:
      return "31";
    case Tone::accent:
      return "36";
    case Tone::selected:
      return "7";
    case Tone::plain:
      break;
  }
  return "";
}

}  // namespace

std::string Style::paint(Tone tone, std::string_view text) const {
  const std::string_view code = code_of(tone);
  if (!colour || code.empty() || text.empty()) return std::string(text);
  std::string painted = "\x1b[";
  painted.append(code).append("m").append(text).append("\x1b[0m");
  return painted;
}

}  // namespace bw::cli
