#include "agent/shell/metrics_page.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "schemas/metrics/metric_table.h"
#include "schemas/metrics/not_collected.h"
#include "schemas/metrics/prometheus_name.h"

namespace bw::agent {

namespace {

// "`cpu`, `mode`" of "cpu mode".
std::string quoted_words(std::string_view labels) {
  std::string names;
  while (!labels.empty()) {
    const std::string_view name = labels.substr(0, labels.find(' '));
    labels.remove_prefix(std::min(labels.size(), name.size() + 1));
    names.append(names.empty() ? "`" : ", `").append(name).append("`");
  }
  return names;
}

// Paths are separated by blanks; what is no path is called by one name.
std::string path_list(std::string_view path) {
  if (path.starts_with('/')) return quoted_words(path);
  return "`" + std::string(path) + "`";
}

bool is_event(const metrics::MetricInfo& metric) {
  return metric.name.starts_with("event.");
}

}  // namespace

std::string metrics_page() {
  std::string page =
      "# Metrics of a node\n\n"
      "Written by `bellwether-agent --metrics`. A series is there where its source is: a box "
      "without fans has none of `hwmon.fan`.\n\n"
      "Counters are kept cumulative in the history; live values of counters are rates a second. "
      "Tier: ticks, which are seconds by default, between two values. Names for Prometheus are in "
      "base units, and so are the values there.\n\n"
      "| metric | unit | kind | tier | labels | Prometheus | source | what it tells |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
  for (const metrics::MetricInfo* metric : metrics::all_metrics()) {
    const bool counter = metric->kind == wire::SeriesKind::counter;
    const std::uint16_t tier = metrics::ticks_between(*metric);
    page.append("| `").append(metric->name).append("` | ").append(metric->unit);
    page.append(counter ? " | counter | " : " | gauge | ");
    page.append(is_event(*metric) ? "event" : std::to_string(tier)).append(" | ");
    page.append(quoted_words(metric->labels)).append(" | `");
    page.append(metrics::prometheus_name(metric->name, metric->unit, metric->kind)).append("` | ");
    page.append("`").append(metrics::source_spec(metric->source).name).append("`");
    page.append(" | ").append(metric->text).append(" |\n");
  }
  page +=
      "\n## Not collected\n\n"
      "| what | why |\n"
      "| --- | --- |\n";
  for (const metrics::NotCollected& missing : metrics::kNotCollected) {
    page.append("| ").append(missing.what).append(" | ").append(missing.why).append(" |\n");
  }
  page +=
      "\n## Sources\n\n"
      "Those of a lane are read by threads of their own, so that a slow or hanging one delays "
      "nobody but itself.\n\n"
      "| source | lane | tier | where |\n"
      "| --- | --- | --- | --- |\n";
  constexpr std::string_view kLanes[metrics::kLaneCount] = {
      "",     "",         "sensors", "clocks",   "drives", "mounts", "network mounts",
      "gpus", "services", "links",   "processes"};
  for (const metrics::SourceSpec& spec : metrics::kSources) {
    page.append("| `").append(spec.name).append("` | ");
    page.append(spec.id == metrics::SourceId::file_systems
                    ? "mounts, network mounts"
                    : kLanes[static_cast<std::size_t>(spec.lane)]);
    page.append(" | ").append(std::to_string(spec.every)).append(" | ");
    page.append(path_list(spec.path)).append(" |\n");
  }
  return page;
}

}  // namespace bw::agent
