// How a metric is called outside, and in which unit: Prometheus' conventions, the same at every
// door. Values leave in base units (seconds, bytes, ratios), so that no reader has to know ours.
//
// Names are bw_<name>_<unit>, and end in _total for counters; a unit that the name ends in already
// stands there once: disk.read_time in ms is bw_disk_read_time_seconds_total, net.rx_bytes is
// bw_net_rx_bytes_total. Conventions: prometheus.io/docs/practices/naming.
#pragma once

#include <string>
#include <string_view>

#include "schemas/wire/messages.h"

namespace bw::metrics {

struct BaseUnit {
  std::string_view unit;    // ours, as in the metric table
  std::string_view suffix;  // of the name outside; may be empty
  std::string_view ucum;    // the same in the Unified Code for Units of Measure, as OTLP wants it
  double multiply = 1;
  double divide = 1;  // apart, so that 37.5 % are .375 and nothing beside it

  double convert(double value) const { return value * multiply / divide; }
};

// Of a unit that is not known: no suffix, values as they are.
const BaseUnit& base_unit(std::string_view unit);

std::string prometheus_name(std::string_view name, std::string_view unit, wire::SeriesKind kind);

// Of a counter's rate a second: bw_net_rx_bytes_per_second.
std::string prometheus_rate_name(std::string_view name, std::string_view unit);

// Letters, digits and underscores, no digit first: what else there is becomes an underscore.
std::string prometheus_label(std::string_view name);

}  // namespace bw::metrics
