#include "coordinator/core/api/exposition.h"

#include <charconv>
#include <cmath>

#include "base/text.h"

namespace bw::coordinator::api {

namespace {

// One line that is not UTF-8 has Prometheus refuse all of them.
void append_escaped(std::string& out, std::string_view text, bool in_quotes) {
  if (!is_utf8(text)) return append_escaped(out, to_utf8(text), in_quotes);
  for (const char c : text) {
    if (c == '\\' || (c == '"' && in_quotes)) out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

}  // namespace

void append_family(std::string& out, std::string_view name, std::string_view type,
                   std::string_view help) {
  out.append("# HELP ").append(name).append(" ");
  append_escaped(out, help, false);
  out.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

void append_label(std::string& out, char separator, std::string_view name, std::string_view value) {
  out += separator;
  out.append(name).append("=\"");
  append_escaped(out, value, true);
  out += '"';
}

void append_value(std::string& out, double value) {
  if (std::isinf(value)) {
    out += value > 0 ? " +Inf" : " -Inf";
    return;
  }
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(" ").append(digits, end);
}

double shortest(float value) {
  if (!std::isfinite(value)) return value;
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  double same = value;
  std::from_chars(digits, end, same);
  return same;
}

void Exposition::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  append_family(text_, name, type, help);
}

void Exposition::sample(std::uint64_t value, Labels labels) {
  text_ += name_;
  char separator = '{';
  for (const auto& [name, content] : labels) {
    append_label(text_, std::exchange(separator, ','), name, content);
  }
  if (separator != '{') text_ += '}';
  text_.append(" ").append(std::to_string(value)).append("\n");
}

void Exposition::single(std::string_view name, std::string_view type, std::string_view help,
                        std::uint64_t value) {
  family(name, type, help);
  sample(value);
}

}  // namespace bw::coordinator::api
