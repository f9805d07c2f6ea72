#include "coordinator/core/coordinator.h"

#include <array>
#include <deque>
#include <optional>
#include <set>
#include <utility>

#include "coordinator/core/api/api.h"
#include "coordinator/core/fleet/fleet.h"
#include "coordinator/core/ingest/ingest.h"
#include "coordinator/core/ingest/refusals.h"
#include "coordinator/core/learn/model_life.h"

namespace bw::coordinator {

namespace {

constexpr std::size_t kTopics = 8;
constexpr Duration kTellAgainAfter = std::chrono::minutes{1};

wire::Topic topic_of(const wire::UpMessage& message) {
  constexpr wire::Topic kByIndex[] = {wire::Topic::birth, wire::Topic::state,
                                      wire::Topic::live,  wire::Topic::history,
                                      wire::Topic::event, wire::Topic::result};
  static_assert(std::size(kByIndex) == std::variant_size_v<wire::UpMessage>);
  return kByIndex[message.index()];
}

RecordCounts to_view(const Ingest::Counts& counts) {
  return {counts.stored, counts.duplicates, counts.gaps, counts.last_stored_ms};
}

}  // namespace

struct Coordinator::State final : FleetView, Ingest::NodeSource {
  explicit State(CoordinatorOptions the_options)
      : options(std::move(the_options)),
        fleet(options.seed, options.live_timeout),
        models(options.seed) {}

  void on(const StoreOpened& event, Instant now, Effects& effects);
  void on(const LinkUp& event, Instant now, Effects& effects);
  void on(const LinkDown& event, Instant now, Effects& effects);
  void on(const MessageReceived& event, Instant now, Effects& effects);
  void on(const PayloadRefused& event, Instant now, Effects& effects);
  void on(const Committed& event, Instant now, Effects& effects);
  void on(const CommitFailed& event, Instant now, Effects& effects);
  void on(const Ticked& event, Instant now, Effects& effects);
  void on(const RequestReceived& event, Instant now, Effects& effects);
  void on(const QueryFinished& event, Instant now, Effects& effects);
  void on(const ExportReported& event, Instant now, Effects& effects);
  void on(const StoreMeasured& event, Instant now, Effects& effects);
  void on(const StopRequested& event, Instant now, Effects& effects);

  // What kinds of message there are; each says whether it was taken.
  using Taken = Fleet::Taken;
  Taken take(const NodeId& id, const wire::NodeBirth& birth, Instant now, FleetWork& work);
  Taken take(const NodeId& id, const wire::NodeState& state, Instant now, FleetWork& work);
  Taken take(const NodeId& id, const wire::LiveSample& sample, Instant now, FleetWork& work);
  Taken take(const NodeId& id, const wire::HistoryBlock& block, Instant now, FleetWork& work);
  Taken take(const NodeId& id, const wire::EventRecord& event, Instant now, FleetWork& work);
  Taken take(const NodeId& id, const wire::CommandResult& result, Instant now, FleetWork& work);
  template <typename Record>
  Taken take_record(const NodeId& id, const Record& record, Instant now, FleetWork& work);

  void carry_out(FleetWork& work, Effects& effects);
  void carry_out(LearnWork& work, Effects& effects);
  bool keep_birth(const NodeId& id);
  void send_ack(const NodeId& node, Instant now, Effects& effects);
  void send_due_acks(Instant now, Effects& effects);
  void flush(Instant now, Effects& effects);
  void report_refusals(Instant now, Effects& effects);
  wire::Bytes keep(wire::Bytes payload);

  NodeView view_of(const Node& node) const;
  ServiceView service_view(Instant now) const;
  std::optional<NodeView> find(std::string_view id) const override;
  void each(std::string_view after,
            const std::function<bool(const NodeView&)>& visit) const override;
  std::optional<PutNode> node_to_store(const NodeId& node) const override;
  std::optional<PutState> state_to_store(const NodeId& node) const override;

