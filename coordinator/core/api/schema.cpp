#include "coordinator/core/api/schema.h"

namespace bw::coordinator::api {

namespace {

constexpr Field kStatus[] = {
    {"version", "string"},
    {"started", "time"},
    {"uptime_s", "integer"},
    {"broker", "BrokerStatus"},
    {"store", "StoreStatus"},
    {"nodes", "NodeCounts"},
    {"records", "RecordTotals"},
    {"refused_payloads", "integer", "Payloads that were counted and dropped"},
    {"exports", "[ExportStatus]", "The receivers that history is sent to"},
};
constexpr Field kExportStatus[] = {
    {"name", "string", "Kind and name, as in the configuration: remote_write/main"},
    {"url", "string"},
    {"ok", "boolean"},
    {"reason", "string", "Why it does not get on; empty while it does"},
    {"lag_s", "integer", "Age of the oldest history that waits; 0 where none does"},
    {"lag_blocks", "integer", "Blocks of the store that wait"},
    {"samples", "integer", "Taken by the receiver since the coordinator's start"},
    {"refused_samples", "integer", "Refused by the receiver for good"},
    {"late_samples", "integer", "Of these, refused for being older than what it has"},
    {"lost_blocks", "integer", "Left the store before they were sent, or lost their series table"},
    {"retries", "integer", "Requests that had to be sent again"},
    {"last_refusal", "string", "What was refused or lost last, and why"},
};
constexpr Field kBrokerStatus[] = {
    {"connected", "boolean"},
    {"url", "string"},
    {"reason", "string", "Why there is no link; empty while there is"},
};
constexpr Field kStoreStatus[] = {
    {"ok", "boolean"},
    {"reason", "string", "Why it takes no records; empty while it does"},
    {"bytes", "integer", "Of its file"},
    {"used_bytes", "integer", "Of it, without pages that wait to be used again"},
    {"rolled_until", "time?", "All history before it is rolled up"},
    {"dropped_blocks", "integer", "As too old or too many, since the file was made"},
    {"dropped_rollups", "integer"},
    {"dropped_events", "integer"},
    {"missed_blocks", "integer", "Dropped before they were exported"},
};
constexpr Field kNodeCounts[] = {
    {"online", "integer"},
    {"draining", "integer"},
    {"offline", "integer", "Stopped, or lost their link and the broker said so"},
    {"silent", "integer", "Should be there, but nothing was heard of them lately"},
};
constexpr Field kRecordTotals[] = {
    {"stored", "integer", "Since the coordinator's start"},
    {"duplicates", "integer", "Came again, and were not stored again"},
    {"gaps", "integer", "Will never come: given up by their node, or acknowledged by a lost store"},
};
constexpr Field kRecords[] = {{"last_stored", "time?"}};
constexpr Field kNodes[] = {
    {"nodes", "[Node]"},
    {"next", "string?", "What to give as `after` for the next page; null on the last"},
};
constexpr Field kNode[] = {
    {"id", "string"},
    {"site", "string"},
    {"status", "string", "online, draining, offline or silent"},
    {"since", "time?", "When it got this status"},
    {"last_seen", "time?"},
    {"labels", "labels"},
    {"agent_version", "string"},
    {"hostname", "string"},
    {"arch", "string"},
    {"os", "string"},
    {"kernel", "string"},
    {"cpu_model", "string"},
    {"cpus", "integer"},
    {"memory_bytes", "integer"},
    {"series", "integer", "How many there are"},
    {"summary", "Summary"},
};
constexpr Field kSummary[] = {
    {"cpu_util", "number?", "Percent"},
    {"mem_used_ratio", "number?", "0 to 1"},
    {"load1", "number?"},
    {"psi_cpu_some_avg10", "number?", "Percent"},
    {"net_rx_bytes_rate", "number?", "Bytes a second, loopback left out"},
    {"net_tx_bytes_rate", "number?", "Bytes a second, loopback left out"},
    {"disk_util_max", "number?", "Percent, of the busiest disk"},
    {"temp_max", "number?", "Degrees Celsius, of the hottest sensor"},
};
constexpr Field kNodeDetail[] = {
    {"epoch", "string", "Names the run of its agent; 16 hexadecimal digits"},
    {"store_id", "string", "Names its agent's outbox; 16 hexadecimal digits"},
    {"started", "time?"},
    {"period_ms", "integer", "Between its samples"},
    {"boot_id", "string"},
    {"machine_id", "string"},
    {"capabilities", "[string]"},
    {"table_id", "string", "Names its series table; 16 hexadecimal digits"},
    {"class", "string", "Its label 'class', else made of its hardware"},
    {"model", "string?", "The anomaly model that was deployed to it; null: what it learnt itself"},
    {"records", "Records"},
    {"refused", "counts", "Payloads that were dropped, by reason"},
    {"clock_offset_ms", "integer?", "The node's clock against the coordinator's"},
};
constexpr Field kSeriesList[] = {
    {"node", "string"},
    {"time", "time?", "Of the values, by the node's clock"},
    {"sequence", "integer"},
    {"series", "[SeriesValue]"},
};
constexpr Field kSeriesValue[] = {
    {"alias", "integer", "The series' place in the node's table"},
    {"name", "string"},
    {"unit", "string", "Of the value"},
    {"kind", "string", "gauge or counter"},
    {"labels", "labels"},
    {"value", "number?", "A counter's is its rate a second"},
};
constexpr Field kQueryResult[] = {
    {"metric", "string"},
    {"function", "string"},
    {"group_by", "[string]?", "Null: the series are not grouped"},
    {"across", "string?"},
    {"resolution", "string",
     "The coarsest that was read: raw, or rollups of 1m or 1h, which say the same of such a step"},
    {"from", "time"},
    {"to", "time"},
    {"step_ms", "integer"},
    {"series", "[QuerySeries]"},
    {"truncated", "boolean", "There are more series than are answered at once"},
};
constexpr Field kQuerySeries[] = {
    {"node", "string", "Empty where series are grouped"},
    {"name", "string"},
    {"unit", "string"},
    {"labels", "labels", "Of a group: those it was grouped by"},
    {"points", "[point]", "Steps without a value are left out; the last may be a live value"},
};
constexpr Field kEvents[] = {{"events", "[Event]"}};
constexpr Field kEvent[] = {
    {"node", "string"},    {"epoch", "string", "16 hexadecimal digits"},
    {"number", "integer"}, {"time", "time"},
    {"kind", "string"},    {"severity", "string", "info, warning or critical"},
    {"text", "string"},    {"details", "labels"},
};
constexpr Field kAnomalies[] = {
    {"anomalies", "[Anomaly]"},
    {"truncated", "boolean", "There are more, or more may be told of than was looked at"},
    {"damaged", "integer", "Events that were left out, since they don't say what they should"},
};
constexpr Field kAnomaly[] = {
    {"id", "string", "Its node, the run of its agent, and its number there"},
    {"node", "string"},
    {"site", "string"},
    {"active", "boolean", "It goes on"},
    {"level", "string", "minor, major (1.5 times the threshold) or critical (twice), at its worst"},
    {"outcome", "string",
     "active; or how it ended: calm, lasting (the new normal), silenced, stopped (its agent was), "
     "interrupted (nobody will tell)"},
    {"start", "time"},
    {"peak", "time"},
    {"end", "time?"},
    {"duration_s", "number", "From its begin to its end, or until now"},
    {"troubled_s", "number", "Of it, without the calm stretches"},
    {"flares", "integer", "Times it came back, its begin among them"},
    {"score", "number", "At its peak"},
    {"threshold", "number?", "At its begin"},
    {"causes", "[AnomalyCause]", "The greatest share first"},
    {"text", "string"},
};
constexpr Field kAnomalyCause[] = {
    {"metric", "string", "Its name with its labels"},
    {"name", "string"},
    {"labels", "labels"},
    {"unit", "string"},
    {"share", "number", "Of all metrics' part in it, 0 to 1"},
    {"value", "number?", "Null: it was missing"},
    {"low", "number?", "98 % of its values usually lie from here"},
    {"high", "number?", "to here"},
    {"direction", "string", "above, below, restless, still, or unlike (beside the others)"},
};
constexpr Field kAnomalyDetail[] = {{"events", "[Event]", "All of it, in their order"}};
constexpr Field kNodeHealth[] = {
    {"node", "string"},
    {"site", "string"},
    {"status", "string"},
    {"since", "time?"},
    {"last_seen", "time?"},
    {"verdict", "string", "well, learning (what is usual; else well), unwell or unknown"},
    {"reasons", "[HealthReason]", "The worst first"},
    {"detector", "DetectorHealth"},
    {"model", "ModelHealth"},
    {"anomalies", "[Anomaly]", "Those that are on"},
    {"anomalies_24h", "integer", "That began within the last day"},
    {"events", "[EventGroup]", "Warnings and worse of the last day by kind, the worst first"},
    {"truncated", "boolean", "There were more events than are counted"},
};
constexpr Field kHealthReason[] = {
    {"severity", "string", "info, warning or critical"},
    {"text", "string"},
};
constexpr Field kDetectorHealth[] = {
    {"state", "string", "watching, learning, silenced, off, or unknown"},
    {"score", "number?"},
    {"threshold", "number?"},
    {"series", "number?", "That are watched"},
    {"anomalies_a_day", "number?", "Of late"},
};
constexpr Field kModelHealth[] = {
    {"id", "string?", "That was deployed last"},
    {"rows", "number?", "Learnt from"},
    {"age_s", "number?"},
    {"drift", "number?", "Population stability index of what is measured"},
    {"drifted", "boolean", "It is above .25"},
};
constexpr Field kEventGroup[] = {
    {"kind", "string"},
    {"severity", "string", "Of the worst"},
    {"count", "integer"},
    {"open", "boolean", "Critical, and not known to be over: the node is unwell for it"},
    {"last", "time"},
    {"text", "string", "Of the last"},
};
constexpr Field kModels[] = {
    {"models", "[Model]", "By name and version"},
    {"classes", "[ClassStart]", "What new nodes begin with"},
    {"most", "integer", "How many are kept at most"},
};
constexpr Field kModel[] = {
    {"id", "string", "name@version"},
    {"name", "string"},
    {"version", "integer"},
    {"class", "string?", "Of the node that it was learnt on"},
    {"source", "string?", "That node; null: imported"},
    {"created", "time?"},
    {"from", "time?", "Of the rows learnt from"},
    {"to", "time?"},
    {"rows", "integer"},
    {"metrics", "integer", "How many it watches"},
    {"threshold", "number"},
    {"bytes", "integer"},
    {"crc32c", "string", "Of the payload; 8 hexadecimal digits"},
    {"note", "string"},
    {"running", "integer", "Nodes that say they run it"},
    {"waiting", "integer", "Nodes that are to get it"},
    {"refused", "integer", "Nodes that refused it"},
    {"drift", "number?", "The greatest of the nodes that run it"},
    {"anomaly_rate", "number?", "Anomalies a day, mean of the nodes that run it"},
};
constexpr Field kModelDetail[] = {
    {"metric_names", "[string]"},
    {"nodes", "[ModelNode]", "By id; 1000 at most"},
    {"truncated", "boolean", "There are more nodes"},
};
constexpr Field kModelNode[] = {
    {"node", "string"},
    {"status", "string"},
    {"state", "string", "running, waiting, refused, or done (said so, but gone)"},
    {"since", "time?", "When it was wished"},
    {"before", "string?", "What a rollback leads to"},
    {"reason", "string", "Why it was refused"},
    {"drift", "number?", "Population stability index of what the node measures"},
    {"anomaly_rate", "number?", "Anomalies a day"},
    {"threshold", "number?"},
};
constexpr Field kClassStart[] = {
    {"class", "string"},
    {"model", "string"},
    {"since", "time?"},
};
constexpr Field kModelRemoved[] = {{"removed", "string"}};
constexpr Field kDeployment[] = {
    {"model", "string?", "Null: each node its own"},
    {"class", "string?", "Whose new nodes are meant too"},
    {"class_text", "string"},
    {"changed", "integer", "Nodes of which something else is wished now"},
    {"nodes", "[DeploymentNode]"},
};
constexpr Field kDeploymentNode[] = {
    {"node", "string"},
    {"model", "string?", "Wished now; null: nothing changed"},
    {"text", "string", "Why nothing did, or what is to be known"},
};
constexpr Field kCommand[] = {
    {"id", "string"},
    {"node", "string"},
    {"kind", "string", "train or silence"},
    {"state", "string", "sent, storing, done, failed, refused, expired or timed_out"},
    {"text", "string", "What the node said, or what went wrong"},
    {"model", "string?", "Of train: what it was stored as"},
    {"created", "time?"},
    {"settled", "time?"},
};
constexpr Field kHealth[] = {{"status", "string"}};
constexpr Field kReadiness[] = {
    {"ready", "boolean"},
    {"reasons", "[string]", "Why it is not"},
};
constexpr Field kProblem[] = {
    {"type", "string"},
    {"title", "string"},
    {"status", "integer"},
    {"detail", "string"},
    {"instance", "string", "The path that was asked for"},
};

constexpr Schema kSchemas[] = {
    {"Status", kStatus},
    {"ExportStatus", kExportStatus},
    {"BrokerStatus", kBrokerStatus},
    {"StoreStatus", kStoreStatus},
    {"NodeCounts", kNodeCounts},
    {"RecordTotals", kRecordTotals},
    {"Records", kRecords, "RecordTotals"},
    {"Nodes", kNodes},
    {"Node", kNode},
    {"Summary", kSummary},
    {"NodeDetail", kNodeDetail, "Node"},
    {"SeriesList", kSeriesList},
    {"SeriesValue", kSeriesValue},
    {"QueryResult", kQueryResult},
    {"QuerySeries", kQuerySeries},
    {"Events", kEvents},
    {"Event", kEvent},
    {"Anomalies", kAnomalies},
    {"Anomaly", kAnomaly},
    {"AnomalyCause", kAnomalyCause},
    {"AnomalyDetail", kAnomalyDetail, "Anomaly"},
    {"NodeHealth", kNodeHealth},
    {"HealthReason", kHealthReason},
    {"DetectorHealth", kDetectorHealth},
    {"ModelHealth", kModelHealth},
    {"EventGroup", kEventGroup},
    {"Models", kModels},
    {"Model", kModel},
    {"ModelDetail", kModelDetail, "Model"},
    {"ModelNode", kModelNode},
    {"ClassStart", kClassStart},
    {"ModelRemoved", kModelRemoved},
    {"Deployment", kDeployment},
    {"DeploymentNode", kDeploymentNode},
    {"Command", kCommand},
    {"Health", kHealth},
    {"Readiness", kReadiness},
    {"Problem", kProblem},
    {"OpenApi", {}},
};

void write_plain_type(JsonWriter& json, std::string_view type, bool or_null) {
  json.key("type");
  if (!or_null) {
    json.value(type);
    return;
  }
  json.begin_array().value(type).value("null").end_array();
}

// The members of a field's schema.
void write_type(JsonWriter& json, std::string_view type) {
  const bool or_null = type.ends_with('?');
  if (or_null) type.remove_suffix(1);
  if (type.starts_with('[')) {
    write_plain_type(json, "array", or_null);
    json.key("items").begin_object();
    write_type(json, type.substr(1, type.size() - 2));
    json.end_object();
  } else if (type == "time") {
    write_plain_type(json, "string", or_null);
    json.member("format", "date-time");
  } else if (type == "labels" || type == "counts") {
    write_plain_type(json, "object", or_null);
    json.key("additionalProperties").begin_object();
    json.member("type", type == "labels" ? "string" : "integer");
    json.end_object();
  } else if (type == "point") {
    write_plain_type(json, "array", or_null);
    json.key("prefixItems").begin_array();
    json.begin_object().key("type").value("integer").end_object();
    json.begin_object().key("type").value("number").end_object();
    json.end_array();
    json.member("minItems", 2).member("maxItems", 2);
  } else if (type.front() >= 'A' && type.front() <= 'Z') {
    json.member("$ref", "#/components/schemas/" + std::string(type));
  } else {
    write_plain_type(json, type, or_null);
  }
}

void write_fields(JsonWriter& json, std::span<const Field> fields) {
  json.member("type", "object");
  if (fields.empty()) return;
  json.key("properties").begin_object();
  for (const Field& field : fields) {
    json.key(field.name).begin_object();
    write_type(json, field.type);
    if (!field.text.empty()) json.member("description", field.text);
    json.end_object();
  }
  json.end_object();
  json.key("required").begin_array();
  for (const Field& field : fields) json.value(field.name);
  json.end_array();
}

}  // namespace

std::span<const Schema> schemas() {
  return kSchemas;
}

void write_schema(JsonWriter& json, const Schema& schema) {
  json.begin_object();
  if (schema.base.empty()) {
    write_fields(json, schema.fields);
  } else {
    json.key("allOf").begin_array();
    json.begin_object();
    json.member("$ref", "#/components/schemas/" + std::string(schema.base));
    json.end_object().begin_object();
    write_fields(json, schema.fields);
    json.end_object().end_array();
  }
  json.end_object();
}

}  // namespace bw::coordinator::api
