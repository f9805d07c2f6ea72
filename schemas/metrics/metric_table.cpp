#include "schemas/metrics/metric_table.h"

namespace bw::metrics {
namespace {

consteval std::size_t count_metrics() {
  std::size_t count = 0;
  for (const auto& group : kMetricGroups) count += group.size();
  return count;
}

consteval auto list_metrics() {
  std::array<const MetricInfo*, count_metrics()> list{};
  std::size_t i = 0;
  for (const auto& group : kMetricGroups) {
    for (const MetricInfo& info : group) list[i++] = &info;
  }
  return list;
}

constexpr auto kAllMetrics = list_metrics();

}  // namespace

std::span<const MetricInfo* const> all_metrics() {
  return kAllMetrics;
}

const MetricInfo* find_metric(SourceId source, std::string_view key) {
  for (const auto& group : kMetricGroups) {
    for (const MetricInfo& info : group) {
      if (info.source == source && !info.key.empty() && info.key == key) return &info;
    }
  }
  return nullptr;
}

}  // namespace bw::metrics
