// Columns to bytes: for each column the form that takes the fewest.
#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "base/assert.h"
#include "schemas/wire/column_format.h"
#include "schemas/wire/columns.h"
#include "schemas/wire/limits.h"
#include "schemas/wire/varint.h"

namespace bw::wire {

namespace {

std::uint64_t bits_of(double value) {
  return std::bit_cast<std::uint64_t>(value);
}

void put_bits(std::vector<std::byte>& out, std::uint64_t bits, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) out.push_back(static_cast<std::byte>(bits >> (8 * i)));
}

// `value` times a power of ten as an integer that divides back to the very same bits.
bool scales(double value, std::size_t scale, std::int64_t& scaled) {
  const double product = value * kScales[scale];
  if (!(std::fabs(product) <= static_cast<double>(kMaxScaled))) return false;
  scaled = std::llround(product);
  return bits_of(static_cast<double>(scaled) / kScales[scale]) == bits_of(value);
}

// The number of bytes that `value` takes against the one before, and which.
struct Trimmed {
  unsigned skipped = 0;  // low bytes that are zero
  unsigned kept = 0;
};
Trimmed trim(std::uint64_t difference) {
  if (difference == 0) return {};
  const auto low = static_cast<unsigned>(std::countr_zero(difference)) / 8;
  const auto high = static_cast<unsigned>(std::countl_zero(difference)) / 8;
  return {low, 8 - low - high};
}

std::size_t xored_size(std::span<const double> values) {
  std::size_t size = 0;
  std::uint64_t before = 0;
  for (const double value : values) {
    size += 1 + trim(bits_of(value) ^ before).kept;
    before = bits_of(value);
  }
  return size;
}

// Calls `take` with each difference behind the first value, of first or second order, in units.
template <typename Take>
void for_each_residual(std::span<const std::int64_t> values, std::uint8_t form, std::int64_t unit,
                       Take take) {
  std::int64_t before = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    std::int64_t step = values[i] - values[i - 1];
    if (unit != 1) step /= unit;
    take((form & kSecondOrder) != 0 ? step - before : step);
    before = step;
  }
}

// The greatest number that divides all differences; 1 where there is none greater.
std::int64_t common_unit(std::span<const std::int64_t> values) {
  std::int64_t unit = 0;
  for (std::size_t i = 1; i < values.size() && unit != 1; ++i) {
    unit = std::gcd(unit, values[i] - values[i - 1]);
  }
  return std::max<std::int64_t>(unit, 1);
}

// Counts what put_integers() would write behind the first value, without and with runs of zeros.
struct IntegerSizes {
  std::size_t plain = 0;
  std::size_t runs = 0;
};
IntegerSizes integer_sizes(std::span<const std::int64_t> values, std::uint8_t form,
                           std::int64_t unit) {
  IntegerSizes sizes;
  std::size_t zeros = 0;
  const auto end_run = [&] {
    if (zeros > 0) sizes.runs += 1 + varint_size(zeros - 1);
    zeros = 0;
  };
  for_each_residual(values, form, unit, [&](std::int64_t residual) {
    const std::size_t size = varint_size(zigzag(residual));
    sizes.plain += size;
    if (residual == 0) {
      ++zeros;
      return;
    }
    end_run();
    sizes.runs += size;
  });
  end_run();
  return sizes;
}

// The smallest form of a column of integers and its size, the form's own byte not counted.
struct Choice {
  std::uint8_t form = 0;
  std::int64_t unit = 1;
  std::size_t size = 0;
};
Choice choose_integers(std::span<const std::int64_t> values) {
  const std::int64_t unit = common_unit(values);
  const std::uint8_t unit_flag = unit > 1 ? kCommonUnit : 0;
  const std::size_t head = varint_size(zigzag(values.front())) +
                           (unit > 1 ? varint_size(static_cast<std::uint64_t>(unit)) : 0);
  Choice best;
  bool first = true;
  for (const std::uint8_t order : {std::uint8_t{0}, kSecondOrder}) {
    const IntegerSizes sizes = integer_sizes(values, order, unit);
    const bool runs = sizes.runs < sizes.plain;
    const std::size_t size = head + (runs ? sizes.runs : sizes.plain);
    if (!first && size >= best.size) continue;
    first = false;
    const auto form =
        static_cast<std::uint8_t>(order | unit_flag | (runs ? kZeroRuns : std::uint8_t{0}));
    best = {form, unit, size};
  }
  return best;
}

std::byte tag_of(ColumnKind kind, std::size_t scale, std::uint8_t sparse) {
  return static_cast<std::byte>(static_cast<std::uint8_t>(kind) | (scale << kScaleShift) | sparse);
}

}  // namespace

