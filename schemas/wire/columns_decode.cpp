// Bytes to columns. The bytes may be anybody's: nothing is read outside them, and no more is
// written than there are rows.
#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "base/assert.h"
#include "schemas/wire/column_format.h"
#include "schemas/wire/columns.h"
#include "schemas/wire/limits.h"
#include "schemas/wire/varint.h"

namespace bw::wire {

namespace {

constexpr double kNoValue = std::numeric_limits<double>::quiet_NaN();

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

// Fills `times` from exactly these bytes.
bool read_times(ByteReader in, std::span<std::int64_t> times) {
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

bool read_values(ByteReader& in, std::uint8_t tag, std::span<double> values) {
  const std::size_t scale = (tag >> kScaleShift) & kScaleMask;
  if (scale >= kScales.size()) return false;
  switch (static_cast<ColumnKind>(tag & kKindMask)) {
    case ColumnKind::constant:
      return read_constant(in, kScales[scale], values);
    case ColumnKind::constant_bits:
      return scale == 0 && read_constant_bits(in, values);
    case ColumnKind::integers:
      return read_integers(in, kScales[scale], values);
    case ColumnKind::xored:
      return scale == 0 && read_xored(in, values);
  }
  return false;
}

bool has_value(std::span<const std::byte> presence, std::size_t row) {
  return (presence[row / 8] & (std::byte{1} << (row % 8))) != std::byte{0};
}

// Moves the values at the front of `out` to the rows that have one, from the last to the first.
void spread(std::span<const std::byte> presence, std::size_t present, std::span<double> out) {
  for (std::size_t row = out.size(); row-- > 0;) {
    out[row] = has_value(presence, row) ? out[--present] : kNoValue;
  }
}

bool read_column(ByteReader in, std::span<double> out) {
  const auto tag = in.byte();
  if (!tag) {
    std::fill(out.begin(), out.end(), kNoValue);
    return true;
  }
  if ((*tag & kSparseFlag) == 0) return read_values(in, *tag, out) && in.size() == 0;
  const auto presence = in.take((out.size() + 7) / 8);
  if (!presence) return false;
  std::size_t present = 0;
  for (const std::byte byte : *presence) {
    present += static_cast<std::size_t>(std::popcount(std::to_integer<std::uint8_t>(byte)));
  }
  const bool beyond =
      out.size() % 8 != 0 && std::to_integer<unsigned>(presence->back()) >> (out.size() % 8) != 0;
  if (beyond || present == 0) return false;
  if (!read_values(in, *tag, out.first(present)) || in.size() != 0) return false;
  spread(*presence, present, out);
  return true;
}

}  // namespace

std::optional<ColumnReader> ColumnReader::open(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  const auto version = in.byte();
  if (!version || *version != kColumnVersion) return std::nullopt;
  const auto rows = in.varint();
  const auto columns = in.varint();
  const auto times_size = in.varint();
  if (!rows || !columns || !times_size) return std::nullopt;
  if (*rows < 1 || *rows > kMaxRows || *columns > kMaxSeries) return std::nullopt;
  if (*times_size > in.size()) return std::nullopt;
  const auto times = in.take(static_cast<std::size_t>(*times_size));
  if (times->size() < *rows || in.size() < *columns) return std::nullopt;

  ColumnReader reader;
  reader.times_ms_.resize(static_cast<std::size_t>(*rows));
  if (!read_times(ByteReader(*times), reader.times_ms_)) return std::nullopt;
  reader.offsets_.reserve(static_cast<std::size_t>(*columns) + 1);
  reader.offsets_.push_back(0);
  for (std::uint64_t column = 0; column < *columns; ++column) {
    const auto size = in.varint();
    if (!size || *size > bytes.size() - reader.offsets_.back()) return std::nullopt;
    reader.offsets_.push_back(reader.offsets_.back() + static_cast<std::size_t>(*size));
  }
  if (reader.offsets_.back() != in.size()) return std::nullopt;
  reader.body_ = *in.take(in.size());
  return reader;
}

bool ColumnReader::read(std::size_t alias, std::span<double> out) const {
  BW_ASSERT(out.size() == rows());
  if (alias < columns()) {
    const std::size_t begin = offsets_[alias];
    if (read_column(ByteReader(body_.subspan(begin, offsets_[alias + 1] - begin)), out)) {
      return true;
    }
  }
  std::fill(out.begin(), out.end(), kNoValue);
  return false;
}

}  // namespace bw::wire
