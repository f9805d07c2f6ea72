#include "coordinator/cli/decode_model.h"

#include "coordinator/cli/json_reader.h"

namespace bw::cli {

namespace {

ModelInfo read_model_info(JsonReader& in) {
  ModelInfo out;
  in.require("id");
  out.id = in.text("id");
  out.node_class = in.text("class");
  out.source = in.text("source");
  out.created_ms = in.time("created");
  out.from_ms = in.time("from");
  out.to_ms = in.time("to");
  out.rows = in.count("rows").value_or(0);
  out.metrics = in.count("metrics").value_or(0);
  out.threshold = in.number("threshold");
  out.bytes = in.count("bytes").value_or(0);
  out.crc = in.text("crc32c");
  out.note = in.text("note");
  out.running = in.count("running").value_or(0);
  out.waiting = in.count("waiting").value_or(0);
  out.refused = in.count("refused").value_or(0);
  out.drift = in.number("drift");
  out.rate = in.number("anomaly_rate");
  return out;
}

ModelNode read_model_node(JsonReader in) {
  ModelNode out;
  out.node = in.text("node");
  out.status = in.text("status");
  out.state = in.text("state");
  out.since_ms = in.time("since");
  out.before = in.text("before");
  out.reason = in.text("reason");
  out.drift = in.number("drift");
  out.rate = in.number("anomaly_rate");
  out.threshold = in.number("threshold");
  return out;
}

}  // namespace

Result<ModelList> decode_models(std::string_view json) {
  return decode_json<ModelList>(json, [](JsonReader& in, ModelList& out) {
    in.list("models", true, [&](JsonReader item) { out.models.push_back(read_model_info(item)); });
    in.list("classes", false, [&](JsonReader item) {
      out.classes.push_back({item.text("class"), item.text("model")});
    });
  });
}

Result<ModelDetail> decode_model(std::string_view json) {
  return decode_json<ModelDetail>(json, [](JsonReader& in, ModelDetail& out) {
    out.model = read_model_info(in);
    out.metrics = in.texts("metric_names");
    out.truncated = in.flag("truncated");
    in.list("nodes", false,
            [&](JsonReader item) { out.nodes.push_back(read_model_node(std::move(item))); });
  });
}

Result<Deployment> decode_deployment(std::string_view json) {
  return decode_json<Deployment>(json, [](JsonReader& in, Deployment& out) {
    out.model = in.text("model");
    out.node_class = in.text("class");
    out.class_text = in.text("class_text");
    out.changed = in.count("changed").value_or(0);
    in.list("nodes", true, [&](JsonReader item) {
      out.nodes.push_back({item.text("node"), item.text("model"), item.text("text")});
    });
  });
}

Result<CommandInfo> decode_command(std::string_view json) {
  return decode_json<CommandInfo>(json, [](JsonReader& in, CommandInfo& out) {
    in.require("id");
    in.require("state");
    out.id = in.text("id");
    out.node = in.text("node");
    out.kind = in.text("kind");
    out.state = in.text("state");
    out.text = in.text("text");
    out.model = in.text("model");
  });
}

}  // namespace bw::cli
