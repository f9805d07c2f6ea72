// The part of Fleet that decides which agent owns a node's id.
#include <algorithm>
#include <utility>

#include "coordinator/core/fleet/fleet.h"

namespace bw::coordinator {

namespace {

std::string hex(std::uint64_t number) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, number >>= 4) {
    *digit = kDigits[number & 15];
  }
  return text;
}

std::string host_of(const wire::NodeBirth& birth) {
  const std::string& name = birth.hardware.hostname;
  return (name.empty() ? "an unnamed host" : "host '" + name + "'") + " (epoch " +
         hex(birth.epoch) + ")";
}

}  // namespace

// Makes `birth` the owner's: a new one, or the owner's own once more.
void Fleet::accept(Node& node, wire::NodeBirth birth, Table table, Instant now, WallTime wall,
                   FleetWork& work) {
  const std::uint64_t epoch = birth.epoch;
  const bool is_new_owner = !node.birth || node.birth->epoch != epoch;
  if (is_new_owner) {
    if (node.birth) {
      work.log.push_back({LogLevel::info, "node " + node.id.str() + " is now the agent on " +
                                              host_of(birth) + ", was on " + host_of(*node.birth)});
    } else {
      work.log.push_back(
          {LogLevel::info, "new node " + node.id.str() + ": the agent on " + host_of(birth)});
    }
    const bool said_its_state = node.other_state.epoch == epoch;
    node.state = said_its_state
                     ? node.other_state
                     : wire::NodeState{epoch, wire::NodeCondition::online, to_ms(wall), ""};
    const bool is_restart = node.birth && node.birth->store_id == birth.store_id;
    node.replaced_epoch = is_restart ? node.birth->epoch : 0;
    node.contest.reset();
    std::erase(node.refused_epochs, epoch);
    node.heard = now;
    node.last_seen_ms = to_ms(wall);
    work.states.push_back(node.id);
  }
  if (is_new_owner || !node.birth || node.birth->table_id != birth.table_id) {
    node.live.clear();
    node.live_sequence = 0;
    node.live_ms = 0;
    node.clock_offset_ms.reset();
  }
  node.birth = std::move(birth);
  node.table = std::move(table);
  work.births.push_back(node.id);
  refresh(node, now, wall);
}

void Fleet::contest(Node& node, wire::NodeBirth birth, Table table, Instant now, WallTime wall,
                    FleetWork& work) {
  const std::uint64_t epoch = birth.epoch;
  if (is_barred(node, epoch) && !(node.contest && node.contest->birth.epoch == epoch)) {
    refuse_again(node, epoch, now, wall, work);
    return;
  }
  if (node.contest && node.contest->birth.epoch == epoch) {
    node.contest->birth = std::move(birth);
    node.contest->table = std::move(table);
    return;
  }
  const std::string newcomer = host_of(birth);
  node.contest = Contest{std::move(birth), std::move(table), now};
  // Whatever it was told lately: its answer decides.
  node.announced_at.reset();
  announce(node, node.birth->epoch, "an agent on " + newcomer + " says it is this node too", now,
           wall, work);
}

// Ends a contest whose owner did not speak in time.
void Fleet::settle(Node& node, Instant now, WallTime wall, FleetWork& work) {
  if (!node.contest || now - node.contest->since < kContestWindow) return;
  Contest contest = std::move(*node.contest);
  node.contest.reset();
  const std::uint64_t epoch = contest.birth.epoch;
  accept(node, std::move(contest.birth), std::move(contest.table), now, wall, work);
  // What it said meanwhile was not taken.
  node.announced_at.reset();
  announce(node, epoch, "the node id is this agent's now", now, wall, work);
}

// `is_news`: not a copy that the broker may have kept.
void Fleet::owner_spoke(Node& node, bool is_news, Instant now, WallTime wall, FleetWork& work) {
  if (is_news || node.contest) {
    node.heard = now;
    node.last_seen_ms = to_ms(wall);
  }
  if (node.contest) {
    const wire::NodeBirth newcomer = std::move(node.contest->birth);
    node.contest.reset();
    if (node.refused_epochs.size() >= Node::kMaxRefusedEpochs) node.refused_epochs.pop_front();
    node.refused_epochs.push_back(newcomer.epoch);
    ++conflicts_;
    node.refused_at = now;
    send(node, wire::CommandKind::refuse, newcomer.epoch,
         "the node id " + node.id.str() + " belongs to the agent on " + host_of(*node.birth) +
             ", which is alive: this one on " + host_of(newcomer) + " needs an id of its own",
         wall, work);
    const std::string told = "refused a second agent with the node id " + node.id.str() + " on " +
                             host_of(newcomer) + "; it stays with " + host_of(*node.birth);
    send(node, wire::CommandKind::announce, node.birth->epoch, told, wall, work);
    work.log.push_back({LogLevel::warning, told});
  }
  refresh(node, now, wall);
}

// Whether nothing of this agent is taken.
bool Fleet::is_barred(const Node& node, std::uint64_t epoch) const {
  if (node.contest && node.contest->birth.epoch == epoch) return true;
  return std::find(node.refused_epochs.begin(), node.refused_epochs.end(), epoch) !=
         node.refused_epochs.end();
}

void Fleet::refuse_again(Node& node, std::uint64_t epoch, Instant now, WallTime wall,
                         FleetWork& work) {
  if (node.contest && node.contest->birth.epoch == epoch) return;  // not decided yet
  if (node.refused_at && now - *node.refused_at < kRepeatAfter) return;
  if (!is_alive(node, now)) {
    // The owner is gone: let it be born anew.
    announce(node, epoch, "the node id is free again", now, wall, work);
    return;
  }
  ++conflicts_;
  node.refused_at = now;
  send(node, wire::CommandKind::refuse, epoch,
       "the node id " + node.id.str() + " belongs to the agent on " + host_of(*node.birth), wall,
       work);
  work.log.push_back({LogLevel::warning, "a second agent with the node id " + node.id.str() +
                                             " (epoch " + hex(epoch) + ") goes on; it stays with " +
                                             host_of(*node.birth)});
}

void Fleet::announce(Node& node, std::uint64_t epoch, std::string reason, Instant now,
                     WallTime wall, FleetWork& work) {
  if (node.announced_at && now - *node.announced_at < kRepeatAfter) return;
  node.announced_at = now;
  send(node, wire::CommandKind::announce, epoch, std::move(reason), wall, work);
}

// An agent that speaks beside a living owner, and whose birth never came: the broker keeps one
// birth of a node, so of two agents that were there first only one is known. Asked for its birth,
// it contests the id. What still comes of the owner's predecessor asks for nothing.
void Fleet::call_stranger(Node& node, std::uint64_t epoch, Instant now, WallTime wall,
                          FleetWork& work) {
  if (!is_alive(node, now) || node.contest || epoch == node.replaced_epoch) return;
  if (node.stranger_called_at && now - *node.stranger_called_at < kRepeatAfter) return;
  node.stranger_called_at = now;
  send(node, wire::CommandKind::announce, epoch,
       "the node id " + node.id.str() + " belongs to the agent on " + host_of(*node.birth) +
           ": who is this one",
       wall, work);
}

void Fleet::send(const Node& node, wire::CommandKind kind, std::uint64_t epoch, std::string reason,
                 WallTime wall, FleetWork& work) {
  work.commands.push_back(
      {node.id, wire::Command{hex(rng_.next()), kind, epoch, to_ms(wall) + kCommandLifeMs,
                              std::move(reason)}});
}

}  // namespace bw::coordinator
