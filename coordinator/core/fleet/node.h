// What is known of one node.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "coordinator/core/table.h"
#include "coordinator/core/view.h"
#include "schemas/wire/messages.h"

namespace bw::coordinator {

// Another agent that says it is this node, while the one that owns the id was heard lately.
struct Contest {
  wire::NodeBirth birth;  // without its series
  Table table;
  Instant since{};
};

struct Node {
  static constexpr std::size_t kMaxRefusedEpochs = 8;

  explicit Node(NodeId node) : id(std::move(node)) {}

  NodeId id;
  std::int64_t first_seen_ms = 0;

  // The agent that owns the id: the one whose birth was accepted last.
  std::optional<wire::NodeBirth> birth;  // without its series: they are `table`
  Table table;                           // null where it is not known
  wire::NodeState state;                 // of the owner
  wire::NodeState other_state;           // the last of another agent; its birth may follow

  std::optional<Contest> contest;
  std::deque<std::uint64_t> refused_epochs;  // the newest last
  std::optional<Instant> refused_at;
  std::optional<Instant> announced_at;
  std::uint64_t replaced_epoch = 0;           // the agent before the owner, on the same store
  std::optional<Instant> stranger_called_at;  // an agent of neither was asked for its birth

  // Liveness of the owner.
  std::optional<Instant> heard;
  std::int64_t last_seen_ms = 0;
  NodeStatus status = NodeStatus::silent;
  std::int64_t since_ms = 0;

  std::vector<float> live;
  std::uint64_t live_sequence = 0;
  std::int64_t live_ms = 0;
  std::optional<std::int64_t> clock_offset_ms;
};

}  // namespace bw::coordinator
