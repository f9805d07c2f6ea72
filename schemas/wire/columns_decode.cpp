// Bytes to columns. The bytes may be anybody's: nothing is read outside them, and no more is
// written than there are rows.
#include <algorithm>
#include <bit>
#include <limits>

#include "base/assert.h"
#include "schemas/wire/bits.h"
#include "schemas/wire/column_format.h"
#include "schemas/wire/columns.h"
#include "schemas/wire/limits.h"
#include "schemas/wire/packed_column.h"
#include "schemas/wire/presence.h"
#include "schemas/wire/varint.h"

namespace bw::wire {

namespace {

std::optional<std::uint64_t> read_bits(ByteReader& in, std::size_t bytes) {
  const auto taken = in.take(bytes);
  if (!taken) return std::nullopt;
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    bits |= std::to_integer<std::uint64_t>((*taken)[i]) << (8 * i);
  }
  return bits;
}

bool is_scaled(std::int64_t value) {
  return value >= -kMaxScaled && value <= kMaxScaled;
}

// Fills `times` from exactly these bytes, as version 1 wrote them.
bool read_old_times(ByteReader in, std::span<std::int64_t> times) {
  std::uint64_t time = 0;
  std::uint64_t step = 0;
  for (std::size_t row = 0; row < times.size(); ++row) {
    const auto raw = in.varint();
    if (!raw) return false;
    const auto residual = static_cast<std::uint64_t>(unzigzag(*raw));
    step = row < 2 ? residual : step + residual;
    time += step;
    times[row] = static_cast<std::int64_t>(time);
  }
  return in.size() == 0;
}

bool read_constant(ByteReader& in, double scale, std::span<double> values) {
  const auto raw = in.varint();
  if (!raw || !is_scaled(unzigzag(*raw))) return false;
  std::fill(values.begin(), values.end(), static_cast<double>(unzigzag(*raw)) / scale);
  return true;
}

bool read_constant_bits(ByteReader& in, std::span<double> values) {
  const auto bits = read_bits(in, 8);
  if (!bits) return false;
  std::fill(values.begin(), values.end(), std::bit_cast<double>(*bits));
  return true;
}

// Sums wrap around; what leaves the range of scaled integers is damaged.
bool read_integers(ByteReader& in, double scale, std::span<double> values) {
  const auto form = in.byte();
  if (!form || (*form & ~kFormMask) != 0) return false;
  const auto unit = (*form & kCommonUnit) != 0 ? in.varint() : 1;
  const auto first = in.varint();
  if (!unit || !first) return false;
  auto value = static_cast<std::uint64_t>(unzigzag(*first));
  std::uint64_t step = 0;
  std::uint64_t zeros = 0;  // still to come of a run
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0 && zeros > 0) {
      --zeros;
    } else if (i > 0) {
      const auto raw = in.varint();
      if (!raw) return false;
      if (*raw == 0 && (*form & kZeroRuns) != 0) {
        const auto more = in.varint();
        if (!more || *more >= values.size()) return false;
        zeros = *more;
      }
      const auto residual = static_cast<std::uint64_t>(unzigzag(*raw));
      step = (*form & kSecondOrder) != 0 ? step + residual : residual;
    }
    // Within a run of zeros of first order the step is zero; of second order it stays.
    value += step * *unit;
    const auto scaled = static_cast<std::int64_t>(value);
    if (!is_scaled(scaled)) return false;
    values[i] = static_cast<double>(scaled) / scale;
  }
  return zeros == 0;
}

bool read_xored(ByteReader& in, std::span<double> values) {
  std::uint64_t bits = 0;
  for (double& value : values) {
    const auto head = in.byte();
    if (!head) return false;
    const unsigned skipped = *head >> 4;
    const unsigned kept = *head & 0x0f;
    if (skipped + kept > 8) return false;
    const auto trimmed = read_bits(in, kept);
    if (!trimmed) return false;
    if (kept > 0) bits ^= *trimmed << (8 * skipped);
    value = std::bit_cast<double>(bits);
  }
  return true;
}

bool read_xored_bits(ByteReader& in, std::span<double> values) {
  const auto leading = in.byte();
  const auto trailing = in.byte();
  const auto first = read_bits(in, 8);
  if (!first || *leading > (kBitsMask | kRepeats) || *trailing > kBitsMask) return false;
  const unsigned left_out = (*leading & unsigned{kBitsMask}) + *trailing;
  if (left_out >= 64) return false;
  const unsigned low = std::min(64 - left_out, 32U);
  const unsigned high = 64 - left_out - low;
  const bool repeats = (*leading & kRepeats) != 0;
  BitReader bits(*in.take(in.size()));
  std::uint64_t value = *first;
  values[0] = std::bit_cast<double>(value);
  for (double& next : values.subspan(1)) {
    bits.refill();
    if (!repeats || bits.take(1) != 0) {
      std::uint64_t difference = bits.take(low);
      if (high > 0) {
        bits.refill();
        difference |= bits.take(high) << 32;
      }
      value ^= difference << *trailing;
    }
    next = std::bit_cast<double>(value);
  }
  return bits.ended();
}

}  // namespace

