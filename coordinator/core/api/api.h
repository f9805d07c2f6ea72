// Requests in, responses out: routes, parameters, answers in JSON, and questions to the store in
// between.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <variant>

#include "coordinator/core/api/http.h"
#include "coordinator/core/api/query.h"
#include "coordinator/core/api/route.h"
#include "coordinator/core/view.h"

namespace bw::coordinator::api {

class Api {
 public:
  // Requests that wait for the store at once; more are told to come again.
  static constexpr std::size_t kMaxWaiting = 64;

  // The response, or the question to put to the store; finish() is then called with its answer.
  Answer handle(std::uint64_t id, const Request& request, const FleetView& fleet,
                const ServiceView& service);
  // Nothing where no such request waits.
  std::optional<Response> finish(std::uint64_t id, QueryResult result, const FleetView& fleet);

  // The same for what was to be done.
  std::optional<Response> finish_request(std::uint64_t id, const ModelOutcome& outcome);

  std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Waiting {
    StoreQuery query;
    std::string instance;
    bool is_request = false;  // of something to be done: there is no query
    std::function<Response(const EventResult&, const FleetView&)> finish;  // may be empty
  };
  std::map<std::uint64_t, Waiting> waiting_;
};

}  // namespace bw::coordinator::api
