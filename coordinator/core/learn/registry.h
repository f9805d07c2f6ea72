// Which models are kept, and which of them nodes are wished to run.
//
// What an operator asks for is planned here, as changes to the store, and is so once they are on
// disk and were applied: what the disk did not take never happened.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/core/models.h"
#include "coordinator/core/records.h"
#include "coordinator/core/view.h"
#include "schemas/wire/model.h"

namespace bw::coordinator {

class Registry {
 public:
  void restore(StoredModels stored);

  const ModelRecord* find(std::string_view id) const;
  const std::map<ModelId, ModelRecord>& models() const { return models_; }
  const std::map<NodeId, Wish>& wishes() const { return wishes_; }
  const std::map<std::string, Wish>& classes() const { return classes_; }
  // Null where nothing was ever wished of the node.
  Wish* wish_of(const NodeId& node);
  const Wish* wish_of(const NodeId& node) const;

  struct Plan {
    ModelOutcome outcome;
    std::vector<Change> changes = {};  // none: nothing is to be stored
  };
  // A model of a node, or one from elsewhere.
  struct Newcomer {
    std::string name;
    std::string note;
    std::string source;
    std::string node_class;
    wire::Model model;
  };
  Plan plan(Newcomer newcomer, std::int64_t now_ms) const;
  Plan plan(const DeployRequest& request, const FleetView& fleet, std::int64_t now_ms) const;
  Plan plan(const RollbackRequest& request, const FleetView& fleet, std::int64_t now_ms) const;
  Plan plan(const RemoveRequest& request, const FleetView& fleet, std::int64_t now_ms) const;
  // What a new node begins with; nothing where there is nothing for its class.
  std::optional<PutWish> start_of(const NodeView& node, std::int64_t now_ms) const;
  // Why there is no room for one more model of this name.
  std::optional<RequestRefused> no_room_for(const std::string& name) const;

  // What a node that is away for longer has, or waits for, holds no model: it may never come back.
  static constexpr std::int64_t kLongAwayMs = std::int64_t{7} * 24 * 3600 * 1000;

  // Is on disk.
  void apply(const Change& change);

 private:
  Wish next_wish(const NodeView& node, const std::string& model, std::int64_t now_ms,
                 WishChange& told) const;
  Wish earlier_wish(const Wish* wish, std::int64_t now_ms, WishChange& told) const;
  std::optional<RequestRefused> in_use(const ModelRecord& model, const FleetView& fleet,
                                       std::int64_t now_ms) const;

  std::map<ModelId, ModelRecord> models_;          // kMaxModels at most
  std::map<std::string, std::uint32_t> versions_;  // the highest ever; kMaxModelNames at most
  std::map<NodeId, Wish> wishes_;                  // of nodes of the fleet
  std::map<std::string, Wish> classes_;            // kMaxClassWishes at most
};

}  // namespace bw::coordinator
