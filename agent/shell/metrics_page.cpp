#include "agent/shell/metrics_page.h"

#include <algorithm>

#include "schemas/metrics/metric_table.h"

namespace bw::agent {

namespace {

// "`cpu`, `mode`" of "cpu mode".
std::string label_names(std::string_view labels) {
  std::string names;
  while (!labels.empty()) {
    const std::string_view name = labels.substr(0, labels.find(' '));
    labels.remove_prefix(std::min(labels.size(), name.size() + 1));
    names.append(names.empty() ? "`" : ", `").append(name).append("`");
  }
  return names;
}

}  // namespace

std::string metrics_page() {
  std::string page =
      "# Metrics of a node\n\n"
      "Counters are kept cumulative in the history; live values of counters are rates a second.\n\n"
      "| metric | unit | kind | labels | what it tells |\n"
      "| --- | --- | --- | --- | --- |\n";
  for (const metrics::MetricInfo* metric : metrics::all_metrics()) {
    page.append("| `").append(metric->name).append("` | ").append(metric->unit);
    page.append(metric->kind == wire::SeriesKind::counter ? " | counter | " : " | gauge | ");
    page.append(label_names(metric->labels)).append(" | ").append(metric->text).append(" |\n");
  }
  return page;
}

}  // namespace bw::agent
