// Sends to each node the model it is wished to run, until the node's answer or its birth says that
// it does.
//
// A few at a time: payloads are fetched from the store when they are to be sent, and what is on its
// way to nodes is bounded in bytes. Nodes that are away get theirs when they are back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "coordinator/core/learn/command_book.h"
#include "coordinator/core/learn/registry.h"
#include "coordinator/core/learn/work.h"
#include "coordinator/core/view.h"

namespace bw::coordinator {

class Deployer {
 public:
  static constexpr std::size_t kMaxBytesOnTheWay = 8U << 20;  // one model at least
  static constexpr std::size_t kMaxOnTheWay = 64;
  static constexpr std::size_t kMaxPayloads = 4;    // in memory at once
  static constexpr std::size_t kMaxLookedAt = 512;  // nodes a tick
  static constexpr std::int64_t kLifeMs = 60000;    // as long as the broker keeps a command
  static constexpr Duration kAnswerWithin = std::chrono::seconds{70};
  static constexpr Duration kFirstAgain = std::chrono::seconds{10};
  static constexpr Duration kMostAgain = std::chrono::hours{1};
  static constexpr Duration kLoadAgain = std::chrono::seconds{5};
  static constexpr Duration kToldAgain = std::chrono::seconds{60};
  static constexpr Duration kKeepPayload = std::chrono::seconds{30};  // that nobody needs

  explicit Deployer(std::uint64_t seed) : rng_(seed) {}

  // Ids of our questions to the store, apart from those of requests.
  static constexpr std::uint64_t kOwnQueries = 1ULL << 63;
  static constexpr bool is_own_query(std::uint64_t query) { return (query & kOwnQueries) != 0; }

  // Everything is forgotten: what waits is the registry's to say.
  void restore(const Registry& registry);
  // A wish that is on disk now.
  void take(const NodeId& node, const Wish& wish);

  // Sends what may be sent.
  void pump(Registry& registry, const FleetView& fleet, CommandBook& book, Instant now,
            std::int64_t now_ms, LearnWork& work);
  // The store's answer; empty bytes: it has no such model; nothing: it could not answer.
  void loaded(std::uint64_t query, std::optional<std::vector<std::byte>> payload,
              Registry& registry, Instant now, LearnWork& work);

  // The answer to a command of ours; false where it is none of ours.
  bool take_result(const NodeId& node, const wire::CommandResult& result, Registry& registry,
                   Instant now);
  // The agent that owns the node said what it runs.
  void take_birth(const NodeId& node, const wire::NodeBirth& birth, Registry& registry,
                  Instant now);

  // What changed of wishes and is to be stored.
  std::set<NodeId>& dirty() { return dirty_; }
  bool is_dirty() const { return !dirty_.empty(); }
  std::size_t on_the_way() const { return on_the_way_.size(); }
  std::size_t bytes_on_the_way() const { return bytes_; }
  // Says what was settled since the last time.
  void report(Instant now, LearnWork& work);

 private:
  struct Attempt {
    std::string command;  // on its way; empty: none
    std::uint64_t epoch = 0;
    std::size_t bytes = 0;
    Instant sent{};
    Instant next{};
    std::uint32_t tries = 0;
  };
  struct Payload {
    std::vector<std::byte> bytes;
    Instant used{};
  };
  struct Settled {
    std::size_t count = 0;
    std::string names;
  };

  bool try_one(const NodeId& node, Registry& registry, const FleetView& fleet, CommandBook& book,
               Instant now, std::int64_t now_ms, LearnWork& work);
  const Payload* payload_of(const ModelId& model, const NodeId& node, Instant now, LearnWork& work);
  void give_up_on_model(const std::string& model, const std::string& why, Registry& registry,
                        LearnWork& work);
  void end_overdue(Instant now);
  void end_attempt(const NodeId& node, Instant now, bool is_again);
  void settle(const NodeId& node, Wish& wish, WishState state, std::string reason);
  using Lines = std::map<std::string, Settled>;
  static void count(Lines& lines, const std::string& key, const NodeId& node);
  void drop_idle_payloads(Instant now);

  Rng rng_;
  std::set<NodeId> waiting_;
  std::set<NodeId> dirty_;
  std::optional<NodeId> last_looked_at_;  // of waiting_, which is gone round
  std::map<NodeId, Attempt> attempts_;    // of nodes with wishes
  std::set<NodeId> on_the_way_;
  std::size_t bytes_ = 0;
  std::map<ModelId, Payload> payloads_;
  struct Loading {
    std::uint64_t query = 0;
    ModelId model;
    NodeId node;  // that needs it
  };
  std::optional<Loading> loading_;
  std::uint64_t last_query_ = 0;
  Instant load_next_{};
  Lines done_;      // by model
  Lines refused_;   // by model and reason
  Lines troubled_;  // by what nodes do that goes on and on: told once in kToldAgain
  Instant troubled_again_{};
};

}  // namespace bw::coordinator
