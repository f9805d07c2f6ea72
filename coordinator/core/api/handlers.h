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
Answer list_models(const Call& call);
Answer show_model(const Call& call);
Answer download_model(const Call& call);
Answer import_model(const Call& call);
Answer remove_model(const Call& call);
Answer deploy_model(const Call& call);
Answer roll_back_models(const Call& call);
Answer train_model(const Call& call);
Answer silence_node(const Call& call);
Answer show_command(const Call& call);
Answer show_health(const Call& call);
Answer show_readiness(const Call& call);
Answer show_metrics(const Call& call);
Answer federate(const Call& call);
Answer show_openapi(const Call& call);

// Once the store has answered.
Response finish_range(const RangeQuery& query, RangeResult result, const FleetView& fleet,
                      std::string_view instance);
Response finish_events(const EventResult& result);
Response finish_download(const ModelQuery& query, const ModelPayload& payload,
                         std::string_view instance);
// As one of the list; nobody runs it yet.
Response model_response(const ModelRecord& model);
// Once it is done, or is not.
Response finish_request(const ModelOutcome& outcome, std::string_view instance);

}  // namespace bw::coordinator::api