std::span<const std::byte> ColumnEncoder::encode(std::span<const std::int64_t> times_ms,
                                                 std::span<const double> values,
                                                 std::size_t columns) {
  const std::size_t rows = times_ms.size();
  BW_ASSERT(rows >= 1 && rows <= kMaxRows && columns <= kMaxSeries);
  BW_ASSERT(values.size() == rows * columns);
  out_.clear();
  out_.push_back(static_cast<std::byte>(kColumnVersion));
  put_varint(out_, rows);
  put_varint(out_, columns);
  body_.clear();
  encode_times(times_ms);
  put_varint(out_, body_.size());
  out_.insert(out_.end(), body_.begin(), body_.end());

  // The directory goes into out_ while the columns gather in body_.
  body_.clear();
  column_.resize(rows);
  for (std::size_t column = 0; column < columns; ++column) {
    for (std::size_t row = 0; row < rows; ++row) column_[row] = values[row * columns + column];
    const std::size_t begin = body_.size();
    encode_column(rows);
    put_varint(out_, body_.size() - begin);
  }
  out_.insert(out_.end(), body_.begin(), body_.end());
  return out_;
}

// Differences wrap around: times may be any.
void ColumnEncoder::encode_times(std::span<const std::int64_t> times_ms) {
  std::uint64_t before = 0;
  std::uint64_t step_before = 0;
  for (std::size_t row = 0; row < times_ms.size(); ++row) {
    const auto time = static_cast<std::uint64_t>(times_ms[row]);
    const std::uint64_t step = time - before;
    put_varint(body_, zigzag(static_cast<std::int64_t>(row < 2 ? step : step - step_before)));
    before = time;
    step_before = step;
  }
}

void ColumnEncoder::encode_column(std::size_t rows) {
  present_.clear();
  for (const double value : column_) {
    if (!std::isnan(value)) present_.push_back(value);
  }
  if (present_.empty()) return;
  const std::uint8_t sparse = present_.size() < rows ? kSparseFlag : 0;
  if (put_constant(sparse)) return;

  const std::size_t by_xor = xored_size(present_);
  if (scale_values()) {
    const Choice choice = choose_integers(scaled_);
    if (1 + choice.size <= by_xor) {
      body_.push_back(tag_of(ColumnKind::integers, scale_, sparse));
      if (sparse != 0) put_presence(rows);
      put_integers(choice.form, static_cast<std::uint64_t>(choice.unit));
      return;
    }
  }
  body_.push_back(tag_of(ColumnKind::xored, 0, sparse));
  if (sparse != 0) put_presence(rows);
  put_xored();
}

// One bit a row, the lowest first, set where it has a value.
void ColumnEncoder::put_presence(std::size_t rows) {
  const std::size_t begin = body_.size();
  body_.resize(begin + (rows + 7) / 8, std::byte{0});
  for (std::size_t row = 0; row < rows; ++row) {
    if (!std::isnan(column_[row])) body_[begin + row / 8] |= std::byte{1} << (row % 8);
  }
}

bool ColumnEncoder::put_constant(std::uint8_t sparse) {
  const double value = present_.front();
  const auto differs = [&](double other) { return bits_of(other) != bits_of(value); };
  if (std::any_of(present_.begin(), present_.end(), differs)) return false;
  std::int64_t scaled = 0;
  std::size_t scale = 0;
  while (scale < kScales.size() && !scales(value, scale, scaled)) ++scale;
  const bool is_decimal = scale < kScales.size();
  body_.push_back(is_decimal ? tag_of(ColumnKind::constant, scale, sparse)
                             : tag_of(ColumnKind::constant_bits, 0, sparse));
  if (sparse != 0) put_presence(column_.size());
  if (is_decimal) {  // at most eight bytes too
    put_varint(body_, zigzag(scaled));
  } else {
    put_bits(body_, bits_of(value), 8);
  }
  return true;
}

// All values of the column as integers of one scale, the smallest that does; false where none does.
bool ColumnEncoder::scale_values() {
  scale_ = 0;
  std::int64_t scaled = 0;
  for (const double value : present_) {
    while (!scales(value, scale_, scaled)) {
      if (++scale_ == kScales.size()) return false;
    }
  }
  scaled_.resize(present_.size());
  for (std::size_t i = 0; i < present_.size(); ++i) {
    // Not every value that a smaller scale does is done by this one: it may have become too large.
    if (!scales(present_[i], scale_, scaled_[i])) return false;
  }
  return true;
}

void ColumnEncoder::put_integers(std::uint8_t form, std::uint64_t unit) {
  body_.push_back(static_cast<std::byte>(form));
  if ((form & kCommonUnit) != 0) put_varint(body_, unit);
  put_varint(body_, zigzag(scaled_.front()));
  std::size_t zeros = 0;
  const auto end_run = [&] {
    if (zeros == 0) return;
    put_varint(body_, 0);
    put_varint(body_, zeros - 1);
    zeros = 0;
  };
  for_each_residual(scaled_, form, static_cast<std::int64_t>(unit), [&](std::int64_t residual) {
    if (residual == 0 && (form & kZeroRuns) != 0) {
      ++zeros;
      return;
    }
    end_run();
    put_varint(body_, zigzag(residual));
  });
  end_run();
}

void ColumnEncoder::put_xored() {
  std::uint64_t before = 0;
  for (const double value : present_) {
    const std::uint64_t difference = bits_of(value) ^ before;
    const Trimmed trimmed = trim(difference);
    body_.push_back(static_cast<std::byte>((trimmed.skipped << 4) | trimmed.kept));
    put_bits(body_, trimmed.kept == 0 ? 0 : difference >> (8 * trimmed.skipped), trimmed.kept);
    before = bits_of(value);
  }
}

}  // namespace bw::wire
