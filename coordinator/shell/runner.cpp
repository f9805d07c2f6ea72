#include "coordinator/shell/runner.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include <sys/random.h>
#include <unistd.h>

#include "base/runtime/clock.h"
#include "base/runtime/log.h"
#include "base/runtime/state_lock.h"
#include "coordinator/shell/inbound.h"

namespace bw::coordinator {

namespace {

constexpr std::string_view kRunnerPart = "coordinator";
constexpr std::string_view kLinkPart = "link";
constexpr int kExitFailed = 1;
constexpr Duration kTickPeriod = std::chrono::seconds{1};
// A tick later than this was not held up by load: the loop hangs.
constexpr Duration kTickOverdue = std::chrono::seconds{5};
constexpr std::uint32_t kSessionExpirySeconds = 24 * 3600;

std::uint64_t draw_seed() {
  std::uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) != sizeof seed) {
    seed = static_cast<std::uint64_t>(monotonic_now().time_since_epoch().count());
  }
  return seed;
}

std::string url_of(const Settings& settings) {
  if (!settings.broker_url.empty()) return settings.broker_url;
  return "mqtt://127.0.0.1:" + std::to_string(settings.broker_port);
}

CoordinatorOptions core_options(const Settings& settings) {
  CoordinatorOptions options;
  options.version = BW_VERSION;
  options.seed = draw_seed();
  options.started_ms = to_ms(wall_now());
  options.broker_url = url_of(settings);
  options.live_timeout = std::chrono::seconds{settings.live_timeout_s};
  return options;
}

}  // namespace

Runner::Runner(EventLoop& loop, Settings settings, ConfigSources sources, ServiceManager manager)
    : loop_(loop),
      settings_(std::move(settings)),
      sources_(std::move(sources)),
      manager_(std::move(manager)),
      core_(core_options(settings_)),
      broker_url_(url_of(settings_)),
      tick_timer_(loop),
      watchdog_timer_(loop),
      stop_timer_(loop) {}

Runner::~Runner() = default;

Result<void> Runner::start() {
  log(LogLevel::info, kRunnerPart, "bellwether-coordinator " BW_VERSION " starts");
  if (const auto opened = open_store(); !opened) return opened;
  start_exports();
  if (const auto listening = listen(); !listening) return listening;
  if (const auto started = start_broker(); !started) return started;
  next_tick_ = monotonic_now();
  tick();
  feed_watchdog();
  tell_status();
  return {};
}

Result<void> Runner::open_store() {
  StoreOptions options;
  options.directory = settings_.state_directory;
  options.retention = retention_of(settings_);
  for (const auto& [name, target] : settings_.exports) options.exports.insert(name);
  auto store = Store::open(loop_, std::move(options), [this](const Event& event) {
    step(event);
    if (exporter_ && std::holds_alternative<StoreOpened>(event)) exporter_->start_over();
  });
  if (!store) return store.error();
  store_ = std::move(*store);
  step(store_->take_opened());
  return {};
}

void Runner::start_exports() {
  if (settings_.exports.empty()) return;
  exporter_ = std::make_unique<Exporter>(loop_, settings_.exports,
                                         settings_.state_directory + "/bellwether.db", draw_seed(),
                                         [this](const Event& event) { step(event); });
}

// Their last report goes into the last batch. One that hangs is left behind, as the process ends.
void Runner::stop_exports() {
  if (!exporter_) return;
  exports_are_over_ = exporter_->stop(kExportGoodbye);
  if (!exports_are_over_) (void)exporter_.release();
}

Result<void> Runner::listen() {
  const auto listen = parse_listen(settings_.api_listen);
  if (!listen) return listen.error().within("api.listen");
  HttpOptions options;
  options.address = listen->address;
  options.port = listen->port;
  auto server = HttpServer::listen(loop_, options, [this](std::uint64_t id, api::Request request) {
    step(RequestReceived{id, std::move(request), wall_now()});
  });
  if (!server) {
    return server.error().within("api.listen: cannot listen on " + settings_.api_listen);
  }
  http_ = std::move(*server);
  const std::string host = listen->address.find(':') == std::string::npos
                               ? listen->address
                               : "[" + listen->address + "]";
  log(LogLevel::info, kRunnerPart,
      "the API is at http://" + host + ":" + std::to_string(http_->port()) + "/");
  return {};
}

