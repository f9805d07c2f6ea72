#include "coordinator/cli/view_metrics.h"

#include <algorithm>
#include <map>

#include "base/json_writer.h"
#include "base/text.h"
#include "coordinator/cli/table.h"
#include "schemas/metrics/find_metric.h"
#include "schemas/metrics/metric_table.h"
#include "schemas/metrics/prometheus_name.h"

namespace bw::cli {

namespace {

bool is_meant(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return true;
  if (pattern.find_first_of("*?") == std::string_view::npos) {
    return name.find(pattern) != std::string_view::npos;
  }
  return glob_matches(pattern, name);
}

MetricRow row_of(const metrics::MetricInfo& info) {
  MetricRow row;
  row.name = info.name;
  row.unit = info.unit;
  row.kind = info.kind == wire::SeriesKind::counter ? "counter" : "gauge";
  row.labels = info.labels;
  row.prometheus = metrics::prometheus_name(info.name, info.unit, info.kind);
  row.text = info.text;
  for (const metrics::SourceSpec& source : metrics::kSources) {
    if (source.id != info.source) continue;
    row.every = source.every;
    row.source = source.path;
  }
  return row;
}

// Of a metric that this version does not know. The API shows a counter as its rate: its unit ends
// in "/s".
MetricRow row_of(const SeriesValue& series) {
  MetricRow row;
  row.name = series.name;
  row.kind = series.kind;
  row.unit = series.unit;
  const bool is_counter = series.kind == "counter";
  if (is_counter && row.unit.ends_with("/s")) row.unit.resize(row.unit.size() - 2);
  for (const auto& [name, value] : series.labels)
    row.labels += (row.labels.empty() ? "" : " ") + name;
  row.prometheus = metrics::prometheus_name(
      row.name, row.unit, is_counter ? wire::SeriesKind::counter : wire::SeriesKind::gauge);
  return row;
}

std::string every_text(const MetricRow& row) {
  return row.every ? std::to_string(*row.every) : "";
}

}  // namespace

std::vector<MetricRow> metric_rows(std::string_view pattern,
                                   const std::optional<NodeSeries>& of_node) {
  std::map<std::string, std::uint64_t, std::less<>> had;
  if (of_node) {
    for (const SeriesValue& series : of_node->series) ++had[series.name];
  }
  std::vector<MetricRow> rows;
  for (const metrics::MetricInfo* info : metrics::all_metrics()) {
    if (!is_meant(pattern, info->name)) continue;
    const auto count = had.find(info->name);
    if (of_node && count == had.end()) continue;
    rows.push_back(row_of(*info));
    if (of_node) rows.back().series = count->second;
  }
  if (!of_node) return rows;
  for (const SeriesValue& series : of_node->series) {
    const bool is_known = metrics::metric_named(series.name) != nullptr;
    const bool is_there = std::any_of(
        rows.begin(), rows.end(), [&](const MetricRow& row) { return row.name == series.name; });
    if (is_known || is_there || !is_meant(pattern, series.name)) continue;
    rows.push_back(row_of(series));
    rows.back().series = had[series.name];
  }
  return rows;
}

std::string metrics_view(const std::vector<MetricRow>& rows, bool with_series, const View& view) {
  Table table;
  table.column("NAME").column("UNIT").column("KIND").column("EVERY", Align::right);
  table.column("LABELS");
  if (with_series) table.column("SERIES", Align::right);
  if (view.wide) table.column("SOURCE").column("PROMETHEUS");
  table.column("TELLS");
  for (const MetricRow& row : rows) {
    std::vector<Cell> cells = {
        {row.name, Tone::accent}, row.unit, row.kind, every_text(row), row.labels};
    if (with_series) cells.emplace_back(std::to_string(row.series));
    if (view.wide) {
      cells.emplace_back(row.source);
      cells.emplace_back(row.prometheus);
    }
    cells.emplace_back(row.text);
    table.row(std::move(cells));
  }
  return table.text(view.style);
}

std::string metrics_document(const std::vector<MetricRow>& rows, bool with_series) {
  JsonWriter json;
  json.begin_object().key("metrics").begin_array();
  for (const MetricRow& row : rows) {
    json.begin_object();
    json.member("name", row.name).member("unit", row.unit).member("kind", row.kind);
    json.key("every_ticks");
    if (row.every) {
      json.value(*row.every);
    } else {
      json.null();
    }
    json.key("labels").begin_array();
    for (std::string_view rest = row.labels; !rest.empty();) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      json.value(rest.substr(0, end));
      rest.remove_prefix(std::min(rest.size(), end + 1));
    }
    json.end_array();
    json.member("source", row.source).member("prometheus", row.prometheus);
    json.member("text", row.text);
    if (with_series) json.member("series", row.series);
    json.end_object();
  }
  json.end_array().end_object();
  return json.take();
}

}  // namespace bw::cli
