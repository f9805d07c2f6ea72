// A made-up fleet, and small models, for the tests beside this file.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "coordinator/core/learn/work.h"
#include "coordinator/core/view.h"
#include "schemas/wire/model.h"

namespace bw::coordinator {

inline NodeId learn_node(std::string_view id) {
  return NodeId::parse(id).value();
}

inline wire::Model small_model(float threshold = 31.5F) {
  wire::Model model;
  model.forest = {2, 2, 2, 1, -0.5, {1.5F, -2}, {0, 1, 1, 0}, {1, 2, 3, 4}, {1, 1, 1, 1}};
  model.from_ms = 1000;
  model.to_ms = 61000;
  model.rows = 900;
  model.metrics = {"cpu.util", "mem.util"};
  model.threshold = static_cast<double>(threshold);
  return model;
}

inline std::vector<std::byte> model_bytes(float threshold = 31.5F) {
  return wire::encode_model(small_model(threshold)).value();
}

class LearnFleet final : public FleetView {
 public:
  struct Node {
    std::string id;
    NodeStatus status = NodeStatus::online;
    wire::NodeBirth birth;
    bool is_born = true;
    std::optional<std::int64_t> clock_offset_ms;
  };

  Node& add(const std::string& id, const std::string& node_class = "edge") {
    Node& node = nodes_[id];
    node.id = id;
    node.birth.epoch = 7;
    node.birth.site = "home";
    node.birth.labels = {{"class", node_class}};
    return node;
  }
  Node& at(const std::string& id) { return nodes_.at(id); }
  void remove(const std::string& id) { nodes_.erase(id); }

  std::optional<NodeView> find(std::string_view id) const override {
    const auto entry = nodes_.find(std::string(id));
    if (entry == nodes_.end()) return std::nullopt;
    return view_of(entry->second);
  }
  void each(std::string_view after,
            const std::function<bool(const NodeView&)>& visit) const override {
    for (auto one = nodes_.upper_bound(std::string(after)); one != nodes_.end(); ++one) {
      if (!visit(view_of(one->second))) return;
    }
  }

 private:
  static NodeView view_of(const Node& node) {
    NodeView view;
    view.id = node.id;
    view.status = node.status;
    view.birth = node.is_born ? &node.birth : nullptr;
    view.clock_offset_ms = node.clock_offset_ms;
    return view;
  }

  std::map<std::string, Node> nodes_;
};

inline NodeSelector nodes_named(std::vector<std::string> nodes) {
  NodeSelector selector;
  selector.nodes = std::move(nodes);
  return selector;
}
inline NodeSelector nodes_of_class(std::string node_class) {
  NodeSelector selector;
  selector.node_class = std::move(node_class);
  return selector;
}

}  // namespace bw::coordinator