Result<void> Runner::start_broker() {
  const bool is_own = settings_.broker_url.empty();
  make_link(broker_url_, is_own);
  if (!is_own) {
    link_started_ = true;
    link_->start();
    become_ready();
    return {};
  }
  BrokerOptions options;
  options.executable = settings_.broker_executable;
  options.port = static_cast<std::uint16_t>(settings_.broker_port);
  options.directory = settings_.state_directory + "/broker";
  auto broker = EmbeddedBroker::start(loop_, std::move(options), [this] {
    if (!std::exchange(link_started_, true)) link_->start();
  });
  if (!broker) return broker.error();
  broker_ = std::move(*broker);
  return {};
}

void Runner::make_link(const std::string& url, bool is_own) {
  MqttOptions options;
  options.url = url;
  options.client_id = "bw-coordinator";
  options.clean_start = false;
  options.session_expiry_s = kSessionExpirySeconds;
  // There is one coordinator: its tries are no burden to the broker.
  options.backoff_most = is_own ? std::chrono::seconds{1} : std::chrono::seconds{5};
  options.subscriptions = {std::string(wire::kAllUpTopics)};
  options.seed = draw_seed();
  MqttHandlers handlers;
  handlers.up = [this](bool) { link_up(); };
  handlers.down = [this](const std::string& reason) { link_down(reason); };
  handlers.message = [this](const MqttMessage& message) {
    step(inbound_event(message, wall_now()));
  };
  link_ = std::make_unique<MqttLink>(loop_, std::move(options), std::move(handlers));
}

void Runner::step(const Event& event) {
  BW_ASSERT(!stepping_);  // effects hold spans that the next step would void
  stepping_ = true;
  effects_.clear();
  core_.step(event, monotonic_now(), effects_);
  for (Effect& effect : effects_) carry_out(effect);
  stepping_ = false;
}

void Runner::carry_out(Effect& effect) {
  if (auto* batch = std::get_if<StoreBatch>(&effect)) {
    store_->write(std::move(*batch));
  } else if (const auto* message = std::get_if<PublishDown>(&effect)) {
    publish(*message);
  } else if (auto* respond = std::get_if<Respond>(&effect)) {
    if (http_) http_->respond(respond->id, std::move(respond->response));
  } else if (auto* query = std::get_if<RunQuery>(&effect)) {
    store_->query(std::move(*query));
  } else {
    const Log& line = std::get<Log>(effect);
    log(line.level, kRunnerPart, line.text);
  }
}

// What finds no connection is gone: the core sends all that still counts when the link is up again.
void Runner::publish(const PublishDown& effect) {
  if (!link_) return;
  const wire::TopicInfo& info = wire::topic_info(effect.topic);
  link_->publish(wire::topic_name(effect.node, effect.topic), effect.payload, info.qos,
                 info.retained, info.expiry_s);
}

void Runner::tick() {
  const Instant now = monotonic_now();
  step(Ticked{wall_now()});
  ticked_ = now;
  next_tick_ += kTickPeriod;
  if (next_tick_ <= now) next_tick_ = now + kTickPeriod;  // after a pause: none is made up for
  tick_timer_.at(next_tick_, [this] { tick(); });
}

void Runner::link_up() {
  log(LogLevel::info, kLinkPart, "connected to " + broker_url_);
  down_reason_.clear();
  step(LinkUp{});
  become_ready();
  tell_status();
}

void Runner::link_down(const std::string& reason) {
  if (stopping_since_) return;
  // Each try fails with the same words while the broker is away: once is enough.
  const bool is_new = std::exchange(down_reason_, reason) != reason;
  log(is_new ? LogLevel::warning : LogLevel::debug, kLinkPart,
      "no connection to " + broker_url_ + ": " + reason);
  step(LinkDown{reason});
  tell_status();
}

