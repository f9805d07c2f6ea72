#include "coordinator/core/fleet/fleet.h"

#include <algorithm>
#include <utility>

namespace bw::coordinator {

namespace {

constexpr std::uint64_t kNamed = 5;  // nodes of one status change that the log names

wire::NodeBirth without_series(const wire::NodeBirth& birth) {
  wire::NodeBirth bare;
  bare.epoch = birth.epoch;
  bare.store_id = birth.store_id;
  bare.site = birth.site;
  bare.labels = birth.labels;
  bare.hardware = birth.hardware;
  bare.agent_version = birth.agent_version;
  bare.started_ms = birth.started_ms;
  bare.period_ms = birth.period_ms;
  bare.capabilities = birth.capabilities;
  bare.table_id = birth.table_id;
  bare.model = birth.model;
  return bare;
}

}  // namespace

std::string_view name_of(NodeStatus status) {
  switch (status) {
    case NodeStatus::online:
      return "online";
    case NodeStatus::draining:
      return "draining";
    case NodeStatus::offline:
      return "offline";
    case NodeStatus::silent:
      break;
  }
  return "silent";
}

void Fleet::restore(const std::vector<StoredNode>& nodes, FleetWork& work) {
  for (auto& [id, node] : nodes_) {
    if (!node.birth) continue;
    work.births.push_back(id);
    work.states.push_back(id);
    if (node.status != NodeStatus::offline) to_announce_.push_back(id);
  }
  for (const StoredNode& stored : nodes) {
    if (nodes_.size() >= kMaxNodes) break;
    const auto [entry, is_new] = nodes_.try_emplace(stored.node, stored.node);
    if (!is_new) continue;
    Node& node = entry->second;
    node.first_seen_ms = stored.first_seen_ms;
    node.state = stored.state;
    if (stored.birth.epoch != 0) node.birth = without_series(stored.birth);
    if (!stored.birth.series.empty()) {
      node.table = pool_.share(stored.birth.table_id, stored.birth.series);
    }
    for (const StoredEpoch& epoch : stored.epochs) {
      node.last_seen_ms = std::max(node.last_seen_ms, epoch.last_ms);
    }
    // A will does not say since when.
    node.since_ms = std::max(node.state.since_ms, node.last_seen_ms);
    if (node.birth && node.state.condition == wire::NodeCondition::offline) {
      node.status = NodeStatus::offline;
    }
  }
}

Fleet::Taken Fleet::hear(const NodeId& id, const wire::NodeBirth& birth, Instant now, WallTime wall,
                         FleetWork& work) {
  Node* const node = find_or_add(id, wall);
  if (node == nullptr) return std::nullopt;
  settle(*node, now, wall, work);
  wire::NodeBirth bare = without_series(birth);
  const bool is_owner = node->birth && node->birth->epoch == birth.epoch;
  const bool has_table = node->table != nullptr || birth.series.empty();
  if (is_owner && *node->birth == bare && has_table) {
    // A copy that the broker kept says nothing of whether its sender lives.
    owner_spoke(*node, false, now, wall, work);
    return std::nullopt;
  }
  Table table = pool_.share(birth.table_id, birth.series);
  if (is_owner) {
    accept(*node, std::move(bare), std::move(table), now, wall, work);
    owner_spoke(*node, true, now, wall, work);
    return std::nullopt;
  }
  const bool is_elsewhere = node->birth && node->birth->store_id != birth.store_id;
  if (is_elsewhere && is_alive(*node, now)) {
    contest(*node, std::move(bare), std::move(table), now, wall, work);
    return wire::Refusal::wrong_epoch;
  }
  accept(*node, std::move(bare), std::move(table), now, wall, work);
  return std::nullopt;
}

Fleet::Taken Fleet::hear(const NodeId& id, const wire::NodeState& state, Instant now, WallTime wall,
                         FleetWork& work) {
  Node* const node = find_or_add(id, wall);
  if (node == nullptr) return std::nullopt;
  settle(*node, now, wall, work);
  if (!node->birth || node->birth->epoch != state.epoch) {
    if (is_barred(*node, state.epoch)) {
      refuse_again(*node, state.epoch, now, wall, work);
      return wire::Refusal::wrong_epoch;
    }
    // The will of an agent that was replaced, or the state of one whose birth is on its way.
    node->other_state = state;
    if (state.condition == wire::NodeCondition::online) {
      call_stranger(*node, state.epoch, now, wall, work);
    }
    return std::nullopt;
  }
  const bool is_news = node->state != state;
  if (is_news) {
    node->state = state;
    work.states.push_back(id);
  }
  // A will is the broker's word, not the agent's.
  const bool is_own_word = state.condition != wire::NodeCondition::offline;
  if (is_own_word) owner_spoke(*node, is_news, now, wall, work);
  refresh(*node, now, wall);
  return std::nullopt;
}

Fleet::Taken Fleet::hear(const NodeId& id, const wire::LiveSample& sample, Instant now,
                         WallTime wall, FleetWork& work) {
  if (const Taken refused = hear_other(id, sample.epoch, now, wall, work)) return refused;
  const auto entry = nodes_.find(id);
  if (entry == nodes_.end()) return std::nullopt;
  Node& node = entry->second;
  const bool is_owner = node.birth && node.birth->epoch == sample.epoch;
  if (node.birth && !is_owner) {
    if (is_alive(node, now)) {
      call_stranger(node, sample.epoch, now, wall, work);
    } else {
      miss_table(id, sample.epoch, now, wall, work);
    }
    return wire::Refusal::wrong_epoch;
  }
  if (!is_owner || node.table == nullptr || node.birth->table_id != sample.table_id) {
    miss_table(id, sample.epoch, now, wall, work);
    return wire::Refusal::unknown_table;
  }
  if (sample.values.size() > node.table->size()) return wire::Refusal::out_of_bounds;
  ++live_samples_;
  if (node.state.condition == wire::NodeCondition::offline) {
    announce(node, sample.epoch, "this agent is said to be offline", now, wall, work);
  }
  // One that was overtaken on its way.
  if (!node.live.empty() && sample.sequence < node.live_sequence) return std::nullopt;
  node.live = sample.values;
  node.live_sequence = sample.sequence;
  node.live_ms = sample.time_ms;
  node.clock_offset_ms = sample.time_ms - to_ms(wall);
  return std::nullopt;
}

Fleet::Taken Fleet::hear_other(const NodeId& id, std::uint64_t epoch, Instant now, WallTime wall,
                               FleetWork& work) {
  Node* const node = find_or_add(id, wall);
  if (node == nullptr) return std::nullopt;
  settle(*node, now, wall, work);
  if (node->birth && node->birth->epoch == epoch) {
    owner_spoke(*node, true, now, wall, work);
    return std::nullopt;
  }
  if (!is_barred(*node, epoch)) return std::nullopt;
  refuse_again(*node, epoch, now, wall, work);
  return wire::Refusal::wrong_epoch;
}

void Fleet::miss_table(const NodeId& id, std::uint64_t epoch, Instant now, WallTime wall,
                       FleetWork& work) {
  const auto entry = nodes_.find(id);
  if (entry == nodes_.end()) return;
  Node& node = entry->second;
  const bool is_owner = node.birth && node.birth->epoch == epoch;
  if (node.birth && !is_owner && is_alive(node, now)) return;
  announce(node, epoch, "the coordinator lacks this node's series table", now, wall, work);
}

void Fleet::tick(Instant now, WallTime wall, FleetWork& work) {
  for (auto& [id, node] : nodes_) {
    settle(node, now, wall, work);
    refresh(node, now, wall);
  }
  for (std::size_t i = 0; i < kAnnouncesATick && !to_announce_.empty(); ++i) {
    const auto entry = nodes_.find(to_announce_.front());
    to_announce_.pop_front();
    if (entry == nodes_.end() || !entry->second.birth) continue;
    announce(entry->second, entry->second.birth->epoch, "the coordinator's store was replaced", now,
             wall, work);
  }
  report_changes(work);
}

Node* Fleet::find_or_add(const NodeId& id, WallTime wall) {
  if (const auto entry = nodes_.find(id); entry != nodes_.end()) return &entry->second;
  if (nodes_.size() >= kMaxNodes) {
    ++refused_nodes_;
    return nullptr;
  }
  Node& node = nodes_.try_emplace(id, id).first->second;
  node.first_seen_ms = to_ms(wall);
  node.since_ms = to_ms(wall);
  return &node;
}

bool Fleet::has_room_for(const NodeId& id) const {
  return nodes_.size() < kMaxNodes || nodes_.contains(id);
}

const Node* Fleet::find(const NodeId& id) const {
  const auto entry = nodes_.find(id);
  return entry == nodes_.end() ? nullptr : &entry->second;
}

std::array<std::uint64_t, kNodeStatuses> Fleet::counts() const {
  std::array<std::uint64_t, kNodeStatuses> counts{};
  for (const auto& [id, node] : nodes_) ++counts[static_cast<std::size_t>(node.status)];
  return counts;
}

Duration Fleet::timeout_of(const Node& node) const {
  // A node that ticks slowly is given three ticks.
  const Duration ticks = std::chrono::milliseconds{node.birth ? node.birth->period_ms : 0} * 3;
  return std::max(live_timeout_, ticks);
}

bool Fleet::is_alive(const Node& node, Instant now) const {
  return node.birth && node.state.condition != wire::NodeCondition::offline && node.heard &&
         now - *node.heard <= timeout_of(node);
}

// Brings the status up to what was said and heard.
void Fleet::refresh(Node& node, Instant now, WallTime wall) {
  NodeStatus status = NodeStatus::silent;
  if (node.birth && node.state.condition == wire::NodeCondition::offline) {
    status = NodeStatus::offline;
  } else if (is_alive(node, now)) {
    status = node.state.condition == wire::NodeCondition::draining ? NodeStatus::draining
                                                                   : NodeStatus::online;
  }
  if (status == node.status) return;
  node.status = status;
  node.since_ms = to_ms(wall);
  Changes& changes = changes_[static_cast<std::size_t>(status)];
  if (++changes.count > kNamed) return;
  if (!changes.names.empty()) changes.names += ", ";
  changes.names += node.id.str();
}

void Fleet::report_changes(FleetWork& work) {
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    Changes& changes = changes_[i];
    if (changes.count == 0) continue;
    const auto status = static_cast<NodeStatus>(i);
    const LogLevel level = status == NodeStatus::silent ? LogLevel::warning : LogLevel::info;
    const std::string is_now(name_of(status));
    std::string text = "node " + changes.names + " is " + is_now;
    if (changes.count > 1) {
      text = std::to_string(changes.count) + " nodes are " + is_now + ": " + changes.names;
    }
    if (changes.count > kNamed) text += ", ...";
    work.log.push_back({level, std::move(text)});
    changes = {};
  }
}

}  // namespace bw::coordinator
