#include "coordinator/core/export/remote_write.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"
#include "coordinator/core/export/protobuf.h"
#include "schemas/metrics/metric_table.h"
#include "schemas/metrics/prometheus_name.h"

namespace bw::coordinator::exporting {

namespace {

// WriteRequest
constexpr std::uint32_t kTimeSeries = 1;
constexpr std::uint32_t kMetadata = 3;
// TimeSeries
constexpr std::uint32_t kLabels = 1;
constexpr std::uint32_t kSamples = 2;
// Label
constexpr std::uint32_t kLabelName = 1;
constexpr std::uint32_t kLabelValue = 2;
// Sample
constexpr std::uint32_t kSampleValue = 1;
constexpr std::uint32_t kSampleTime = 2;
// MetricMetadata
constexpr std::uint32_t kMetadataType = 1;
constexpr std::uint32_t kMetadataFamily = 2;
constexpr std::uint32_t kMetadataHelp = 4;
constexpr std::uint32_t kTypeCounter = 1;
constexpr std::uint32_t kTypeGauge = 2;

std::vector<wire::Label> labels_of(const Block& block, const wire::SeriesInfo& series) {
  std::vector<wire::Label> labels = {
      {"__name__", metrics::prometheus_name(series.name, series.unit, series.kind)},
      {"node", block.node}};
  if (!block.site.empty()) labels.push_back({"site", to_utf8(block.site)});
  for (const wire::Label& label : series.labels) {
    if (label.value.empty()) continue;  // to Prometheus the same as no label
    std::string name = metrics::prometheus_label(label.name);
    const auto is_taken = [&](const wire::Label& other) { return other.name == name; };
    while (name.starts_with("__") || std::any_of(labels.begin(), labels.end(), is_taken)) {
      name.insert(0, "exported_");
    }
    labels.push_back({std::move(name), to_utf8(label.value)});
  }
  std::sort(labels.begin(), labels.end());
  return labels;
}

}  // namespace

void RemoteWriteEncoder::add(const Block& block, const wire::SeriesInfo& series,
                             std::span<const std::int64_t> times_ms,
                             std::span<const double> values) {
  if (times_ms.empty()) return;
  const metrics::BaseUnit& unit = metrics::base_unit(series.unit);
  ProtobufWriter writer(out_);
  writer.message(kTimeSeries, [&] {
    for (const wire::Label& label : labels_of(block, series)) {
      writer.message(kLabels, [&] {
        writer.bytes(kLabelName, label.name);
        writer.bytes(kLabelValue, label.value);
      });
    }
    for (std::size_t i = 0; i < times_ms.size(); ++i) {
      writer.message(kSamples, [&] {
        writer.number(kSampleValue, unit.convert(values[i]));
        writer.varint(kSampleTime, static_cast<std::uint64_t>(times_ms[i]));
      });
    }
  });
}

void RemoteWriteEncoder::add_metadata(const MetricFilter& filter) {
  ProtobufWriter writer(out_);
  for (const metrics::MetricInfo* info : metrics::all_metrics()) {
    if (!filter.admits(info->name)) continue;
    writer.message(kMetadata, [&] {
      const bool is_counter = info->kind == wire::SeriesKind::counter;
      writer.varint(kMetadataType, is_counter ? kTypeCounter : kTypeGauge);
      writer.bytes(kMetadataFamily, metrics::prometheus_name(info->name, info->unit, info->kind));
      writer.bytes(kMetadataHelp, info->text);
    });
  }
}

std::string RemoteWriteEncoder::take() {
  return std::exchange(out_, {});
}

}  // namespace bw::coordinator::exporting
