// Columns to bytes: for each column the form that takes the fewest.
#include <algorithm>
#include <bit>
#include <cmath>

#include "base/assert.h"
#include "schemas/wire/bits.h"
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

// `value` times a power of ten as an integer that divides back to the very same bits. Rounding is
// rough: what it gets wrong does not divide back.
bool scales(double value, std::size_t scale, std::int64_t& scaled) {
  const double product = value * kScales[scale];
  if (!(std::fabs(product) <= static_cast<double>(kMaxScaled))) return false;
  // From 2^52 on doubles are whole.
  const double half = std::fabs(product) < static_cast<double>(kMaxScaled) / 2 ? 0.5 : 0.0;
  scaled = static_cast<std::int64_t>(product + std::copysign(half, product));
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

// The bits in which any two neighbours differ, and how long a column of them is.
struct CommonBits {
  unsigned leading = 0;  // bits that never differ, above and below
  unsigned trailing = 0;
  bool repeats = false;  // a bit says of each whether it differs at all
  unsigned kept() const { return 64 - leading - trailing; }
  std::size_t size = 0;
};
CommonBits common_bits(std::span<const double> values) {
  std::uint64_t any = 0;
  std::size_t others = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    const std::uint64_t difference = bits_of(values[i]) ^ bits_of(values[i - 1]);
    any |= difference;
    others += difference != 0 ? 1 : 0;
  }
  CommonBits common;
  common.leading = static_cast<unsigned>(std::countl_zero(any));
  common.trailing = static_cast<unsigned>(std::countr_zero(any));
  const std::size_t all = (values.size() - 1) * common.kept();
  const std::size_t some = values.size() - 1 + others * common.kept();
  common.repeats = some < all;
  common.size = 2 + 8 + (std::min(all, some) + 7) / 8;
  return common;
}

std::byte tag_of(ColumnKind kind, std::size_t scale, std::uint8_t sparse) {
  return static_cast<std::byte>(static_cast<std::uint8_t>(kind) | (scale << kScaleShift) | sparse);
}

void put_common_bits(std::vector<std::byte>& out, std::span<const double> values,
                     const CommonBits& common) {
  out.push_back(static_cast<std::byte>(common.leading | (common.repeats ? kRepeats : 0U)));
  out.push_back(static_cast<std::byte>(common.trailing));
  put_bits(out, bits_of(values.front()), 8);
  BitWriter bits(out);
  for (std::size_t i = 1; i < values.size(); ++i) {
    const std::uint64_t difference = bits_of(values[i]) ^ bits_of(values[i - 1]);
    if (common.repeats) bits.put(difference != 0 ? 1 : 0, 1);
    if (!common.repeats || difference != 0) {
      bits.put(difference >> common.trailing, common.kept());
    }
  }
  bits.finish();
}

std::byte form_of(Prediction prediction, Sign sign, std::int64_t unit, const ResidualCode& code) {
  return static_cast<std::byte>(static_cast<unsigned>(prediction) |
                                static_cast<unsigned>(sign) << kSignShift |
                                (unit > 1 ? kPackedUnit : 0U) | (code.runs ? kPackedRuns : 0U) |
                                (code.exponential ? kPackedExponential : 0U));
}

std::byte parameters_of(const ResidualCode& code) {
  return static_cast<std::byte>(code.parameter | code.run_parameter << kRunParameterShift);
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
  run_length_ = 0;
  planner_.begin_block();
  for (std::size_t column = 0; column < columns; ++column) {
    for (std::size_t row = 0; row < rows; ++row) column_[row] = values[row * columns + column];
    encode_column(column, rows);
  }
  end_run();
  out_.insert(out_.end(), body_.begin(), body_.end());
  return out_;
}

// Differences wrap around: times may be any.
void ColumnEncoder::encode_times(std::span<const std::int64_t> times_ms) {
  times_.clear();
  auto before = static_cast<std::uint64_t>(times_ms.front());
  std::uint64_t step_before = 0;
  for (const std::int64_t time_ms : times_ms.subspan(1)) {
    const auto time = static_cast<std::uint64_t>(time_ms);
    const std::uint64_t step = time - before;
    times_.push_back(zigzag(static_cast<std::int64_t>(step - step_before)));
    before = time;
    step_before = step;
  }
  const ResidualCode code = choose_residual_code(times_, scratch_).code;
  body_.push_back(form_of(Prediction::slope, Sign::zigzag, 1, code));
  body_.push_back(parameters_of(code));
  put_varint(body_, zigzag(times_ms.front()));
  put_residuals(body_, times_, code);
}

void ColumnEncoder::end_run() {
  if (run_length_ == 0) return;
  put_varint(out_, run_entry_);
  put_varint(out_, run_length_ - 1);
  run_length_ = 0;
}

