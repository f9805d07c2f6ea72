// The part of ModelLife that hands changes to the store and learns what became of them.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "coordinator/core/learn/model_life.h"

namespace bw::coordinator {

namespace {

constexpr std::size_t kAuditNamed = 5;  // nodes that a line of the log names

std::string names_of(const std::vector<WishChange>& nodes) {
  std::size_t count = 0;
  std::string names;
  for (const WishChange& one : nodes) {
    if (one.model.empty() && !one.is_ended) continue;
    if (++count <= kAuditNamed) names += (names.empty() ? "" : ", ") + one.node;
  }
  if (count > kAuditNamed) names += " and " + std::to_string(count - kAuditNamed) + " more";
  return count == 0 ? "no node" : names;
}

// What an audit wants to read; empty where nothing changed.
std::string audit_of(const ModelOutcome& outcome) {
  if (const auto* const stored = std::get_if<ModelStored>(&outcome)) {
    const ModelRecord& model = stored->model;
    return "model " + model.id.text() + " is kept: " + std::to_string(model.bytes) + " bytes, " +
           (model.source.empty() ? "imported" : "learnt on " + model.source);
  }
  if (const auto* const removed = std::get_if<ModelRemoved>(&outcome)) {
    return "model " + removed->model + " is removed";
  }
  const auto* const wishes = std::get_if<WishesChanged>(&outcome);
  if (wishes == nullptr) return {};
  std::string text =
      wishes->model.empty() ? "rolls back the model of " : "deploys " + wishes->model + " to ";
  text += names_of(wishes->nodes);
  if (!wishes->node_class.empty()) {
    text += "; class " + wishes->node_class + ": " + wishes->class_text;
  }
  return text;
}

// A copy to apply, which leaves the payload where it is.
Change bare(const Change& change) {
  if (const auto* const put = std::get_if<PutModel>(&change)) return PutModel{put->model, {}};
  return change;
}

}  // namespace

bool ModelLife::has_changes() const {
  return !under_way_ && (is_joined_due_ || !intents_.empty() || deployer_.is_dirty());
}

std::vector<Change> ModelLife::next_changes(const FleetView& fleet, Instant now,
                                            std::int64_t now_ms, LearnWork& work) {
  std::vector<Change> changes;
  if (!has_changes()) return changes;
  under_way_ = UnderWay{};
  add_wish_changes(fleet, now, now_ms, changes);
  while (!intents_.empty() && !under_way_->intent) {
    Intent intent = std::move(intents_.front());
    intents_.pop_front();
    intent_bytes_ -= intent.bytes;
    Registry::Plan plan = plan_next(intent, fleet, now_ms);
    if (plan.changes.empty()) {
      finish(intent, std::move(plan.outcome), now_ms, work);
      continue;
    }
    for (const Change& change : plan.changes) under_way_->changes.emplace_back(bare(change));
    std::move(plan.changes.begin(), plan.changes.end(), std::back_inserter(changes));
    under_way_->outcome = std::move(plan.outcome);
    under_way_->intent = std::move(intent);
  }
  if (changes.empty()) under_way_.reset();
  return changes;
}

// What nodes answered, and what new nodes begin with.
void ModelLife::add_wish_changes(const FleetView& fleet, Instant now, std::int64_t now_ms,
                                 std::vector<Change>& changes) {
  auto& dirty = deployer_.dirty();
  while (!dirty.empty() && changes.size() < kMaxWishChanges) {
    auto entry = dirty.extract(dirty.begin());
    if (const Wish* const wish = registry_.wish_of(entry.value())) {
      changes.emplace_back(PutWish{entry.value(), *wish});
    }
    under_way_->dirty.insert(std::move(entry));
  }
  for (auto one = joined_.begin(); one != joined_.end() && changes.size() < kMaxWishChanges;) {
    const auto joined = one++;
    if (joined->second > now) continue;
    const auto node = fleet.find(joined->first.str());
    const auto start = node ? registry_.start_of(*node, now_ms) : std::nullopt;
    if (start) {
      under_way_->changes.emplace_back(*start);
      under_way_->joined.insert(*joined);
      changes.emplace_back(*start);
    }
    joined_.erase(joined);
  }
  is_joined_due_ = false;
}

Registry::Plan ModelLife::plan_next(Intent& intent, const FleetView& fleet,
                                    std::int64_t now_ms) const {
  if (const auto* const deploy = std::get_if<DeployRequest>(&intent.what)) {
    return registry_.plan(*deploy, fleet, now_ms);
  }
  if (const auto* const back = std::get_if<RollbackRequest>(&intent.what)) {
    return registry_.plan(*back, fleet, now_ms);
  }
  if (const auto* const remove = std::get_if<RemoveRequest>(&intent.what)) {
    return registry_.plan(*remove, fleet, now_ms);
  }
  return registry_.plan(std::get<Registry::Newcomer>(std::move(intent.what)), now_ms);
}

void ModelLife::finish(const Intent& intent, ModelOutcome outcome, std::int64_t now_ms,
                       LearnWork& work) {
  if (!intent.command.empty()) {
    auto* const entry = book_.find(intent.command);
    if (entry == nullptr) return;
    if (const auto* const stored = std::get_if<ModelStored>(&outcome)) {
      entry->record.model = stored->model.id.text();
      book_.settle(*entry, CommandState::done, "stored as " + entry->record.model, now_ms);
    } else {
      book_.settle(*entry, CommandState::failed, std::get<RequestRefused>(outcome).detail, now_ms);
    }
    return;
  }
  work.answers.push_back({intent.request, std::move(outcome)});
}

void ModelLife::committed(std::int64_t now_ms, LearnWork& work) {
  if (!under_way_) return;
  UnderWay done = std::move(*under_way_);
  under_way_.reset();
  for (const Change& change : done.changes) {
    registry_.apply(change);
    if (const auto* const wish = std::get_if<PutWish>(&change)) {
      deployer_.take(wish->node, wish->wish);
    }
  }
  for (const auto& [node, since] : done.joined) {
    const Wish* const wish = registry_.wish_of(node);
    if (wish == nullptr) continue;
    work.say(LogLevel::info, "new node " + node.str() + " begins with model " + wish->model);
  }
  if (!done.intent) return;
  if (std::string line = audit_of(done.outcome); !line.empty()) {
    work.say(LogLevel::info, std::move(line));
  }
  finish(*done.intent, std::move(done.outcome), now_ms, work);
}

// All that waits for the disk is told so: it does not take anything now.
void ModelLife::failed(const std::string& reason, std::int64_t now_ms, LearnWork& work) {
  const std::string text = "the store did not take it: " + reason + "; nothing has changed";
  if (under_way_) {
    UnderWay lost = std::move(*under_way_);
    under_way_.reset();
    deployer_.dirty().merge(lost.dirty);
    joined_.merge(lost.joined);
    if (lost.intent) finish(*lost.intent, RequestRefused{503, text}, now_ms, work);
  }
  while (!intents_.empty()) {
    const Intent intent = std::move(intents_.front());
    intents_.pop_front();
    finish(intent, RequestRefused{503, text}, now_ms, work);
  }
  intent_bytes_ = 0;
}

}  // namespace bw::coordinator
