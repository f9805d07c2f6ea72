#include <set>

#include "coordinator/core/api/route.h"
#include "coordinator/core/api/schema.h"
#include "tests/unit/coordinator/core/api/anomaly_events.h"
#include "tests/unit/coordinator/core/api/harness.h"

namespace bw::coordinator::api {
namespace {

std::string in_lower_case(std::string_view text) {
  std::string lower;
  for (const char c : text) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

class OpenApiTest : public ApiTest {
 protected:
  OpenApiTest() : document(get_json("/api/v1/openapi.json")) {}

  const Json& resolve(const Json& schema) {
    if (!schema.contains("$ref")) return schema;
    const std::string reference = schema["$ref"];
    const std::string name = reference.substr(reference.rfind('/') + 1);
    EXPECT_TRUE(document["components"]["schemas"].contains(name)) << reference;
    return document["components"]["schemas"][name];
  }
  // Every reference below leads somewhere.
  void check_references(const Json& json) {
    if (json.is_object()) resolve(json);
    if (json.is_structured()) {
      for (const Json& one : json) check_references(one);
    }
  }
  static bool is_of(const std::string& type, const Json& value) {
    if (type == "null") return value.is_null();
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    if (type == "boolean") return value.is_boolean();
    if (type == "array") return value.is_array();
    if (type == "object") return value.is_object();
    return type == "string" && value.is_string();
  }
  // What `value` has, and needs, by the schema.
  void collect(const Json& raw, std::map<std::string, Json>& properties) {
    const Json& schema = resolve(raw);
    if (schema.contains("allOf")) {
      for (const Json& part : schema["allOf"]) collect(part, properties);
    }
    if (!schema.contains("properties")) return;
    for (const auto& [name, property] : schema["properties"].items()) properties[name] = property;
  }
  // `value` is as the schema says, and has nothing that it does not name.
  void check(const Json& raw, const Json& value, const std::string& path) {
    const Json& schema = resolve(raw);
    if (schema.contains("type")) {
      Json types = schema["type"];
      if (types.is_string()) types = Json::array({types});
      bool fits = false;
      for (const Json& type : types) fits = fits || is_of(type, value);
      EXPECT_TRUE(fits) << path << " is " << value << ", not " << types;
    }
    if (value.is_array() && schema.contains("items")) {
      for (const Json& one : value) check(schema["items"], one, path + "[]");
    }
    std::map<std::string, Json> properties;
    collect(schema, properties);
    if (properties.empty()) return;
    for (const auto& [name, property] : properties) {
      ASSERT_TRUE(value.contains(name)) << path << "." << name << " is missing";
      check(property, value[name], path + "." + name);
    }
    for (const auto& [name, member] : value.items()) {
      EXPECT_TRUE(properties.contains(name)) << path << "." << name << " is not in the schema";
    }
  }
  void check_answer(const std::string& path, const Json& answer, const std::string& status = "200",
                    const std::string& method = "get") {
    const Json& content = document["paths"][path][method]["responses"][status]["content"];
    check(content["application/json"]["schema"], answer, path);
  }

  Json document;
};

TEST_F(OpenApiTest, DescribesEveryRouteWithItsParameters) {
  EXPECT_EQ(document["openapi"], "3.1.0");
  EXPECT_EQ(document["info"]["version"], "1.2.3");
  std::set<std::string_view> paths;
  for (const Route& route : routes()) paths.insert(route.path);
  EXPECT_EQ(document["paths"].size(), paths.size());
  std::set<std::string> names;
  for (const Route& route : routes()) {
    const std::string method = in_lower_case(route.method);
    const Json& operation = document["paths"][std::string(route.path)][method];
    EXPECT_TRUE(names.insert(operation["operationId"]).second);
    const bool has_id = route.path.find("{id}") != std::string_view::npos;
    EXPECT_EQ(operation["parameters"].size(), route.parameters.size() + (has_id ? 1 : 0));
    EXPECT_TRUE(operation["responses"].contains(route.status)) << route.name;
    EXPECT_EQ(operation.contains("requestBody"), route.takes_body);
    EXPECT_TRUE(operation["responses"].contains("default"));
  }
}

TEST_F(OpenApiTest, SaysWhatAParameterTakes) {
  const Json& parameters = document["paths"]["/api/v1/query"]["get"]["parameters"];
  EXPECT_EQ(parameters[0]["name"], "metric");
  EXPECT_EQ(parameters[0]["required"], true);
  EXPECT_EQ(parameters[2]["schema"]["type"], "array");
  EXPECT_EQ(parameters[6]["name"], "function");
  EXPECT_EQ(parameters[6]["schema"]["enum"],
            Json::array({"avg", "min", "max", "sum", "count", "last", "rate", "increase", "p50",
                         "p95", "p99"}));
}

TEST_F(OpenApiTest, LeadsEveryReferenceSomewhere) {
  check_references(document);
}

TEST_F(OpenApiTest, DescribesTheAnswersAsTheyAre) {
  FakeNode& node = fleet.add("n1");
  node.birth.labels = {{"rack", "a1"}};
  node.birth.capabilities = {"telemetry"};
  node.series = {{"cpu.util", "%", wire::SeriesKind::gauge, {{"cpu", "0"}}}};
  node.live = {1.5F};
  node.live_ms = kNowMs - 500;
  node.refused[0] = 1;
  fleet.add("mute").is_born = false;
  check_answer("/api/v1/status", get_json("/api/v1/status"));
  check_answer("/api/v1/nodes", get_json("/api/v1/nodes"));
  check_answer("/api/v1/nodes", get_json("/api/v1/nodes?limit=1"));
  check_answer("/api/v1/nodes/{id}", get_json("/api/v1/nodes/n1"));
  check_answer("/api/v1/nodes/{id}", get_json("/api/v1/nodes/mute"));
  check_answer("/api/v1/nodes/{id}/series", get_json("/api/v1/nodes/n1/series"));
  check_answer("/api/v1/nodes/{id}/series", get_json("/api/v1/nodes/mute/series"));
  check_answer("/healthz", get_json("/healthz"));
  check_answer("/readyz", get_json("/readyz"));
  service.is_connected = false;
  check_answer("/readyz", get_json("/readyz", 503), "503");
  question<RangeQuery>("/api/v1/query?metric=cpu.util");
  check_answer("/api/v1/query", finish(RangeResult{}));
  question<EventQuery>("/api/v1/events");
  check_answer("/api/v1/events", finish(EventResult{{{"n1", {}}}}));
  const EventResult told{{begin_of("n1", 1, some_anomaly())}};
  question<EventQuery>("/api/v1/anomalies");
  check_answer("/api/v1/anomalies", finish(told));
  question<EventQuery>("/api/v1/anomalies/n1");
  check_answer("/api/v1/anomalies/{id}", finish(told));
  question<EventQuery>("/api/v1/nodes/n1/health");
  check_answer("/api/v1/nodes/{id}/health", finish(told));
}

TEST_F(OpenApiTest, DescribesTheAnswersOfModelsAsTheyAre) {
  ModelRecord model;
  model.id = {"edge", 3};
  model.metrics = {"cpu.util"};
  models.models = {model};
  models.wishes["n1"] = Wish{"edge@3", kNowMs, WishState::waiting, "", {"edge@2"}};
  models.classes["edge"] = Wish{"edge@3", kNowMs, WishState::done, "", {}};
  models.commands = {{"c1", "n1"}};
  fleet.add("n1");
  check_answer("/api/v1/models", get_json("/api/v1/models"));
  check_answer("/api/v1/models/{id}", get_json("/api/v1/models/edge@3"));
  check_answer("/api/v1/commands/{id}", get_json("/api/v1/commands/c1"));
  const auto check_done = [&](const std::string& path, const std::string& status,
                              const std::string& method, const ModelOutcome& outcome) {
    check_answer(path, Json::parse(done(outcome).body), status, method);
  };
  wanted<TrainRequest>("/api/v1/nodes/n1/train");
  check_done("/api/v1/nodes/{id}/train", "202", "post", CommandSent{{"c1", "n1"}});
  wanted<DeployRequest>("/api/v1/models/edge@3/deploy?all=true");
  check_done("/api/v1/models/{id}/deploy", "202", "post",
             WishesChanged{"edge@3", "edge", "so", {{"n1", "edge@3", ""}, {"n2", "", "why"}}});
  wanted<RemoveRequest>("/api/v1/models/edge@3", "DELETE");
  check_done("/api/v1/models/{id}", "200", "delete", ModelRemoved{"edge@3"});
  wanted<ImportRequest>(Request{"POST", "/api/v1/models?name=edge", "x"});
  check_done("/api/v1/models", "201", "post", ModelStored{model});
}

TEST_F(OpenApiTest, DescribesProblemsAsTheyAre) {
  Json problem = problem_of("/nowhere", 404);
  check(Json{{"$ref", "#/components/schemas/Problem"}}, problem, "problem");
}

}  // namespace
}  // namespace bw::coordinator::api
