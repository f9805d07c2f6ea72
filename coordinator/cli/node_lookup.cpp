#include "coordinator/cli/node_lookup.h"

#include <vector>

#include "base/text.h"
#include "coordinator/cli/display.h"

namespace bw::cli {

namespace {

constexpr std::size_t kNearIds = 3;

}  // namespace

std::string unknown_node(ApiClient& api, const std::string& id, const std::string& fallback) {
  const auto nodes = api.nodes({});
  if (!nodes) return fallback;
  std::vector<std::string_view> ids;
  for (const Node& node : nodes.value()) ids.push_back(node.id);
  std::string near;
  for (std::size_t i = 0; i < kNearIds; ++i) {
    const std::string_view found = nearest(id, ids);
    if (found.empty()) break;
    near += (near.empty() ? "" : ", ") + visible(found);
    std::erase(ids, found);
  }
  std::string text = "no node is called '" + visible(id) + "'";
  if (!near.empty()) return text + "; near to it: " + near;
  return text + "; 'bellwether nodes' lists all " + std::to_string(ids.size());
}

}  // namespace bw::cli
