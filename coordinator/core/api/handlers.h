// What answers each route: Call in, Answer out.
#pragma once

#include <string_view>

#include "coordinator/core/api/query.h"
#include "coordinator/core/api/route.h"

namespace bw::coordinator::api {

Answer show_status(const Call& call);
Answer list_nodes(const Call& call);
Answer show_node(const Call& call);
Answer list_series(const Call& call);
Answer query_range(const Call& call);
Answer list_events(const Call& call);
Answer list_anomalies(const Call& call);
Answer show_anomaly(const Call& call);
Answer show_node_health(const Call& call);
Answer show_health(const Call& call);
Answer show_readiness(const Call& call);
Answer show_metrics(const Call& call);
Answer federate(const Call& call);
Answer show_openapi(const Call& call);

// Once the store has answered.
Response finish_range(const RangeQuery& query, RangeResult result, const FleetView& fleet,
                      std::string_view instance);
Response finish_events(const EventResult& result);

}  // namespace bw::coordinator::api
