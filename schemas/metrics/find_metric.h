// The metric of a name that is known only when running, as the wire brings it.
#pragma once

#include <string_view>

#include "schemas/metrics/metric_info.h"

namespace bw::metrics {

// Null where the table has none of this name: another version's agent may measure more.
const MetricInfo* metric_named(std::string_view name);

}  // namespace bw::metrics
