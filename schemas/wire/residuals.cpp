#include "schemas/wire/residuals.h"

#include <algorithm>
#include <array>
#include <bit>

#include "schemas/wire/bits.h"

namespace bw::wire {

namespace {

// So many zeros in front, and 64 bits follow as they are.
constexpr unsigned kEscape = 32;

unsigned width_of(std::uint64_t value) {
  return static_cast<unsigned>(std::bit_width(value));
}

// A number is written as `prefix` zeros, a one, and then `tail` in `tail_bits`.
struct Code {
  unsigned prefix = 0;
  unsigned tail_bits = 0;
  std::uint64_t tail = 0;
};

constexpr Code escaped(std::uint64_t number) {
  return {kEscape, 64, number};
}

Code rice(std::uint64_t number, unsigned parameter) {
  const std::uint64_t quotient = number >> parameter;
  if (quotient >= kEscape) return escaped(number);
  return {static_cast<unsigned>(quotient), parameter, number - (quotient << parameter)};
}

Code exponential(std::uint64_t number, unsigned parameter) {
  const std::uint64_t high = number >> parameter;
  if (high >= (std::uint64_t{1} << kEscape) - 1) return escaped(number);
  const unsigned prefix = width_of(high + 1) - 1;
  return {prefix, prefix + parameter, number - (((std::uint64_t{1} << prefix) - 1) << parameter)};
}

void put_code(BitWriter& out, const Code& code) {
  out.put(0, code.prefix);
  if (code.prefix < kEscape) out.put(1, 1);
  out.put(code.tail, code.tail_bits);
}

Code code_of(std::uint64_t number, bool is_exponential, unsigned parameter) {
  return is_exponential ? exponential(number, parameter) : rice(number, parameter);
}

std::size_t rice_bits(std::span<const std::uint64_t> numbers, unsigned parameter) {
  std::size_t bits = numbers.size() * (parameter + 1);
  for (const std::uint64_t number : numbers) {
    const std::uint64_t quotient = number >> parameter;
    bits += quotient < kEscape ? static_cast<std::size_t>(quotient) : kEscape + 63 - parameter;
  }
  return bits;
}

std::size_t exponential_bits(std::span<const std::uint64_t> numbers, unsigned parameter) {
  std::size_t bits = numbers.size() * (parameter + 1);
  for (const std::uint64_t number : numbers) {
    const std::uint64_t high = number >> parameter;
    bits += high < (std::uint64_t{1} << kEscape) - 1 ? 2 * std::size_t{width_of(high + 1)} - 2
                                                     : kEscape + 63 - parameter;
  }
  return bits;
}

// Walks down the hill from `start`: the sizes over the parameter have one valley, nearly always.
template <typename Bits>
void descend(unsigned start, unsigned most, Bits bits_of, unsigned& parameter, std::size_t& bits) {
  parameter = std::min(start, most);
  bits = bits_of(parameter);
  while (parameter < most) {
    const std::size_t next = bits_of(parameter + 1);
    if (next >= bits) break;
    bits = next;
    ++parameter;
  }
  while (parameter > 0) {
    const std::size_t next = bits_of(parameter - 1);
    if (next >= bits) break;
    bits = next;
    --parameter;
  }
}

// The better of the two codes for `numbers`, which are not empty.
ResidualChoice choose_plain(std::span<const std::uint64_t> numbers) {
  std::array<std::size_t, 65> widths{};
  for (const std::uint64_t number : numbers) ++widths[width_of(number)];
  // Half of the numbers are below this width.
  unsigned median = 0;
  for (std::size_t below = widths[0]; 2 * below < numbers.size(); below += widths[median]) ++median;
  const unsigned start = median > 0 ? median - 1 : 0;

  ResidualChoice by_rice;
  descend(
      start, ResidualCode::kMaxParameter, [&](unsigned k) { return rice_bits(numbers, k); },
      by_rice.code.parameter, by_rice.bits);
  ResidualChoice by_exponential;
  by_exponential.code.exponential = true;
  descend(
      start > 0 ? start - 1 : 0, ResidualCode::kMaxParameter,
      [&](unsigned k) { return exponential_bits(numbers, k); }, by_exponential.code.parameter,
      by_exponential.bits);
  return by_exponential.bits < by_rice.bits ? by_exponential : by_rice;
}

// Calls `run` with the length of each run of zeros, which may be 0, in front of each other number,
// and `other` with that number. A last run of 0 is none.
template <typename Run, typename Other>
void for_each_run(std::span<const std::uint64_t> numbers, Run run, Other other) {
  std::uint64_t zeros = 0;
  for (const std::uint64_t number : numbers) {
    if (number == 0) {
      ++zeros;
      continue;
    }
    run(zeros);
    other(number);
    zeros = 0;
  }
  if (zeros > 0) run(zeros);
}

class CodeReader {
 public:
  explicit CodeReader(std::span<const std::byte> bytes) : in_(bytes) {}