// Adds a column to the directory: one of the two entries that are counted, or a size.
void ColumnEncoder::put_entry(std::uint64_t entry) {
  if (entry > kZeroEntry) {
    end_run();
    put_varint(out_, entry);
    return;
  }
  if (run_entry_ != entry) end_run();
  run_entry_ = entry;
  ++run_length_;
}

void ColumnEncoder::encode_column(std::size_t column, std::size_t rows) {
  present_.clear();
  for (const double value : column_) {
    if (!std::isnan(value)) present_.push_back(value);
  }
  if (present_.empty()) return put_entry(kAbsentEntry);
  const std::uint8_t sparse = present_.size() < rows ? kSparseFlag : 0;
  const std::uint64_t first = bits_of(present_.front());
  const auto differs = [&](double other) { return bits_of(other) != first; };
  const std::size_t begin = body_.size();
  if (std::none_of(present_.begin(), present_.end(), differs)) {
    if (first == 0 && sparse == 0) return put_entry(kZeroEntry);
    put_constant(sparse);
    return put_entry(kZeroEntry + body_.size() - begin);
  }
  const CommonBits common = common_bits(present_);
  const std::size_t by_bytes = xored_size(present_);
  const std::size_t by_xor = std::min(by_bytes, common.size);
  const ColumnPlan* plan = scale_values() ? &planner_.plan(scaled_, column, sparse == 0) : nullptr;
  if (plan != nullptr && 2 + (plan->bits + 7) / 8 <= by_xor) {
    body_.push_back(tag_of(ColumnKind::packed, scale_, sparse));
    if (sparse != 0) put_presence(rows);
    put_packed(*plan, column);
    if (sparse == 0) planner_.note_written(column);
  } else if (by_bytes <= common.size) {
    body_.push_back(tag_of(ColumnKind::xored, 0, sparse));
    if (sparse != 0) put_presence(rows);
    put_xored();
  } else {
    body_.push_back(tag_of(ColumnKind::xored_bits, 0, sparse));
    if (sparse != 0) put_presence(rows);
    put_common_bits(body_, present_, common);
  }
  put_entry(kZeroEntry + body_.size() - begin);
}

// Which rows have a value: every so many, where that is all there is to say, or one bit a row, the
// lowest first.
void ColumnEncoder::put_presence(std::size_t rows) {
  const auto has_value = [&](std::size_t row) { return !std::isnan(column_[row]); };
  std::size_t first = 0;
  while (!has_value(first)) ++first;
  std::size_t second = first + 1;
  while (second < rows && !has_value(second)) ++second;
  const std::size_t period = second < rows ? second - first : 1;
  bool regular = first + (present_.size() - 1) * period < rows;
  for (std::size_t i = 0; regular && i < present_.size(); ++i) {
    regular = has_value(first + i * period);
  }
  if (regular) {
    put_varint(body_, period);
    put_varint(body_, first);
    put_varint(body_, present_.size());
    return;
  }
  put_varint(body_, 0);
  const std::size_t begin = body_.size();
  body_.resize(begin + (rows + 7) / 8, std::byte{0});
  for (std::size_t row = 0; row < rows; ++row) {
    if (has_value(row)) body_[begin + row / 8] |= std::byte{1} << (row % 8);
  }
}

void ColumnEncoder::put_constant(std::uint8_t sparse) {
  const double value = present_.front();
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
}

// All values of the column as integers of one scale, the smallest that does; false where none does.
bool ColumnEncoder::scale_values() {
  scale_ = 0;
  std::int64_t scaled = 0;
  scaled_.clear();
  std::size_t at_scale = 0;  // so many of scaled_ are of this scale
  for (const double value : present_) {
    while (!scales(value, scale_, scaled)) {
      if (++scale_ == kScales.size()) return false;
      at_scale = scaled_.size();
    }
    scaled_.push_back(scaled);
  }
  // Not every value that a smaller scale does is done by this one: it may have become too large.
  for (std::size_t i = 0; i < at_scale; ++i) {
    if (!scales(present_[i], scale_, scaled_[i])) return false;
  }
  return true;
}

void ColumnEncoder::put_packed(const ColumnPlan& plan, std::size_t column) {
  body_.push_back(form_of(plan.prediction, plan.sign, plan.unit, plan.code));
  body_.push_back(parameters_of(plan.code));
  if (plan.unit > 1) put_varint(body_, static_cast<std::uint64_t>(plan.unit));
  if (plan.prediction == Prediction::reference) {
    put_varint(body_, 2 * (column - plan.column) + (plan.falls ? 1 : 0));
  }
  if (plan.sign == Sign::floor) put_varint(body_, zigzag(plan.floor));
  put_varint(body_, zigzag(plan.base));
  put_residuals(body_, planner_.residuals(), plan.code);
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
