// Models' life as the wiring sees it: requests of operators, answers and births of nodes, and the
// store's word go in; commands, questions to the store and outcomes come out.
//
// Requests that change what is stored wait their turn: one a batch, planned when it begins, in
// force and answered when it is on disk. Where the disk does not take it, it is answered so, and
// nothing happened.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "coordinator/core/learn/command_book.h"
#include "coordinator/core/learn/deployer.h"
#include "coordinator/core/learn/registry.h"
#include "coordinator/core/learn/work.h"
#include "coordinator/core/models.h"
#include "coordinator/core/records.h"
#include "coordinator/core/view.h"

namespace bw::coordinator {

class ModelLife final : public ModelsView {
 public:
  static constexpr std::size_t kMaxIntents = 64;
  static constexpr std::size_t kMaxIntentBytes = 32U
                                                 << 20;  // of decoded models that wait for the disk
  static constexpr std::size_t kMaxJoined = 4096;
  static constexpr std::size_t kMaxWishChanges = 512;  // of one batch, requests' apart
  // A node's GPUs are in its series table only some seconds after its start, and they make its
  // class.
  static constexpr Duration kJoinedAfter = std::chrono::seconds{30};

  explicit ModelLife(std::uint64_t seed);

  // What the store holds, at start or after it was replaced.
  void restore(StoredModels stored, bool is_replaced, LearnWork& work);

  // Answered in `work`, now or later.
  void request(std::uint64_t id, ModelRequest request, const FleetView& fleet, Instant now,
               std::int64_t now_ms, LearnWork& work);
  void take_result(const NodeId& node, const wire::CommandResult& result, Instant now,
                   std::int64_t now_ms, LearnWork& work);
  // `is_new`: the node was never heard of before.
  void take_birth(const NodeId& node, const wire::NodeBirth& birth, bool is_new, Instant now);
  void take_payload(std::uint64_t query, std::optional<std::vector<std::byte>> payload, Instant now,
                    LearnWork& work);
  // Once a second.
  void tick(const FleetView& fleet, bool is_linked, Instant now, std::int64_t now_ms,
            LearnWork& work);
  // Sends what may be sent: each second, and where something has come for it.
  void pump(const FleetView& fleet, Instant now, std::int64_t now_ms, LearnWork& work);

  bool has_changes() const;
  // What goes into the next batch; then it is committed() or failed().
  std::vector<Change> next_changes(const FleetView& fleet, Instant now, std::int64_t now_ms,
                                   LearnWork& work);
  void committed(std::int64_t now_ms, LearnWork& work);
  void failed(const std::string& reason, std::int64_t now_ms, LearnWork& work);

  const ModelRecord* find(std::string_view id) const override { return registry_.find(id); }
  void each(const std::function<void(const ModelRecord&)>& visit) const override;
  void each_wish(const std::function<void(const NodeId&, const Wish&)>& visit) const override;
  void each_class(const std::function<void(const std::string&, const Wish&)>& visit) const override;
  std::optional<CommandRecord> command(std::string_view id) const override;

  // Of what nodes can do at will a line is logged so often.
  static constexpr Duration kToldAgain = Deployer::kToldAgain;

  // Models that nobody waited for: late, twice, or of another agent.
  std::uint64_t odd_results() const { return odd_results_; }
  // Models of nodes that were none.
  std::uint64_t bad_models() const { return bad_models_; }
  const Deployer& deployer() const { return deployer_; }

 private:
  // Of a request, or of a command whose answer brought a model.
  struct Intent {
    std::uint64_t request = 0;
    std::string command;
    std::variant<DeployRequest, RollbackRequest, RemoveRequest, Registry::Newcomer> what;
    std::size_t bytes = 0;
  };
  struct UnderWay {
    std::vector<Change> changes;  // without payloads
    std::set<NodeId> dirty;
    std::map<NodeId, Instant> joined;
    std::optional<Intent> intent;  // without its model
    ModelOutcome outcome = RequestRefused{};
  };

  void begin(std::uint64_t id, const TrainRequest& request, const FleetView& fleet, Instant now,
             std::int64_t now_ms, LearnWork& work);
  void begin(std::uint64_t id, const SilenceRequest& request, const FleetView& fleet, Instant now,
             std::int64_t now_ms, LearnWork& work);
  void begin(std::uint64_t id, ImportRequest request, LearnWork& work);
  void send(std::uint64_t id, const NodeView& node, CommandBook::Entry entry, Instant now,
            std::int64_t now_ms, LearnWork& work);
  void end_wish(const NodeId& node);
  bool enqueue(Intent intent);
  void report_odd(Instant now, LearnWork& work);
  void take_trained(CommandBook::Entry& entry, const wire::CommandResult& result,
                    std::int64_t now_ms, LearnWork& work);
  Registry::Plan plan_next(Intent& intent, const FleetView& fleet, std::int64_t now_ms) const;
  void finish(const Intent& intent, ModelOutcome outcome, std::int64_t now_ms, LearnWork& work);
  void add_wish_changes(const FleetView& fleet, Instant now, std::int64_t now_ms,
                        std::vector<Change>& changes);

  CommandBook book_;
  Registry registry_;
  Deployer deployer_;
  std::deque<Intent> intents_;
  std::size_t intent_bytes_ = 0;
  std::map<NodeId, Instant> joined_;  // new nodes, and from when on they get what their class has
  bool is_joined_due_ = false;        // one of them, as of the last tick
  std::optional<UnderWay> under_way_;
  std::int64_t last_ms_ = 0;  // of the last tick
  std::uint64_t odd_results_ = 0;
  std::uint64_t odd_told_ = 0;  // of these
  std::string odd_node_;        // of the last
  Instant odd_again_{};
  std::uint64_t bad_models_ = 0;
};

}  // namespace bw::coordinator
