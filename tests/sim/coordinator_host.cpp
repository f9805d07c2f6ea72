#include "tests/sim/coordinator_host.h"

#include <algorithm>

#include "base/crc32c.h"
#include "schemas/wire/limits.h"

namespace bw::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

std::uint64_t number_in(const wire::EventRecord& event, std::string_view name) {
  for (const auto& label : event.details) {
    if (label.name == name) return std::stoull(label.value);
  }
  BW_ASSERT(false);
}

}  // namespace

CoordinatorHost::CoordinatorHost(World& world, Broker& broker, Ledger& ledger, Canary canary)
    : world_(world), broker_(broker), ledger_(ledger), canary_(canary) {}

void CoordinatorHost::start() {
  ++run_;
  disk_free_at_ = world_.now();
  coordinator::CoordinatorOptions options;
  options.version = "sim";
  options.seed = world_.rng().next();
  options.started_ms = to_ms(world_.wall());
  core_ = std::make_unique<coordinator::Coordinator>(options);

  Link::Handlers handlers;
  handlers.up = [this] { step(coordinator::LinkUp{}); };
  handlers.down = [this] { step(coordinator::LinkDown{"broken"}); };
  handlers.message = [this](const Message& message) {
    const auto parsed = wire::parse_topic(message.topic);
    BW_ASSERT(parsed && parsed->topic);
    auto decoded = wire::decode_up(*parsed->topic, message.payload);
    BW_ASSERT(static_cast<bool>(decoded));
    step(coordinator::MessageReceived{NodeId::parse(parsed->node).value(), *decoded,
                                      message.payload, world_.wall()});
  };
  link_ = std::make_unique<Link>(
      world_, broker_, Link::Options{"coordinator", false, {std::string(wire::kAllUpTopics)}},
      handlers);
  step(stored());
  tick();
  link_->start();
}

void CoordinatorHost::crash() {
  if (!core_) return;
  ++run_;
  link_->die();
  link_.reset();
  core_.reset();
}

void CoordinatorHost::damage_store() {
  disk_.clear();
  ++disk_generation_;
  ledger_.store_replaced();
  if (core_) step(stored());
}

coordinator::StoreOpened CoordinatorHost::stored() const {
  coordinator::StoreOpened opened;
  for (const auto& [name, node] : disk_) opened.nodes.push_back(node);
  return opened;
}

void CoordinatorHost::step(const coordinator::Event& event) {
  if (!core_) return;
  coordinator::Effects effects;
  core_->step(event, world_.now(), effects);
  carry_out(std::move(effects));
}

void CoordinatorHost::carry_out(coordinator::Effects effects) {
  for (coordinator::Effect& effect : effects) {
    if (auto* publish = std::get_if<coordinator::PublishDown>(&effect)) {
      const wire::TopicInfo& info = wire::topic_info(publish->topic);
      link_->publish(Message{wire::topic_name(publish->node, publish->topic),
                             {publish->payload.begin(), publish->payload.end()},
                             info.qos,
                             info.retained});
    } else if (auto* batch = std::get_if<coordinator::StoreBatch>(&effect)) {
      commit(std::move(*batch));
    } else if (auto* answer = std::get_if<coordinator::Respond>(&effect)) {
      answers_[answer->id] = answer->response.body;
    }
  }
}

void CoordinatorHost::commit(coordinator::StoreBatch batch) {
  const auto run = run_;
  const auto generation = disk_generation_;
  const auto number = batch.batch;
  disk_free_at_ =
      std::max(disk_free_at_, world_.now()) + world_.draw(milliseconds{1}, milliseconds{400});
  const bool early = canary_ == Canary::acknowledge_before_commit;
  if (early) {
    world_.after(milliseconds{0}, [this, run, number] {
      if (run == run_) step(coordinator::Committed{number});
    });
  }
  world_.after(disk_free_at_ - world_.now(),
               [this, run, generation, number, early, batch = std::move(batch)] {
                 if (run != run_ || generation != disk_generation_)
                   return;  // the process or the file died first
                 if (disk_full_) {
                   if (!early) step(coordinator::CommitFailed{number, "disk full"});
                   return;
                 }
                 for (const auto& change : batch.changes) apply(change);
                 if (!early) step(coordinator::Committed{number});
               });
}

void CoordinatorHost::apply(const coordinator::Change& change) {
  using namespace coordinator;
  if (std::holds_alternative<PutExportCursor>(change)) return;  // nothing is exported here
  const NodeId& id = std::visit(
      [](const auto& it) -> const NodeId& {
        if constexpr (requires { it.node; }) return it.node;
        BW_ASSERT(false);
      },
      change);
  StoredNode& node = disk_.try_emplace(id.str(), StoredNode{id}).first->second;
  if (const auto* put = std::get_if<PutNode>(&change)) {
    if (node.first_seen_ms == 0) node.first_seen_ms = put->seen_ms;
    node.birth = put->birth;
  } else if (const auto* state = std::get_if<PutState>(&change)) {
    node.state = state->state;
  } else if (const auto* table = std::get_if<PutTable>(&change)) {
    if (std::find(node.tables.begin(), node.tables.end(), table->table_id) == node.tables.end()) {
      node.tables.push_back(table->table_id);
    }
  } else if (const auto* block = std::get_if<PutBlock>(&change)) {
    ledger_.stored(id.str(), block->epoch, block->number, crc32c(block->columns));
  } else if (const auto* event = std::get_if<PutEvent>(&change)) {
    ledger_.stored(id.str(), event->event.epoch, event->event.number,
                   crc32c(std::as_bytes(std::span(event->event.text))));
    if (event->event.kind == "outbox_gap") {
      ledger_.gap_stored(id.str(), number_in(event->event, "epoch"),
                         number_in(event->event, "first"), number_in(event->event, "last"));
    }
  } else if (const auto* gap = std::get_if<PutGap>(&change)) {
    ledger_.gap_stored(id.str(), gap->epoch, gap->first, gap->last);
  } else if (const auto* progress = std::get_if<PutProgress>(&change)) {
    std::erase_if(node.epochs,
                  [&](const StoredEpoch& epoch) { return epoch.epoch == progress->epoch.epoch; });
    node.epochs.push_back(progress->epoch);
    if (node.epochs.size() > coordinator::kMaxStoredEpochs) node.epochs.erase(node.epochs.begin());
  }
}

void CoordinatorHost::tick() {
  const auto run = run_;
  world_.after(seconds{1}, [this, run] {
    if (run == run_) tick();
  });
  step(coordinator::Ticked{world_.wall()});
}

std::string CoordinatorHost::get(const std::string& target) {
  const auto id = next_request_++;
  step(coordinator::RequestReceived{id, {"GET", target}, world_.wall()});
  return answers_[id];
}

}  // namespace bw::sim
