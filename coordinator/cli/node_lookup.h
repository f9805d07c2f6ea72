// What to say where a node is not there.
#pragma once

#include <string>

#include "coordinator/cli/api_client.h"

namespace bw::cli {

// With the ids nearest to what was asked for; `fallback` where the coordinator can't list its
// nodes.
std::string unknown_node(ApiClient& api, const std::string& id, const std::string& fallback);

}  // namespace bw::cli
