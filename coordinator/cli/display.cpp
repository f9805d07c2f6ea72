#include "coordinator/cli/display.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

namespace bw::cli {

namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD
constexpr char32_t kInvalid = 0xffffffff;

struct Range {
  char32_t first;
  char32_t last;
};

// Zero columns: combining marks of the scripts that are met in labels, joiners, variation
// selectors.
constexpr std::array<Range, 9> kZeroWidth = {{{0x0300, 0x036f},
                                              {0x0483, 0x0489},
                                              {0x0591, 0x05bd},
                                              {0x064b, 0x065f},
                                              {0x1ab0, 0x1aff},
                                              {0x1dc0, 0x1dff},
                                              {0x20d0, 0x20ff},
                                              {0xfe00, 0xfe0f},
                                              {0xfe20, 0xfe2f}}};

// Two columns: the W and F classes of Unicode Standard Annex #11, by their large blocks.
constexpr std::array<Range, 9> kWide = {{{0x1100, 0x115f},
                                         {0x2e80, 0x303e},
                                         {0x3041, 0x33ff},
                                         {0x3400, 0xa4cf},
                                         {0xac00, 0xd7a3},
                                         {0xf900, 0xfaff},
                                         {0xfe30, 0xfe6f},
                                         {0xff00, 0xff60},
                                         {0x1f300, 0x1faff}}};
constexpr std::array<Range, 2> kWideSigns = {{{0xffe0, 0xffe6}, {0x20000, 0x3fffd}}};

// Never sent as they are: C1 controls, soft hyphen, zero-width and bidirectional controls, byte
// order mark, tags.
constexpr std::array<Range, 7> kHidden = {{{0x80, 0x9f},
                                           {0xad, 0xad},
                                           {0x200b, 0x200f},
                                           {0x2028, 0x202e},
                                           {0x2060, 0x206f},
                                           {0xfeff, 0xfeff},
                                           {0xe0000, 0xe007f}}};

template <std::size_t N>
bool within(const std::array<Range, N>& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](const Range& range) { return c >= range.first && c <= range.last; });
}

// The character at `at`, which moves behind it. Overlong forms, surrogates and cut sequences give
// kInvalid and move one byte.
char32_t next_character(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  if (first < 0x80) return text[at++];
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + length > text.size()) {
    ++at;
    return kInvalid;
  }
  char32_t c = first & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0U) != 0x80U) {
      ++at;
      return kInvalid;
    }
    c = (c << 6U) | (byte(at + i) & 0x3fU);
  }
  const bool overlong = (length == 3 && c < 0x800) || (length == 4 && c < 0x10000);
  if (overlong || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff) {
    ++at;
    return kInvalid;
  }
  at += length;
  return c;
}

std::size_t width_of(char32_t c) {
  if (within(kZeroWidth, c)) return 0;
  return within(kWide, c) || within(kWideSigns, c) ? 2 : 1;
}

void append_escaped(std::string& out, char32_t c) {
  if (c == U'\n') {
    out += "\\n";
  } else if (c == U'\t') {
    out += "\\t";
  } else if (c == U'\r') {
    out += "\\r";
  } else {
    std::array<char, 16> buffer{};
    std::snprintf(buffer.data(), buffer.size(), c < 0x100 ? "\\x%02x" : "\\u{%x}",
                  static_cast<unsigned>(c));
    out += buffer.data();
  }
}

// The length of the colour sequence at `at`, 0 where there is none.
std::size_t sequence_length(std::string_view text, std::size_t at) {
  if (text.substr(at, 2) != "\x1b[") return 0;
  const std::size_t end = text.find('m', at);
  return end == std::string_view::npos ? 0 : end - at + 1;
}

}  // namespace

std::string visible(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t c = next_character(text, at);
    if (c == kInvalid) {
      out += kReplacement;
    } else if (c < 0x20 || c == 0x7f || within(kHidden, c)) {
      append_escaped(out, c);
    } else {
      out += text.substr(begin, at - begin);
    }
  }
  return out;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t skipped = sequence_length(text, at); skipped > 0) {
      at += skipped;
    } else {
      width += width_of(next_character(text, at));
    }
  }
  return width;
}

std::string pad(std::string_view text, std::size_t width, Align align) {
  const std::size_t taken = display_width(text);
  const std::string fill(taken < width ? width - taken : 0, ' ');
  return align == Align::left ? std::string(text) + fill : fill + std::string(text);
}

std::string fit(std::string_view text, std::size_t width, Align align) {
  if (display_width(text) <= width) return pad(text, width, align);
  if (width == 0) return "";
  std::string cut;
  std::size_t taken = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const std::size_t columns = width_of(next_character(text, at));
    if (taken + columns + 1 > width) break;
    taken += columns;
    cut += text.substr(begin, at - begin);
  }
  return cut + "~" + std::string(width - taken - 1, ' ');
}

std::string_view without_trailing_spaces(std::string_view text) {
  const std::size_t last = text.find_last_not_of(' ');
  return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}

}  // namespace bw::cli
