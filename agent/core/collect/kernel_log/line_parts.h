// Taking a line of the kernel log to pieces, from its beginning: what is looked for stands at its
// place or is not there at all, so that no name a program gives itself passes for a message.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bw::agent {

// Takes `prefix` off; false, and nothing taken, where it is not there.
inline bool take(std::string_view& line, std::string_view prefix) {
  if (!line.starts_with(prefix)) return false;
  line.remove_prefix(prefix.size());
  return true;
}

// What stands before `stop`, which goes too; nothing, and nothing taken, where there is no `stop`.
inline std::optional<std::string_view> take_until(std::string_view& line, std::string_view stop) {
  const std::size_t at = line.find(stop);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view taken = line.substr(0, at);
  line.remove_prefix(at + stop.size());
  return taken;
}

inline std::optional<std::uint64_t> take_number(std::string_view& line, int base = 10) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), value, base);
  if (error != std::errc{}) return std::nullopt;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  return value;
}

// The word at the beginning: up to a blank or one of `,;:()`.
inline std::string_view first_word(std::string_view line) {
  return line.substr(0, line.find_first_of(" ,;:()"));
}

// The value of "key=value" anywhere in the line, up to a comma or blank; empty where there is none.
inline std::string_view value_of(std::string_view line, std::string_view key) {
  for (std::size_t at = line.find(key); at != std::string_view::npos; at = line.find(key, at + 1)) {
    if (at != 0 && line[at - 1] != ' ' && line[at - 1] != ',' && line[at - 1] != ':') continue;
    line.remove_prefix(at + key.size());
    return line.substr(0, line.find_first_of(", "));
  }
  return {};
}

inline bool contains(std::string_view line, std::string_view part) {
  return line.find(part) != std::string_view::npos;
}

// Only hexadecimal digits and the separators of PCI addresses: "0000:3b:00.0".
inline bool is_pci_address(std::string_view text) {
  constexpr std::size_t kShortest = 5;  // "3b:00"
  constexpr std::size_t kLongest = 16;  // "00000000:3b:00.0"
  return text.size() >= kShortest && text.size() <= kLongest && contains(text, ":") &&
         text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

}  // namespace bw::agent
