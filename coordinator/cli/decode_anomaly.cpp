#include "coordinator/cli/decode_anomaly.h"

#include <utility>

#include "coordinator/cli/decode.h"
#include "coordinator/cli/json_reader.h"

namespace bw::cli {

namespace {

AnomalyCause read_cause(JsonReader in) {
  AnomalyCause out;
  out.metric = in.text("metric");
  out.name = in.text("name");
  out.labels = in.labels("labels");
  out.unit = in.text("unit");
  out.share = in.number("share").value_or(0);
  out.value = in.number("value");
  out.low = in.number("low");
  out.high = in.number("high");
  out.direction = in.text("direction");
  return out;
}

Anomaly read_anomaly(JsonReader& in) {
  Anomaly out;
  in.require("id");
  out.id = in.text("id");
  out.node = in.text("node");
  out.site = in.text("site");
  out.active = in.flag("active");
  out.level = in.text("level");
  out.outcome = in.text("outcome");
  out.start_ms = in.time("start");
  out.peak_ms = in.time("peak");
  out.end_ms = in.time("end");
  out.duration_s = in.number("duration_s").value_or(0);
  out.troubled_s = in.number("troubled_s").value_or(0);
  out.flares = in.count("flares").value_or(1);
  out.score = in.number("score");
  out.threshold = in.number("threshold");
  in.list("causes", false,
          [&](JsonReader item) { out.causes.push_back(read_cause(std::move(item))); });
  out.text = in.text("text");
  return out;
}

void read_detector(JsonReader& in, NodeHealth& out) {
  JsonReader detector = in.object("detector");
  out.detector = detector.text("state");
  out.score = detector.number("score");
  out.threshold = detector.number("threshold");
  out.series = detector.number("series");
  out.anomalies_a_day = detector.number("anomalies_a_day");
  JsonReader model = in.object("model");
  out.model = model.text("id");
  out.rows = model.number("rows");
  out.age_s = model.number("age_s");
  out.drift = model.number("drift");
  out.drifted = model.flag("drifted");
}

EventGroup read_group(JsonReader in) {
  EventGroup out;
  out.kind = in.text("kind");
  out.severity = in.text("severity");
  out.count = in.count("count").value_or(0);
  out.open = in.flag("open");
  out.last_ms = in.time("last");
  out.text = in.text("text");
  return out;
}

}  // namespace

Result<AnomalyList> decode_anomalies(std::string_view json) {
  return decode_json<AnomalyList>(json, [](JsonReader& in, AnomalyList& out) {
    in.list("anomalies", true,
            [&](JsonReader item) { out.anomalies.push_back(read_anomaly(item)); });
    out.truncated = in.flag("truncated");
    out.damaged = in.count("damaged").value_or(0);
  });
}

Result<AnomalyDetail> decode_anomaly(std::string_view json) {
  return decode_json<AnomalyDetail>(json, [](JsonReader& in, AnomalyDetail& out) {
    out.anomaly = read_anomaly(in);
    in.list("events", true, [&](JsonReader item) { out.events.push_back(read_event(item)); });
  });
}

Result<NodeHealth> decode_health(std::string_view json) {
  return decode_json<NodeHealth>(json, [](JsonReader& in, NodeHealth& out) {
    in.require("verdict");
    out.node = in.text("node");
    out.site = in.text("site");
    out.status = in.text("status");
    out.since_ms = in.time("since");
    out.last_seen_ms = in.time("last_seen");
    out.verdict = in.text("verdict");
    in.list("reasons", true, [&](JsonReader item) {
      out.reasons.push_back({item.text("severity"), item.text("text")});
    });
    read_detector(in, out);
    in.list("anomalies", false, [&](JsonReader item) { out.active.push_back(read_anomaly(item)); });
    out.anomalies_24h = in.count("anomalies_24h").value_or(0);
    in.list("events", false,
            [&](JsonReader item) { out.events.push_back(read_group(std::move(item))); });
    out.truncated = in.flag("truncated");
  });
}

}  // namespace bw::cli
