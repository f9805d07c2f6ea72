#include "coordinator/core/learn/model_life.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace bw::coordinator {

namespace {

constexpr std::uint64_t kBookSeed = 0x6d6f64656c20626bU;
constexpr std::uint64_t kDeploySeed = 0x6d6f64656c206470U;

// What keeps a command from being sent to the node; nothing where it can be.
std::optional<RequestRefused> unreachable(const std::optional<NodeView>& node,
                                          const std::string& id) {
  if (!node || node->birth == nullptr) {
    return RequestRefused{404, "there is no node called " + id};
  }
  if (node->status == NodeStatus::online || node->status == NodeStatus::draining) {
    return std::nullopt;
  }
  return RequestRefused{
      409, "node " + id + " is " + std::string(name_of(node->status)) + ": it can't be asked now"};
}

template <typename Item>
std::size_t list_bytes(const std::vector<Item>& list) {
  return list.size() * sizeof(Item);
}

// What a decoded model takes. Not its payload's size: lists of a crafted one may share their bytes
// there, and are apart here.
std::size_t held_bytes(const wire::Model& model) {
  std::size_t bytes =
      sizeof(model) + list_bytes(model.sample) + list_bytes(model.metrics) +
      list_bytes(model.origins) + list_bytes(model.medians) + list_bytes(model.inverse_scales) +
      list_bytes(model.farthest) + list_bytes(model.lows) + list_bytes(model.highs) +
      list_bytes(model.lowest) + list_bytes(model.highest) + list_bytes(model.means) +
      list_bytes(model.variances) + list_bytes(model.counts) + list_bytes(model.residual_squares) +
      list_bytes(model.subspaces) + list_bytes(model.histories) + list_bytes(model.peaks.tops) +
      list_bytes(model.peaks.at) + list_bytes(model.peaks.base.values);
  bytes += list_bytes(model.forest.thresholds) + list_bytes(model.forest.split_features) +
           list_bytes(model.forest.weights) + list_bytes(model.forest.leaves);
  for (const std::string& name : model.metrics) bytes += name.size();
  for (const wire::SubspaceModel& one : model.subspaces) {
    bytes += list_bytes(one.mean) + list_bytes(one.basis) + list_bytes(one.inverse_deviation);
  }
  for (const wire::HistoryModel& one : model.histories) bytes += list_bytes(one.values);
  return bytes;
}

}  // namespace

ModelLife::ModelLife(std::uint64_t seed) : book_(seed ^ kBookSeed), deployer_(seed ^ kDeploySeed) {}

void ModelLife::restore(StoredModels stored, bool is_replaced, LearnWork& work) {
  const std::size_t models = registry_.models().size();
  const std::size_t wishes = registry_.wishes().size() + registry_.classes().size();
  if (is_replaced && models + wishes > 0) {
    work.say(LogLevel::error, "the store was replaced: " + std::to_string(models) +
                                  " models and what was wished of " + std::to_string(wishes) +
                                  " nodes and classes are lost; nodes go on with the models they "
                                  "run");
  }
  // What was under way is refused by the store, but there is nobody left to be told of it.
  if (under_way_) failed("it was replaced", last_ms_, work);
  joined_.clear();
  registry_.restore(std::move(stored));
  deployer_.restore(registry_);
}

void ModelLife::request(std::uint64_t id, ModelRequest request, const FleetView& fleet, Instant now,
                        std::int64_t now_ms, LearnWork& work) {
  if (const auto* const train = std::get_if<TrainRequest>(&request)) {
    return begin(id, *train, fleet, now, now_ms, work);
  }
  if (const auto* const silence = std::get_if<SilenceRequest>(&request)) {
    return begin(id, *silence, fleet, now, now_ms, work);
  }
  if (auto* const import = std::get_if<ImportRequest>(&request)) {
    return begin(id, std::move(*import), work);
  }
  Intent intent;
  intent.request = id;
  if (auto* const deploy = std::get_if<DeployRequest>(&request)) {
    intent.what = std::move(*deploy);
  } else if (auto* const back = std::get_if<RollbackRequest>(&request)) {
    intent.what = std::move(*back);
  } else {
    intent.what = std::get<RemoveRequest>(std::move(request));
  }
  if (enqueue(std::move(intent))) return;
  work.answers.push_back({id, RequestRefused{503, "too many requests wait: come again later"}});
}

