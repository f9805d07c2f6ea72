#include "agent/shell/runner.h"

#include <csignal>
#include <utility>

#include <sys/random.h>
#include <unistd.h>

#include "agent/shell/hardware.h"
#include "base/runtime/clock.h"
#include "base/runtime/log.h"
#include "base/runtime/state_lock.h"

namespace bw::agent {

namespace {

constexpr std::string_view kRunnerPart = "agent";
constexpr int kExitFailed = 1;
constexpr int kExitTaken = 3;
// Beside twice what the core may keep: room for what is about to be replaced, the detector's model
// among it.
constexpr std::uint64_t kSpareFileBytes = 32U << 20;
// After the loop was left late, the disk gets this much more: 2 s together.
constexpr Duration kLastWrites = std::chrono::milliseconds{400};
// What the thread that asks the GPUs gets to come back from a call.
constexpr Duration kLastCalls = std::chrono::milliseconds{300};

// A number that no other run draws, never 0.
std::uint64_t draw_id() {
  std::uint64_t id = 0;
  while (id == 0) {
    if (getrandom(&id, sizeof id, 0) != sizeof id) id = 0;
  }
  return id;
}

std::uint64_t outbox_bytes(const Settings& settings) {
  return static_cast<std::uint64_t>(settings.outbox_max_mb) * 1'000'000;
}

AgentOptions agent_options(const Settings& settings, std::uint64_t epoch, std::uint64_t store_id) {
  AgentOptions options{.node = NodeId::parse(settings.node).value()};
  options.site = settings.site;
  options.labels = label_list(settings);
  options.hardware = read_hardware(settings.root);
  options.version = BW_VERSION;
  options.epoch = epoch;
  options.store_id = store_id;
  options.started_ms = to_ms(wall_now());
  options.seed = epoch;
  options.period = std::chrono::milliseconds{settings.period_ms};
  options.block = std::chrono::seconds{settings.block_s};
  options.first_block = std::chrono::seconds{settings.first_block_s};
  options.outbox.max_bytes = outbox_bytes(settings);
  options.drain.share = static_cast<double>(settings.history_share) / 100;
  options.drain.max_bytes_per_s = static_cast<std::uint64_t>(settings.max_kbit) * 1000 / 8;
  options.outbox.max_age = std::chrono::hours{settings.outbox_max_age_h};
  if (settings.detect) {
    DetectOptions& detect = options.detect.emplace();
    detect.window = static_cast<std::size_t>(settings.detect_window);
    detect.false_alarms_a_day = settings.false_alarms_a_day;
    detect.alert_threshold = settings.alert_threshold;
    detect.contamination = settings.contamination;
    detect.watch = {settings.detect_include, settings.detect_exclude};
  }
  return options;
}

}  // namespace

Runner::Runner(EventLoop& loop, Settings settings, ConfigSources sources, ServiceManager manager)
    : loop_(loop),
      settings_(std::move(settings)),
      sources_(std::move(sources)),
      box_(settings_),
      report_(loop, std::move(manager), settings_.broker_url,
              std::chrono::milliseconds{settings_.period_ms}),
      tick_timer_(loop),
      stop_timer_(loop) {}

Runner::~Runner() = default;

void Runner::start() {
  SpoolStore store(settings_.state_directory + "/outbox.db",
                   2 * outbox_bytes(settings_) + kSpareFileBytes, draw_id());
  OutboxOpened opened = store.open(wall_now());
  agent_.emplace(agent_options(settings_, draw_id(), store.store_id()));
  spool_.emplace(std::move(store), [this](Event event) {
    loop_.post([this, event = std::move(event)] { step(event, monotonic_now()); });
  });
  const AgentOptions& options = agent_->options();
  log(LogLevel::info, kRunnerPart,
      "bellwether-agent " BW_VERSION " runs as node " + options.node.str() + " at site " +
          options.site + ", records in the outbox: " + std::to_string(opened.records.size()));
  step(opened, monotonic_now());
  link_.emplace(loop_, settings_, options.node, options.epoch,
                AgentLink::Handlers{
                    .last_will = [this] { return agent_->last_will(); },
                    .happened = [this](const Event& event) { step(event, monotonic_now()); }});
  link_->start();  // it connects while the first tick reads
  schedule_.emplace(monotonic_now(), options.period);
  tick();
}

void Runner::step(const Event& event, Instant now) {
  BW_ASSERT(!stepping_);  // effects hold spans that the next step would void
  stepping_ = true;
  effects_.clear();
  agent_->step(event, now, effects_);
  for (const Effect& effect : effects_) carry_out(effect);
  stepping_ = false;
}

void Runner::carry_out(const Effect& effect) {
  if (const auto* publish = std::get_if<Publish>(&effect)) {
    link_->publish(*publish);
  } else if (const auto* persist = std::get_if<PersistRecord>(&effect)) {
    spool_->persist(*persist);
  } else if (const auto* load = std::get_if<LoadRecord>(&effect)) {
    spool_->load(load->key);
  } else if (const auto* keep = std::get_if<KeepModel>(&effect)) {
    spool_->keep_model(keep->payload);
  } else if (const auto* line = std::get_if<Log>(&effect)) {
    log(line->level, kRunnerPart, line->text);
  } else {
    leave(std::get<Stop>(effect));
  }
}

void Runner::tick() {
  const Instant now = monotonic_now();
  if (now < schedule_->next()) return set_tick_timer();
  const TickSchedule::Tick tick = schedule_->take(now);
  Readings readings = box_.read(tick.number, now, agent_->collector().mount_points());
  readings.when = now;
  readings.wall = wall_now();
  readings.self = SelfReading{.cpu_time = process_cpu_time(),
                              .lateness = tick.lateness,
                              .missed_ticks = schedule_->missed(),
                              .bytes_sent = link_->bytes_sent(),
                              .connected = link_->is_up(),
                              .publish_latency = link_->publish_latency(),
                              .in_flight = link_->in_flight(),
                              .reconnects = link_->reconnects()};
  step(Ticked{readings}, now);
  box_.kernel_log_taken(agent_->collector().kernel_log_taken());
  link_->tell_refused(now);
  if (const std::size_t left_out = box_.left_out(); left_out != left_out_told_) {
    left_out_told_ = left_out;
    log(LogLevel::warning, kRunnerPart,
        std::to_string(left_out) + " files are left out: more than are read of a kind, or in all");
  }
  report_.ticked(AgentStatus{.linked = link_->is_up(),
                             .series = agent_->collector().sample().series().size(),
                             .waiting = agent_->outbox().size()},
                 monotonic_now());
  set_tick_timer();
}

void Runner::set_tick_timer() {
  if (stop_requested_ || leaving_) return;
  tick_timer_.at(schedule_->next(), [this] { tick(); });
}

void Runner::reload() {
  auto loaded = load_settings(sources_);
  if (!loaded) {
    log(LogLevel::error, kRunnerPart,
        "the configuration stays as it was: " + loaded.error().message);
    return;
  }
  for (const std::string& key : changed_until_restart(settings_, *loaded)) {
    log(LogLevel::warning, kRunnerPart, key + " has changed: it needs a restart");
  }
  settings_.site = loaded->site;
  settings_.labels = loaded->labels;
  settings_.log_level = loaded->log_level;
  set_log_level(parse_log_level(settings_.log_level).value());
  log(LogLevel::info, kRunnerPart, "read the configuration again");
  step(SettingsReloaded{.site = settings_.site, .labels = label_list(settings_)}, monotonic_now());
  report_.reloaded(monotonic_now());
}

void Runner::request_stop() {
  if (std::exchange(stop_requested_, true)) return;
  log(LogLevel::info, kRunnerPart, "stops");
  report_.stopping();
  tick_timer_.cancel();
  stop_timer_.after(kStopDeadline, [this] {
    log(LogLevel::warning, kRunnerPart, "did not come to an end in time, and leaves all the same");
    loop_.stop();
  });
  step(StopRequested{}, monotonic_now());
}

void Runner::leave(const Stop& effect) {
  if (std::exchange(leaving_, true)) return;
  exit_code_ = effect.exit_code;
  tick_timer_.cancel();
  if (!stop_requested_) report_.stopping();
  link_->stop(kGoodbye, [this] { loop_.stop(); });
}

bool Runner::finish(Duration most) {
  return !spool_ || spool_->finish(most);
}

bool Runner::end_readers(Duration most) {
  return box_.end(most);
}

int run_agent(const Settings& settings, const ConfigSources& sources) {
  start_log(parse_log_level(settings.log_level).value());
  bool taken = false;
  const auto lock = StateLock::take(settings.state_directory, "agent", taken);
  if (!lock) {
    log(LogLevel::error, kRunnerPart, lock.error().message);
    return taken ? kExitTaken : kExitFailed;
  }
  EventLoop loop;
  Runner runner(loop, settings, sources, ServiceManager::from_environment());
  loop.on_signals({SIGTERM, SIGINT}, [&](int) { runner.request_stop(); });
  loop.on_signals({SIGHUP}, [&](int) { runner.reload(); });
  runner.start();
  loop.run();
  if (!runner.finish(kLastWrites)) {
    log(LogLevel::error, kRunnerPart, "the disk did not take the last records in time");
    // Without waiting for the thread that does. The database is whole: the write never happened.
    _exit(kExitFailed);
  }
  if (!runner.end_readers(kLastCalls)) {
    log(LogLevel::warning, kRunnerPart, "a call to a GPU does not return, and is left behind");
    // The exit handlers of NVIDIA's library would run beside it. All there was to do is done.
    _exit(runner.exit_code());
  }
  return runner.exit_code();
}

}  // namespace bw::agent
