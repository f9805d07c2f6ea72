// What operators may ask to be done with models and detectors, and the answers to that.
#include <cstring>
#include <string>
#include <utility>

#include "base/json_writer.h"
#include "coordinator/core/api/handlers.h"
#include "coordinator/core/api/json_parts.h"
#include "coordinator/core/api/parameters.h"
#include "coordinator/core/api/problem.h"
#include "schemas/wire/limits.h"

namespace bw::coordinator::api {

namespace {

constexpr std::string_view kYesNo[] = {"true", "false"};

bool is_yes(Parameters& in, std::string_view name) {
  return in.choice(name, kYesNo) == std::size_t{0};
}

// Empty where it is missing.
std::string model_name(Parameters& in, std::string_view name) {
  const std::string text = in.text(name);
  if (text.empty()) return {};
  const auto parsed = parse_model_name(text);
  if (!parsed) in.fail(name, parsed.error().message);
  return text;
}

NodeSelector selector_of(const Call& call, Parameters& in) {
  NodeSelector selector;
  for (const auto& [name, value] : call.target.parameters) {
    if (name != "node") continue;
    const auto id = NodeId::parse(value);
    if (!id) in.fail("node", id.error().message);
    selector.nodes.push_back(value);
  }
  selector.node_class = model_name(in, "class");
  selector.site = in.text("site");
  selector.labels = in.labels("label");
  selector.is_all = is_yes(in, "all");
  const bool is_narrowed = !selector.nodes.empty() || !selector.node_class.empty() ||
                           !selector.site.empty() || !selector.labels.empty();
  if (!is_narrowed && !selector.is_all) {
    in.fail("node", "which nodes? Give node, class, site or label, or all=true");
  }
  if (is_narrowed && selector.is_all) in.fail("all", "'all' leaves nothing to choose from");
  return selector;
}

void write_command(JsonWriter& json, const CommandRecord& command) {
  json.begin_object();
  json.member("id", command.id);
  json.member("node", command.node);
  json.member("kind", command.kind == wire::CommandKind::train ? "train" : "silence");
  json.member("state", name_of(command.state));
  json.member("text", command.text);
  write_text_or_null(json, "model", command.model);
  write_time(json, "created", command.created_ms);
  write_time(json, "settled", command.settled_ms);
  json.end_object();
}

Response response_to(const RequestRefused& refused, std::string_view instance) {
  Response response = problem(refused.status, refused.detail, instance);
  if (refused.status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

Response response_to(const CommandSent& sent, std::string_view) {
  JsonWriter json;
  write_command(json, sent.command);
  Response response = json_response(std::move(json));
  response.status = 202;
  response.headers.emplace_back("Location", "/api/v1/commands/" + sent.command.id);
  return response;
}

Response response_to(const WishesChanged& changed, std::string_view) {
  std::size_t count = 0;
  for (const WishChange& one : changed.nodes) count += one.model.empty() && !one.is_ended ? 0 : 1;
  JsonWriter json;
  json.begin_object();
  write_text_or_null(json, "model", changed.model);
  write_text_or_null(json, "class", changed.node_class);
  json.member("class_text", changed.class_text);
  json.member("changed", count);
  json.key("nodes").begin_array();
  for (const WishChange& one : changed.nodes) {
    json.begin_object();
    json.member("node", one.node);
    write_text_or_null(json, "model", one.model);
    json.member("text", one.text);
    json.end_object();
  }
  json.end_array().end_object();
  Response response = json_response(std::move(json));
  response.status = 202;
  return response;
}

Response response_to(const ModelStored& stored, std::string_view) {
  Response response = model_response(stored.model);
  response.status = 201;
  response.headers.emplace_back("Location", "/api/v1/models/" + stored.model.id.text());
  return response;
}

Response response_to(const ModelRemoved& removed, std::string_view) {
  JsonWriter json;
  json.begin_object().member("removed", removed.model).end_object();
  return json_response(std::move(json));
}

}  // namespace

Answer import_model(const Call& call) {
  Parameters in(call.target, call.service.now_ms);
  ImportRequest request;
  request.name = model_name(in, "name");
  request.note = in.text("note");
  if (auto bad = in.problem()) return *std::move(bad);
  if (call.body.empty()) {
    return problem(400, "the body is empty: it has to be the model's file", call.target.path);
  }
  if (call.body.size() > wire::kMaxModelPayload) {
    return problem(413, "a model has at most 4 MiB", call.target.path);
  }
  request.payload.resize(call.body.size());
  std::memcpy(request.payload.data(), call.body.data(), call.body.size());
  return ModelRequest(std::move(request));
}

Answer remove_model(const Call& call) {
  return ModelRequest(RemoveRequest{std::string(call.id)});
}

Answer deploy_model(const Call& call) {
  Parameters in(call.target, call.service.now_ms);
  DeployRequest request{std::string(call.id), selector_of(call, in)};
  if (auto bad = in.problem()) return *std::move(bad);
  return ModelRequest(std::move(request));
}

Answer roll_back_models(const Call& call) {
  Parameters in(call.target, call.service.now_ms);
  RollbackRequest request{selector_of(call, in)};
  if (auto bad = in.problem()) return *std::move(bad);
  return ModelRequest(std::move(request));
}

Answer train_model(const Call& call) {
  Parameters in(call.target, call.service.now_ms);
  TrainRequest request;
  request.node = call.id;
  request.name = model_name(in, "name");
  request.note = in.text("note");
  request.is_fresh = is_yes(in, "fresh");
  if (request.is_fresh && !request.name.empty()) {
    in.fail("name", "a fresh start gives no model that could have a name");
  }
  if (auto bad = in.problem()) return *std::move(bad);
  return ModelRequest(std::move(request));
}

Answer silence_node(const Call& call) {
  Parameters in(call.target, call.service.now_ms);
  SilenceRequest request;
  request.node = call.id;
  request.why = in.text("why");
  const std::int64_t for_ms = in.duration("for").value_or(0);
  if (static_cast<std::uint64_t>(for_ms) > wire::kMaxSilenceMs) {
    in.fail("for", "no node is silenced for longer than a year");
  }
  request.for_ms = static_cast<std::uint64_t>(for_ms);
  if (auto bad = in.problem()) return *std::move(bad);
  return ModelRequest(std::move(request));
}

Answer show_command(const Call& call) {
  const auto command = call.service.models->command(call.id);
  if (!command) {
    return problem(404,
                   "there is no command of this id: the last 1000 are known, since the "
                   "coordinator's start",
                   call.target.path);
  }
  JsonWriter json;
  write_command(json, *command);
  return json_response(std::move(json));
}

Response finish_request(const ModelOutcome& outcome, std::string_view instance) {
  return std::visit([&](const auto& one) { return response_to(one, instance); }, outcome);
}

}  // namespace bw::coordinator::api
