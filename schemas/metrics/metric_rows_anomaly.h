// What the anomaly detector says of the box and of itself.
#pragma once

#include "schemas/metrics/metric_info.h"
#include "schemas/metrics/metric_rows_system.h"

namespace bw::metrics {

// At every tick, once something was learnt.
inline constexpr MetricInfo kAnomalyTickMetrics[] = {
    gauge(SourceId::agent_tick, "self.anomaly_score", "1", "",
          "How unlike itself the box behaves: the sum of what its parts are surprised by, about 5 "
          "on ordinary rows."),
    gauge(SourceId::agent_tick, "self.anomaly_threshold", "1", "",
          "The score from which on it is an anomaly, set by the wanted rate of false alarms; "
          "missing until it is known."),
    gauge(SourceId::agent_tick, "self.anomaly_active", "1", "",
          "1 while there is an anomaly, else 0."),
};

// At every tenth.
inline constexpr MetricInfo kAnomalyMetrics[] = {
    own("self.anomaly_silenced", "1", "1 while a known change keeps anomalies from being told."),
    own("self.anomaly_series", "count", "Series that are watched for anomalies."),
    own("self.anomaly_rate", "count", "Anomalies a day, over the last week or since the start."),
    own("self.model_rows", "count", "Rows that what is usual was learnt from."),
    own("self.model_age", "s", "How long was learnt here: rows times the time between them."),
    own("self.model_drift", "1",
        "How far what is measured of late has drifted from what was learnt: the population "
        "stability index, mean over the series watched; above .25 is much."),
};

}  // namespace bw::metrics
