// Rollups: what is kept of the samples of a stretch of time where the samples themselves are too
// many, in a form from which every function but the percentiles is answered as from the samples.
//
// ROLLUPS.md beside this file gives the encoded form. Which rollups there are and when they are
// made is the store's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "schemas/wire/columns.h"
#include "schemas/wire/messages.h"

namespace bw::coordinator::api {

inline constexpr std::int64_t kMinuteMs = 60 * 1000;
inline constexpr std::int64_t kHourMs = 60 * kMinuteMs;
inline constexpr std::int64_t kDayMs = 24 * kHourMs;

// Two samples further apart than this say nothing of what a counter did between them.
inline constexpr std::int64_t kMaxRateGapMs = 5 * 60 * 1000;

// One series in one bucket of time. min, max and sum of gauges only: of a counter's own height
// nobody asks, and only its increase and `last` are kept.
struct RollupBucket {
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  double last = kNone;
  double min = kNone;
  double max = kNone;
  double sum = 0;
  double count = 0;       // of samples; 0: there is nothing in this bucket
  double increase = 0;    // since the sample before the first, wherever that lies
  double covered_ms = 0;  // the time that the increase took
};

// `later` follows `bucket`, in one longer stretch of time.
void merge(RollupBucket& bucket, const RollupBucket& later);

struct RollupSeries {
  wire::SeriesKind kind = wire::SeriesKind::gauge;
  double before = RollupBucket::kNone;  // the newest value before the first bucket
  std::vector<RollupBucket> buckets;
};

// Walks along the samples of one series and says how a counter went on from one to the next. What a
// rate is, is decided here alone.
class IncreaseWalk {
 public:
  struct Step {
    double increase = 0;
    std::int64_t covered_ms = 0;
  };
  // Covers nothing where there is no sample to begin from: none at all, one too long ago, or one
  // not older than this (the clock was set back).
  Step to(std::int64_t time_ms, double value, wire::SeriesKind kind) {
    if (has_previous_ && time_ms <= time_ms_) {
      went_back_ = true;
      return {};
    }
    Step step;
    if (has_previous_ && time_ms - time_ms_ <= kMaxRateGapMs) {
      // A counter falls only by a reset: what it shows then was counted since.
      const bool was_reset = kind == wire::SeriesKind::counter && value < value_;
      step = {was_reset ? value : value - value_, time_ms - time_ms_};
    }
    has_previous_ = true;
    time_ms_ = time_ms;
    value_ = value;
    return step;
  }

  // Of the newest sample so far; NaN: none.
  double value() const { return value_; }
  // Whether a sample came that was not newer than the one before it.
  bool went_back() const { return went_back_; }

 private:
  bool has_previous_ = false;
  bool went_back_ = false;
  std::int64_t time_ms_ = 0;
  double value_ = RollupBucket::kNone;
};

// Puts the samples of a block into buckets of `bucket_ms` from `begin_ms` on. Blocks come in the
// order of their starts. Samples before begin_ms only tell where increases begin, those behind the
// last bucket are left out. `walk` is the series' own, over all of its tables.
void add_samples(std::span<const std::int64_t> times_ms, std::span<const double> values,
                 std::int64_t begin_ms, std::int64_t bucket_ms, IncreaseWalk& walk,
                 RollupSeries& into);

class RollupEncoder {
 public:
  // All of the same number of buckets, 1 to 63. Valid until the next call.
  std::span<const std::byte> encode(std::span<const RollupSeries> series);

 private:
  void fill_chunk(std::span<const RollupSeries> series);
  void fill_series(const RollupSeries& series, const RollupSeries& reference, std::size_t place,
                   bool is_reference);
  double& cell(std::size_t row, std::size_t place, std::size_t column);

  wire::ColumnEncoder columns_;
  std::vector<double> cells_;
  std::size_t width_ = 0;  // of a row of cells
  std::vector<std::int64_t> rows_;
  std::vector<std::byte> out_;
};

// Reads single series out of an encoded rollup. The bytes must outlive it.
class RollupReader {
 public:
  // Nothing where it is damaged, or of a version that is not known.
  static std::optional<RollupReader> open(std::span<const std::byte> bytes);

  std::size_t series() const { return series_; }
  std::size_t buckets() const { return buckets_; }

  // False where there is no such series, or it is damaged; `out` is then without values.
  bool read(std::size_t alias, wire::SeriesKind kind, RollupSeries& out) const;

 private:
  struct Chunk {
    wire::ColumnReader reader;
    std::size_t reference = 0;
  };
  bool read_from(const Chunk& chunk, std::size_t place, RollupSeries& out) const;

  std::vector<Chunk> chunks_;
  std::size_t series_ = 0;
  std::size_t buckets_ = 0;
};

}  // namespace bw::coordinator::api
