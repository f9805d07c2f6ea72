#include "base/ids.h"

#include <algorithm>

namespace bw {

namespace {

bool is_alphanumeric(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_allowed(char c) {
  return is_alphanumeric(c) || c == '.' || c == '_' || c == '-';
}

std::string printable(char c) {
  if (c == ' ') return "a space";
  const auto byte = static_cast<unsigned char>(c);
  if (byte > 0x20 && byte < 0x7f) return std::string("'") + c + "'";
  constexpr char kHex[] = "0123456789abcdef";
  return std::string("the byte 0x") + kHex[byte >> 4] + kHex[byte & 15];
}

}  // namespace

Result<NodeId> NodeId::parse(std::string_view text) {
  if (text.empty()) return Error{"a node id must not be empty"};
  if (text.size() > kMaxLength) {
    return Error{"a node id has at most " + std::to_string(kMaxLength) +
                 " characters, this one has " + std::to_string(text.size())};
  }
  const auto bad = std::find_if_not(text.begin(), text.end(), is_allowed);
  if (bad != text.end()) {
    return Error{"a node id may contain A-Z a-z 0-9 . _ - only, this one contains " +
                 printable(*bad)};
  }
  if (!is_alphanumeric(text.front())) {
    return Error{"a node id begins with a letter or a digit"};
  }
  return NodeId(std::string(text));
}

}  // namespace bw