void Runner::become_ready() {
  if (std::exchange(is_ready_, true)) return;
  log(LogLevel::info, kRunnerPart, "ready");
  manager_.ready();
}

void Runner::tell_status() {
  const std::string api = "API on " + settings_.api_listen;
  if (link_->is_up()) {
    manager_.status("connected to " + broker_url_ + ", " + api);
  } else {
    const std::string reason = down_reason_.empty() ? "" : " (" + down_reason_ + ")";
    manager_.status("not connected to " + broker_url_ + reason + ", " + api);
  }
}

void Runner::feed_watchdog() {
  const auto interval = manager_.watchdog_interval();
  if (!interval) return;
  if (monotonic_now() - ticked_ < kTickOverdue && store_->writing_for() < kStuckAfter) {
    manager_.watchdog();
  }
  watchdog_timer_.after(*interval, [this] { feed_watchdog(); });
}

void Runner::reload() {
  const auto loaded = load_settings(sources_);
  if (!loaded) {
    log(LogLevel::error, kRunnerPart,
        "the configuration stays as it was: " + loaded.error().message);
    return;
  }
  manager_.reloading(monotonic_now());
  for (const std::string& key : changed_until_restart(settings_, *loaded)) {
    log(LogLevel::warning, kRunnerPart, key + " has changed: it needs a restart");
  }
  settings_.log_level = loaded->log_level;
  set_log_level(parse_log_level(settings_.log_level).value());
  log(LogLevel::info, kRunnerPart, "read the configuration again");
  if (is_ready_) manager_.ready();
}

void Runner::request_stop() {
  if (stopping_since_) return;
  stopping_since_ = monotonic_now();
  log(LogLevel::info, kRunnerPart, "stops");
  manager_.stopping();
  tick_timer_.cancel();
  stop_timer_.after(kStopDeadline, [this] {
    log(LogLevel::warning, kRunnerPart, "did not come to an end in time, and leaves all the same");
    loop_.stop();
  });
  stop_exports();
  step(StopRequested{});
  http_.reset();
  const auto leave = [this] { loop_.stop(); };
  const auto stop_broker = [this, leave] { broker_ ? broker_->stop(leave) : leave(); };
  store_->drain(kDrain, [this, stop_broker] { link_->stop(kGoodbye, stop_broker); });
}

bool Runner::finish() {
  if (!store_) return true;
  const Instant since = stopping_since_.value_or(monotonic_now());
  return store_->finish(std::max(since + kStopDeadline - monotonic_now(), kLeastToFinish));
}

int run_coordinator(const Settings& settings, const ConfigSources& sources) {
  start_log(parse_log_level(settings.log_level).value());
  bool taken = false;
  const auto lock = StateLock::take(settings.state_directory, "coordinator", taken);
  if (!lock) {
    log(LogLevel::error, kRunnerPart, lock.error().message);
    return kExitFailed;
  }
  EventLoop loop;
  Runner runner(loop, settings, sources, ServiceManager::from_environment());
  loop.on_signals({SIGTERM, SIGINT}, [&](int) { runner.request_stop(); });
  loop.on_signals({SIGHUP}, [&](int) { runner.reload(); });
  if (const auto started = runner.start(); !started) {
    log(LogLevel::error, kRunnerPart, started.error().message);
    return kExitFailed;
  }
  loop.run();
  if (!runner.finish()) {
    log(LogLevel::error, kRunnerPart, "the disk did not take the last batch in time");
    // Without waiting for the thread that writes it. The store is whole: the batch never happened.
    _exit(kExitFailed);
  }
  log(LogLevel::info, kRunnerPart, "stopped");
  if (!runner.exports_are_over()) _exit(0);  // their threads use what would be destroyed
  return 0;
}

}  // namespace bw::coordinator
