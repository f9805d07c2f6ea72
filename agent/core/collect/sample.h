// The newest value of every series, and the series table that names them.
//
// Series are only ever added: a series whose device is gone keeps its alias and has no value (NaN)
// until the device is back. Nothing is allocated but when a series is added.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "schemas/wire/messages.h"

namespace bw::agent {

struct MetricInfo;

class Sample {
 public:
  using Alias = std::uint32_t;
  static constexpr Alias kNoAlias = std::numeric_limits<Alias>::max();
  static constexpr double kNoValue = std::numeric_limits<double>::quiet_NaN();

  // The alias of the series of `metric` with these labels, added where it is new. kNoAlias once the
  // table holds wire::kMaxSeries: refused() counts those.
  Alias declare(const MetricInfo& metric, std::vector<wire::Label> labels = {});

  // A gauge's value or a counter's cumulative one; kNoAlias is ignored.
  void set(Alias alias, double value);

  // Has rates follow from what was set since the last call: `now` is when the counters were read.
  void finish(Instant now);

  // By alias: as history has them (counters cumulative), and as live has them (counters as rates a
  // second).
  std::span<const double> values() const { return values_; }
  std::span<const float> live() const { return live_; }

  const std::vector<wire::SeriesInfo>& series() const { return series_; }
  std::uint64_t table_id() const { return table_id_; }  // follows finish()
  std::uint64_t refused() const { return refused_; }

 private:
  std::vector<wire::SeriesInfo> series_;
  std::vector<double> values_;
  std::vector<float> live_;
  std::vector<double> previous_;   // counters: at the last finish()
  std::vector<double> increment_;  // counters: the last known one, to tell a wrap from a reset
  Instant previous_time_{};
  bool has_previous_ = false;
  bool grown_ = true;
  std::uint64_t table_id_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace bw::agent
