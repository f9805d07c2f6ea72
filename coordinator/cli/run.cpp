#include "coordinator/cli/run.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <variant>

#include <unistd.h>

#include "coordinator/cli/anomaly_commands.h"
#include "coordinator/cli/api_client.h"
#include "coordinator/cli/arguments.h"
#include "coordinator/cli/completion.h"
#include "coordinator/cli/detect_command.h"
#include "coordinator/cli/display.h"
#include "coordinator/cli/document.h"
#include "coordinator/cli/environment.h"
#include "coordinator/cli/model_commands.h"
#include "coordinator/cli/node_lookup.h"
#include "coordinator/cli/times.h"
#include "coordinator/cli/top.h"
#include "coordinator/cli/view_events.h"
#include "coordinator/cli/view_metrics.h"
#include "coordinator/cli/view_nodes.h"
#include "coordinator/cli/view_query.h"
#include "coordinator/cli/view_status.h"

namespace bw::cli {

namespace {

bool write_all(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  return std::fflush(stdout) == 0 && written;
}

int fail(const std::string& reason, int code = kFailed) {
  std::string text = "bellwether: " + reason;
  if (!text.ends_with('\n')) text += '\n';
  if (code == kWrongUsage) text += "'bellwether --help' tells what there is.\n";
  std::fputs(text.c_str(), stderr);
  return code;
}

int print(const std::string& text) {
  // A reader that went away (| head) is no failure of ours worth a word.
  return write_all(text) ? kDone : kFailed;
}

int show(const Shown& shown) {
  if (!shown.out.empty() && !write_all(shown.out)) return kFailed;
  if (shown.trouble.empty()) return shown.code;
  fail(shown.trouble, shown.is_usage ? kWrongUsage : kFailed);
  return shown.code;
}

int print(const Result<std::string>& text) {
  return text ? print(text.value()) : fail(text.error().message);
}

std::string lines(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += visible(word) + "\n";
  return text;
}

class Runner {
 public:
  Runner(const Invocation& invocation, ApiClient& api, std::int64_t now_ms)
      : invocation_(invocation), api_(api), output_(invocation.value("--output")) {
    view_.style = output_style(invocation.has("--no-color"));
    view_.wide = output_ == "wide";
    view_.now_ms = now_ms;
  }

  int run() {
    const std::string_view command = invocation_.command->path;
    if (command == "version") return version();
    if (command == "completion") return print(completion_script(invocation_.argument));
    if (command == "status") return status();
    if (command == "nodes") return nodes();
    if (command == "node show") return node();
    if (command == "node health") return show(show_health(invocation_, api_, view_));
    if (command == "anomalies") return show(show_anomalies(invocation_, api_, view_));
    if (command == "detect") return show(run_detect(invocation_, view_));
    if (command == "anomaly show") return show(show_anomaly(invocation_, api_, view_));
    if (is_model_command(command)) return show(run_model_command(invocation_, api_, view_));
    if (command == "top") return run_top(api_.base_url(), invocation_, view_);
    if (command == "query") return query();
    if (command == "metrics") return metrics();
    return events();
  }

 private:
  // json and yaml print the document itself.
  bool wants_document() const { return output_ == "json" || output_ == "yaml"; }
  bool wants_names() const { return output_ == "name"; }
  int print_document(const std::string& json) const {
    return print(output_ == "json" ? pretty_json(json) : to_yaml(json));
  }
  int fail_decoding(const Error& error) const {
    return fail(error.within(api_.base_url()).message);
  }

  int version() {
    if (wants_document()) {
      return print_document("{\"name\":\"bellwether\",\"version\":\"" BW_VERSION "\"}");
    }
    return print(wants_names() ? std::string(BW_VERSION "\n")
                               : std::string("bellwether " BW_VERSION "\n"));
  }