void ModelLife::begin(std::uint64_t id, const TrainRequest& request, const FleetView& fleet,
                      Instant now, std::int64_t now_ms, LearnWork& work) {
  const auto node = fleet.find(request.node);
  if (auto refused = unreachable(node, request.node)) {
    work.answers.push_back({id, *std::move(refused)});
    return;
  }
  CommandBook::Entry entry;
  entry.record.kind = wire::CommandKind::train;
  entry.node_class = NodeClasses().of(*node->birth, node->series);
  entry.name = request.name.empty() ? entry.node_class : request.name;
  entry.note = request.note;
  entry.is_fresh = request.is_fresh;
  if (!request.is_fresh) {
    if (auto refused = registry_.no_room_for(entry.name)) {
      work.answers.push_back({id, *std::move(refused)});
      return;
    }
  }
  send(id, *node, std::move(entry), now, now_ms, work);
}

void ModelLife::begin(std::uint64_t id, const SilenceRequest& request, const FleetView& fleet,
                      Instant now, std::int64_t now_ms, LearnWork& work) {
  const auto node = fleet.find(request.node);
  if (auto refused = unreachable(node, request.node)) {
    work.answers.push_back({id, *std::move(refused)});
    return;
  }
  CommandBook::Entry entry;
  entry.record.kind = wire::CommandKind::silence;
  entry.note = request.why;
  entry.for_ms = request.for_ms;
  send(id, *node, std::move(entry), now, now_ms, work);
}

void ModelLife::begin(std::uint64_t id, ImportRequest request, LearnWork& work) {
  auto model = wire::decode_model(request.payload);
  if (!model) {
    work.answers.push_back({id, RequestRefused{422, model.error().message}});
    return;
  }
  Intent intent;
  intent.request = id;
  intent.bytes = held_bytes(*model);
  intent.what = Registry::Newcomer{std::move(request.name), std::move(request.note), "", "",
                                   *std::move(model)};
  if (enqueue(std::move(intent))) return;
  work.answers.push_back({id, RequestRefused{503, "too many models wait: come again later"}});
}

void ModelLife::send(std::uint64_t id, const NodeView& node, CommandBook::Entry entry, Instant now,
                     std::int64_t now_ms, LearnWork& work) {
  const std::string name(node.id);
  if (const auto* const same = book_.find_open(name, entry.record.kind)) {
    const bool is_same = same->name == entry.name && same->note == entry.note &&
                         same->is_fresh == entry.is_fresh && same->for_ms == entry.for_ms;
    work.answers.push_back(
        {id, is_same ? ModelOutcome(CommandSent{same->record})
                     : ModelOutcome(RequestRefused{
                           409, "node " + name + " has not answered the one before yet (command " +
                                    same->record.id + ")"})});
    return;
  }
  if (!book_.has_room()) {
    work.answers.push_back(
        {id, RequestRefused{503, "too many commands wait for their nodes: come again later"}});
    return;
  }
  const bool is_train = entry.record.kind == wire::CommandKind::train;
  std::string line = "asks node " + name + " for ";
  if (!is_train) {
    line += entry.for_ms == 0 ? "the end of its silence"
                              : "silence of " + std::to_string(entry.for_ms / 1000) + " s";
    if (!entry.note.empty()) line += " (" + entry.note + ")";
  } else {
    line += entry.is_fresh ? "a fresh start: what it learnt is to be forgotten"
                           : "what it learnt, to be kept as " + entry.name;
  }
  if (is_train && entry.is_fresh) end_wish(NodeId::parse(name).value());
  auto [opened, command] = book_.open(node, std::move(entry), now, now_ms);
  work.say(LogLevel::info, line + " (command " + command.id + ")");
  work.answers.push_back({id, CommandSent{opened->record}});
  work.sends.push_back({NodeId::parse(name).value(), std::move(command)});
}

// A node that is asked to forget its model runs none any more, on purpose: what was wished of it is
// over from then on, for its answer may be late or lost.
void ModelLife::end_wish(const NodeId& node) {
  Wish* const wish = registry_.wish_of(node);
  if (wish == nullptr || wish->state == WishState::ended) return;
  wish->state = WishState::ended;
  deployer_.take(node, *wish);
  deployer_.dirty().insert(node);
}

bool ModelLife::enqueue(Intent intent) {
  if (intents_.size() >= kMaxIntents || intent_bytes_ + intent.bytes > kMaxIntentBytes)
    return false;
  intent_bytes_ += intent.bytes;
  intents_.push_back(std::move(intent));
  return true;
}

