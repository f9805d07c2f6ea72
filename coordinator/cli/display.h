// Text as a terminal shows it: how many columns it takes, and nothing in it that the terminal would
// obey. All text that a server provided goes through visible() before it is printed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bw::cli {

enum class Align : bool { left, right };

// Control characters, invisible and direction-changing ones become \n, \t, \x1b or \u{202e}; bytes
// that are not UTF-8 become U+FFFD.
std::string visible(std::string_view text);

// Columns that `text` (as visible() leaves it) takes: 2 for wide East Asian characters and emoji, 0
// for combining ones. Escape sequences of colours (ESC [ ... m) count 0.
std::size_t display_width(std::string_view text);

// `text` in exactly `width` columns: filled up with spaces, or cut, the cut shown by '~'. Text with
// escape sequences must not need cutting.
std::string fit(std::string_view text, std::size_t width, Align align = Align::left);

// Filled up with spaces to at least `width` columns.
std::string pad(std::string_view text, std::size_t width, Align align = Align::left);

// Without spaces at its end.
std::string_view without_trailing_spaces(std::string_view text);

}  // namespace bw::cli
