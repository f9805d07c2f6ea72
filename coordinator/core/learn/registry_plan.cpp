// The part of Registry that plans deployments: who is meant, and what each is to run then.
#include <algorithm>
#include <utility>

#include "coordinator/core/learn/registry.h"

namespace bw::coordinator {

namespace {

constexpr std::size_t kPlanNamed = 5;  // nodes that a refusal names

bool is_selected(const NodeView& node, const NodeSelector& selector, NodeClasses& classes) {
  if (node.birth == nullptr) return false;
  const wire::NodeBirth& birth = *node.birth;
  const auto& nodes = selector.nodes;
  if (!nodes.empty() && std::find(nodes.begin(), nodes.end(), node.id) == nodes.end()) return false;
  if (!selector.site.empty() && birth.site != selector.site) return false;
  const bool has_labels =
      std::all_of(selector.labels.begin(), selector.labels.end(), [&](const wire::Label& label) {
        return std::find(birth.labels.begin(), birth.labels.end(), label) != birth.labels.end();
      });
  if (!has_labels) return false;
  return selector.node_class.empty() || classes.of(birth, node.series) == selector.node_class;
}

template <typename Visit>
void each_selected(const FleetView& fleet, const NodeSelector& selector, Visit&& visit) {
  NodeClasses classes;
  fleet.each("", [&](const NodeView& node) {
    if (is_selected(node, selector, classes)) visit(node);
    return true;
  });
}

// A node that was named but is not known.
std::optional<RequestRefused> unknown_node(const FleetView& fleet, const NodeSelector& selector) {
  for (const std::string& node : selector.nodes) {
    const auto view = fleet.find(node);
    if (!view || view->birth == nullptr) {
      return RequestRefused{404, "there is no node called " + node};
    }
  }
  return std::nullopt;
}

void remember(std::vector<std::string>& before, const std::string& model) {
  if (model.empty()) return;
  before.push_back(model);
  if (before.size() > kMaxModelsBefore) before.erase(before.begin());
}

bool is_unmet(const Wish* wish) {
  return wish != nullptr &&
         (wish->state == WishState::waiting || wish->state == WishState::refused);
}

bool is_long_away(const NodeView& node, std::int64_t now_ms) {
  const bool is_away = node.status == NodeStatus::offline || node.status == NodeStatus::silent;
  return is_away && now_ms - node.since_ms >= Registry::kLongAwayMs;
}

NodeId id_of(const NodeView& node) {
  return NodeId::parse(node.id).value();
}

}  // namespace

// `told.model` stays empty where nothing is to change.
Wish Registry::next_wish(const NodeView& node, const std::string& model, std::int64_t now_ms,
                         WishChange& told) const {
  const Wish* const last = wish_of(id_of(node));
  Wish wish{model, now_ms, WishState::waiting, "",
            last == nullptr ? std::vector<std::string>{} : last->before};
  const bool is_held =
      last != nullptr && (last->state == WishState::waiting || last->state == WishState::done);
  if (is_held && last->model == model) {
    told.text = last->state == WishState::done ? "runs it already" : "waits for it already";
    return wish;
  }
  if (is_held) {
    remember(wish.before, last->model);
  } else if (last == nullptr && node.birth->model != model) {
    remember(wish.before, node.birth->model);
  }
  told.model = model;
  if (node.status == NodeStatus::offline || node.status == NodeStatus::silent) {
    told.text = std::string(name_of(node.status)) + ": gets it when it is back";
  }
  return wish;
}

Registry::Plan Registry::plan(const DeployRequest& request, const FleetView& fleet,
                              std::int64_t now_ms) const {
  if (find(request.model) == nullptr) {
    return {RequestRefused{404, "there is no model called " + request.model}};
  }
  if (auto unknown = unknown_node(fleet, request.selector)) return {*std::move(unknown)};
  WishesChanged told{request.model, "", "", {}};
  Plan plan;
  each_selected(fleet, request.selector, [&](const NodeView& node) {
    WishChange change{std::string(node.id), "", ""};
    Wish wish = next_wish(node, request.model, now_ms, change);
    if (!change.model.empty()) plan.changes.emplace_back(PutWish{id_of(node), std::move(wish)});
    told.nodes.push_back(std::move(change));
  });
  if (request.selector.is_class_alone()) {
    const std::string& name = request.selector.node_class;
    const auto last = classes_.find(name);
    const bool is_new = last == classes_.end();
    if (is_new && classes_.size() >= kMaxClassWishes) {
      return {RequestRefused{409, std::to_string(kMaxClassWishes) +
                                      " classes have a model to begin with, the most there may be: "
                                      "name the nodes instead"}};
    }
    const bool is_same =
        !is_new && last->second.model == request.model && last->second.state == WishState::done;
    Wish wish{request.model, now_ms, WishState::done, "", {}};
    if (!is_new) wish.before = last->second.before;
    if (!is_new && last->second.state == WishState::done) remember(wish.before, last->second.model);
    if (!is_same) plan.changes.emplace_back(PutClassWish{name, std::move(wish)});
    told.node_class = name;
    told.class_text = "new nodes of this class begin with it";
  } else if (told.nodes.empty()) {
    return {RequestRefused{404, "no node fits"}};
  }
  plan.outcome = std::move(told);
  return plan;
}

// What was wished before; `told.model` stays empty where there is none.
Wish Registry::earlier_wish(const Wish* wish, std::int64_t now_ms, WishChange& told) const {
  if (wish == nullptr || wish->before.empty()) {
    told.text = "there was no model before";
    return {};
  }
  const std::string& model = wish->before.back();
  if (find(model) == nullptr) {
    told.text = model + ", the one before, is no longer kept";
    return {};
  }
  Wish earlier{model, now_ms, WishState::waiting, "", wish->before};
  earlier.before.pop_back();
  told.model = model;
  return earlier;
}

Registry::Plan Registry::plan(const RollbackRequest& request, const FleetView& fleet,
                              std::int64_t now_ms) const {
  if (auto unknown = unknown_node(fleet, request.selector)) return {*std::move(unknown)};
  WishesChanged told;
  Plan plan;
  each_selected(fleet, request.selector, [&](const NodeView& node) {
    WishChange change{std::string(node.id), "", ""};
    Wish wish = earlier_wish(wish_of(id_of(node)), now_ms, change);
    const Wish* const last = wish_of(id_of(node));
    if (change.model.empty() && is_unmet(last)) {
      // What never came to run can be taken back, even where nothing was before.
      change.text += "; " + last->model + " is no longer wished of it";
      change.is_ended = true;
      wish = *last;
      wish.state = WishState::ended;
      wish.reason.clear();
      plan.changes.emplace_back(PutWish{id_of(node), std::move(wish)});
    } else if (!change.model.empty()) {
      plan.changes.emplace_back(PutWish{id_of(node), std::move(wish)});
    }
    told.nodes.push_back(std::move(change));
  });
  const std::string& name = request.selector.node_class;
  const auto start = classes_.find(name);
  const bool is_class = request.selector.is_class_alone() && start != classes_.end() &&
                        start->second.state == WishState::done;
  if (is_class) {
    WishChange change{"", "", ""};
    Wish wish = earlier_wish(&start->second, now_ms, change);
    wish.state = WishState::done;
    if (change.model.empty()) {
      wish = start->second;
      wish.state = WishState::ended;
    }
    told.node_class = name;
    told.class_text = change.model.empty() ? "new nodes of this class begin without a model"
                                           : "new nodes of this class begin with " + change.model;
    plan.changes.emplace_back(PutClassWish{name, std::move(wish)});
  } else if (told.nodes.empty()) {
    return {RequestRefused{404, "no node fits"}};
  }
  plan.outcome = std::move(told);
  return plan;
}

std::optional<RequestRefused> Registry::in_use(const ModelRecord& model, const FleetView& fleet,
                                               std::int64_t now_ms) const {
  const std::string id = model.id.text();
  for (const auto& [name, wish] : classes_) {
    if (wish.model != id || wish.state == WishState::ended) continue;
    return RequestRefused{409, id + " is what new nodes of class " + name + " begin with"};
  }
  std::size_t count = 0;
  std::string names;
  fleet.each("", [&](const NodeView& node) {
    if (is_long_away(node, now_ms)) return true;
    const Wish* const wish = wish_of(id_of(node));
    const bool is_wished = wish != nullptr && wish->model == id &&
                           (wish->state == WishState::waiting || wish->state == WishState::done);
    const bool runs = node.birth != nullptr && node.birth->model == id;
    if (!is_wished && !runs) return true;
    if (++count <= kPlanNamed) names += (names.empty() ? "" : ", ") + std::string(node.id);
    return true;
  });
  if (count == 0) return std::nullopt;
  if (count > kPlanNamed) names += " and " + std::to_string(count - kPlanNamed) + " more";
  return RequestRefused{409, id + " runs on, or is wished of, " + names};
}

Registry::Plan Registry::plan(const RemoveRequest& request, const FleetView& fleet,
                              std::int64_t now_ms) const {
  const ModelRecord* const model = find(request.model);
  if (model == nullptr) {
    return {RequestRefused{404, "there is no model called " + request.model}};
  }
  if (auto used = in_use(*model, fleet, now_ms)) return {*std::move(used)};
  Plan plan{ModelRemoved{request.model}};
  plan.changes.emplace_back(DropModel{model->id});
  return plan;
}

std::optional<PutWish> Registry::start_of(const NodeView& node, std::int64_t now_ms) const {
  if (node.birth == nullptr || !node.birth->model.empty()) return std::nullopt;
  const NodeId id = id_of(node);
  if (wish_of(id) != nullptr) return std::nullopt;
  const auto start = classes_.find(NodeClasses().of(*node.birth, node.series));
  if (start == classes_.end() || start->second.state != WishState::done) return std::nullopt;
  return PutWish{id, Wish{start->second.model, now_ms, WishState::waiting, "", {}}};
}

}  // namespace bw::coordinator
