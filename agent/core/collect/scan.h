// Reading numbers and words out of the kernel's texts, without allocation and without trust.
//
// A scanner never goes past the end of its text nor, but for skip_line(), past the end of a line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace bw::agent {

class Scanner {
 public:
  explicit Scanner(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  bool done() const { return at_ == end_; }
  bool at_line_end() const { return at_ == end_ || *at_ == '\n'; }
  std::string_view rest() const { return {at_, static_cast<std::size_t>(end_ - at_)}; }

  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t')) ++at_;
  }
  // Not at the end.
  void skip_byte() { ++at_; }
  // To the first byte of the next line.
  void skip_line() {
    if (done()) return;
    const void* newline = std::memchr(at_, '\n', static_cast<std::size_t>(end_ - at_));
    at_ = newline == nullptr ? end_ : static_cast<const char*>(newline) + 1;
  }
  // The rest of the line, without its newline; goes to the next line.
  std::string_view line();

  // True where these bytes come next; then goes past them.
  bool skip(std::string_view bytes) {
    if (rest().size() < bytes.size() || std::memcmp(at_, bytes.data(), bytes.size()) != 0) {
      return false;
    }
    at_ += bytes.size();
    return true;
  }

  // The next word of the line; empty at its end. Words lie between blanks.
  std::string_view word();
  // The next bytes of the line up to `stop`, which is skipped too; empty, and nothing skipped,
  // where the line has none.
  std::string_view until(char stop);

  // The next word as a number; Sample::kNoValue where it is none, or beyond 64 bits.
  double whole();    // 0 to 2^64-1
  double hex();      // the same, in hexadecimal digits
  double decimal();  // a sign and a fraction may be there

 private:
  bool at_word_end() const { return at_ == end_ || *at_ == ' ' || *at_ == '\n' || *at_ == '\t'; }
  double not_a_number();

  const char* at_;
  const char* end_;
};

inline double Scanner::whole() {
  skip_blanks();
  const char* const first = at_;
  std::uint64_t value = 0;
  while (at_ != end_) {
    const unsigned digit = static_cast<unsigned char>(*at_) - unsigned{'0'};
    if (digit > 9) break;
    value = value * 10 + digit;
    ++at_;
  }
  // 19 digits always fit; 20 may.
  if (at_ - first > 19 || at_ == first || !at_word_end()) {
    at_ = first;
    return not_a_number();
  }
  return static_cast<double>(value);
}

}  // namespace bw::agent
