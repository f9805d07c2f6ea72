#include "coordinator/cli/view_models.h"

#include <algorithm>

#include "coordinator/cli/table.h"
#include "coordinator/cli/times.h"
#include "coordinator/cli/units.h"

namespace bw::cli {

namespace {

constexpr double kMuchDrift = 0.25;           // population stability index
constexpr std::size_t kMostListedNodes = 50;  // of a deployment, where all went as it should

std::string known_or_not(const std::string& text) {
  return text.empty() ? std::string(kUnknown) : text;
}

Cell drift_cell(std::optional<double> drift) {
  if (!drift) return Cell(kUnknown);
  return {number_text(*drift), *drift > kMuchDrift ? Tone::warning : Tone::plain};
}

std::string window_text(const ModelInfo& model) {
  if (!model.from_ms || !model.to_ms) return std::string(kUnknown);
  return duration_text(*model.to_ms - *model.from_ms);
}

std::string source_text(const ModelInfo& model) {
  return model.source.empty() ? "imported" : model.source;
}

Tone tone_of_state(std::string_view state) {
  if (state == "running") return Tone::good;
  if (state == "refused") return Tone::bad;
  return Tone::warning;
}

void add_facts(Table& table, const ModelInfo& model, const View& view) {
  const auto row = [&](const char* name, Cell value) {
    table.row({{name, Tone::dim}, std::move(value)});
  };
  row("id", {model.id, Tone::strong});
  row("class", known_or_not(model.node_class));
  row("learnt on", source_text(model));
  row("kept since", local_time(model.created_ms) + " (" + ago(model.created_ms, view.now_ms) + ")");
  row("data", local_time(model.from_ms) + " to " + local_time(model.to_ms) + " (" +
                  window_text(model) + "), " + count_text(model.rows) + " rows");
  row("threshold", number_text(model.threshold));
  row("size", bytes_text(static_cast<double>(model.bytes)) + ", CRC-32C " + model.crc);
  if (!model.note.empty()) row("note", model.note);
  row("nodes", count_text(model.running) + " run it, " + count_text(model.waiting) + " wait, " +
                   count_text(model.refused) + " refused it");
  row("drift", drift_cell(model.drift));
  row("anomalies/day", number_text(model.rate));
}

std::string listed_metrics(const std::vector<std::string>& metrics, const View& view) {
  Table table;
  table.column("").column("");
  bool is_first = true;
  for (const std::string& metric : metrics) {
    table.row({{is_first ? "metrics" : "", Tone::dim}, metric});
    is_first = false;
  }
  return metrics.empty() ? "" : "\n" + table.text(view.style);
}

}  // namespace

std::string models_view(const ModelList& list, const View& view) {
  if (list.models.empty()) {
    return "no models are kept yet: 'bellwether model train NODE' keeps what a node has learnt\n";
  }
  Table table;
  table.column("MODEL").column("LEARNT ON").column("DATA", Align::right);
  table.column("ROWS", Align::right).column("METRICS", Align::right);
  table.column("RUNNING", Align::right).column("WAITING", Align::right);
  table.column("DRIFT", Align::right).column("ANOMALIES/DAY", Align::right).column("KEPT SINCE");
  if (view.wide) {
    table.column("CLASS").column("THRESHOLD", Align::right).column("SIZE", Align::right);
    table.column("REFUSED", Align::right).column("NOTE");
  }
  for (const ModelInfo& model : list.models) {
    std::vector<Cell> row = {
        model.id,
        source_text(model),
        window_text(model),
        count_text(model.rows),
        count_text(model.metrics),
        count_text(model.running),
        {count_text(model.waiting), model.waiting > 0 ? Tone::warning : Tone::plain},
        drift_cell(model.drift),
        number_text(model.rate),
        ago(model.created_ms, view.now_ms)};
    if (view.wide) {
      row.emplace_back(known_or_not(model.node_class));
      row.emplace_back(number_text(model.threshold));
      row.emplace_back(bytes_text(static_cast<double>(model.bytes)));
      row.emplace_back(count_text(model.refused), model.refused > 0 ? Tone::bad : Tone::plain);
      row.emplace_back(model.note);
    }
    table.row(std::move(row));
  }
  std::string text = table.text(view.style);
  for (const ClassStart& start : list.classes) {
    text += "new nodes of class " + visible(start.node_class) + " begin with " +
            visible(start.model) + "\n";
  }
  return text;
}

std::string model_view(const ModelDetail& detail, const View& view) {
  Table facts;
  facts.column("").column("");
  add_facts(facts, detail.model, view);
  std::string text = facts.text(view.style) + listed_metrics(detail.metrics, view);
  if (detail.nodes.empty()) return text;
  Table nodes;
  nodes.column("NODE").column("STATUS").column("STATE").column("DRIFT", Align::right);
  nodes.column("ANOMALIES/DAY", Align::right).column("THRESHOLD", Align::right);
  nodes.column("WISHED").column("BEFORE").column("REASON");
  for (const ModelNode& node : detail.nodes) {
    nodes.row({node.node,
               {node.status, tone_of_status(node.status)},
               {node.state, tone_of_state(node.state)},
               drift_cell(node.drift),
               number_text(node.rate),
               number_text(node.threshold),
               ago(node.since_ms, view.now_ms),
               known_or_not(node.before),
               node.reason});
  }
  text += "\n" + nodes.text(view.style);
  return detail.truncated ? text + "... and more\n" : text;
}

std::string deployment_view(const Deployment& deployment, const View& view) {
  std::string text;
  std::vector<const DeploymentNode*> listed;
  for (const DeploymentNode& node : deployment.nodes) {
    const bool is_plain = !node.model.empty() && node.text.empty();
    if (!is_plain || listed.size() < kMostListedNodes) listed.push_back(&node);
  }
  if (!listed.empty()) {
    Table table;
    table.column("NODE").column("MODEL").column("");
    for (const DeploymentNode* const node : listed) {
      const bool is_changed = !node->model.empty();
      table.row({node->node,
                 {is_changed ? node->model : std::string("unchanged"),
                  is_changed ? Tone::plain : Tone::dim},
                 node->text});
    }
    text += table.text(view.style);
  }
  if (listed.size() < deployment.nodes.size()) {
    text += "... and " + count_text(deployment.nodes.size() - listed.size()) + " more\n";
  }
  if (!deployment.node_class.empty()) text += visible(deployment.class_text) + "\n";
  const std::string changed = count_text(deployment.changed);
  const std::string nodes = deployment.changed == 1 ? " node is" : " nodes are";
  text += changed + nodes + " to run another model now";
  if (deployment.changed > 0) text += "; 'bellwether model list' tells how far it got";
  return text + "\n";
}

std::string command_text(const CommandInfo& command) {
  const std::string node = visible(command.node);
  const std::string words = visible(command.text);
  const std::string because = words.empty() ? "" : ": " + words;
  if (command.state == "done") {
    if (!command.model.empty()) {
      return "what " + node + " has learnt is kept as " + visible(command.model);
    }
    return words.empty() ? node + " has done it" : node + because;
  }
  if (command.state == "failed") return node + " could not" + because;
  if (command.state == "refused") return node + " refused" + because;
  if (command.state == "expired") return "it came too late for " + node + because;
  if (command.state == "timed_out") return "no answer of " + node + " came in time";
  return node + " has not answered yet (command " + visible(command.id) + ")";
}

}  // namespace bw::cli