  std::uint64_t take(bool is_exponential, unsigned parameter) {
    in_.refill();
    const auto prefix = static_cast<unsigned>(std::countr_zero(in_.peek()));
    if (prefix >= kEscape) [[unlikely]]
      return take_escaped();
    in_.skip(prefix + 1);
    if (!is_exponential) {
      if (prefix + 1 + parameter > BitReader::kMostAtOnce) in_.refill();
      return (std::uint64_t{prefix} << parameter) + in_.take(parameter);
    }
    const unsigned tail = prefix + parameter;
    std::uint64_t number = ((std::uint64_t{1} << prefix) - 1) << parameter;
    if (prefix + 1 + tail <= BitReader::kMostAtOnce) [[likely]]
      return number + in_.take(tail);
    in_.refill();
    number += in_.take(prefix);
    in_.refill();
    return number + (in_.take(parameter) << prefix);
  }

  bool ended() const { return in_.ended(); }

 private:
  std::uint64_t take_escaped() {
    in_.skip(kEscape);
    in_.refill();
    const std::uint64_t low = in_.take(32);
    in_.refill();
    return low | in_.take(32) << 32;
  }

  BitReader in_;
};

bool read_runs(CodeReader& in, const ResidualCode& code, std::span<std::uint64_t> numbers) {
  std::size_t at = 0;
  while (at < numbers.size()) {
    const std::uint64_t zeros = in.take(true, code.run_parameter);
    if (zeros > numbers.size() - at) return false;
    std::fill_n(numbers.begin() + static_cast<std::ptrdiff_t>(at), zeros, 0);
    at += static_cast<std::size_t>(zeros);
    if (at < numbers.size()) numbers[at++] = in.take(code.exponential, code.parameter) + 1;
  }
  return true;
}

}  // namespace

ResidualChoice choose_residual_code(std::span<const std::uint64_t> numbers,
                                    std::vector<std::uint64_t>& scratch) {
  const auto zeros = static_cast<std::size_t>(std::count(numbers.begin(), numbers.end(), 0U));
  if (zeros == numbers.size()) return {};
  ResidualChoice best;
  // With almost nothing but zeros, or none, only one of the two ways can win.
  const bool try_plain = 8 * zeros <= 7 * numbers.size();
  if (try_plain) best = choose_plain(numbers);
  if (8 * zeros < numbers.size()) return best;

  scratch.clear();
  std::size_t others = 0;
  for_each_run(
      numbers, [](std::uint64_t) {}, [&](std::uint64_t number) { scratch.push_back(number - 1); });
  others = scratch.size();
  for_each_run(
      numbers, [&](std::uint64_t length) { scratch.push_back(length); }, [](std::uint64_t) {});
  const std::span<const std::uint64_t> all(scratch);
  ResidualChoice by_runs = choose_plain(all.first(others));
  by_runs.code.runs = true;
  std::size_t run_bits = 0;
  descend(
      1, ResidualCode::kMaxRunParameter,
      [&](unsigned k) { return exponential_bits(all.subspan(others), k); },
      by_runs.code.run_parameter, run_bits);
  by_runs.bits += run_bits;
  return try_plain && best.bits <= by_runs.bits ? best : by_runs;
}

void put_residuals(std::vector<std::byte>& out, std::span<const std::uint64_t> numbers,
                   const ResidualCode& code) {
  const auto is_zero = [](std::uint64_t number) { return number == 0; };
  if (std::all_of(numbers.begin(), numbers.end(), is_zero)) return;
  BitWriter bits(out);
  const auto put = [&](std::uint64_t number) {
    put_code(bits, code_of(number, code.exponential, code.parameter));
  };
  if (code.runs) {
    for_each_run(
        numbers,
        [&](std::uint64_t length) { put_code(bits, exponential(length, code.run_parameter)); },
        [&](std::uint64_t number) { put(number - 1); });
  } else {
    for (const std::uint64_t number : numbers) put(number);
  }
  bits.finish();
}

bool read_residuals(std::span<const std::byte> bytes, const ResidualCode& code,
                    std::span<std::uint64_t> numbers) {
  if (bytes.empty()) {
    std::fill(numbers.begin(), numbers.end(), 0);
    return true;
  }
  CodeReader in(bytes);
  if (code.runs) {
    if (!read_runs(in, code, numbers)) return false;
  } else {
    for (std::uint64_t& number : numbers) number = in.take(code.exponential, code.parameter);
  }
  return in.ended();
}

}  // namespace bw::wire