  int status() {
    const Answer answer = api_.get("/api/v1/status");
    if (!answer.ok()) return fail(answer.error);
    const auto status = decode_status(answer.body);
    if (!status) return fail_decoding(status.error());
    int code = kDone;
    if (wants_document()) {
      code = print_document(answer.body);
    } else if (wants_names()) {
      code = print(api_.base_url() + "\n");
    } else {
      code = print(status_view(status.value(), api_.base_url(), view_));
    }
    const std::string troubles = status_troubles(status.value());
    return troubles.empty() ? code : fail(troubles);
  }

  Result<Parameters> label_parameters() const {
    Parameters parameters;
    for (const std::string& label : invocation_.values("--label")) {
      if (label.find('=') == std::string::npos || label.front() == '=') {
        return Error{"'" + visible(label) + "' is no label: write --label name=value"};
      }
      parameters.emplace_back("label", label);
    }
    return parameters;
  }

  int nodes() {
    auto parameters = label_parameters();
    if (!parameters) return fail(parameters.error().message, kWrongUsage);
    parameters->emplace_back("site", invocation_.value("--site"));
    parameters->emplace_back("status", invocation_.value("--status"));
    if (wants_document()) {
      const auto pages = api_.node_pages(parameters.value());
      if (!pages) return fail(pages.error().message);
      const auto merged = merge_pages(pages.value(), "nodes");
      return merged ? print_document(merged.value()) : fail_decoding(merged.error());
    }
    const auto nodes = api_.nodes(parameters.value());
    if (!nodes) return fail(nodes.error().message);
    if (!wants_names()) return print(nodes_view(nodes.value(), view_));
    std::vector<std::string> ids;
    for (const Node& node : nodes.value()) ids.push_back(node.id);
    return print(lines(ids));
  }

  int node() {
    const std::string path = "/api/v1/nodes/" + HttpClient::escape(invocation_.argument);
    const bool series = invocation_.has("--series");
    const Answer answer = api_.get(series ? path + "/series" : path);
    if (answer.status == 404) {
      return fail(unknown_node(api_, invocation_.argument, answer.error));
    }
    if (!answer.ok()) return fail(answer.error);
    if (series) return print_series(answer.body);
    const auto detail = decode_node(answer.body);
    if (!detail) return fail_decoding(detail.error());
    if (wants_document()) return print_document(answer.body);
    if (wants_names()) return print(lines({detail.value().node.id}));
    return print(node_view(detail.value(), view_));
  }

  int print_series(const std::string& body) {
    const auto series = decode_series(body);
    if (!series) return fail_decoding(series.error());
    if (wants_document()) return print_document(body);
    if (!wants_names()) return print(series_view(series.value(), view_));
    std::vector<std::string> names;
    for (const SeriesValue& one : series.value().series) {
      names.push_back(series_name({"", one.name, "", one.labels, {}}));
    }
    return print(lines(names));
  }

  int metrics() {
    std::optional<NodeSeries> of_node;
    if (const std::string id = invocation_.value("--node"); !id.empty()) {
      const Answer answer = api_.get("/api/v1/nodes/" + HttpClient::escape(id) + "/series");
      if (answer.status == 404) return fail("no node is called '" + visible(id) + "'");
      if (!answer.ok()) return fail(answer.error);
      auto series = decode_series(answer.body);
      if (!series) return fail_decoding(series.error());
      of_node = std::move(series.value());
    }
    const auto rows = metric_rows(invocation_.argument, of_node);
    if (rows.empty()) {
      return fail("no metric " + std::string(of_node ? "of this node " : "") + "is called '" +
                  visible(invocation_.argument) + "'; 'bellwether metrics' lists them all");
    }
    if (wants_document()) return print_document(metrics_document(rows, of_node.has_value()));
    if (!wants_names()) return print(metrics_view(rows, of_node.has_value(), view_));
    std::vector<std::string> names;
    for (const MetricRow& row : rows) names.push_back(row.name);
    return print(lines(names));
  }

