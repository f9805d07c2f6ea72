#include "coordinator/core/api/range_rollup.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "schemas/wire/limits.h"
#include "schemas/wire/varint.h"

namespace bw::coordinator::api {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMaxBuckets = 63;

// The columns of one series, in this order.
enum Column : std::size_t { kLast, kMin, kMax, kSum, kCount, kCovered, kIncrease, kColumns };
constexpr std::size_t kChunk = 1024;  // series
static_assert(kChunk * kColumns <= wire::kMaxSeries);
static_assert(kMaxBuckets + 1 <= wire::kMaxRows);

constexpr double kNone = RollupBucket::kNone;

// Sums in floating point err in their last bits; what is kept may do so too.
bool is_near(double a, double b, double scale) {
  return a == b || std::abs(a - b) <= 1e-12 * std::max(scale, std::max(std::abs(a), std::abs(b)));
}

// The sum of decimals has their digits: 0.30000000000000004 is 0.3, and compresses as such.
double as_decimal(double value) {
  double power = 1;
  for (int digits = 0; digits <= 6; ++digits, power *= 10) {
    const double scaled = std::round(value * power);
    if (std::abs(scaled) > 9e15) break;
    if (is_near(scaled / power, value, 0)) return scaled / power;
  }
  return value;
}

double predicted_increase(const RollupBucket& bucket, double before) {
  return bucket.covered_ms > 0 && std::isfinite(before) ? bucket.last - before : 0;
}

}  // namespace

void merge(RollupBucket& bucket, const RollupBucket& later) {
  if (later.count == 0) return;
  if (bucket.count == 0) {
    bucket = later;
    return;
  }
  bucket.last = later.last;
  bucket.min = std::min(bucket.min, later.min);
  bucket.max = std::max(bucket.max, later.max);
  bucket.sum += later.sum;
  bucket.count += later.count;
  bucket.increase += later.increase;
  bucket.covered_ms += later.covered_ms;
}

// Run for every sample that was ever stored: the walk and the bucket in hand are kept in locals,
// and nothing is divided but where a new bucket begins.
void add_samples(std::span<const std::int64_t> times_ms, std::span<const double> values,
                 std::int64_t begin_ms, std::int64_t bucket_ms, IncreaseWalk& walk,
                 RollupSeries& into) {
  BW_ASSERT(times_ms.size() == values.size());
  const wire::SeriesKind kind = into.kind;
  IncreaseWalk at = walk;
  RollupBucket* bucket = nullptr;
  std::int64_t from_ms = 0;  // of `bucket`
  std::int64_t to_ms = 0;
  for (std::size_t i = 0; i < times_ms.size(); ++i) {
    const double value = values[i];
    const std::int64_t time_ms = times_ms[i];
    if (!std::isfinite(value)) continue;
    const auto step = at.to(time_ms, value, kind);
    if (time_ms < from_ms || time_ms >= to_ms) {
      if (time_ms < begin_ms) {
        into.before = at.value();
        continue;
      }
      const std::int64_t place = (time_ms - begin_ms) / bucket_ms;
      if (place >= static_cast<std::int64_t>(into.buckets.size())) continue;
      bucket = &into.buckets[static_cast<std::size_t>(place)];
      from_ms = begin_ms + place * bucket_ms;
      to_ms = from_ms + bucket_ms;
    }
    if (kind == wire::SeriesKind::gauge) {
      const bool is_first = bucket->count == 0;
      bucket->min = is_first || value < bucket->min ? value : bucket->min;
      bucket->max = is_first || value > bucket->max ? value : bucket->max;
      bucket->sum += value;
    }
    bucket->last = value;
    bucket->count += 1;
    bucket->increase += step.increase;
    bucket->covered_ms += static_cast<double>(step.covered_ms);
  }
  walk = at;
}

double& RollupEncoder::cell(std::size_t row, std::size_t place, std::size_t column) {
  return cells_[row * width_ + place * kColumns + column];
}

std::span<const std::byte> RollupEncoder::encode(std::span<const RollupSeries> series) {
  BW_ASSERT(!series.empty() && series.size() <= wire::kMaxSeries);
  const std::size_t buckets = series[0].buckets.size();
  BW_ASSERT(buckets >= 1 && buckets <= kMaxBuckets);
  rows_.resize(buckets + 1);
  for (std::size_t row = 0; row < rows_.size(); ++row) rows_[row] = static_cast<std::int64_t>(row);
  out_.assign(1, std::byte{kVersion});
  wire::put_varint(out_, series.size());
  for (std::size_t first = 0; first < series.size(); first += kChunk) {
    const auto chunk = series.subspan(first, std::min(kChunk, series.size() - first));
    width_ = chunk.size() * kColumns;
    cells_.assign(rows_.size() * width_, kNone);
    fill_chunk(chunk);
    const auto encoded = columns_.encode(rows_, cells_, width_);
    wire::put_varint(out_, encoded.size());
    out_.insert(out_.end(), encoded.begin(), encoded.end());
  }
  return out_;
}

// Counts are those of the first series that has any value, but where written otherwise.
void RollupEncoder::fill_chunk(std::span<const RollupSeries> series) {
  const auto has_any = [](const RollupSeries& one) {
    return std::any_of(one.buckets.begin(), one.buckets.end(),
                       [](const RollupBucket& bucket) { return bucket.count > 0; });
  };
  const auto found = std::find_if(series.begin(), series.end(), has_any);
  const auto reference =
      found == series.end() ? 0 : static_cast<std::size_t>(found - series.begin());
  wire::put_varint(out_, reference);
  for (std::size_t place = 0; place < series.size(); ++place) {
    BW_ASSERT(series[place].buckets.size() + 1 == rows_.size());
    fill_series(series[place], series[reference], place, place == reference);
  }
}

