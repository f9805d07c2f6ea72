#include "coordinator/core/api/target.h"

namespace bw::coordinator::api {

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> decode(std::string_view text, bool is_parameter) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && is_parameter) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) return Error{"a '%' is not followed by two hexadecimal digits"};
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  if (out.find('\0') != std::string::npos) return Error{"a zero byte stands in the request"};
  return out;
}

// Takes what stands before the next `separator` off the front.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

}  // namespace

std::optional<std::string_view> Target::get(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name && !value.empty()) return value;
  }
  return std::nullopt;
}

Result<Target> parse_target(std::string_view text) {
  Target target;
  std::string_view rest = text.substr(0, text.find('#'));
  std::string_view path = take_until(rest, '?');
  target.path = path;
  if (path.empty() || path.front() != '/') return Error{"the path does not begin with '/'"};
  path.remove_prefix(1);
  while (!path.empty()) {
    auto segment = decode(take_until(path, '/'), false);
    if (!segment) return segment.error();
    target.segments.push_back(*std::move(segment));
  }
  while (!rest.empty()) {
    std::string_view parameter = take_until(rest, '&');
    if (parameter.empty()) continue;
    if (target.parameters.size() >= kMaxParameters) {
      return Error{"there are more than " + std::to_string(kMaxParameters) + " parameters"};
    }
    auto name = decode(take_until(parameter, '='), true);
    if (!name) return name.error();
    auto value = decode(parameter, true);
    if (!value) return value.error();
    target.parameters.emplace_back(*std::move(name), *std::move(value));
  }
  return target;
}

}  // namespace bw::coordinator::api
