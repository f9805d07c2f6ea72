#include "agent/core/agent.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "agent/core/collect/kernel_log/kernel_log.h"
#include "base/rng.h"
#include "schemas/metrics/event_kinds.h"

namespace bw::agent {

namespace {

// A wall clock that moved this much more or less than the monotonic one was set, not slewed.
constexpr std::chrono::milliseconds kClockStep{1000};
// After a step, ages taken by the wall clock mean nothing until it has stayed put for a while.
constexpr Duration kClockTrustedAfter = std::chrono::hours{1};
// Facts: how far the kernel log was told; the boot the agent ran in, and whether it came to its
// end.
constexpr std::string_view kKernelLogFact = "kernel_log";
constexpr std::string_view kBootFact = "boot";
constexpr std::string_view kRunning = " running";
// Ticks between looks at how far the kernel log was told without an event: less than a block.
constexpr std::uint64_t kPositionTicks = 10;
// An outbox that could not be read is tried again with the next write, and the kernel log waits for
// it no longer than KernelLog::kMaxHold.
constexpr Duration kOutboxTriedWithin = std::chrono::seconds{10};
static_assert(2 * kOutboxTriedWithin <= KernelLog::kMaxHold);
constexpr Duration kTellTroublesEvery = std::chrono::minutes{1};

std::uint64_t seed_of(const NodeId& node) {
  std::uint64_t seed = 0;
  for (const char c : node.str()) seed = seed * 31 + static_cast<unsigned char>(c);
  return seed;
}

// Where a block ends within the minute is the node's own: a site that gets its power back does not
// send ten thousand blocks in one second.
Duration second_block(const AgentOptions& options) {
  if (options.second_block != Duration{}) return options.second_block;
  return std::max(options.period,
                  Duration{static_cast<Duration::rep>(Rng(seed_of(options.node)).unit() *
                                                      static_cast<double>(options.block.count()))});
}

RecorderOptions recorder_options(const AgentOptions& options) {
  RecorderOptions recorder;
  recorder.epoch = options.epoch;
  recorder.seed = options.seed;
  recorder.period = options.period;
  recorder.block = options.block;
  recorder.first_block = options.first_block;
  recorder.second_block = second_block(options);
  recorder.outbox = options.outbox;
  recorder.drain = options.drain;
  return recorder;
}

}  // namespace

Agent::Agent(AgentOptions options)
    : options_(std::move(options)), recorder_(recorder_options(options_)) {
  if (!options_.detect) return;
  detector_.emplace(*options_.detect, options_.period, seed_of(options_.node));
  collector_.expect_anomalies();
}

void Agent::step(const Event& event, Instant now, Effects& effects) {
  recorder_.begin_step();
  let_go_of_large();
  std::visit([&](const auto& what) { on(what, now, effects); }, event);
  recorder_.end_step(now, effects);
  if (stopping_) stop_when_idle(effects);
}

wire::Bytes Agent::last_will() {
  return will_encoder_.encode(
      wire::NodeState{options_.epoch, wire::NodeCondition::offline, 0, "connection lost"});
}

void Agent::on(const OutboxOpened& event, Instant now, Effects& effects) {
  const bool renamed = event.store_id != 0 && event.store_id != options_.store_id;
  if (event.store_id != 0) options_.store_id = event.store_id;
  restore_detector(event, effects);
  const bool other_model = detector_ && detector_->model_id() != announced_model_;
  if ((renamed || other_model) && linked_) announce(effects);
  recorder_.restore(event.records, event.facts, now, effects);
  std::string_view position;
  for (const Fact& fact : event.facts) {
    if (fact.name == kKernelLogFact) position = fact.value;
    if (fact.name == kBootFact) last_boot_ = fact.value;
  }
  if (event.unread) {
    collector_.hold_kernel_log();
    recorder_.write_within(kOutboxTriedWithin);
  } else {
    collector_.restore_kernel_log(position);
  }
}

void Agent::on(const Ticked& event, Instant now, Effects& effects) {
  if (stopping_) return;
  const Readings& readings = event.readings;
  const std::uint64_t table_before = collector_.sample().table_id();
  watch_clock(readings, effects);
  tell_boot(readings);
  collector_.read(readings, record_health(readings.wall));
  const Sample& sample = collector_.sample();
  sampled_ = true;
  sequence_ = readings.tick;
  wall_ = readings.wall;
  watch_anomalies(readings, effects);
  record_events(readings.tick);
  recorder_.add_row(now, wall_, sample.values(), sample.table_id(), sample.series());
  if (linked_) {
    const bool other_model = detector_ && detector_->model_id() != announced_model_;
    if (sample.table_id() != table_before || other_model) announce(effects);
    publish_live(effects);
  }
  const bool clock_trusted = !clock_ever_jumped_ || now - clock_jumped_ > kClockTrustedAfter;
  recorder_.tick(now, wall_, clock_trusted, effects);
  report_troubles(now, effects);
}

// An event of the kernel log takes along how far the log was told: both are on disk, or neither.
// Where it tells of nothing, the position rides with the next block, so that what was read is not
// taken for lost after a restart.
void Agent::record_events(std::uint64_t tick) {
  for (ToldEvent& event : collector_.events()) {
    std::vector<Fact> facts;
    if (!event.position.empty()) {
      facts.push_back({std::string(kKernelLogFact), std::move(event.position)});
    }
    recorder_.add_event(std::move(event.record), {}, std::move(facts));
  }
  if (tick % kPositionTicks != 0) return;
  std::string position = collector_.kernel_log_position();
  if (!position.empty()) {
    recorder_.set_fact({std::string(kKernelLogFact), std::move(position)});
  }
}

// Once for each boot of the box; and whether the agent had come to its end before it, which it does
// when the box is shut down as it should be.
void Agent::tell_boot(const Readings& readings) {
  const std::string& boot = options_.hardware.boot_id;
  if (boot.empty()) return;
  const std::string last = std::exchange(last_boot_, {});
  if (!boot_noted_ || !last.empty()) {
    boot_noted_ = true;
    recorder_.set_fact({std::string(kBootFact), boot + std::string(kRunning)});
  }
  if (last.empty() || last.starts_with(boot)) return;
  const bool clean = !last.ends_with(kRunning);
  wire::EventRecord event;
  event.time_ms = std::max<std::int64_t>(
      0, to_ms(readings.wall) - std::chrono::duration_cast<std::chrono::milliseconds>(
                                    readings.when.time_since_epoch() + readings.suspended)
                                    .count());
  event.kind = metrics::event_name(metrics::EventKind::boot);
  event.severity = wire::Severity::info;
  event.text = "the box was started";
  event.details = {{"boot_id", boot}};
  collector_.note(event);
  if (clean) return;
  event.kind = metrics::event_name(metrics::EventKind::unclean_shutdown);
  event.severity = wire::Severity::warning;
  event.text =
      "before it was started, the box had gone down without the agent being stopped: power loss, "
      "reset or crash";
  event.details.push_back(
      {"action", "look at power and cooling, and at what the kernel and firmware tell"});
  collector_.note(std::move(event));
}

RecordHealth Agent::record_health(WallTime wall) const {
  const Outbox& outbox = recorder_.outbox();
  RecordHealth health;
  health.depth = outbox.size();
  health.bytes = outbox.bytes();
  health.dropped = outbox.dropped();
  health.samples_sent = samples_sent_;
  health.outbox_gaps = recorder_.outbox_gaps_told();
  health.history_gaps = recorder_.history_gaps_told();
  // A record made before the clock was set has no age.
  const std::int64_t age_ms = outbox.size() > 0 ? to_ms(wall) - outbox.oldest_ms() : 0;
  health.oldest_age = std::chrono::milliseconds{std::max<std::int64_t>(age_ms, 0)};
  return health;
}

// Durations come from the monotonic clock, so a step of the wall clock only labels: the block ends
// here, and the next begins at the new time.
void Agent::watch_clock(const Readings& readings, Effects& effects) {
  const Duration offset = Duration(readings.wall.time_since_epoch()) -
                          (readings.when.time_since_epoch() + readings.suspended);
  const Duration moved = offset - std::exchange(clock_offset_, offset);
  if (!sampled_ || std::chrono::abs(moved) < kClockStep) return;
  recorder_.close_block();
  clock_ever_jumped_ = true;
  clock_jumped_ = readings.when;
  const std::int64_t moved_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(moved).count();
  const std::string text = std::string("the clock was set ") + (moved_ms > 0 ? "forward" : "back") +
                           " by " + std::to_string(std::abs(moved_ms)) + " ms";
  effects.emplace_back(Log{LogLevel::warning, text});
  wire::EventRecord event;
  event.time_ms = to_ms(readings.wall);
  event.kind = metrics::event_name(metrics::EventKind::clock_step);
  event.severity = wire::Severity::warning;
  event.text = text;
  event.details = {{"step_ms", std::to_string(moved_ms)}};
  collector_.note(std::move(event));
}

void Agent::on(const LinkUp&, Instant now, Effects& effects) {
  linked_ = true;
  if (stopping_) return;
  announce(effects);
  if (sampled_) publish_live(effects);
  recorder_.link_up(now, collector_.sample().table_id(), effects);
}

void Agent::on(const LinkDown&, Instant now, Effects&) {
  linked_ = false;
  recorder_.link_down(now);
}

void Agent::on(const AckReceived& event, Instant now, Effects& effects) {
  recorder_.acknowledged(event.ack, now, effects);
}

void Agent::on(const CommandReceived& event, Instant now, Effects& effects) {
  const wire::Command& command = event.command;
  if (command.epoch != options_.epoch || stopping_) return;
  switch (command.kind) {
    case wire::CommandKind::announce:
      answer(command.id, {}, effects);
      if (!command.reason.empty()) effects.emplace_back(Log{LogLevel::warning, command.reason});
      announce(effects);
      return;
    case wire::CommandKind::refuse:
      answer(command.id, {}, effects);
      effects.emplace_back(Log{LogLevel::error, "refused by the coordinator: " + command.reason});
      stopping_ = true;
      stopped_ = true;
      // No state is published: the node's state is that of the agent that holds its id.
      effects.emplace_back(Stop{3, command.reason});
      return;
    case wire::CommandKind::silence:
    case wire::CommandKind::train:
    case wire::CommandKind::deploy_model:
      obey(command, now, effects);
      return;
  }
}

void Agent::on(const RecordPersisted& event, Instant now, Effects& effects) {
  recorder_.persisted(event.key, now, effects);
}

void Agent::on(const PersistFailed& event, Instant now, Effects& effects) {
  recorder_.persist_failed(event.key, event.reason, now, effects);
}

void Agent::on(const PublishTaken&, Instant now, Effects& effects) {
  recorder_.taken(now, effects);
}

void Agent::on(const RecordLoaded& event, Instant now, Effects& effects) {
  recorder_.loaded(event, now, effects);
}

void Agent::on(const SettingsReloaded& event, Instant, Effects& effects) {
  options_.site = event.site;
  options_.labels = event.labels;
  if (linked_) announce(effects);
}

void Agent::on(const StopRequested&, Instant, Effects& effects) {
  if (stopping_) return;
  stopping_ = true;
  if (detector_) {
    detector_->stop();
    record_anomalies();
    if (detector_->has_news()) {
      keep_model(effects);
    } else if (forget_again_at_) {
      forget_model(effects);
    }
  }
  if (boot_noted_) recorder_.set_fact({std::string(kBootFact), options_.hardware.boot_id});
  recorder_.finish();
}

void Agent::stop_when_idle(Effects& effects) {
  if (stopped_ || !recorder_.idle() || keeping_ > 0) return;
  stopped_ = true;
  if (const std::size_t lost = recorder_.only_in_memory(); lost > 0) {
    effects.emplace_back(Log{LogLevel::error, "the disk did not take the last " +
                                                  std::to_string(lost) +
                                                  " records: what was not delivered is lost"});
  }
  if (linked_) publish_state(wire::NodeCondition::offline, "stopped", effects);
  effects.emplace_back(Stop{0, "stopped"});
}

void Agent::announce(Effects& effects) {
  const Sample& sample = collector_.sample();
  wire::NodeBirth birth;
  birth.epoch = options_.epoch;
  birth.store_id = options_.store_id;
  birth.site = options_.site;
  birth.labels = options_.labels;
  birth.hardware = options_.hardware;
  birth.agent_version = options_.version;
  birth.started_ms = options_.started_ms;
  birth.period_ms = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(options_.period).count());
  birth.table_id = sampled_ ? sample.table_id() : wire::series_table_id({});
  if (sampled_) birth.series = sample.series();
  if (detector_) birth.model = announced_model_ = detector_->model_id();
  effects.emplace_back(Publish{wire::Topic::birth, birth_encoder_.encode(birth)});
  recorder_.announced(birth.table_id);
  publish_state(wire::NodeCondition::online, "", effects);
}

