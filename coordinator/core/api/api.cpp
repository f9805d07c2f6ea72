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

std::string in_lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool is_ipv4(std::string_view text) {
  int parts = 0;
  while (++parts <= 4) {
    const std::string_view part = text.substr(0, text.find('.'));
    const bool is_number = !part.empty() && part.size() <= 3 &&
                           part.find_first_not_of("0123456789") == std::string_view::npos;
    if (!is_number) return false;
    if (part.size() == text.size()) return parts == 4;
    text.remove_prefix(part.size() + 1);
  }
  return false;
}

// "127.0.0.1:8420", "[::1]", "localhost": what no name server had a say in. A page can have its own
// name lead to our address (DNS rebinding), and is then of the same origin.
bool is_unnamed(const std::string& host) {
  if (host.starts_with("[")) return true;  // no name begins so
  const std::string name = in_lower_case(host.substr(0, host.find(':')));
  return name == "localhost" || is_ipv4(name);
}

// Programs send no origin. A browser sends that of the page that asks, and whether it is ours.
bool is_own_origin(const Request& request) {
  const std::string& site = request.fetch_site;
  const bool is_browser = !site.empty() || !request.origin.empty();
  if (is_browser && !is_unnamed(request.host)) return false;
  if (!site.empty() && site != "same-origin" && site != "none") return false;
  if (request.origin.empty()) return true;
  const std::size_t scheme = request.origin.find("://");
  if (scheme == std::string::npos || request.host.empty()) return false;  // "null"
  return in_lower_case(request.origin.substr(scheme + 3)) == in_lower_case(request.host);
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
  const RouteMatch match = find_route(*target, request.method);
  if (match.allowed.empty()) return no_route(*target);
  if (match.route == nullptr) {
    Response response =
        problem(405, "there is no such method here: " + match.allowed + " are", target->path);
    response.headers.emplace_back("Allow", match.allowed);
    return response;
  }
  const Route* const route = match.route;
  if (route->method != "GET" && !is_own_origin(request)) {
    return problem(403,
                   "a page of another origin may change nothing here, and one of ours only where "
                   "it was reached by address or as localhost",
                   target->path);
  }
  if (route->method != "GET" && !request.body.empty() && !route->takes_body) {
    return problem(400, "this takes its parameters in the query, and no body", target->path);
  }
  Parameters parameters(*target, service.now_ms);
  parameters.expect_only(route->parameters);
  if (auto bad = parameters.problem()) return *std::move(bad);
  return route->handle({*target, match.id, fleet, service, request.body});
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
  const bool is_request = std::holds_alternative<ModelRequest>(answered);
  if (query == nullptr && !is_request) return answered;
  const std::string instance = request.target.substr(0, request.target.find('?'));
  if (waiting_.size() >= kMaxWaiting) {
    Response response =
        problem(503, "too many requests wait for the store, come again in a second", instance);
    response.headers.emplace_back("Retry-After", "1");
    return response;
  }
  if (query != nullptr) waiting.query = *query;
  waiting.is_request = is_request;
  waiting.instance = instance;
  waiting_.insert_or_assign(id, std::move(waiting));
  return answered;
}

std::optional<Response> Api::finish(std::uint64_t id, QueryResult result, const FleetView& fleet) {
  const auto entry = waiting_.find(id);
  if (entry == waiting_.end() || entry->second.is_request) return std::nullopt;
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
  const auto* const payload = std::get_if<ModelPayload>(&result);
  const auto* const model_query = std::get_if<ModelQuery>(&waiting.query);
  if (payload != nullptr && model_query != nullptr) {
    return finish_download(*model_query, *payload, waiting.instance);
  }
  const auto* const events = std::get_if<EventResult>(&result);
  if (events != nullptr && std::holds_alternative<EventQuery>(waiting.query)) {
    return waiting.finish ? waiting.finish(*events, fleet) : finish_events(*events);
  }
  return problem(500, "the store answered another question than was asked", waiting.instance);
}

std::optional<Response> Api::finish_request(std::uint64_t id, const ModelOutcome& outcome) {
  const auto entry = waiting_.find(id);
  if (entry == waiting_.end() || !entry->second.is_request) return std::nullopt;
  const std::string instance = entry->second.instance;
  waiting_.erase(entry);
  return api::finish_request(outcome, instance);
}

}  // namespace bw::coordinator::api
