#include "coordinator/core/api/federate.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <utility>

#include "base/text.h"
#include "coordinator/core/api/exposition.h"
#include "coordinator/core/api/handlers.h"
#include "coordinator/core/api/json_parts.h"
#include "coordinator/core/api/parameters.h"
#include "schemas/metrics/find_metric.h"
#include "schemas/metrics/prometheus_name.h"

namespace bw::coordinator::api {

namespace {

bool matches_any(const std::vector<std::string>& patterns, std::string_view text) {
  return patterns.empty() || std::any_of(patterns.begin(), patterns.end(),
                                         [&](const auto& one) { return glob_matches(one, text); });
}

bool is_fresh(const NodeView& node) {
  return node.series != nullptr && node.birth != nullptr && !node.live.empty() &&
         (node.status == NodeStatus::online || node.status == NodeStatus::draining);
}

// The series' own labels beside ours, as the exports name them.
void append_labels(std::string& out, const NodeView& node, const wire::SeriesInfo& series) {
  std::vector<std::string_view> taken = {"node", "site"};
  append_label(out, '{', "node", node.id);
  if (!node.birth->site.empty()) append_label(out, ',', "site", node.birth->site);
  std::vector<std::string> names;
  names.reserve(series.labels.size());
  for (const wire::Label& label : series.labels) {
    if (label.value.empty()) continue;
    std::string name = metrics::prometheus_label(label.name);
    while (name.starts_with("__") || std::find(taken.begin(), taken.end(), name) != taken.end()) {
      name.insert(0, "exported_");
    }
    append_label(out, ',', name, label.value);
    names.push_back(std::move(name));
    taken.push_back(names.back());
  }
  out += '}';
}

}  // namespace

bool FederateFilter::admits(const NodeView& node) const {
  return matches_any(nodes, node.id) &&
         (sites.empty() || (node.birth != nullptr && matches_any(sites, node.birth->site)));
}

bool FederateFilter::admits(std::string_view metric) const {
  return matches_any(metrics, metric);
}

Federation::Federation(const FleetView& fleet, FederateFilter filter)
    : fleet_(fleet), filter_(std::move(filter)) {
  std::map<std::uint64_t, const Series*> seen;  // by table id, see tables_
  std::set<std::string, std::less<>> names;
  fleet_.each("", [&](const NodeView& node) {
    if (!is_fresh(node) || !filter_.admits(node)) return true;
    if (std::exchange(seen[node.birth->table_id], node.series) == node.series) return true;
    for (const wire::SeriesInfo& series : *node.series) {
      if (!names.contains(series.name) && filter_.admits(series.name)) names.insert(series.name);
    }
    return true;
  });
  metrics_.assign(names.rbegin(), names.rend());
}

const Federation::Aliases& Federation::aliases_of(const NodeView& node) {
  Found& found = tables_[node.birth->table_id];
  if (found.table != node.series) {
    found = {.table = node.series, .aliases = {}};
    for (std::size_t alias = 0; alias < node.series->size(); ++alias) {
      if ((*node.series)[alias].name == metrics_.back()) {
        found.aliases.push_back(static_cast<std::uint16_t>(alias));
      }
    }
  }
  return found.aliases;
}

void Federation::append(std::string& out, const NodeView& node) {
  for (const std::size_t alias : aliases_of(node)) {
    const wire::SeriesInfo& series = (*node.series)[alias];
    const float value = live_value(node, alias);
    if (std::isnan(value)) continue;
    const bool is_counter = series.kind == wire::SeriesKind::counter;
    const std::string name = is_counter
                                 ? metrics::prometheus_rate_name(series.name, series.unit)
                                 : metrics::prometheus_name(series.name, series.unit, series.kind);
    if (!std::exchange(is_begun_, true)) {
      const metrics::MetricInfo* const info = metrics::metric_named(series.name);
      std::string help(info == nullptr ? "A metric that this coordinator does not know."
                                       : info->text);
      if (is_counter) help += " As a rate a second.";
      append_family(out, name, "gauge", help);
    }
    out += name;
    append_labels(out, node, series);
    append_value(out, metrics::base_unit(series.unit).convert(shortest(value)));
    out.append(" ").append(std::to_string(node.live_ms)).append("\n");
  }
}

std::string Federation::next() {
  std::string out;
  std::size_t looked_at = 0;
  tables_.clear();
  while (!metrics_.empty() && out.size() < kPieceBytes) {
    bool is_whole = true;
    fleet_.each(after_, [&](const NodeView& node) {
      if (out.size() >= kPieceBytes || (looked_at >= kNodesAPiece && !out.empty())) {
        is_whole = false;
        return false;
      }
      ++looked_at;
      after_ = node.id;
      if (is_fresh(node) && filter_.admits(node)) append(out, node);
      return true;
    });
    if (!is_whole) break;
    metrics_.pop_back();
    after_.clear();
    tables_.clear();
    is_begun_ = false;
  }
  return out;
}

Answer federate(const Call& call) {
  Parameters in(call.target, call.service.now_ms);
  FederateFilter filter{in.patterns("node"), in.patterns("site"), in.patterns("metric")};
  if (auto bad = in.problem()) return *std::move(bad);
  const auto federation = std::make_shared<Federation>(call.fleet, std::move(filter));
  Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = federation->next();
  response.more = [federation] { return federation->next(); };
  response.more_bytes = Federation::kPieceBytes;
  return response;
}

}  // namespace bw::coordinator::api
