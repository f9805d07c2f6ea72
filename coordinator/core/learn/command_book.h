// The commands that operators sent to nodes, and what became of each: the last kMaxKept, in memory
// only, as they live for half a minute, or some where a model is on its way.
//
// A node has one open command of a kind at most: the same asked for again is the same command.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/rng.h"
#include "base/time.h"
#include "coordinator/core/models.h"
#include "coordinator/core/view.h"

namespace bw::coordinator {

class CommandBook {
 public:
  static constexpr std::size_t kMaxKept = 1000;
  static constexpr std::size_t kMaxOpen = 256;
  static constexpr std::int64_t kLifeMs = 25000;  // on the way to the node
  static constexpr Duration kAnswerWithin = std::chrono::seconds{30};
  // Of one that brings a model: 400 kB take 50 s at 64 kbit/s.
  static constexpr Duration kModelWithin = std::chrono::seconds{180};

  explicit CommandBook(std::uint64_t seed) : rng_(seed) {}

  struct Entry {
    CommandRecord record;
    std::uint64_t epoch = 0;
    std::string name;  // of train: what to store it as
    std::string note;
    std::string node_class;
    bool is_fresh = false;
    std::uint64_t for_ms = 0;
    Duration within{};
    Instant deadline{};
  };

  // What is open for this node already.
  const Entry* find_open(const std::string& node, wire::CommandKind kind) const;
  bool has_room() const { return open_ < kMaxOpen; }

  // Enters a command to the agent of `node`, which is born, and gives the message for it.
  std::pair<const Entry*, wire::Command> open(const NodeView& node, Entry entry, Instant now,
                                              std::int64_t now_ms);

  // The entry that a result answers; null where it answers none that is still sent: unknown, of
  // another node or agent, or answered before.
  Entry* answered(const NodeId& node, const wire::CommandResult& result);
  // Null where it is forgotten.
  Entry* find(std::string_view id);
  const Entry* find(std::string_view id) const;
  void settle(Entry& entry, CommandState state, std::string text, std::int64_t now_ms);

  // Ends those that nobody answered in time.
  void tick(Instant now, std::int64_t now_ms);

  // A fresh id.
  std::string draw_id();

 private:
  Rng rng_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::deque<std::string> order_;  // of entries_, oldest first
  std::size_t open_ = 0;
};

// When a command sent now expires, by the node's own clock where that is known.
std::int64_t expiry_of(const NodeView& node, std::int64_t now_ms, std::int64_t life_ms);

}  // namespace bw::coordinator
