// The API's routes as one table: what is answered, what the parameters are, and what OpenAPI says
// of them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "coordinator/core/api/http.h"
#include "coordinator/core/api/query.h"
#include "coordinator/core/api/target.h"
#include "coordinator/core/view.h"

namespace bw::coordinator::api {

struct Parameter {
  std::string_view name;
  std::string_view type;  // of a JSON schema: "string", "integer"
  std::string_view text;
  bool is_required = false;
  bool is_repeatable = false;
  std::string_view choices = {};  // separated by spaces
};

// One request on its way; valid during the call.
struct Call {
  const Target& target;
  std::string_view id;  // what stands in the place of {id}
  const FleetView& fleet;
  const ServiceView& service;
  std::string_view body = {};
};

// What to ask the store for, and what makes the response of its answer. The fleet is that of then;
// of the Call nothing is left.
struct Question {
  StoreQuery query;
  std::function<Response(const EventResult&, const FleetView&)> finish;
};

// Either the response, or what to ask the store for first, or what is to be done. A Question is the
// routes' own: handle() makes a StoreQuery of it.
using Answer = std::variant<Response, StoreQuery, Question, ModelRequest>;

struct Route {
  std::string_view path;  // a segment "{id}" stands for any
  std::string_view name;  // operationId
  std::string_view text;
  std::span<const Parameter> parameters;
  std::string_view schema;  // of the answer; empty: not JSON
  Answer (*handle)(const Call&);
  std::string_view method = "GET";
  std::string_view status = "200";              // of HTTP, where all is well
  std::string_view media = "application/json";  // of the answer; without a schema text/plain
  bool takes_body = false;
};

std::span<const Route> routes();

// Whom a path leads to. Routes of one path stand side by side.
struct RouteMatch {
  const Route* route = nullptr;  // null: there is none for this method
  std::string_view id;           // the segment in the place of {id}
  std::string allowed;           // "GET, HEAD": the methods of this path; empty: no such path
};
RouteMatch find_route(const Target& target, std::string_view method);

}  // namespace bw::coordinator::api
