#include "agent/core/collect/kernel_log/kmsg_record.h"

#include <algorithm>
#include <charconv>

namespace bw::agent {

namespace {

constexpr unsigned kLevels = 8;

// A number up to `stop`; both go. False where there is none.
bool take_field(std::string_view& text, char stop, std::uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end == text.data() + text.size() || *end != stop) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

bool take_header(std::string_view& line, KernelMessage& message) {
  std::uint64_t priority = 0;
  if (!take_field(line, ',', priority) || !take_field(line, ',', message.sequence) ||
      !take_field(line, ',', message.usec)) {
    return false;
  }
  message.level = static_cast<unsigned>(priority % kLevels);
  message.facility = static_cast<unsigned>(std::min<std::uint64_t>(priority / kLevels, 1U << 16));
  // Flags, and whatever fields later kernels add.
  const std::size_t end = line.find(';');
  if (end == std::string_view::npos) return false;
  line.remove_prefix(end + 1);
  return true;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

char printable(char c) {
  if (c == '\n' || c == '\t' || c == '\r') return ' ';
  return c >= ' ' && c <= '~' ? c : '?';
}

// Undoes "\x0a"; the kernel writes bytes so that are not printable, and the backslash.
void unescape(std::string_view line, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < line.size() && out.size() < KernelMessage::kMaxText; ++i) {
    char c = line[i];
    if (c == '\\' && i + 3 < line.size() && line[i + 1] == 'x') {
      const int high = hex_digit(line[i + 2]);
      const int low = hex_digit(line[i + 3]);
      if (high >= 0 && low >= 0) {
        c = static_cast<char>(high * 16 + low);
        i += 3;
      }
    }
    out.push_back(printable(c));
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
}

// The next whole line, without its end; false, and nothing taken, where none is whole.
bool take_line(std::string_view& text, std::string_view& line) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return false;
  line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return true;
}

}  // namespace

bool KmsgRecords::next(KernelMessage& message) {
  std::string_view line;
  while (take_line(rest_, line)) {
    message = KernelMessage{};
    const bool understood = take_header(line, message);
    // Lines " KEY=value" belong to the record before them.
    while (!rest_.empty() && rest_.front() == ' ') {
      std::string_view pair;
      if (!take_line(rest_, pair)) break;
      if (pair.starts_with(" DEVICE=")) message.device = pair.substr(8);
    }
    if (!understood) {
      if (!line.starts_with(' ')) ++malformed_;
      continue;
    }
    unescape(line, text_);
    message.text = text_;
    return true;
  }
  return false;
}

}  // namespace bw::agent
