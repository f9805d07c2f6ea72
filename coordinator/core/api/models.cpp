// The models that are kept, and how the nodes that run them do.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "base/json_writer.h"
#include "coordinator/core/api/handlers.h"
#include "coordinator/core/api/json_parts.h"
#include "coordinator/core/api/problem.h"

namespace bw::coordinator::api {

namespace {

constexpr std::size_t kMostModelNodes = 1000;  // of one model, in its answer

constexpr float kNoFigure = std::numeric_limits<float>::quiet_NaN();

// What nodes say of their detector, out of their live values.
struct DetectorFigures {
  float drift = kNoFigure;
  float rate = kNoFigure;
  float threshold = kNoFigure;
};

class FigureReader {
 public:
  DetectorFigures read(const NodeView& node) {
    if (node.series == nullptr) return {};
    const auto [known, is_new] = aliases_.try_emplace(node.series);
    if (is_new) known->second = find(*node.series);
    const Aliases& at = known->second;
    return {live_value(node, at.drift), live_value(node, at.rate), live_value(node, at.threshold)};
  }

 private:
  struct Aliases {
    std::size_t drift = std::numeric_limits<std::size_t>::max();
    std::size_t rate = std::numeric_limits<std::size_t>::max();
    std::size_t threshold = std::numeric_limits<std::size_t>::max();
  };
  static Aliases find(const std::vector<wire::SeriesInfo>& series) {
    Aliases found;
    for (std::size_t alias = 0; alias < series.size(); ++alias) {
      const std::string& name = series[alias].name;
      if (name == "self.model_drift") found.drift = alias;
      if (name == "self.anomaly_rate") found.rate = alias;
      if (name == "self.anomaly_threshold") found.threshold = alias;
    }
    return found;
  }

