// Which nodes there are, which agent owns a node's id, and what it last said: birth, state, live
// values.
//
// An agent owns an id from its birth on. Where another one is born with the same id while the owner
// is alive and keeps another outbox, the id is contested: for kContestWindow nothing of the
// newcomer is taken, and the owner is asked to announce itself. If it speaks, the newcomer is
// refused; if not, the newcomer owns the id.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log_level.h"
#include "base/rng.h"
#include "base/time.h"
#include "coordinator/core/fleet/node.h"
#include "coordinator/core/records.h"
#include "coordinator/core/table.h"
#include "schemas/wire/codec.h"

namespace bw::coordinator {

// What is to be done after something was heard.
struct FleetWork {
  struct Send {
    NodeId node;
    wire::Command command;
  };
  struct Line {
    LogLevel level;
    std::string text;
  };
  std::vector<Send> commands;
  std::vector<Line> log;
  std::vector<NodeId> births;  // to be stored, with their tables
  std::vector<NodeId> states;  // to be stored
};

class Fleet {
 public:
  static constexpr std::size_t kMaxNodes = 20000;
  static constexpr Duration kContestWindow = std::chrono::seconds{3};
  static constexpr Duration kRepeatAfter = std::chrono::seconds{5};  // commands to one node
  static constexpr std::int64_t kCommandLifeMs = 60000;
  static constexpr std::size_t kAnnouncesATick = 500;

  Fleet(std::uint64_t seed, Duration live_timeout) : rng_(seed), live_timeout_(live_timeout) {}

  // The nodes that the store holds. Those known beside them are stored again, and the live ones are
  // asked, a few a tick, to announce themselves.
  void restore(const std::vector<StoredNode>& nodes, FleetWork& work);

  // What was not taken, and why; nothing where all was. A node beyond kMaxNodes is refused quietly:
  // refused_nodes() counts them.
  using Taken = std::optional<wire::Refusal>;
  Taken hear(const NodeId& id, const wire::NodeBirth& birth, Instant now, WallTime wall,
             FleetWork& work);
  Taken hear(const NodeId& id, const wire::NodeState& state, Instant now, WallTime wall,
             FleetWork& work);
  Taken hear(const NodeId& id, const wire::LiveSample& sample, Instant now, WallTime wall,
             FleetWork& work);
  // A message of an agent that carries nothing for the fleet: a record, a result. Records of
  // earlier agents of the node are welcome; those of one that is refused or contests the id are
  // not.
  Taken hear_other(const NodeId& id, std::uint64_t epoch, Instant now, WallTime wall,
                   FleetWork& work);
  bool has_room_for(const NodeId& id) const;

  // A block or sample of this agent named a series table that is not known.
  void miss_table(const NodeId& id, std::uint64_t epoch, Instant now, WallTime wall,
                  FleetWork& work);

  // Once a second.
  void tick(Instant now, WallTime wall, FleetWork& work);

  const Node* find(const NodeId& id) const;
  const std::map<NodeId, Node>& nodes() const { return nodes_; }
  std::array<std::uint64_t, kNodeStatuses> counts() const;
  std::uint64_t conflicts() const { return conflicts_; }
  std::uint64_t refused_nodes() const { return refused_nodes_; }
  std::uint64_t live_samples() const { return live_samples_; }

 private:
  Node* find_or_add(const NodeId& id, WallTime wall);
  bool is_alive(const Node& node, Instant now) const;
  Duration timeout_of(const Node& node) const;
  bool is_barred(const Node& node, std::uint64_t epoch) const;
  void accept(Node& node, wire::NodeBirth birth, Table table, Instant now, WallTime wall,
              FleetWork& work);
  void contest(Node& node, wire::NodeBirth birth, Table table, Instant now, WallTime wall,
               FleetWork& work);
  void settle(Node& node, Instant now, WallTime wall, FleetWork& work);
  void owner_spoke(Node& node, bool is_news, Instant now, WallTime wall, FleetWork& work);
  void refuse_again(Node& node, std::uint64_t epoch, Instant now, WallTime wall, FleetWork& work);
  void announce(Node& node, std::uint64_t epoch, std::string reason, Instant now, WallTime wall,
                FleetWork& work);
  void call_stranger(Node& node, std::uint64_t epoch, Instant now, WallTime wall, FleetWork& work);
  void send(const Node& node, wire::CommandKind kind, std::uint64_t epoch, std::string reason,
            WallTime wall, FleetWork& work);
  void refresh(Node& node, Instant now, WallTime wall);
  void report_changes(FleetWork& work);

  std::map<NodeId, Node> nodes_;
  TablePool pool_;
  Rng rng_;
  Duration live_timeout_;
  std::deque<NodeId> to_announce_;
  // Status changes since the last tick, for the log.
  struct Changes {
    std::uint64_t count = 0;
    std::string names;
  };
  std::array<Changes, kNodeStatuses> changes_;
  std::uint64_t conflicts_ = 0;
  std::uint64_t refused_nodes_ = 0;
  std::uint64_t live_samples_ = 0;
};

}  // namespace bw::coordinator
