// The API's answers, from JSON into model.h. An answer that is not JSON, or not of the shape the
// coordinator gives, is an error that says where; members that are missing or null are unknown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "coordinator/cli/model.h"

namespace bw::cli {

struct NodePage {
  std::vector<Node> nodes;
  std::string next;  // empty: this was the last page
};

Result<NodePage> decode_nodes(std::string_view json);
Result<NodeDetail> decode_node(std::string_view json);
Result<NodeSeries> decode_series(std::string_view json);
Result<QueryAnswer> decode_query(std::string_view json);
class JsonReader;
EventRow read_event(JsonReader& in);
Result<std::vector<EventRow>> decode_events(std::string_view json);
Result<FleetStatus> decode_status(std::string_view json);

// A problem document (RFC 9457) as "title: detail"; empty where the text is none.
std::string decode_problem(std::string_view json);

}  // namespace bw::cli
