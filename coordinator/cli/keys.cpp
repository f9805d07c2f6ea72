#include "coordinator/cli/keys.h"

#include <optional>

namespace bw::cli {

namespace {

// A key and the bytes it took; 0: more bytes are needed.
struct Taken {
  Key key;
  std::size_t bytes = 0;
};

Key::Kind kind_of_letter(char letter) {
  switch (letter) {
    case 'A':
      return Key::Kind::up;
    case 'B':
      return Key::Kind::down;
    case 'H':
      return Key::Kind::home;
    case 'F':
      return Key::Kind::end;
    case 'M':
      return Key::Kind::enter;  // of the number pad
    default:
      return Key::Kind::other;
  }
}

Key::Kind kind_of_number(std::string_view number) {
  if (number == "5") return Key::Kind::page_up;
  if (number == "6") return Key::Kind::page_down;
  if (number == "1" || number == "7") return Key::Kind::home;
  if (number == "4" || number == "8") return Key::Kind::end;
  return Key::Kind::other;
}

// "ESC [ parameters letter" and "ESC O letter".
Taken take_sequence(std::string_view bytes) {
  if (bytes.size() < 3) return {};
  if (bytes[1] == 'O') return {{kind_of_letter(bytes[2])}, 3};
  std::size_t end = 2;
  while (end < bytes.size() && bytes[end] >= 0x20 && bytes[end] < 0x40) ++end;
  if (end == bytes.size()) return {};
  const std::string_view parameters = bytes.substr(2, end - 2);
  const std::string_view number = parameters.substr(0, parameters.find(';'));
  if (bytes[end] == '~') return {{kind_of_number(number)}, end + 1};
  return {{kind_of_letter(bytes[end])}, end + 1};
}

std::size_t length_of_character(unsigned char first) {
  if (first < 0xc0) return 1;
  return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
}

Taken take_key(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes.front());
  if (first == 0x1b) {
    if (bytes.size() == 1) return {};
    if (bytes[1] == '[' || bytes[1] == 'O') return take_sequence(bytes);
    return {{Key::Kind::escape}, 1};
  }
  if (first == '\r' || first == '\n') return {{Key::Kind::enter}, 1};
  if (first == 0x7f || first == 0x08) return {{Key::Kind::backspace}, 1};
  if (first == 0x03) return {{Key::Kind::interrupt}, 1};
  if (first == 0x0c) return {{Key::Kind::redraw}, 1};
  if (first < 0x20) return {{Key::Kind::other}, 1};
  const std::size_t length = length_of_character(first);
  if (bytes.size() < length) return {};
  return {{Key::Kind::character, std::string(bytes.substr(0, length))}, length};
}

}  // namespace

std::vector<Key> KeyDecoder::feed(std::string_view bytes) {
  pending_ += bytes;
  std::vector<Key> keys;
  std::string_view rest = pending_;
  while (!rest.empty()) {
    Taken taken = take_key(rest);
    if (taken.bytes == 0) break;
    keys.push_back(std::move(taken.key));
    rest.remove_prefix(taken.bytes);
  }
  pending_ = rest.size() > kMaxPending ? std::string() : std::string(rest);
  return keys;
}

std::vector<Key> KeyDecoder::flush() {
  std::vector<Key> keys;
  if (!pending_.empty() && pending_.front() == '\x1b') keys.push_back({Key::Kind::escape});
  pending_.clear();
  return keys;
}

}  // namespace bw::cli