  CoordinatorOptions options;
  Fleet fleet;
  Ingest ingest;
  Refusals refusals;
  ModelLife models;
  LearnWork learn_work;  // of this step
  api::Api api;
  StoreMeasures measures;
  wire::Encoder encoder;
  std::set<NodeId> late_births;                 // that wait for room
  std::deque<std::vector<std::byte>> payloads;  // of this step's effects
  std::array<std::uint64_t, kTopics> messages{};
  std::vector<ExportStatus> exports;
  WallTime wall{};
  std::optional<Instant> started;
  bool is_open = false;
  bool is_linked = false;
  bool is_stopping = false;
  std::string link_trouble;
  std::optional<Instant> told_failure;
  std::optional<Instant> told_refusals;
  std::uint64_t refusals_told = 0;
  std::string last_refusal;
};

Coordinator::Coordinator(CoordinatorOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}

Coordinator::~Coordinator() = default;

void Coordinator::step(const Event& event, Instant now, Effects& effects) {
  state_->payloads.clear();
  if (!state_->started) state_->started = now;
  std::visit([&](const auto& what) { state_->on(what, now, effects); }, event);
  state_->flush(now, effects);
  state_->carry_out(state_->learn_work, effects);
}

void Coordinator::State::on(const StoreOpened& event, Instant, Effects& effects) {
  FleetWork work;
  ingest.restore(event.nodes);
  fleet.restore(event.nodes, work);
  models.restore(event.models, is_open, learn_work);
  if (is_open) {
    effects.emplace_back(Log{LogLevel::warning,
                             "the store was replaced: what nodes said is stored again, and they "
                             "are asked to announce themselves"});
  }
  is_open = true;
  carry_out(work, effects);
}

void Coordinator::State::on(const LinkUp&, Instant now, Effects& effects) {
  is_linked = true;
  link_trouble.clear();
  send_due_acks(now, effects);
}

void Coordinator::State::on(const LinkDown& event, Instant, Effects&) {
  is_linked = false;
  link_trouble = event.reason;
}

void Coordinator::State::on(const MessageReceived& event, Instant now, Effects& effects) {
  wall = event.wall;
  ++messages[static_cast<std::size_t>(topic_of(event.message))];
  FleetWork work;
  const Taken refused = std::visit(
      [&](const auto& message) { return take(event.node, message, now, work); }, event.message);
  if (refused) {
    refusals.count(event.node.str(), fleet.find(event.node) != nullptr, *refused);
    last_refusal = event.node.str() + ": " + std::string(wire::name_of(*refused));
  }
  carry_out(work, effects);
  if (is_linked && ingest.is_ack_due(event.node, now)) send_ack(event.node, now, effects);
}

void Coordinator::State::on(const PayloadRefused& event, Instant, Effects&) {
  const auto id = NodeId::parse(event.node);
  refusals.count(event.node, id && fleet.find(*id) != nullptr, event.reason);
  last_refusal = printable_name(event.node) + ": " + std::string(wire::name_of(event.reason));
}

void Coordinator::State::on(const Committed& event, Instant now, Effects& effects) {
  const bool was_well = ingest.is_well();
  if (ingest.is_under_way(event.batch)) {
    models.committed(to_ms(wall), learn_work);
    if (is_linked) models.pump(*this, now, to_ms(wall), learn_work);
  }
  for (const NodeId& node : ingest.committed(event.batch)) {
    ingest.owe_ack(node);
    if (is_linked) send_ack(node, now, effects);
  }
  if (!was_well && ingest.is_well()) {
    told_failure.reset();
    effects.emplace_back(Log{LogLevel::warning, "the store takes records again"});
  }
}

void Coordinator::State::on(const CommitFailed& event, Instant now, Effects& effects) {
  if (!ingest.failed(event.batch, event.reason, now)) return;
  models.failed(event.reason, to_ms(wall), learn_work);
  if (told_failure && now - *told_failure < kTellAgainAfter) return;
  told_failure = now;
  effects.emplace_back(Log{LogLevel::error, "the store takes nothing: " + event.reason +
                                                "; nodes keep their records and send them again"});
}

void Coordinator::State::on(const Ticked& event, Instant now, Effects& effects) {
  wall = event.wall;
  FleetWork work;
  fleet.tick(now, wall, work);
  carry_out(work, effects);
  models.tick(*this, is_linked, now, to_ms(wall), learn_work);
  send_due_acks(now, effects);
  report_refusals(now, effects);
}

void Coordinator::State::on(const RequestReceived& event, Instant now, Effects& effects) {
  wall = event.wall;
  api::Answer answer = api.handle(event.id, event.request, *this, service_view(now));
  if (auto* const response = std::get_if<api::Response>(&answer)) {
    effects.emplace_back(Respond{event.id, std::move(*response)});
  } else if (auto* const query = std::get_if<api::StoreQuery>(&answer)) {
    effects.emplace_back(RunQuery{event.id, std::move(*query)});
  } else {
    models.request(event.id, std::get<ModelRequest>(std::move(answer)), *this, now, to_ms(wall),
                   learn_work);
  }
}

void Coordinator::State::on(const QueryFinished& event, Instant now, Effects& effects) {
  if (Deployer::is_own_query(event.id)) {
    const auto* const model = std::get_if<api::ModelPayload>(&event.result);
    models.take_payload(event.id, model == nullptr ? std::nullopt : std::optional(model->bytes),
                        now, learn_work);
    if (is_linked) models.pump(*this, now, to_ms(wall), learn_work);
    return;
  }
  if (auto response = api.finish(event.id, event.result, *this)) {
    effects.emplace_back(Respond{event.id, *std::move(response)});
  }
}

void Coordinator::State::on(const ExportReported& event, Instant, Effects&) {
  exports = event.exports;
  for (const ExportStatus& one : exports) {
    if (one.has_begun) ingest.store_cursor(one.name, one.cursor);
  }
}

void Coordinator::State::on(const StoreMeasured& event, Instant, Effects&) {
  measures = event.measures;
}

void Coordinator::State::on(const StopRequested&, Instant, Effects&) {
  is_stopping = true;
}

Fleet::Taken Coordinator::State::take(const NodeId& id, const wire::NodeBirth& birth, Instant now,
                                      FleetWork& work) {
  const Node* const known = fleet.find(id);
  const bool is_new = known == nullptr || !known->birth;
  const Taken refused = fleet.hear(id, birth, now, wall, work);
  const Node* const node = fleet.find(id);
  if (!refused && node != nullptr) models.take_birth(id, *node->birth, is_new, now);
  return refused;
}

Fleet::Taken Coordinator::State::take(const NodeId& id, const wire::NodeState& state, Instant now,
                                      FleetWork& work) {
  return fleet.hear(id, state, now, wall, work);
}

Fleet::Taken Coordinator::State::take(const NodeId& id, const wire::LiveSample& sample, Instant now,
                                      FleetWork& work) {
  return fleet.hear(id, sample, now, wall, work);
}

Fleet::Taken Coordinator::State::take(const NodeId& id, const wire::HistoryBlock& block,
                                      Instant now, FleetWork& work) {
  return take_record(id, block, now, work);
}

Fleet::Taken Coordinator::State::take(const NodeId& id, const wire::EventRecord& event, Instant now,
                                      FleetWork& work) {
  return take_record(id, event, now, work);
}

Fleet::Taken Coordinator::State::take(const NodeId& id, const wire::CommandResult& result,
                                      Instant now, FleetWork& work) {
  const Taken refused = fleet.hear_other(id, result.epoch, now, wall, work);
  if (!refused && fleet.find(id) != nullptr) {
    models.take_result(id, result, now, to_ms(wall), learn_work);
  }
  return refused;
}

template <typename Record>
Fleet::Taken Coordinator::State::take_record(const NodeId& id, const Record& record, Instant now,
                                             FleetWork& work) {
  if (const Taken refused = fleet.hear_other(id, record.epoch, now, wall, work)) return refused;
  if (fleet.find(id) == nullptr) return std::nullopt;  // one node too many
  switch (ingest.take(id, record, wall)) {
    case Ingest::Verdict::unknown_table:
      fleet.miss_table(id, record.epoch, now, wall, work);
      return wire::Refusal::unknown_table;
    case Ingest::Verdict::bad_number:
      return wire::Refusal::out_of_bounds;
    case Ingest::Verdict::taken:
    case Ingest::Verdict::duplicate:
    case Ingest::Verdict::no_room:
      break;
  }
  return std::nullopt;
}

void Coordinator::State::carry_out(FleetWork& work, Effects& effects) {
  for (const NodeId& id : work.births) {
    if (keep_birth(id)) {
      late_births.erase(id);
    } else {
      late_births.insert(id);
    }
  }
  for (const NodeId& id : work.states) ingest.store_state(id);
  for (const FleetWork::Send& send : work.commands) {
    effects.emplace_back(
        PublishDown{send.node, wire::Topic::command, keep(encoder.encode(send.command))});
  }
  for (FleetWork::Line& line : work.log) {
    effects.emplace_back(Log{line.level, std::move(line.text)});
  }
}

void Coordinator::State::carry_out(LearnWork& work, Effects& effects) {
  for (const LearnWork::Send& send : work.sends) {
    effects.emplace_back(
        PublishDown{send.node, wire::Topic::command, keep(encoder.encode(send.command))});
  }
  for (const LearnWork::Load& load : work.loads) {
    effects.emplace_back(RunQuery{load.query, api::ModelQuery{load.model}});
  }
  for (LearnWork::Answer& answer : work.answers) {
    if (auto response = api.finish_request(answer.request, answer.outcome)) {
      effects.emplace_back(Respond{answer.request, *std::move(response)});
    }
  }
  for (LearnWork::Line& line : work.log) {
    effects.emplace_back(Log{line.level, std::move(line.text)});
  }
  work = {};
}

// False where there is no room for its table now: none is stored without.
bool Coordinator::State::keep_birth(const NodeId& id) {
  const Node* const node = fleet.find(id);
  const bool has_table = node->table != nullptr;
  if (has_table && !ingest.learn_table(id, node->birth->table_id, node->table)) return false;
  ingest.store_node(id);
  return true;
}

void Coordinator::State::send_ack(const NodeId& node, Instant now, Effects& effects) {
  const wire::Ack ack = ingest.ack_of(node);
  ingest.told_ack(node, now);
  if (ack.epochs.empty()) return;
  effects.emplace_back(PublishDown{node, wire::Topic::ack, keep(encoder.encode(ack))});
}

void Coordinator::State::send_due_acks(Instant now, Effects& effects) {
  if (!is_linked) return;
  for (const NodeId& node : ingest.due_acks(now)) send_ack(node, now, effects);
}

void Coordinator::State::flush(Instant now, Effects& effects) {
  if (!is_open || !ingest.may_begin(now)) return;
  auto changes = models.next_changes(*this, now, to_ms(wall), learn_work);
  if (auto batch = ingest.next_batch(*this, now, wall, std::move(changes))) {
    effects.emplace_back(StoreBatch{batch->id, std::move(batch->changes)});
    std::erase_if(late_births, [this](const NodeId& id) { return keep_birth(id); });
  }
}

void Coordinator::State::report_refusals(Instant now, Effects& effects) {
  const std::uint64_t fresh = refusals.total() - refusals_told;
  if (fresh == 0 || (told_refusals && now - *told_refusals < kTellAgainAfter)) return;
  told_refusals = now;
  refusals_told = refusals.total();
  effects.emplace_back(
      Log{LogLevel::warning, std::to_string(fresh) + " payloads refused, the last of node " +
                                 last_refusal + "; /metrics has them by node and reason"});
}

// Encoders use their buffer again, and effects live until the next step.
wire::Bytes Coordinator::State::keep(wire::Bytes payload) {
  return payloads.emplace_back(payload.begin(), payload.end());
}

NodeView Coordinator::State::view_of(const Node& node) const {
  NodeView view;
  view.id = node.id.str();
  view.status = node.status;
  view.since_ms = node.since_ms;
  view.last_seen_ms = node.last_seen_ms;
  view.birth = node.birth ? &*node.birth : nullptr;
  view.series = node.table.get();
  view.live = node.live;
  view.live_sequence = node.live_sequence;
  view.live_ms = node.live_ms;
  view.clock_offset_ms = node.clock_offset_ms;
  view.records = to_view(ingest.counts(node.id));
  view.refused = refusals.of(node.id.str());
  return view;
}

std::optional<NodeView> Coordinator::State::find(std::string_view id) const {
  const auto parsed = NodeId::parse(id);
  if (!parsed) return std::nullopt;
  const Node* const node = fleet.find(*parsed);
  if (node == nullptr) return std::nullopt;
  return view_of(*node);
}

void Coordinator::State::each(std::string_view after,
                              const std::function<bool(const NodeView&)>& visit) const {
  const auto parsed = NodeId::parse(after);
  const auto& nodes = fleet.nodes();
  for (auto one = parsed ? nodes.upper_bound(*parsed) : nodes.begin(); one != nodes.end(); ++one) {
    if (!visit(view_of(one->second))) return;
  }
}

ServiceView Coordinator::State::service_view(Instant now) const {
  ServiceView view;
  view.version = options.version;
  view.broker_url = options.broker_url;
  view.started_ms = options.started_ms;
  view.now_ms = to_ms(wall);
  view.uptime_s = std::chrono::duration_cast<std::chrono::seconds>(now - *started).count();
  view.is_connected = is_linked;
  view.disconnect_reason = link_trouble;
  view.is_stopping = is_stopping;
  view.store_is_open = is_open;
  view.store_is_well = ingest.is_well();
  view.store_failure = ingest.failure();
  view.store = measures;
  view.nodes = fleet.counts();
  view.records = to_view(ingest.totals());
  view.deferred_records = ingest.deferred();
  view.commits = ingest.commits();
  view.commit_failures = ingest.commit_failures();
  view.live_samples = fleet.live_samples();
  view.conflicts = fleet.conflicts();
  view.refused_nodes = fleet.refused_nodes();
  view.refused_payloads = refusals.total();
  view.messages = messages;
  view.exports = exports;
  view.models = &models;
  view.odd_models = models.odd_results();
  view.bad_models = models.bad_models();
  view.each_refused = [this](const auto& visit) {
    for (const auto& [name, counts] : refusals.all()) visit(name, counts);
  };
  return view;
}

std::optional<PutNode> Coordinator::State::node_to_store(const NodeId& id) const {
  const Node* const node = fleet.find(id);
  if (node == nullptr || !node->birth || late_births.contains(id)) return std::nullopt;
  return PutNode{id, node->first_seen_ms, *node->birth};
}

std::optional<PutState> Coordinator::State::state_to_store(const NodeId& id) const {
  const Node* const node = fleet.find(id);
  if (node == nullptr || !node->birth) return std::nullopt;
  return PutState{id, node->state};
}

}  // namespace bw::coordinator