void ModelLife::take_result(const NodeId& node, const wire::CommandResult& result, Instant now,
                            std::int64_t now_ms, LearnWork& work) {
  if (deployer_.take_result(node, result, registry_, now)) return;
  CommandBook::Entry* const entry = book_.answered(node, result);
  if (entry == nullptr) {
    // Answers to announcements and refusals come here too, and nobody waits for them.
    if (result.model.empty()) return;
    ++odd_results_;
    odd_node_ = node.str();
    return;
  }
  switch (result.status) {
    case wire::CommandStatus::done:
      break;
    case wire::CommandStatus::failed:
      return book_.settle(*entry, CommandState::failed, result.text, now_ms);
    case wire::CommandStatus::refused:
      return book_.settle(*entry, CommandState::refused, result.text, now_ms);
    case wire::CommandStatus::expired:
      return book_.settle(*entry, CommandState::expired,
                          result.text.empty() ? "it came too late for the node" : result.text,
                          now_ms);
  }
  if (entry->record.kind != wire::CommandKind::train) {
    return book_.settle(*entry, CommandState::done, result.text, now_ms);
  }
  if (entry->is_fresh) return book_.settle(*entry, CommandState::done, result.text, now_ms);
  take_trained(*entry, result, now_ms, work);
}

void ModelLife::take_trained(CommandBook::Entry& entry, const wire::CommandResult& result,
                             std::int64_t now_ms, LearnWork& work) {
  if (result.model.empty()) {
    return book_.settle(entry, CommandState::failed,
                        result.text.empty() ? "the node sent no model" : result.text, now_ms);
  }
  auto model = wire::decode_model(result.model);
  if (!model) {
    ++bad_models_;
    work.say(LogLevel::warning,
             "node " + entry.record.node + " sent what can't be kept: " + model.error().message);
    return book_.settle(entry, CommandState::failed,
                        "what the node sent can't be kept: " + model.error().message, now_ms);
  }
  Intent intent;
  intent.command = entry.record.id;
  intent.bytes = held_bytes(*model);
  intent.what = Registry::Newcomer{entry.name, entry.note, entry.record.node, entry.node_class,
                                   *std::move(model)};
  book_.settle(entry, CommandState::storing, "", now_ms);
  if (enqueue(std::move(intent))) return;
  book_.settle(entry, CommandState::failed, "too many models wait to be stored", now_ms);
}

void ModelLife::take_birth(const NodeId& node, const wire::NodeBirth& birth, bool is_new,
                           Instant now) {
  const bool may_begin = is_new && birth.model.empty() && joined_.size() < kMaxJoined;
  if (may_begin && !registry_.classes().empty()) joined_.emplace(node, now + kJoinedAfter);
  deployer_.take_birth(node, birth, registry_, now);
}

void ModelLife::take_payload(std::uint64_t query, std::optional<std::vector<std::byte>> payload,
                             Instant now, LearnWork& work) {
  deployer_.loaded(query, std::move(payload), registry_, now, work);
}

void ModelLife::tick(const FleetView& fleet, bool is_linked, Instant now, std::int64_t now_ms,
                     LearnWork& work) {
  book_.tick(now, now_ms);
  is_joined_due_ = std::any_of(joined_.begin(), joined_.end(),
                               [now](const auto& one) { return one.second <= now; });
  if (is_linked) pump(fleet, now, now_ms, work);
  deployer_.report(now, work);
  report_odd(now, work);
  last_ms_ = now_ms;
}

// A node can send such at will: one line a minute is enough of it.
void ModelLife::report_odd(Instant now, LearnWork& work) {
  if (odd_results_ == odd_told_ || (odd_told_ != 0 && now < odd_again_)) return;
  work.say(LogLevel::warning, "node " + odd_node_ +
                                  " sent a model that nobody waits for: it came late or twice, and "
                                  "is not kept (" +
                                  std::to_string(odd_results_ - odd_told_) +
                                  " such since told last)");
  odd_told_ = odd_results_;
  odd_again_ = now + kToldAgain;
}

void ModelLife::pump(const FleetView& fleet, Instant now, std::int64_t now_ms, LearnWork& work) {
  deployer_.pump(registry_, fleet, book_, now, now_ms, work);
}

void ModelLife::each(const std::function<void(const ModelRecord&)>& visit) const {
  for (const auto& [id, model] : registry_.models()) visit(model);
}

void ModelLife::each_wish(const std::function<void(const NodeId&, const Wish&)>& visit) const {
  for (const auto& [node, wish] : registry_.wishes()) visit(node, wish);
}

void ModelLife::each_class(
    const std::function<void(const std::string&, const Wish&)>& visit) const {
  for (const auto& [name, wish] : registry_.classes()) visit(name, wish);
}

std::optional<CommandRecord> ModelLife::command(std::string_view id) const {
  const auto* const entry = book_.find(id);
  if (entry == nullptr) return std::nullopt;
  return entry->record;
}

}  // namespace bw::coordinator
