#include "coordinator/core/learn/deployer.h"

#include <algorithm>
#include <utility>

#include "base/crc32c.h"

namespace bw::coordinator {

namespace {

constexpr std::size_t kDeployNamed = 5;       // nodes that a line of the log names
constexpr std::size_t kMaxSettledLines = 64;  // kinds of outcomes told apart between two reports

bool may_be_sent(const NodeView& node) {
  const bool is_there = node.status == NodeStatus::online || node.status == NodeStatus::draining;
  return is_there && node.birth != nullptr;
}

}  // namespace

void Deployer::restore(const Registry& registry) {
  waiting_.clear();
  dirty_.clear();
  attempts_.clear();
  on_the_way_.clear();
  bytes_ = 0;
  payloads_.clear();
  loading_.reset();
  for (const auto& [node, wish] : registry.wishes()) {
    if (wish.state == WishState::waiting) waiting_.insert(node);
  }
}

void Deployer::take(const NodeId& node, const Wish& wish) {
  // What is on its way may be another model: its answer counts no longer.
  if (const auto entry = attempts_.find(node); entry != attempts_.end()) {
    if (!entry->second.command.empty()) end_attempt(node, Instant{}, true);
    attempts_.erase(node);
  }
  if (wish.state == WishState::waiting) {
    waiting_.insert(node);
  } else {
    waiting_.erase(node);
  }
}

void Deployer::pump(Registry& registry, const FleetView& fleet, CommandBook& book, Instant now,
                    std::int64_t now_ms, LearnWork& work) {
  end_overdue(now);
  drop_idle_payloads(now);
  const std::size_t most = std::min(kMaxLookedAt, waiting_.size());
  for (std::size_t looked = 0; looked < most && !waiting_.empty(); ++looked) {
    auto next = last_looked_at_ ? waiting_.upper_bound(*last_looked_at_) : waiting_.begin();
    if (next == waiting_.end()) next = waiting_.begin();
    const NodeId node = *next;
    if (!try_one(node, registry, fleet, book, now, now_ms, work)) return;
    last_looked_at_ = node;
  }
}

// False where there is no room for more on the way.
bool Deployer::try_one(const NodeId& node, Registry& registry, const FleetView& fleet,
                       CommandBook& book, Instant now, std::int64_t now_ms, LearnWork& work) {
  Wish* const wish = registry.wish_of(node);
  if (wish == nullptr || wish->state != WishState::waiting) {
    waiting_.erase(node);
    return true;
  }
  const auto view = fleet.find(node.str());
  if (!view || view->birth == nullptr) return true;
  if (view->birth->model == wish->model) {
    settle(node, *wish, WishState::done, "");
    return true;
  }
  Attempt& attempt = attempts_[node];
  if (!may_be_sent(*view) || !attempt.command.empty() || now < attempt.next) return true;
  const ModelRecord* const model = registry.find(wish->model);
  if (model == nullptr) {
    settle(node, *wish, WishState::refused, "the coordinator has this model no longer");
    return true;
  }
  const bool is_room = bytes_ + model->bytes <= kMaxBytesOnTheWay || on_the_way_.empty();
  if (!is_room || on_the_way_.size() >= kMaxOnTheWay) return false;
  const Payload* const payload = payload_of(model->id, node, now, work);
  if (payload == nullptr) return true;
  wire::Command command;
  command.id = book.draw_id();
  command.kind = wire::CommandKind::deploy_model;
  command.epoch = view->birth->epoch;
  command.expires_ms = expiry_of(*view, now_ms, kLifeMs);
  command.reason = "deploy " + wish->model;
  command.model = payload->bytes;
  attempt.command = command.id;
  attempt.epoch = command.epoch;
  attempt.bytes = payload->bytes.size();
  attempt.sent = now;
  ++attempt.tries;
  bytes_ += attempt.bytes;
  on_the_way_.insert(node);
  work.sends.push_back({node, std::move(command)});
  return true;
}

// Null where it must be fetched first; at most one is, at a time.
const Deployer::Payload* Deployer::payload_of(const ModelId& model, const NodeId& node, Instant now,
                                              LearnWork& work) {
  const auto known = payloads_.find(model);
  if (known != payloads_.end()) {
    known->second.used = now;
    return &known->second;
  }
  if (loading_ || now < load_next_) return nullptr;
  loading_ = Loading{kOwnQueries | ++last_query_, model, node};
  work.loads.push_back({loading_->query, model});
  return nullptr;
}

void Deployer::loaded(std::uint64_t query, std::optional<std::vector<std::byte>> payload,
                      Registry& registry, Instant now, LearnWork& work) {
  if (!loading_ || loading_->query != query) return;
  const Loading load = *std::exchange(loading_, std::nullopt);
  if (!payload) {
    load_next_ = now + kLoadAgain;
    return;
  }
  const std::string id = load.model.text();
  const ModelRecord* const model = registry.find(id);
  if (model == nullptr) return;
  if (payload->empty()) {
    return give_up_on_model(id, "the coordinator's store lacks it", registry, work);
  }
  if (crc32c(*payload) != model->crc) {
    return give_up_on_model(id, "it is damaged in the coordinator's store", registry, work);
  }
  while (payloads_.size() >= kMaxPayloads) {
    payloads_.erase(std::min_element(
        payloads_.begin(), payloads_.end(),
        [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
  }
  payloads_.insert_or_assign(load.model, Payload{*std::move(payload), now});
  // Who needed it is looked at next.
  const auto at = waiting_.find(load.node);
  if (at == waiting_.end() || at == waiting_.begin()) {
    last_looked_at_.reset();
  } else {
    last_looked_at_ = *std::prev(at);
  }
}

void Deployer::give_up_on_model(const std::string& model, const std::string& why,
                                Registry& registry, LearnWork& work) {
  work.say(LogLevel::error, "model " + model + " cannot be deployed: " + why);
  const std::set<NodeId> waiting = waiting_;
  for (const NodeId& node : waiting) {
    Wish* const wish = registry.wish_of(node);
    if (wish != nullptr && wish->model == model) settle(node, *wish, WishState::refused, why);
  }
}

bool Deployer::take_result(const NodeId& node, const wire::CommandResult& result,
                           Registry& registry, Instant now) {
  const auto entry = attempts_.find(node);
  if (entry == attempts_.end() || entry->second.command.empty()) return false;
  const Attempt& attempt = entry->second;
  if (attempt.command != result.id || attempt.epoch != result.epoch) return false;
  Wish* const wish = registry.wish_of(node);
  end_attempt(node, now, true);
  if (wish == nullptr || wish->state != WishState::waiting) return true;
  if (result.status == wire::CommandStatus::done) {
    settle(node, *wish, WishState::done, "");
  } else if (result.status == wire::CommandStatus::refused) {
    settle(node, *wish, WishState::refused,
           result.text.empty() ? "refused by the node" : result.text);
  } else {
    // It is tried again, and what it lacked is the wish's reason meanwhile.
    std::string why = result.text;
    if (why.empty())
      why = result.status == wire::CommandStatus::expired ? "came too late" : "failed";
    count(troubled_, "model " + wish->model + " does not get on yet (" + why + ")", node);
    if (wish->reason != why) dirty_.insert(node);
    wish->reason = std::move(why);
  }
  return true;
}

void Deployer::take_birth(const NodeId& node, const wire::NodeBirth& birth, Registry& registry,
                          Instant now) {
  const auto entry = attempts_.find(node);
  const bool is_under_way = entry != attempts_.end() && !entry->second.command.empty();
  if (is_under_way && entry->second.epoch != birth.epoch) {
    // The agent that was asked is no more. Once more at once; after that the wait grows, lest an
    // agent that a model fells is felled again and again.
    end_attempt(node, now, entry->second.tries > 1);
  }
  Wish* const wish = registry.wish_of(node);
  if (wish == nullptr) return;
  if (wish->state == WishState::waiting && birth.model == wish->model) {
    settle(node, *wish, WishState::done, "");
  } else if (wish->state == WishState::done && birth.model != wish->model) {
    count(troubled_,
          "model " + wish->model + " no longer runs, but " +
              (birth.model.empty() ? "what it learnt itself" : birth.model) + ", and is sent again",
          node);
    wish->state = WishState::waiting;
    waiting_.insert(node);
    dirty_.insert(node);
  }
}

void Deployer::end_overdue(Instant now) {
  std::vector<NodeId> overdue;
  for (const NodeId& node : on_the_way_) {
    if (now - attempts_.at(node).sent >= kAnswerWithin) overdue.push_back(node);
  }
  for (const NodeId& node : overdue) end_attempt(node, now, true);
}

// `is_again`: the next one waits, ever longer.
void Deployer::end_attempt(const NodeId& node, Instant now, bool is_again) {
  Attempt& attempt = attempts_.at(node);
  attempt.command.clear();
  bytes_ -= attempt.bytes;
  attempt.bytes = 0;
  on_the_way_.erase(node);
  if (!is_again) return;
  Duration ceiling = kFirstAgain;
  for (std::uint32_t i = 1; i < attempt.tries && ceiling < kMostAgain; ++i) ceiling *= 2;
  ceiling = std::min(ceiling, kMostAgain);
  const double part = 0.5 + 0.5 * rng_.unit();
  attempt.next =
      now + Duration{static_cast<Duration::rep>(part * static_cast<double>(ceiling.count()))};
}

void Deployer::settle(const NodeId& node, Wish& wish, WishState state, std::string reason) {
  const auto entry = attempts_.find(node);
  if (entry != attempts_.end() && !entry->second.command.empty()) end_attempt(node, {}, false);
  wish.state = state;
  wish.reason = std::move(reason);
  waiting_.erase(node);
  dirty_.insert(node);
  auto& lines = state == WishState::done ? done_ : refused_;
  const std::string key =
      state == WishState::done ? wish.model : wish.model + " is refused (" + wish.reason + ")";
  count(lines, key, node);
}

void Deployer::count(Lines& lines, const std::string& key, const NodeId& node) {
  if (lines.size() >= kMaxSettledLines && !lines.contains(key)) return;
  Settled& settled = lines[key];
  if (++settled.count > kDeployNamed) return;
  settled.names += (settled.names.empty() ? "" : ", ") + node.str();
}

void Deployer::report(Instant now, LearnWork& work) {
  const auto names = [](const Settled& settled) {
    if (settled.count <= kDeployNamed) return settled.names;
    return settled.names + " and " + std::to_string(settled.count - kDeployNamed) + " more";
  };
  for (const auto& [model, settled] : done_) {
    work.say(LogLevel::info, "model " + model + " runs on " + names(settled));
  }
  for (const auto& [what, settled] : refused_) {
    work.say(LogLevel::warning, "model " + what + " on " + names(settled));
  }
  done_.clear();
  refused_.clear();
  if (troubled_.empty() || now < troubled_again_) return;
  for (const auto& [what, settled] : troubled_) {
    work.say(LogLevel::warning, what + " on " + names(settled));
  }
  troubled_.clear();
  troubled_again_ = now + kToldAgain;
}

void Deployer::drop_idle_payloads(Instant now) {
  std::erase_if(payloads_, [&](const auto& one) {
    return waiting_.empty() || now - one.second.used >= kKeepPayload;
  });
}

}  // namespace bw::coordinator
