#include "coordinator/core/api/api.h"

#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "coordinator/core/api/handlers.h"
#include "coordinator/core/api/parameters.h"
#include "coordinator/core/api/problem.h"
#include "coordinator/core/api/target.h"

namespace bw::coordinator::api {

namespace {

Response no_route(const Target& target) {
  std::vector<std::string_view> paths;
  for (const Route& route : routes()) paths.push_back(route.path);
  const std::string_view meant = nearest(target.path, paths);
  std::string detail = "there is nothing at " + target.path.substr(0, 200);
  if (!meant.empty()) detail += ", did you mean " + std::string(meant) + "?";
  return problem(404, detail, target.path);
}

Answer answer(const Request& request, const FleetView& fleet, const ServiceView& service) {
  if (request.target.size() > kMaxTarget) {
    return problem(414, "a request has at most " + std::to_string(kMaxTarget) + " bytes", "/");
  }
  const auto target = parse_target(request.target);
  if (!target) {
    const std::string path = request.target.substr(0, request.target.find('?'));
    return problem(400, target.error().message, path);
  }
  std::string_view id;
  const Route* const route = find_route(*target, id);
  if (route == nullptr) return no_route(*target);
  if (request.method != "GET" && request.method != "HEAD") {
    Response response =
        problem(405, "this can be read only: GET and HEAD are allowed", target->path);
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
  }
  Parameters parameters(*target, service.now_ms);
  parameters.expect_only(route->parameters);
  if (auto bad = parameters.problem()) return *std::move(bad);
  return route->handle({*target, id, fleet, service});
}

}  // namespace

Answer Api::handle(std::uint64_t id, const Request& request, const FleetView& fleet,
                   const ServiceView& service) {
  Answer answered = answer(request, fleet, service);
  Waiting waiting;
  if (auto* const question = std::get_if<Question>(&answered)) {
    waiting.finish = std::move(question->finish);
    answered = StoreQuery(std::move(question->query));
  }
  const auto* const query = std::get_if<StoreQuery>(&answered);
  if (query == nullptr) return answered;
  const std::string instance = request.target.substr(0, request.target.find('?'));
  if (waiting_.size() >= kMaxWaiting) {
    Response response =
        problem(503, "too many requests wait for the store, come again in a second", instance);
    response.headers.emplace_back("Retry-After", "1");
    return response;
  }
  waiting.query = *query;
  waiting.instance = instance;
  waiting_.insert_or_assign(id, std::move(waiting));
  return answered;
}

std::optional<Response> Api::finish(std::uint64_t id, QueryResult result, const FleetView& fleet) {
  const auto entry = waiting_.find(id);
  if (entry == waiting_.end()) return std::nullopt;
  const Waiting waiting = std::move(entry->second);
  waiting_.erase(entry);
  if (const auto* const error = std::get_if<QueryError>(&result)) {
    return problem(503, "the store could not answer: " + error->reason, waiting.instance);
  }
  auto* const range = std::get_if<RangeResult>(&result);
  const auto* const range_query = std::get_if<RangeQuery>(&waiting.query);
  if (range != nullptr && range_query != nullptr) {
    return finish_range(*range_query, std::move(*range), fleet, waiting.instance);
  }
  const auto* const events = std::get_if<EventResult>(&result);
  if (events != nullptr && range_query == nullptr) {
    return waiting.finish ? waiting.finish(*events, fleet) : finish_events(*events);
  }
  return problem(500, "the store answered another question than was asked", waiting.instance);
}

}  // namespace bw::coordinator::api