  // Adds --from and --to, in UTC; `from` is what --from is where it was not given.
  Result<void> add_range(Parameters& parameters, const std::string& from) const {
    for (const char* name : {"from", "to"}) {
      const std::string flag = std::string("--") + name;
      std::string value = invocation_.value(flag);
      if (value.empty() && flag == "--from") value = from;
      if (value.empty()) continue;
      const auto time = parse_time(value, view_.now_ms);
      if (!time) return time.error().within(flag);
      parameters.emplace_back(name, rfc3339(time.value()));
    }
    return {};
  }

  int query() {
    auto parameters = label_parameters();
    if (!parameters) return fail(parameters.error().message, kWrongUsage);
    parameters->emplace_back("metric", invocation_.argument);
    parameters->emplace_back("node", invocation_.value("--node"));
    parameters->emplace_back("function", invocation_.value("--func"));
    for (const std::string& label : invocation_.values("--by")) {
      parameters->emplace_back("group_by", label);
    }
    parameters->emplace_back("across", invocation_.value("--across"));
    const auto range = add_range(parameters.value(), "-15m");
    if (!range) return fail(range.error().message, kWrongUsage);
    if (invocation_.has("--step")) {
      const auto step = parse_duration(invocation_.value("--step"));
      if (!step) return fail(step.error().within("--step").message, kWrongUsage);
      parameters->emplace_back("step", std::to_string(step.value()) + "ms");
    }
    const Answer answer = api_.get("/api/v1/query", parameters.value());
    if (!answer.ok()) return fail(answer.error);
    const auto decoded = decode_query(answer.body);
    if (!decoded) return fail_decoding(decoded.error());
    if (wants_document()) return print_document(answer.body);
    if (!wants_names()) {
      return print(query_view(decoded.value(), stdout_is_terminal(), view_));
    }
    std::vector<std::string> names;
    for (const QuerySeries& series : decoded.value().series) names.push_back(series_name(series));
    return print(lines(names));
  }

  int events() {
    Parameters parameters = {{"node", invocation_.value("--node")},
                             {"kind", invocation_.value("--kind")},
                             {"severity", invocation_.value("--severity")}};
    const auto range = add_range(parameters, "");
    if (!range) return fail(range.error().message, kWrongUsage);
    const std::string limit = invocation_.value("--limit");
    if (limit.find_first_not_of("0123456789") != std::string::npos || limit == "0") {
      return fail("--limit: '" + visible(limit) + "' is no number of events: write 100",
                  kWrongUsage);
    }
    parameters.emplace_back("limit", limit);
    const Answer answer = api_.get("/api/v1/events", parameters);
    if (!answer.ok()) return fail(answer.error);
    const auto events = decode_events(answer.body);
    if (!events) return fail_decoding(events.error());
    if (wants_document()) return print_document(answer.body);
    if (!wants_names()) return print(events_view(events.value(), view_));
    std::vector<std::string> ids;
    for (const EventRow& event : events.value()) {
      ids.push_back(event.node + "/" + event.epoch + "/" + event.number);
    }
    return print(lines(ids));
  }

  const Invocation& invocation_;
  ApiClient& api_;
  std::string output_;
  View view_;
};

std::string url_of(const Invocation& invocation) {
  if (invocation.has("--url")) return invocation.value("--url");
  const std::string from_environment = environment("BELLWETHER_URL");
  return from_environment.empty() ? std::string(kDefaultUrl) : from_environment;
}

}  // namespace

int run(const std::vector<std::string>& arguments) {
  const auto parsed = parse_arguments(arguments);
  if (const auto* help = std::get_if<HelpWanted>(&parsed)) return print(help->text);
  if (const auto* wrong = std::get_if<WrongUsage>(&parsed)) return fail(wrong->text, kWrongUsage);
  const auto& invocation = *std::get_if<Invocation>(&parsed);
  const std::string url = url_of(invocation);
  if (const auto checked = check_base_url(url); !checked) {
    return fail(checked.error().message, kWrongUsage);
  }
  HttpClient http;
  ApiClient api(url, http);
  return Runner(invocation, api, wall_clock_ms()).run();
}

}  // namespace bw::cli
