// Small things with text that several parts need.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bw {

// The candidate nearest to `text` by edit distance (Damerau-Levenshtein, restricted), if it is near
// enough to be what was meant (at most a third of its length, at least 2); else empty.
std::string_view nearest(std::string_view text, std::span<const std::string_view> candidates);

// '*' stands for any characters, '?' for one. Takes at most |pattern| x |text| steps.
bool glob_matches(std::string_view pattern, std::string_view text);

// How many bytes the valid UTF-8 sequence at the front has (RFC 3629), 0 where there is none.
// `text` is not empty.
std::size_t utf8_length(std::string_view text);
bool is_utf8(std::string_view text);

// What stands for a byte that is no part of valid UTF-8: U+FFFD, which is the same for all, or
// "\xff", which tells it from others.
inline constexpr std::string_view kReplacementCharacter = "\xef\xbf\xbd";
enum class BadByte { replaced, escaped };
// `most` bytes at most: what does not fit as a whole is left out, with all behind it.
std::string to_utf8(std::string_view text, BadByte bad = BadByte::replaced,
                    std::size_t most = std::string_view::npos);

}  // namespace bw
