// The API's description (OpenAPI 3.1), made of the tables of routes and schemas.
#include <algorithm>
#include <string>
#include <utility>

#include "base/json_writer.h"
#include "coordinator/core/api/handlers.h"
#include "coordinator/core/api/json_parts.h"
#include "coordinator/core/api/route.h"
#include "coordinator/core/api/schema.h"

namespace bw::coordinator::api {

namespace {

void write_choices(JsonWriter& json, std::string_view choices) {
  json.key("enum").begin_array();
  while (!choices.empty()) {
    const std::size_t end = std::min(choices.find(' '), choices.size());
    json.value(choices.substr(0, end));
    choices.remove_prefix(std::min(choices.size(), end + 1));
  }
  json.end_array();
}

void write_parameter(JsonWriter& json, const Parameter& parameter, std::string_view where) {
  json.begin_object();
  json.member("name", parameter.name);
  json.member("in", where);
  json.member("description", parameter.text);
  if (parameter.is_required) json.member("required", true);
  json.key("schema").begin_object();
  if (parameter.is_repeatable) {
    json.member("type", "array");
    json.key("items").begin_object();
  }
  json.member("type", parameter.type);
  if (!parameter.choices.empty()) write_choices(json, parameter.choices);
  if (parameter.is_repeatable) json.end_object();
  json.end_object().end_object();
}

void write_content(JsonWriter& json, std::string_view status, std::string_view description,
                   std::string_view type, std::string_view schema) {
  json.key(status).begin_object();
  json.member("description", description);
  json.key("content").begin_object().key(type).begin_object().key("schema").begin_object();
  if (schema.empty()) {
    json.member("type", "string");
  } else {
    json.member("$ref", "#/components/schemas/" + std::string(schema));
  }
  json.end_object().end_object().end_object().end_object();
}

std::string_view method_key(std::string_view method) {
  return method == "POST" ? "post" : method == "DELETE" ? "delete" : "get";
}

void write_route(JsonWriter& json, const Route& route) {
  const bool has_id = route.path.find("{id}") != std::string_view::npos;
  json.key(method_key(route.method)).begin_object();
  json.member("operationId", route.name);
  json.member("summary", route.text);
  json.key("parameters").begin_array();
  const bool is_node = route.path.starts_with("/api/v1/nodes/");
  if (has_id) {
    write_parameter(json, {"id", "string", is_node ? "The node's id" : "Its id", true}, "path");
  }
  for (const Parameter& parameter : route.parameters) write_parameter(json, parameter, "query");
  json.end_array();
  if (route.takes_body) {
    json.key("requestBody").begin_object().member("required", true).key("content").begin_object();
    json.key("application/octet-stream").begin_object().end_object().end_object().end_object();
  }
  json.key("responses").begin_object();
  const bool is_text = route.schema.empty() && route.media == "application/json";
  write_content(json, route.status, route.text, is_text ? "text/plain" : route.media, route.schema);
  if (route.name == "readiness") {
    write_content(json, "503", "Not ready, and why", "application/json", route.schema);
  }
  write_content(json, "default", "What went wrong (RFC 9457)", "application/problem+json",
                "Problem");
  json.end_object().end_object();
}

// Routes of one path stand side by side.
void write_paths(JsonWriter& json) {
  json.key("paths").begin_object();
  std::string_view path;
  for (const Route& route : routes()) {
    if (route.path != path) {
      if (!path.empty()) json.end_object();
      json.key(route.path).begin_object();
      path = route.path;
    }
    write_route(json, route);
  }
  json.end_object().end_object();
}

}  // namespace

Answer show_openapi(const Call& call) {
  JsonWriter json;
  json.begin_object();
  json.member("openapi", "3.1.0");
  json.key("info").begin_object();
  json.member("title", "Bellwether coordinator");
  json.member("version", call.service.version);
  json.end_object();
  write_paths(json);
  json.key("components").begin_object().key("schemas").begin_object();
  for (const Schema& schema : schemas()) {
    json.key(schema.name);
    write_schema(json, schema);
  }
  json.end_object().end_object().end_object();
  return json_response(std::move(json));
}

}  // namespace bw::coordinator::api
