#include "coordinator/cli/model_commands.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "coordinator/cli/command_wait.h"
#include "coordinator/cli/decode_model.h"
#include "coordinator/cli/display.h"
#include "coordinator/cli/document.h"
#include "coordinator/cli/http_client.h"
#include "coordinator/cli/node_lookup.h"
#include "coordinator/cli/run.h"
#include "coordinator/cli/times.h"
#include "coordinator/cli/view_models.h"

namespace bw::cli {

namespace {

constexpr std::size_t kMostModelBytes = 4U << 20;  // what the coordinator takes

Shown model_trouble(std::string trouble, int code = kFailed) {
  return {code, "", std::move(trouble)};
}

Shown bad_answer(const ApiClient& api, const Error& error) {
  return model_trouble(error.within(api.base_url()).message);
}

// The document itself where json or yaml is asked for; else `names` or `table`.
Shown shown_as(const Invocation& invocation, const std::string& json, std::string names,
               std::string table) {
  const std::string output = invocation.value("--output");
  if (output == "name") return {kDone, std::move(names), ""};
  if (output != "json" && output != "yaml") return {kDone, std::move(table), ""};
  const auto text = output == "json" ? pretty_json(json) : to_yaml(json);
  return text ? Shown{kDone, text.value(), ""} : model_trouble(text.error().message);
}

std::string model_path(const Invocation& invocation) {
  return "/api/v1/models/" + HttpClient::escape(invocation.argument);
}

Shown list(const Invocation& invocation, ApiClient& api, const View& view) {
  const Answer answer = api.get("/api/v1/models");
  if (!answer.ok()) return model_trouble(answer.error);
  const auto models = decode_models(answer.body);
  if (!models) return bad_answer(api, models.error());
  std::string names;
  for (const ModelInfo& model : models.value().models) names += visible(model.id) + "\n";
  return shown_as(invocation, answer.body, std::move(names), models_view(models.value(), view));
}

Shown show(const Invocation& invocation, ApiClient& api, const View& view) {
  const Answer answer = api.get(model_path(invocation));
  if (!answer.ok()) return model_trouble(answer.error);
  const auto detail = decode_model(answer.body);
  if (!detail) return bad_answer(api, detail.error());
  return shown_as(invocation, answer.body, visible(detail.value().model.id) + "\n",
                  model_view(detail.value(), view));
}

// Sends it and waits for what becomes of it.
Shown command(const Invocation& invocation, ApiClient& api, const std::string& what,
              const Parameters& parameters) {
  const std::string& node = invocation.argument;
  const Answer answer =
      api.send("POST", "/api/v1/nodes/" + HttpClient::escape(node) + "/" + what, parameters);
  if (answer.status == 404) return model_trouble(unknown_node(api, node, answer.error));
  if (!answer.ok())
    return model_trouble(answer.error, answer.status == 400 ? kWrongUsage : kFailed);
  const auto sent = decode_command(answer.body);
  if (!sent) return bad_answer(api, sent.error());
  std::string body = answer.body;
  const auto ask = [&](const std::string& id) -> Result<CommandInfo> {
    const Answer now = api.get("/api/v1/commands/" + HttpClient::escape(id));
    if (now.status == 404) {
      return Error{
          "the coordinator knows this command no longer: it was restarted meanwhile, try "
          "again"};
    }
    if (!now.ok()) return Error{now.error};
    body = now.body;
    auto decoded = decode_command(now.body);
    if (!decoded) return decoded.error().within(api.base_url());
    return decoded;
  };
  const auto pause = [](std::chrono::milliseconds wait) { std::this_thread::sleep_for(wait); };
  const auto settled = wait_for_command(sent.value(), ask, pause);
  if (!settled) return model_trouble(settled.error().message);
  const CommandInfo& end = settled.value();
  const std::string text = command_text(end);
  if (end.state != "done") return model_trouble(text);
  return shown_as(invocation, body, visible(end.model.empty() ? end.node : end.model) + "\n",
                  text + "\n");
}

Shown train(const Invocation& invocation, ApiClient& api) {
  return command(invocation, api, "train",
                 {{"name", invocation.value("--name")},
                  {"note", invocation.value("--note")},
                  {"fresh", invocation.has("--fresh") ? "true" : ""}});
}

Shown silence(const Invocation& invocation, ApiClient& api) {
  const bool is_end = invocation.has("--end");
  if (is_end == invocation.has("--for")) {
    return model_trouble("for how long? Give --for 2h, or --end to end a silence", kWrongUsage);
  }
  std::string length = "0s";
  if (!is_end) {
    const auto parsed = parse_duration(invocation.value("--for"));
    if (!parsed) return model_trouble(parsed.error().within("--for").message, kWrongUsage);
    length = std::to_string(parsed.value()) + "ms";
  }
  return command(invocation, api, "silence", {{"for", length}, {"why", invocation.value("--why")}});
}

// Which nodes; or what is wrong with the flags.
Result<Parameters> selection(const Invocation& invocation) {
  Parameters parameters;
  for (const std::string& node : invocation.values("--node")) parameters.emplace_back("node", node);
  parameters.emplace_back("class", invocation.value("--class"));
  parameters.emplace_back("site", invocation.value("--site"));
  for (const std::string& label : invocation.values("--label")) {
    if (label.find('=') == std::string::npos || label.front() == '=') {
      return Error{"'" + visible(label) + "' is no label: write --label name=value"};
    }
    parameters.emplace_back("label", label);
  }
  const bool is_narrowed = invocation.has("--node") || invocation.has("--class") ||
                           invocation.has("--site") || invocation.has("--label");
  if (is_narrowed == invocation.has("--all")) {
    return Error{is_narrowed ? "--all leaves nothing to choose from: leave out the other flags"
                             : "which nodes? Give --node, --class, --site or --label, or --all"};
  }
  if (invocation.has("--all")) parameters.emplace_back("all", "true");
  return parameters;
}

Shown deploy(const Invocation& invocation, ApiClient& api, const View& view,
             const std::string& path) {
  const auto nodes = selection(invocation);
  if (!nodes) return model_trouble(nodes.error().message, kWrongUsage);
  const Answer answer = api.send("POST", path, nodes.value());
  if (!answer.ok())
    return model_trouble(answer.error, answer.status == 400 ? kWrongUsage : kFailed);
  const auto done = decode_deployment(answer.body);
  if (!done) return bad_answer(api, done.error());
  std::string names;
  for (const DeploymentNode& node : done.value().nodes) {
    if (!node.model.empty()) names += visible(node.node) + "\n";
  }
  return shown_as(invocation, answer.body, std::move(names), deployment_view(done.value(), view));
}

Shown remove(const Invocation& invocation, ApiClient& api) {
  const Answer answer = api.send("DELETE", model_path(invocation));
  if (!answer.ok()) return model_trouble(answer.error);
  const std::string id = visible(invocation.argument);
  return shown_as(invocation, answer.body, id + "\n", id + " is removed\n");
}

Result<std::string> read_model_file(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return Error{"it is a folder"};
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{errno == 0 ? "it can't be read" : std::strerror(errno)};
  std::string bytes(kMostModelBytes + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (file.bad()) return Error{"it can't be read"};
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  if (bytes.empty()) return Error{"it is empty"};
  if (bytes.size() > kMostModelBytes) return Error{"it is larger than a model may be (4 MiB)"};
  return bytes;
}

Shown import(const Invocation& invocation, ApiClient& api) {
  const std::string name = invocation.value("--name");
  if (name.empty()) {
    return model_trouble("what is it to be called? Give --name edge", kWrongUsage);
  }
  auto bytes = read_model_file(invocation.argument);
  if (!bytes) {
    return model_trouble(bytes.error().within(visible(invocation.argument)).message, kWrongUsage);
  }
  const Answer answer =
      api.send("POST", "/api/v1/models", {{"name", name}, {"note", invocation.value("--note")}},
               *std::move(bytes));
  if (!answer.ok())
    return model_trouble(answer.error, answer.status == 400 ? kWrongUsage : kFailed);
  const auto model = decode_model(answer.body);
  if (!model) return bad_answer(api, model.error());
  const std::string id = visible(model.value().model.id);
  return shown_as(invocation, answer.body, id + "\n", "it is kept as " + id + "\n");
}

Shown export_to_file(const Invocation& invocation, ApiClient& api) {
  const std::string path = invocation.value("--file");
  if (path.empty()) {
    return model_trouble("where to? Give --file edge-3.bwmodel", kWrongUsage);
  }
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    return model_trouble(visible(path) + " is there already", kWrongUsage);
  }
  const Answer answer = api.get(model_path(invocation) + "/download");
  if (!answer.ok()) return model_trouble(answer.error);
  errno = 0;
  std::ofstream file(path, std::ios::binary);
  file.write(answer.body.data(), static_cast<std::streamsize>(answer.body.size()));
  file.close();
  if (!file) {
    const int trouble = errno;
    std::filesystem::remove(path, error);
    errno = trouble;
    const std::string reason = errno == 0 ? "it can't be written" : std::strerror(errno);
    return model_trouble(visible(path) + ": " + reason);
  }
  return {kDone, visible(invocation.argument) + " is in " + visible(path) + "\n", ""};
}

}  // namespace

bool is_model_command(std::string_view path) {
  return path.starts_with("model ") || path == "node silence";
}

Shown run_model_command(const Invocation& invocation, ApiClient& api, const View& view) {
  const std::string_view path = invocation.command->path;
  if (path == "node silence") return silence(invocation, api);
  if (path == "model list") return list(invocation, api, view);
  if (path == "model show") return show(invocation, api, view);
  if (path == "model train") return train(invocation, api);
  if (path == "model deploy") {
    return deploy(invocation, api, view, model_path(invocation) + "/deploy");
  }
  if (path == "model rollback") return deploy(invocation, api, view, "/api/v1/rollback");
  if (path == "model rm") return remove(invocation, api);
  if (path == "model import") return import(invocation, api);
  return export_to_file(invocation, api);
}

}  // namespace bw::cli
