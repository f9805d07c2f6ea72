#include "coordinator/core/api/route.h"

#include <algorithm>

#include "coordinator/core/api/handlers.h"

namespace bw::coordinator::api {

namespace {

constexpr std::string_view kTimeText =
    "RFC 3339, seconds since 1970, 'now', or a duration before now such as -15m";

constexpr Parameter kNodesParameters[] = {
    {"site", "string", "Only nodes of this site"},
    {"status", "string", "Only nodes of this status", false, false,
     "online draining offline silent"},
    {"label", "string", "Only nodes with this label, as name=value", false, true},
    {"limit", "integer", "How many nodes at most: 1 to 1000, 100 where missing"},
    {"after", "string", "Only nodes behind this id: the `next` of the page before"},
};
constexpr Parameter kSeriesParameters[] = {
    {"metric", "string", "Only series whose name begins with this"},
};
constexpr Parameter kQueryParameters[] = {
    {"metric", "string", "The name of the series", true},
    {"node", "string", "Only series of this node"},
    {"label", "string", "Only series with this label, as name=value; 8 at most", false, true},
    {"from", "string", kTimeText},
    {"to", "string", "As `from`; itself not within"},
    {"step", "string",
     "The time between points, such as 10s: 1 ms and longer, 11000 points at most; chosen for "
     "about 300 points where missing"},
    {"function", "string",
     "What a point is of the samples within its step: rate is the increase a second, p95 what 95 % "
     "of them are not above; where missing, rate for a counter, else avg",
     false, false, "avg min max sum count last rate increase p50 p95 p99"},
    {"group_by", "string",
     "Makes one series of those with the same value of this label; node and site are labels too; 4 "
     "at most. History arrives a minute at a time, of each node at another second: the newest "
     "points "
     "of a group lack the series that have not arrived yet, so a sum falls short there",
     false, true},
    {"across", "string",
     "What a point of a group is of its series' points: avg where missing; given without group_by, "
     "all series become one",
     false, false, "avg min max sum count p95"},
    {"aggregate", "string", "The former name of `function`, which is not to be given beside it",
     false, false, "avg min max sum count last rate increase p50 p95 p99"},
};
constexpr Parameter kEventsParameters[] = {
    {"node", "string", "Only events of this node"},
    {"kind", "string", "Only events of this kind"},
    {"severity", "string", "Only events at least this severe", false, false,
     "info warning critical"},
    {"from", "string", kTimeText},
    {"to", "string", "As `from`; itself not within"},
    {"limit", "integer", "How many events at most, the newest: 1 to 1000, 100 where missing"},
};

constexpr Parameter kAnomaliesParameters[] = {
    {"node", "string", "Only anomalies of this node"},
    {"site", "string", "Only anomalies of nodes of this site"},
    {"severity", "string", "Only anomalies that were at least this severe at their worst", false,
     false, "minor major critical"},
    {"from", "string", "Only anomalies that were on then or later"},
    {"to", "string", "Only anomalies that began before it"},
    {"active", "string", "Only those that are on, or those that are not", false, false,
     "true false"},
    {"limit", "integer",
     "How many anomalies at most, those that began last: 1 to 500, 100 where missing"},
};

constexpr Parameter kTrainParameters[] = {
    {"name", "string", "What to keep it as; the node's class where missing"},
    {"note", "string", "For those who come after"},
    {"fresh", "string",
     "true: the node forgets what it learnt and begins anew; no model comes of it", false, false,
     "true false"},
};
constexpr Parameter kSilenceParameters[] = {
    {"for", "string", "How long no anomaly of the node is told, such as 2h; 0s ends a silence",
     true},
    {"why", "string", "For those who wonder"},
};
constexpr Parameter kImportParameters[] = {
    {"name", "string", "What to keep it as", true},
    {"note", "string", "For those who come after"},
};
constexpr Parameter kDeployParameters[] = {
    {"node", "string", "Nodes by their ids", false, true},
    {"class", "string",
     "Nodes of this class; where given alone, new nodes of it begin with the model too"},
    {"site", "string", "Nodes of this site"},
    {"label", "string", "Nodes with this label, as name=value", false, true},
    {"all", "string", "true: all nodes. Of the rest at least one is needed", false, false,
     "true false"},
};

constexpr Parameter kRollbackParameters[] = {
    {"node", "string", "Nodes by their ids", false, true},
    {"class", "string",
     "Nodes of this class; where given alone, its new nodes begin with the model before too"},
    {"site", "string", "Nodes of this site"},
    {"label", "string", "Nodes with this label, as name=value", false, true},
    {"all", "string", "true: all nodes. Of the rest at least one is needed", false, false,
     "true false"},
};

constexpr Parameter kFederateParameters[] = {
    {"node", "string", "Only nodes of this id; * and ? stand for any characters and for one", false,
     true},
    {"site", "string", "Only nodes of this site, or pattern of sites", false, true},
    {"metric", "string", "Only metrics of this name, or pattern of names, as in cpu.*", false,
     true},
};

constexpr Route kRoutes[] = {
    {"/api/v1/status",
     "status",
     "The coordinator, its store and its broker, and the fleet in sum",
     {},
     "Status",
     show_status},
    {"/api/v1/nodes", "listNodes", "The nodes, by id", kNodesParameters, "Nodes", list_nodes},
    {"/api/v1/nodes/{id}", "showNode", "One node", {}, "NodeDetail", show_node},
    {"/api/v1/nodes/{id}/series", "listSeries", "A node's series with their newest values",
     kSeriesParameters, "SeriesList", list_series},
    {"/api/v1/query", "query", "A metric over time", kQueryParameters, "QueryResult", query_range},
    {"/api/v1/events", "listEvents", "What happened, the newest first", kEventsParameters, "Events",
     list_events},
    {"/api/v1/anomalies", "listAnomalies",
     "When nodes behaved unlike themselves, and what was at fault; the newest first",
     kAnomaliesParameters, "Anomalies", list_anomalies},
    {"/api/v1/anomalies/{id}",
     "showAnomaly",
     "One anomaly and every event of it: by its id, by node:number for the node's newest of that "
     "number, or by the node for its newest",
     {},
     "AnomalyDetail",
     show_anomaly},
    {"/api/v1/nodes/{id}/health",
     "showNodeHealth",
     "Whether a node is well, and why",
     {},
     "NodeHealth",
     show_node_health},
    {"/api/v1/models",
     "listModels",
     "The models that are kept, and where they run",
     {},
     "Models",
     list_models},
    {"/api/v1/models", "importModel",
     "Keeps the model in the body, as 'download' gives it, as the next version of a name",
     kImportParameters, "Model", import_model, "POST", "201", "application/json", true},
    {"/api/v1/models/{id}", "showModel", "One model and its nodes", {}, "ModelDetail", show_model},
    {"/api/v1/models/{id}",
     "removeModel",
     "Forgets a model that no node runs or is wished to",
     {},
     "ModelRemoved",
     remove_model,
     "DELETE"},
    {"/api/v1/models/{id}/download",
     "downloadModel",
     "The model as a file",
     {},
     "",
     download_model,
     "GET",
     "200",
     "application/octet-stream"},
    {"/api/v1/models/{id}/deploy", "deployModel",
     "Wishes that nodes run this model: they get it a few at a time, those that are away when they "
     "are back",
     kDeployParameters, "Deployment", deploy_model, "POST", "202"},
    {"/api/v1/rollback", "rollbackModels",
     "Wishes that nodes run the model before again, each its own", kRollbackParameters,
     "Deployment", roll_back_models, "POST", "202"},
    {"/api/v1/nodes/{id}/train", "trainModel",
     "Asks a node for the model of what it has learnt, to be kept: the answer tells the command, "
     "and that what became of it",
     kTrainParameters, "Command", train_model, "POST", "202"},
    {"/api/v1/nodes/{id}/silence", "silenceNode", "Asks a node to tell no anomalies for a while",
     kSilenceParameters, "Command", silence_node, "POST", "202"},
    {"/api/v1/commands/{id}",
     "showCommand",
     "What became of a command: the last 1000 are known",
     {},
     "Command",
     show_command},
    {"/api/v1/openapi.json", "openapi", "This document", {}, "OpenApi", show_openapi},
    {"/healthz", "health", "Whether the program runs", {}, "Health", show_health},
    {"/readyz",
     "readiness",
     "Whether the program does its work, and why not",
     {},
     "Readiness",
     show_readiness},
    {"/metrics",
     "metrics",
     "The coordinator's own metrics in Prometheus' text format",
     {},
     "",
     show_metrics},
    {"/federate", "federate",
     "The newest values of the nodes' series in Prometheus' text format, counters as rates a "
     "second",
     kFederateParameters, "", federate},
};

bool leads_to(std::string_view path, const Target& target, std::string_view& id) {
  std::string_view rest = path.substr(1);
  std::size_t matched = 0;
  for (const std::string& segment : target.segments) {
    const std::string_view expected = rest.substr(0, rest.find('/'));
    if (rest.empty() || (expected != "{id}" && expected != segment)) return false;
    if (expected == "{id}") id = segment;
    rest.remove_prefix(std::min(rest.size(), expected.size() + 1));
    ++matched;
  }
  return rest.empty() && matched == target.segments.size();
}

}  // namespace

std::span<const Route> routes() {
  return kRoutes;
}

RouteMatch find_route(const Target& target, std::string_view method) {
  RouteMatch match;
  for (const Route& route : kRoutes) {
    std::string_view id;
    if (!leads_to(route.path, target, id)) continue;
    // A route whose path is spelled out comes before one with {id} in that place.
    if (!match.allowed.empty() && match.id.data() != id.data()) continue;
    match.id = id;
    match.allowed += (match.allowed.empty() ? "" : ", ") + std::string(route.method);
    if (route.method == "GET") match.allowed += ", HEAD";
    const bool fits = route.method == method || (route.method == "GET" && method == "HEAD");
    if (fits && match.route == nullptr) match.route = &route;
  }
  return match;
}

}  // namespace bw::coordinator::api