void Agent::publish_state(wire::NodeCondition condition, std::string reason, Effects& effects) {
  const wire::NodeState state{options_.epoch, condition, to_ms(wall_), std::move(reason)};
  effects.emplace_back(Publish{wire::Topic::state, state_encoder_.encode(state)});
}

void Agent::publish_live(Effects& effects) {
  const Sample& sample = collector_.sample();
  live_.epoch = options_.epoch;
  live_.sequence = sequence_;
  live_.table_id = sample.table_id();
  live_.time_ms = to_ms(wall_);
  live_.values.assign(sample.live().begin(), sample.live().end());
  samples_sent_ += live_.values.size();
  effects.emplace_back(Publish{wire::Topic::live, live_encoder_.encode(live_)});
}

void Agent::report_troubles(Instant now, Effects& effects) {
  const auto troubles = collector_.troubles();
  if (troubles.size() == troubles_told_ || now < tell_troubles_at_) return;
  tell_troubles_at_ = now + kTellTroublesEvery;
  troubles_told_ = troubles.size();
  if (troubles.empty()) {
    effects.emplace_back(Log{LogLevel::info, "all sources can be read again"});
    return;
  }
  std::string text = "sources without values:";
  for (const auto& trouble : troubles) {
    text.append(" ").append(trouble.source).append(" (").append(trouble.what).append(")");
  }
  effects.emplace_back(Log{LogLevel::warning, text});
}

}  // namespace bw::agent
