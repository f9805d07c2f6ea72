#include "coordinator/core/export/otlp.h"

#include <utility>

#include "base/text.h"
#include "coordinator/core/export/protobuf.h"
#include "schemas/metrics/find_metric.h"
#include "schemas/metrics/prometheus_name.h"

namespace bw::coordinator::exporting {

namespace {

// ExportMetricsServiceRequest, ResourceMetrics, Resource, ScopeMetrics, InstrumentationScope
constexpr std::uint32_t kResourceMetrics = 1;
constexpr std::uint32_t kResource = 1;
constexpr std::uint32_t kScopeMetrics = 2;
constexpr std::uint32_t kResourceAttributes = 1;
constexpr std::uint32_t kScope = 1;
constexpr std::uint32_t kMetrics = 2;
constexpr std::uint32_t kScopeName = 1;
// Metric
constexpr std::uint32_t kName = 1;
constexpr std::uint32_t kDescription = 2;
constexpr std::uint32_t kUnit = 3;
constexpr std::uint32_t kGauge = 5;
constexpr std::uint32_t kSum = 7;
// Gauge, Sum
constexpr std::uint32_t kDataPoints = 1;
constexpr std::uint32_t kTemporality = 2;
constexpr std::uint32_t kIsMonotonic = 3;
constexpr std::uint32_t kCumulative = 2;
// NumberDataPoint
constexpr std::uint32_t kStartTime = 2;
constexpr std::uint32_t kTime = 3;
constexpr std::uint32_t kAsDouble = 4;
constexpr std::uint32_t kAttributes = 7;
// KeyValue, AnyValue
constexpr std::uint32_t kKey = 1;
constexpr std::uint32_t kValue = 2;
constexpr std::uint32_t kStringValue = 1;
// ExportMetricsServiceResponse, ExportMetricsPartialSuccess
constexpr std::uint32_t kPartialSuccess = 1;
constexpr std::uint32_t kRejected = 1;
constexpr std::uint32_t kMessage = 2;

constexpr std::uint64_t kNanosAMilli = 1'000'000;

void write_attribute(ProtobufWriter& writer, std::uint32_t field, std::string_view key,
                     std::string_view value) {
  writer.message(field, [&] {
    writer.bytes(kKey, to_utf8(key));
    writer.message(kValue, [&] { writer.bytes(kStringValue, to_utf8(value)); });
  });
}

std::string_view text_of(std::string_view metric) {
  const metrics::MetricInfo* const info = metrics::metric_named(metric);
  return info == nullptr ? std::string_view{} : info->text;
}

}  // namespace

std::string otlp_name(std::string_view metric) {
  return "bw." + std::string(metric);
}

void OtlpEncoder::begin_node(const Block& block) {
  end_node();
  ProtobufWriter writer(resource_);
  writer.message(kResource, [&] {
    write_attribute(writer, kResourceAttributes, "service.name", "bellwether-agent");
    write_attribute(writer, kResourceAttributes, "service.instance.id", block.node);
    if (!block.hostname.empty()) {
      write_attribute(writer, kResourceAttributes, "host.name", block.hostname);
    }
    write_attribute(writer, kResourceAttributes, "bw.node", block.node);
    if (!block.site.empty()) write_attribute(writer, kResourceAttributes, "bw.site", block.site);
  });
}

void OtlpEncoder::add(const wire::SeriesInfo& series, std::int64_t start_ms,
                      std::span<const std::int64_t> times_ms, std::span<const double> values) {
  if (times_ms.empty()) return;
  if (series.name != of_.name || series.unit != of_.unit || series.kind != of_.kind) {
    end_metric();
    of_ = {series.name, series.unit, series.kind, {}};
  }
  const metrics::BaseUnit& unit = metrics::base_unit(series.unit);
  const bool has_start = series.kind == wire::SeriesKind::counter && start_ms > 0;
  ProtobufWriter writer(metric_);
  for (std::size_t i = 0; i < times_ms.size(); ++i) {
    writer.message(kDataPoints, [&] {
      // A start behind the sample: its clock was set.
      if (has_start && start_ms <= times_ms[i]) {
        writer.fixed64(kStartTime, static_cast<std::uint64_t>(start_ms) * kNanosAMilli);
      }
      writer.fixed64(kTime, static_cast<std::uint64_t>(times_ms[i]) * kNanosAMilli);
      writer.number(kAsDouble, unit.convert(values[i]));
      for (const wire::Label& label : series.labels) {
        write_attribute(writer, kAttributes, label.name, label.value);
      }
    });
  }
}

void OtlpEncoder::end_metric() {
  if (metric_.empty()) return;
  ProtobufWriter writer(node_);
  writer.message(kMetrics, [&] {
    writer.bytes(kName, to_utf8(otlp_name(of_.name)));
    writer.bytes(kDescription, text_of(of_.name));
    writer.bytes(kUnit, to_utf8(metrics::base_unit(of_.unit).ucum));
    const bool is_counter = of_.kind == wire::SeriesKind::counter;
    writer.message(is_counter ? kSum : kGauge, [&] {
      node_ += metric_;
      if (!is_counter) return;
      writer.varint(kTemporality, kCumulative);
      writer.varint(kIsMonotonic, 1);
    });
  });
  metric_.clear();
}

void OtlpEncoder::end_node() {
  end_metric();
  of_ = {};
  if (!node_.empty()) {
    ProtobufWriter writer(out_);
    writer.message(kResourceMetrics, [&] {
      out_ += resource_;
      writer.message(kScopeMetrics, [&] {
        writer.message(kScope, [&] { writer.bytes(kScopeName, "bellwether"); });
        out_ += node_;
      });
    });
  }
  resource_.clear();
  node_.clear();
}

std::string OtlpEncoder::take() {
  end_node();
  return std::exchange(out_, {});
}

std::optional<PartialSuccess> read_partial_success(std::string_view answer) {
  ProtobufReader response(answer);
  std::optional<PartialSuccess> found;
  while (const auto outer = response.next()) {
    if (outer->number != kPartialSuccess) continue;
    ProtobufReader partial(outer->bytes);
    PartialSuccess said;
    while (const auto field = partial.next()) {
      if (field->number == kRejected) said.rejected = field->value;
      if (field->number == kMessage) said.message = std::string(field->bytes);
    }
    if (partial.ok() && (said.rejected > 0 || !said.message.empty())) found = std::move(said);
  }
  if (!response.ok()) return std::nullopt;
  return found;
}

}  // namespace bw::coordinator::exporting
