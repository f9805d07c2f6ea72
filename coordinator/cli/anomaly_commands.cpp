#include "coordinator/cli/anomaly_commands.h"

#include "coordinator/cli/decode_anomaly.h"
#include "coordinator/cli/display.h"
#include "coordinator/cli/document.h"
#include "coordinator/cli/http_client.h"
#include "coordinator/cli/node_lookup.h"
#include "coordinator/cli/run.h"
#include "coordinator/cli/times.h"
#include "coordinator/cli/view_anomalies.h"
#include "coordinator/cli/view_health.h"

namespace bw::cli {

namespace {

Shown failed(std::string trouble, int code = kFailed) {
  return {code, "", std::move(trouble)};
}

// As json and yaml: the document itself.
bool is_document(const Invocation& invocation) {
  const std::string output = invocation.value("--output");
  return output == "json" || output == "yaml";
}

Shown document(const Invocation& invocation, const std::string& json) {
  const auto text = invocation.value("--output") == "json" ? pretty_json(json) : to_yaml(json);
  return text ? Shown{kDone, text.value(), ""} : failed(text.error().message);
}

bool wants_names(const Invocation& invocation) {
  return invocation.value("--output") == "name";
}

// The parameters of the list, or what is wrong with the flags.
Result<Parameters> list_parameters(const Invocation& invocation, std::int64_t now_ms) {
  Parameters parameters = {{"node", invocation.value("--node")},
                           {"site", invocation.value("--site")},
                           {"severity", invocation.value("--severity")},
                           {"active", invocation.has("--active") ? "true" : ""}};
  std::int64_t times[2] = {};
  for (const std::size_t i : {0U, 1U}) {
    const std::string name = i == 0 ? "from" : "to";
    const std::string value = invocation.value("--" + name);
    if (value.empty()) continue;
    const auto time = parse_time(value, now_ms);
    if (!time) return time.error().within("--" + name);
    times[i] = time.value();
    parameters.emplace_back(name, rfc3339(time.value()));
  }
  if (invocation.has("--from") && invocation.has("--to") && times[0] >= times[1]) {
    return Error{"--to: it is not later than --from"};
  }
  const std::string limit = invocation.value("--limit");
  if (limit.find_first_not_of("0123456789") != std::string::npos || limit == "0") {
    return Error{"--limit: '" + visible(limit) + "' is no number of anomalies: write 100"};
  }
  parameters.emplace_back("limit", limit);
  return parameters;
}

}  // namespace

Shown show_anomalies(const Invocation& invocation, ApiClient& api, const View& view) {
  const auto parameters = list_parameters(invocation, view.now_ms);
  if (!parameters) return {kWrongUsage, "", parameters.error().message, true};
  const Answer answer = api.get("/api/v1/anomalies", parameters.value());
  if (!answer.ok()) return failed(answer.error);
  const auto list = decode_anomalies(answer.body);
  if (!list) return failed(list.error().within(api.base_url()).message);
  if (is_document(invocation)) return document(invocation, answer.body);
  if (!wants_names(invocation)) return {kDone, anomalies_view(list.value(), view), ""};
  std::string names;
  for (const Anomaly& anomaly : list.value().anomalies) names += visible(anomaly.id) + "\n";
  return {kDone, names, ""};
}

Shown show_anomaly(const Invocation& invocation, ApiClient& api, const View& view) {
  const std::string path = "/api/v1/anomalies/" + HttpClient::escape(invocation.argument);
  const Answer answer = api.get(path);
  if (!answer.ok()) return failed(answer.error, answer.status == 400 ? kWrongUsage : kFailed);
  const auto detail = decode_anomaly(answer.body);
  if (!detail) return failed(detail.error().within(api.base_url()).message);
  if (is_document(invocation)) return document(invocation, answer.body);
  if (wants_names(invocation)) return {kDone, visible(detail.value().anomaly.id) + "\n", ""};
  return {kDone, anomaly_view(detail.value(), view), ""};
}

Shown show_health(const Invocation& invocation, ApiClient& api, const View& view) {
  const std::string& id = invocation.argument;
  const Answer answer = api.get("/api/v1/nodes/" + HttpClient::escape(id) + "/health");
  if (answer.status == 404) return failed(unknown_node(api, id, answer.error));
  if (!answer.ok()) return failed(answer.error);
  const auto health = decode_health(answer.body);
  if (!health) return failed(health.error().within(api.base_url()).message);
  Shown shown;
  if (is_document(invocation)) {
    shown = document(invocation, answer.body);
  } else if (wants_names(invocation)) {
    shown.out = visible(health.value().verdict) + "\n";
  } else {
    shown.out = health_view(health.value(), view);
  }
  // The answer is the reason: there is no word to add on stderr.
  if (shown.code == kDone && !is_well(health.value())) shown.code = kFailed;
  return shown;
}

}  // namespace bw::cli
