#include "schemas/metrics/find_metric.h"

#include "schemas/metrics/metric_table.h"

namespace bw::metrics {

const MetricInfo* metric_named(std::string_view name) {
  for (const MetricInfo* info : all_metrics()) {
    if (info->name == name) return info;
  }
  return nullptr;
}

}  // namespace bw::metrics
