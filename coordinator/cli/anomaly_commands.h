// The commands `anomalies`, `anomaly show` and `node health`: what they ask of the coordinator, and
// what they print of its answer.
#pragma once

#include "coordinator/cli/api_client.h"
#include "coordinator/cli/arguments.h"
#include "coordinator/cli/shown.h"
#include "coordinator/cli/view.h"

namespace bw::cli {

Shown show_anomalies(const Invocation& invocation, ApiClient& api, const View& view);
Shown show_anomaly(const Invocation& invocation, ApiClient& api, const View& view);
// Code 1 for a node that is not well.
Shown show_health(const Invocation& invocation, ApiClient& api, const View& view);

}  // namespace bw::cli