void RollupEncoder::fill_series(const RollupSeries& series, const RollupSeries& reference,
                                std::size_t place, bool is_reference) {
  cell(0, place, kLast) = series.before;
  double before = series.before;
  for (std::size_t i = 0; i < series.buckets.size(); ++i) {
    const RollupBucket& bucket = series.buckets[i];
    const RollupBucket& usual = reference.buckets[i];
    if (bucket.count == 0) continue;
    const std::size_t row = i + 1;
    cell(row, place, kLast) = bucket.last;
    if (series.kind == wire::SeriesKind::gauge) {
      if (bucket.min != bucket.last) cell(row, place, kMin) = bucket.min;
      if (bucket.max != bucket.last) cell(row, place, kMax) = bucket.max;
      if (!is_near(bucket.sum, bucket.last * bucket.count, 0)) {
        cell(row, place, kSum) = as_decimal(bucket.sum);
      }
    }
    if (is_reference || bucket.count != usual.count) cell(row, place, kCount) = bucket.count;
    if (is_reference || usual.count == 0 || bucket.covered_ms != usual.covered_ms) {
      cell(row, place, kCovered) = bucket.covered_ms;
    }
    const double increase = predicted_increase(bucket, before);
    const double scale = std::max(std::abs(bucket.last), std::abs(before));
    if (!is_near(bucket.increase, increase, std::isfinite(scale) ? scale : 0)) {
      cell(row, place, kIncrease) = as_decimal(bucket.increase);
    }
    before = bucket.last;
  }
}

std::optional<RollupReader> RollupReader::open(std::span<const std::byte> bytes) {
  wire::ByteReader in(bytes);
  const auto version = in.byte();
  const auto series = in.varint();
  if (!version || *version != kVersion || !series || *series < 1 || *series > wire::kMaxSeries) {
    return std::nullopt;
  }
  RollupReader reader;
  reader.series_ = static_cast<std::size_t>(*series);
  for (std::size_t first = 0; first < reader.series_; first += kChunk) {
    const std::size_t places = std::min(kChunk, reader.series_ - first);
    const auto reference = in.varint();
    const auto size = in.varint();
    if (!reference || *reference >= places || !size || *size > in.size()) return std::nullopt;
    auto columns = wire::ColumnReader::open(*in.take(static_cast<std::size_t>(*size)));
    if (!columns || columns->columns() != places * kColumns) return std::nullopt;
    const std::size_t rows = columns->rows();
    if (rows < 2 || rows > kMaxBuckets + 1) return std::nullopt;
    if (first > 0 && rows != reader.buckets_ + 1) return std::nullopt;
    reader.buckets_ = rows - 1;
    reader.chunks_.push_back({std::move(*columns), static_cast<std::size_t>(*reference)});
  }
  if (in.size() != 0) return std::nullopt;
  return reader;
}

bool RollupReader::read(std::size_t alias, wire::SeriesKind kind, RollupSeries& out) const {
  out.kind = kind;
  out.before = kNone;
  out.buckets.assign(buckets_, RollupBucket{});
  if (alias >= series_) return false;
  if (read_from(chunks_[alias / kChunk], alias % kChunk, out)) return true;
  out.before = kNone;
  out.buckets.assign(buckets_, RollupBucket{});
  return false;
}

bool RollupReader::read_from(const Chunk& chunk, std::size_t place, RollupSeries& out) const {
  double cells[kColumns][kMaxBuckets + 1];
  double usual[2][kMaxBuckets + 1];
  const std::size_t rows = buckets_ + 1;
  const auto read = [&](std::size_t of, std::size_t column, double* to) {
    return chunk.reader.read(of * kColumns + column, {to, rows});
  };
  for (std::size_t column = 0; column < kColumns; ++column) {
    if (!read(place, column, cells[column])) return false;
  }
  if (!read(chunk.reference, kCount, usual[0]) || !read(chunk.reference, kCovered, usual[1])) {
    return false;
  }
  const auto or_else = [](double value, double otherwise) {
    return std::isnan(value) ? otherwise : value;
  };
  out.before = cells[kLast][0];
  double before = out.before;
  for (std::size_t row = 1; row < rows; ++row) {
    if (std::isnan(cells[kLast][row])) continue;
    RollupBucket& bucket = out.buckets[row - 1];
    bucket.last = cells[kLast][row];
    bucket.count = or_else(cells[kCount][row], usual[0][row]);
    bucket.covered_ms = or_else(cells[kCovered][row], usual[1][row]);
    if (!(bucket.count >= 1) || !(bucket.covered_ms >= 0)) return false;
    if (out.kind == wire::SeriesKind::gauge) {
      bucket.min = or_else(cells[kMin][row], bucket.last);
      bucket.max = or_else(cells[kMax][row], bucket.last);
      bucket.sum = or_else(cells[kSum][row], bucket.last * bucket.count);
    }
    bucket.increase = or_else(cells[kIncrease][row], predicted_increase(bucket, before));
    before = bucket.last;
  }
  return true;
}

}  // namespace bw::coordinator::api
