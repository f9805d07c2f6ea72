// The newest value of every series, and the series table that names them.
//
// A series whose device is gone keeps its alias and has no value (NaN) until the device is back.
// None is taken away; one of a bounded set may be given to something else (relabel), which makes
// another table of it. Nothing is allocated but when a series is added or given away.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "schemas/wire/messages.h"

namespace bw::metrics {
struct MetricInfo;
}

namespace bw::agent {

// What a counter rose by from `previous` to `current`, in `seconds`; NaN where that can't be known.
//
// A counter that fell has been reset, and what it rose by is unknown, unless it wrapped at 2^32.
// That is believed only where `previous` lay below 2^32 and the rise across it, 2^32 - previous +
// current, is at most kWrapPaces times what it would be at its recent `pace` a second: so a counter
// far from the edge, or one that stood still, is taken for reset.
inline constexpr double kWrapPaces = 4;
double counter_increment(double previous, double current, double pace, double seconds);

// The pace after a known rise: the highest of late, each rise keeping nine tenths of the old one.
double counter_pace(double pace, double increment, double seconds);

// 100 * part / whole, to the hundredths: what lies below is the noise of the counting, and costs
// room in every block. NaN where one of them is none, or `whole` is 0.
double rounded_share(double part, double whole);

class Sample {
 public:
  using Alias = std::uint32_t;
  static constexpr Alias kNoAlias = std::numeric_limits<Alias>::max();
  static constexpr double kNoValue = std::numeric_limits<double>::quiet_NaN();

  // The alias of the series of `metric` with these labels, added where it is new. kNoAlias once the
  // table holds wire::kMaxSeries: refused() counts those. Labels' values may be any bytes: they are
  // kept as UTF-8 of wire::kMaxText bytes at most.
  Alias declare(const metrics::MetricInfo& metric, std::vector<wire::Label> labels = {});

  // Gives a series to something else: other labels, no value, and a counter without a past.
  void relabel(Alias alias, std::vector<wire::Label> labels);

  // A gauge's value or a counter's cumulative one (exact up to 2^53); kNoAlias is ignored.
  void set(Alias alias, double value) {
    if (alias >= values_.size()) return;
    values_[alias] = value;
    fresh_[alias] = 1;
  }
  void lose(Alias alias) { set(alias, kNoValue); }
  // A gauge that was found out from a finished sample, and belongs to it.
  void set_finished(Alias alias, double value) {
    if (alias >= values_.size()) return;
    values_[alias] = value;
    live_[alias] = static_cast<float>(value);
  }
  double value(Alias alias) const { return alias < values_.size() ? values_[alias] : kNoValue; }

  // Has rates follow from what was set since the last call: `now` is when the counters were read.
  // A rate spans the time between the two calls that saw its counter set, so a counter read every
  // tenth tick keeps its rate in between.
  void finish(Instant now);

  // By alias: as history has them (counters cumulative), and as live has them (counters as rates a
  // second).
  std::span<const double> values() const { return values_; }
  std::span<const float> live() const { return live_; }

  const std::vector<wire::SeriesInfo>& series() const { return series_; }
  std::uint64_t table_id() const { return table_id_; }  // follows finish()
  std::uint64_t refused() const { return refused_; }

 private:
  // What a counter's rate is made of.
  struct Counter {
    Alias alias;
    double previous = kNoValue;
    double pace = 0;  // a second
    Instant when{};   // of `previous`
  };
  void advance(Counter& counter, Instant now);

  std::vector<wire::SeriesInfo> series_;
  std::vector<const metrics::MetricInfo*> metrics_;  // by alias
  std::vector<double> values_;
  std::vector<float> live_;
  std::vector<std::uint8_t> fresh_;  // set since the last finish()
  std::vector<Counter> counters_;
  bool grown_ = true;
  std::uint64_t table_id_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace bw::agent
