// Identifiers with rules, checked once where they enter and trusted from there on.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bw {

// The name of a node: 1 to 64 of A-Z a-z 0-9 . _ -, beginning with a letter or digit. So it is one
// level of an MQTT topic, a common name of a certificate (64 characters at most) and one segment of
// a URL.
class NodeId {
 public:
  static constexpr std::size_t kMaxLength = 64;

  // The error says which rule `text` breaks, in words for the operator.
  static Result<NodeId> parse(std::string_view text);

  const std::string& str() const { return text_; }
  auto operator<=>(const NodeId&) const = default;

 private:
  explicit NodeId(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

}  // namespace bw
