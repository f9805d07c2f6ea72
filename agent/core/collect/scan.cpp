#include "agent/core/collect/scan.h"

#include <charconv>

#include "agent/core/collect/sample.h"

namespace bw::agent {

std::string_view Scanner::line() {
  const char* const first = at_;
  skip_line();
  std::size_t size = static_cast<std::size_t>(at_ - first);
  if (size > 0 && first[size - 1] == '\n') --size;
  return {first, size};
}

std::string_view Scanner::word() {
  skip_blanks();
  const char* const first = at_;
  while (!at_word_end()) ++at_;
  return {first, static_cast<std::size_t>(at_ - first)};
}

std::string_view Scanner::until(char stop) {
  const char* const first = at_;
  for (const char* p = at_; p != end_ && *p != '\n'; ++p) {
    if (*p == stop) {
      at_ = p + 1;
      return {first, static_cast<std::size_t>(p - first)};
    }
  }
  return {};
}

// The rare words: 20 digits that fit after all, and whatever is no number.
double Scanner::not_a_number() {
  const std::string_view text = word();
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = error == std::errc{} && stop == text.data() + text.size() && !text.empty();
  return good ? static_cast<double>(value) : Sample::kNoValue;
}

double Scanner::hex() {
  const std::string_view text = word();
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  const bool good = error == std::errc{} && stop == text.data() + text.size() && !text.empty();
  return good ? static_cast<double>(value) : Sample::kNoValue;
}

// By hand: the library's way allocates in some versions, minds the locale in others, and reads
// "inf".
double Scanner::decimal() {
  const std::string_view text = word();
  std::size_t i = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) ++i;
  std::uint64_t digits = 0;
  double divisor = 1;
  std::size_t count = 0;
  bool fraction = false;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && !fraction) {
      fraction = true;
      continue;
    }
    if (c < '0' || c > '9' || count == 19) return Sample::kNoValue;
    digits = digits * 10 + static_cast<std::uint64_t>(c - '0');
    if (fraction) divisor *= 10;
    ++count;
  }
  if (count == 0) return Sample::kNoValue;
  const double value = static_cast<double>(digits) / divisor;
  return negative ? -value : value;
}

}  // namespace bw::agent