  // Nodes of one make share their table.
  std::map<const std::vector<wire::SeriesInfo>*, Aliases> aliases_;
};

struct ModelUse {
  std::size_t running = 0;
  std::size_t waiting = 0;
  std::size_t refused = 0;
  float drift = kNoFigure;  // the greatest
  double rates = 0;
  std::size_t rated = 0;
};

void add_running(ModelUse& use, const DetectorFigures& figures) {
  ++use.running;
  if (std::isfinite(figures.drift)) use.drift = std::fmax(use.drift, figures.drift);
  if (!std::isfinite(figures.rate)) return;
  use.rates += static_cast<double>(figures.rate);
  ++use.rated;
}

using Uses = std::map<std::string, ModelUse, std::less<>>;

Uses uses_of(const Call& call) {
  Uses uses;
  FigureReader figures;
  call.fleet.each("", [&](const NodeView& node) {
    if (node.birth != nullptr && !node.birth->model.empty()) {
      add_running(uses[node.birth->model], figures.read(node));
    }
    return true;
  });
  call.service.models->each_wish([&](const NodeId&, const Wish& wish) {
    if (wish.state == WishState::waiting) ++uses[wish.model].waiting;
    if (wish.state == WishState::refused) ++uses[wish.model].refused;
  });
  return uses;
}

void write_figure(JsonWriter& json, std::string_view name, float value) {
  json.key(name);
  write_float(json, value);
}

void write_model(JsonWriter& json, const ModelRecord& model) {
  json.member("id", model.id.text());
  json.member("name", model.id.name);
  json.member("version", model.id.version);
  write_text_or_null(json, "class", model.node_class);
  write_text_or_null(json, "source", model.source);
  write_time(json, "created", model.created_ms);
  write_time(json, "from", model.from_ms);
  write_time(json, "to", model.to_ms);
  json.member("rows", model.rows);
  json.member("metrics", model.metrics.size());
  json.member("threshold", model.threshold);
  json.member("bytes", model.bytes);
  json.member("crc32c", hex_id(model.crc).substr(8));
  json.member("note", model.note);
}

void write_use(JsonWriter& json, const ModelUse& use) {
  json.member("running", use.running);
  json.member("waiting", use.waiting);
  json.member("refused", use.refused);
  write_figure(json, "drift", use.drift);
  const double mean = use.rated == 0 ? std::numeric_limits<double>::quiet_NaN()
                                     : use.rates / static_cast<double>(use.rated);
  json.member("anomaly_rate", mean);  // null where it is no number
}

const ModelUse& use_of(const Uses& uses, std::string_view model) {
  static const ModelUse kNone;
  const auto found = uses.find(model);
  return found == uses.end() ? kNone : found->second;
}

void write_node(JsonWriter& json, const NodeView& node, std::string_view state, const Wish* wish,
                FigureReader& figures) {
  const DetectorFigures now = state == "running" ? figures.read(node) : DetectorFigures{};
  json.begin_object();
  json.member("node", node.id);
  json.member("status", name_of(node.status));
  json.member("state", state);
  write_time(json, "since", wish == nullptr ? 0 : wish->since_ms);
  write_text_or_null(json, "before",
                     wish == nullptr || wish->before.empty() ? "" : wish->before.back());
  json.member("reason", wish == nullptr ? "" : std::string_view(wish->reason));
  write_figure(json, "drift", now.drift);
  write_figure(json, "anomaly_rate", now.rate);
  write_figure(json, "threshold", now.threshold);
  json.end_object();
}

// The nodes that run it, or are wished to, by their ids.
void write_nodes(JsonWriter& json, const Call& call, const std::string& model) {
  std::map<std::string, Wish, std::less<>> wishes;
  call.service.models->each_wish([&](const NodeId& node, const Wish& wish) {
    if (wish.model == model && wish.state != WishState::ended) wishes.emplace(node.str(), wish);
  });
  FigureReader figures;
  std::size_t count = 0;
  json.key("nodes").begin_array();
  call.fleet.each("", [&](const NodeView& node) {
    const auto wish = wishes.find(node.id);
    const bool runs = node.birth != nullptr && node.birth->model == model;
    if (!runs && wish == wishes.end()) return true;
    if (++count > kMostModelNodes) return false;
    const Wish* const wished = wish == wishes.end() ? nullptr : &wish->second;
    write_node(json, node, runs ? "running" : name_of(wished->state), wished, figures);
    return true;
  });
  json.end_array();
  json.member("truncated", count > kMostModelNodes);
}

}  // namespace

Response model_response(const ModelRecord& model) {
  JsonWriter json;
  json.begin_object();
  write_model(json, model);
  write_use(json, {});
  json.end_object();
  return json_response(std::move(json));
}

Answer list_models(const Call& call) {
  const Uses uses = uses_of(call);
  JsonWriter json;
  json.begin_object().key("models").begin_array();
  call.service.models->each([&](const ModelRecord& model) {
    json.begin_object();
    write_model(json, model);
    write_use(json, use_of(uses, model.id.text()));
    json.end_object();
  });
  json.end_array().key("classes").begin_array();
  call.service.models->each_class([&](const std::string& name, const Wish& wish) {
    if (wish.state != WishState::done) return;
    json.begin_object();
    json.member("class", name);
    json.member("model", wish.model);
    write_time(json, "since", wish.since_ms);
    json.end_object();
  });
  json.end_array().member("most", kMaxModels).end_object();
  return json_response(std::move(json));
}

Answer show_model(const Call& call) {
  const ModelRecord* const model = call.service.models->find(call.id);
  if (model == nullptr) return problem(404, "there is no model of this id", call.target.path);
  JsonWriter json;
  json.begin_object();
  write_model(json, *model);
  write_use(json, use_of(uses_of(call), model->id.text()));
  json.key("metric_names").begin_array();
  for (const std::string& name : model->metrics) json.value(name);
  json.end_array();
  write_nodes(json, call, model->id.text());
  json.end_object();
  return json_response(std::move(json));
}

Answer download_model(const Call& call) {
  const ModelRecord* const model = call.service.models->find(call.id);
  if (model == nullptr) return problem(404, "there is no model of this id", call.target.path);
  return StoreQuery(ModelQuery{model->id});
}

Response finish_download(const ModelQuery& query, const ModelPayload& payload,
                         std::string_view instance) {
  if (payload.bytes.empty()) return problem(404, "there is no model of this id", instance);
  Response response;
  response.content_type = "application/octet-stream";
  response.headers.emplace_back("Content-Disposition",
                                "attachment; filename=\"" + query.model.name + "-" +
                                    std::to_string(query.model.version) + ".bwmodel\"");
  response.body.assign(reinterpret_cast<const char*>(payload.bytes.data()), payload.bytes.size());
  return response;
}

}  // namespace bw::coordinator::api