std::optional<ColumnReader> ColumnReader::open(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  const auto version = in.byte();
  if (!version || (*version != kColumnVersion && *version != kOldColumnVersion)) {
    return std::nullopt;
  }
  const auto rows = in.varint();
  const auto columns = in.varint();
  const auto times_size = in.varint();
  if (!rows || !columns || !times_size) return std::nullopt;
  if (*rows < 1 || *rows > kMaxRows || *columns > kMaxSeries) return std::nullopt;
  const auto times = in.take(static_cast<std::size_t>(
      std::min<std::uint64_t>(*times_size, std::numeric_limits<std::size_t>::max())));
  if (!times) return std::nullopt;

  ColumnReader reader;
  reader.version_ = *version;
  reader.times_ms_.resize(static_cast<std::size_t>(*rows));
  const bool times_read = *version == kOldColumnVersion
                              ? read_old_times(ByteReader(*times), reader.times_ms_)
                              : read_times(ByteReader(*times), reader.times_ms_);
  if (!times_read || !reader.open_directory(in, static_cast<std::size_t>(*columns))) {
    return std::nullopt;
  }
  return reader;
}

// Sizes must add up to what is left behind the directory.
bool ColumnReader::open_directory(ByteReader in, std::size_t columns) {
  columns_.reserve(columns);
  std::uint64_t end = 0;
  const std::uint64_t most = in.size();
  while (columns_.size() < columns) {
    auto entry = in.varint();
    if (!entry) return false;
    if (version_ != kOldColumnVersion && *entry <= kZeroEntry) {
      const auto more = in.varint();
      if (!more || *more >= columns - columns_.size()) return false;
      columns_.resize(columns_.size() + static_cast<std::size_t>(*more) + 1,
                      {static_cast<std::uint32_t>(end), 0, *entry == kZeroEntry});
      continue;
    }
    if (version_ != kOldColumnVersion) *entry -= kZeroEntry;
    if (*entry > most - end) return false;
    columns_.push_back(
        {static_cast<std::uint32_t>(end), static_cast<std::uint32_t>(*entry), false});
    end += *entry;
  }
  if (end != in.size()) return false;
  body_ = *in.take(in.size());
  return true;
}

bool ColumnReader::read(std::size_t alias, std::span<double> out) const {
  BW_ASSERT(out.size() == rows());
  if (alias < columns() && read_column(alias, out)) return true;
  std::fill(out.begin(), out.end(), kNoValue);
  return false;
}

bool ColumnReader::read_column(std::size_t alias, std::span<double> out) const {
  ByteReader in(bytes_of(alias));
  const auto tag = in.byte();
  if (!tag) {
    std::fill(out.begin(), out.end(), columns_[alias].zero ? 0.0 : kNoValue);
    return true;
  }
  if ((*tag & kSparseFlag) == 0) return read_values(alias, *tag, in, out);
  Presence presence;
  const bool known = version_ == kOldColumnVersion ? presence.read_bitmap(in, out.size())
                                                   : presence.read(in, out.size());
  if (!known || !read_values(alias, *tag, in, out.first(presence.count()))) return false;
  presence.spread(out);
  return true;
}

// The values of a column, of which nothing may be left behind them.
bool ColumnReader::read_values(std::size_t alias, std::uint8_t tag, ByteReader in,
                               std::span<double> values) const {
  const std::size_t scale = (tag >> kScaleShift) & kScaleMask;
  if (scale >= kScales.size()) return false;
  switch (static_cast<ColumnKind>(tag & kKindMask)) {
    case ColumnKind::constant:
      return read_constant(in, kScales[scale], values) && in.size() == 0;
    case ColumnKind::constant_bits:
      return scale == 0 && read_constant_bits(in, values) && in.size() == 0;
    case ColumnKind::integers:
      return read_integers(in, kScales[scale], values) && in.size() == 0;
    case ColumnKind::xored:
      return scale == 0 && read_xored(in, values) && in.size() == 0;
    case ColumnKind::xored_bits:
      return scale == 0 && read_xored_bits(in, values);
    case ColumnKind::packed:
      return read_packed(alias, in, kScales[scale], values);
  }
  return false;
}

bool ColumnReader::read_packed(std::size_t alias, ByteReader in, double scale,
                               std::span<double> values) const {
  const auto head = read_packed_head(in);
  Steps steps;
  if (!head || !read_steps(*head, in, values.size(), steps)) return false;
  if (head->prediction == Prediction::reference) {
    // Both have a value in every row, and the other leans on none.
    if (head->behind == 0 || head->behind > alias || values.size() != rows()) return false;
    ByteReader other_in(bytes_of(alias - static_cast<std::size_t>(head->behind)));
    const auto tag = other_in.byte();
    constexpr std::uint8_t kFixed = kKindMask | kSparseFlag;
    if (!tag || (*tag & kFixed) != static_cast<std::uint8_t>(ColumnKind::packed)) return false;
    const auto other_head = read_packed_head(other_in);
    if (!other_head || other_head->prediction == Prediction::reference) return false;
    Steps other;
    if (!read_steps(*other_head, other_in, values.size(), other)) return false;
    for (std::size_t i = 1; i < values.size(); ++i) {
      steps.step[i] += head->falls ? 0 - other.step[i] : other.step[i];
    }
  }
  return put_values(steps, scale, values);
}

}  // namespace bw::wire
