// Bytes from a terminal into keys.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bw::cli {

struct Key {
  enum class Kind : std::uint8_t {
    character,  // `text` is one character, UTF-8
    up,
    down,
    page_up,
    page_down,
    home,
    end,
    enter,
    escape,
    backspace,
    interrupt,  // Ctrl-C
    redraw,     // Ctrl-L
    other,
  };
  Kind kind = Kind::other;
  std::string text = {};
  bool operator==(const Key&) const = default;
};

// Sequences may arrive in pieces: what is not yet whole is kept for the next call.
class KeyDecoder {
 public:
  static constexpr std::size_t kMaxPending = 64;  // a longer sequence is no key: dropped

  std::vector<Key> feed(std::string_view bytes);
  // Nothing followed for a moment: a lone ESC was the key itself.
  std::vector<Key> flush();
  bool is_waiting() const { return !pending_.empty(); }

 private:
  std::string pending_;
};

}  // namespace bw::cli
