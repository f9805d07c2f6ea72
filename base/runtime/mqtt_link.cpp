#include "base/runtime/mqtt_link.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "base/backoff.h"
#include "base/rng.h"
#include "base/runtime/clock.h"
#include "base/runtime/log.h"
#include "base/runtime/mqtt_address.h"
#include "base/runtime/mqtt_connection.h"
#include "base/runtime/mqtt_inbox.h"

namespace bw {

namespace {

constexpr std::string_view kMqttLinkPart = "mqtt";
// Events handled before others of the loop get their turn.
constexpr std::size_t kEventsPerTurn = 256;
// A connection that lived this long was a good one: the next tries begin with short waits again.
// Where two clients fight over one id, each lives shorter, and they back off.
constexpr auto kProvenAfter = std::chrono::seconds{10};
// The least that a goodbye is waited for, whatever the grace.
constexpr auto kLeastGoodbye = std::chrono::milliseconds{100};

}  // namespace

Result<void> check_mqtt_url(std::string_view url) {
  const auto address = MqttAddress::parse(url);
  if (!address) return address.error();
  return {};
}

struct MqttLink::State : std::enable_shared_from_this<MqttLink::State> {
  enum class Phase : std::uint8_t {
    idle,         // before start()
    waiting,      // for the next try
    resolving,    // the broker's name
    connecting,   // the connection is on its way
    subscribing,  // connected
    up,
    draining,  // stop() was called: sending what waits
    closing,   // saying goodbye
    stopped,
  };

  struct Outgoing {
    std::string topic;
    std::vector<std::byte> payload;
    bool retained;
    std::uint32_t expiry_s;
  };

  State(EventLoop& the_loop, MqttOptions the_options, MqttHandlers the_handlers)
      : loop(the_loop),
        options(std::move(the_options)),
        handlers(std::move(the_handlers)),
        rng(options.seed),
        backoff(options.backoff_first, options.backoff_most),
        timer(the_loop) {}

  // Called once, when a shared_ptr owns this.
  void open_inbox() {
    inbox = std::make_shared<MqttInbox>([weak = weak_from_this(), &to = loop] {
      to.post([weak] {
        if (const auto self = weak.lock()) self->read_inbox();
      });
    });
  }

  void read_inbox();
  void handle(MqttEvent& event);
  void handle_of_connection(MqttEvent& event);
  void keep_early(MqttEvent& event);

  void begin_try();
  void connect(const std::vector<std::string>& addresses);
  void connected(const MqttEvent& event);
  void come_up();
  void lose(const std::string& reason);
  void drop_connection();
  void send_waiting();
  void close_when_drained();
  void say_goodbye(Duration at_most);
  void finish();

  EventLoop& loop;
  const MqttOptions options;
  const MqttHandlers handlers;
  Rng rng;
  Backoff backoff;
  Timer timer;  // the next try, the deadline of a try, or of stopping: as the phase says

  std::shared_ptr<MqttInbox> inbox;
  std::deque<MqttEvent> events;  // taken from the inbox, not yet handled
  std::uint64_t reported_drops = 0;

  Phase phase = Phase::idle;
  std::unique_ptr<MqttConnection> connection;
  std::uint64_t tries = 0;               // the number of the latest connection
  std::uint64_t unanswered_resolve = 0;  // its number while a resolver runs; one at a time
  bool session_present = false;
  Instant up_since{};
  std::vector<MqttMessage> early;  // came before `up`; bounded as the inbox is
  std::size_t early_bytes = 0;
  std::uint64_t early_drops = 0;

  std::size_t window = kMaxInFlight;
  std::size_t in_flight = 0;
  std::deque<Outgoing> queue;
  std::uint64_t sent_bytes = 0;

  Instant stop_by{};
  std::function<void()> done;
};

void MqttLink::State::read_inbox() {
  const auto self = shared_from_this();  // a handler may destroy the link
  std::size_t handled = 0;
  for (; handled < kEventsPerTurn && phase != Phase::stopped; ++handled) {
    // Only when all before is handled: what lies in the inbox is counted against its bound.
    if (events.empty()) events = inbox->take();
    if (events.empty()) break;
    MqttEvent event = std::move(events.front());
    events.pop_front();
    handle(event);
  }
  if (phase == Phase::stopped) {
    events.clear();
    return;
  }
  if (handled == kEventsPerTurn) {
    loop.post([weak = weak_from_this()] {
      if (const auto link = weak.lock()) link->read_inbox();
    });
  }
  const auto drops = inbox->dropped() + early_drops;
  if (drops != reported_drops) {
    log(LogLevel::warning, kMqttLinkPart,
        std::to_string(drops - reported_drops) + " messages dropped unread: too many at once");
    reported_drops = drops;
  }
}

void MqttLink::State::handle(MqttEvent& event) {
  using Kind = MqttEvent::Kind;
  if (event.kind == Kind::message) {
    // Also of a connection that ended since: it may have been acknowledged.
    if (phase == Phase::up || phase == Phase::draining) {
      if (handlers.message) handlers.message(std::move(event.message));
    } else {
      keep_early(event);
    }
    return;
  }
  if (event.connection == unanswered_resolve) {
    unanswered_resolve = 0;
    if (phase != Phase::resolving) return;
    if (event.kind == Kind::resolved && !event.addresses.empty()) {
      connect(event.addresses);
    } else {
      lose(event.reason.empty() ? "the broker's name has no address" : event.reason);
    }
    return;
  }
  if (connection && event.connection == connection->number()) handle_of_connection(event);
}

void MqttLink::State::keep_early(MqttEvent& event) {
  const std::size_t cost = MqttInbox::cost(event.message);
  if (early_bytes + cost <= MqttInbox::kMaxUnreadBytes) {
    early_bytes += cost;
    early.push_back(std::move(event.message));
  } else if (event.qos > 0 && connection && event.connection == connection->number()) {
    lose("too many messages came before it was subscribed");
  } else {
    ++early_drops;
  }
}

void MqttLink::State::handle_of_connection(MqttEvent& event) {
  using Kind = MqttEvent::Kind;
  switch (event.kind) {
    case Kind::connected:
      connected(event);
      break;
    case Kind::subscribed:
      if (phase == Phase::subscribing) come_up();
      break;
    case Kind::failed:
      lose(event.reason);
      break;
    case Kind::refused:
      log(LogLevel::warning, kMqttLinkPart,
          "messages not taken: " + std::to_string(event.count) + " (" + event.reason + ")");
      [[fallthrough]];
    case Kind::completed:
      in_flight -= std::min<std::size_t>(in_flight, event.count);
      send_waiting();
      // A handler may stop or destroy the link: read_inbox() holds its state.
      if (phase == Phase::up && handlers.taken) handlers.taken(event.count);
      close_when_drained();
      break;
    case Kind::closed:
      if (phase == Phase::closing) finish();
      break;
    case Kind::resolved:
    case Kind::message:
      break;
  }
}

void MqttLink::State::begin_try() {
  phase = Phase::resolving;
  ++tries;
  timer.after(options.connect_timeout, [this] {
    lose(phase == Phase::resolving ? "the broker's name was not resolved in time"
                                   : "the broker did not answer in time");
  });
  // One that still runs since the last try will answer for this one as well.
  if (unanswered_resolve != 0) return;
  unanswered_resolve = tries;
  const auto address = MqttAddress::parse(options.url);
  if (address) {
    resolve_in_background(*address, tries, inbox);
  } else {
    inbox->push(
        {.kind = MqttEvent::Kind::failed, .connection = tries, .reason = address.error().message});
  }
}

void MqttLink::State::connect(const std::vector<std::string>& addresses) {
  phase = Phase::connecting;
  MqttConnection::retire(nullptr);
  auto made = MqttConnection::make(tries, inbox, options.client_id);
  if (!made) {
    lose(made.error().message);
    return;
  }
  connection = std::move(*made);
  const auto will = handlers.will ? handlers.will() : std::nullopt;
  const auto asked = connection->connect(options, addresses, will);
  if (!asked) lose(asked.error().message);
}

void MqttLink::State::connected(const MqttEvent& event) {
  if (phase != Phase::connecting) return;
  session_present = event.session_present;
  window = std::clamp<std::size_t>(event.receive_maximum, 1, kMaxInFlight);
  if (options.subscriptions.empty() || (session_present && !options.clean_start)) {
    come_up();
    return;
  }
  phase = Phase::subscribing;
  const auto asked = connection->subscribe(options.subscriptions);
  if (!asked) lose(asked.error().message);
}

void MqttLink::State::come_up() {
  const auto self = shared_from_this();
  timer.cancel();
  phase = Phase::up;
  up_since = monotonic_now();
  if (handlers.up) handlers.up(session_present);
  early_bytes = 0;
  for (auto& message : std::exchange(early, {})) {
    if (phase == Phase::stopped) return;
    if (handlers.message) handlers.message(std::move(message));
  }
}

void MqttLink::State::lose(const std::string& reason) {
  const auto self = shared_from_this();
  const bool was_up = phase == Phase::up;
  const bool stopping = phase == Phase::draining || phase == Phase::closing;
  drop_connection();
  if (stopping) {
    finish();
    return;
  }
  if (was_up && monotonic_now() - up_since >= kProvenAfter) backoff.reset();
  phase = Phase::waiting;
  timer.after(backoff.next(rng), [this] { begin_try(); });
  if (handlers.down) handlers.down(reason);
}

void MqttLink::State::drop_connection() {
  timer.cancel();
  if (connection) MqttConnection::retire(std::move(connection));
  connection = nullptr;
  in_flight = 0;
  queue.clear();
  early.clear();
  early_bytes = 0;
}

void MqttLink::State::send_waiting() {
  while (!queue.empty() && in_flight < window) {
    const Outgoing& next = queue.front();
    const auto sent =
        connection->publish(next.topic, next.payload, 1, next.retained, next.expiry_s);
    if (!sent) {
      lose(sent.error().message);  // it ended, and its own word of it is still on its way
      return;
    }
    sent_bytes += next.payload.size();
    ++in_flight;
    queue.pop_front();
  }
}

void MqttLink::State::close_when_drained() {
  if (phase != Phase::draining || in_flight > 0 || !queue.empty()) return;
  say_goodbye(std::max<Duration>(stop_by - monotonic_now(), kLeastGoodbye));
}

void MqttLink::State::say_goodbye(Duration at_most) {
  phase = Phase::closing;
  timer.after(at_most, [this] { finish(); });
  connection->disconnect();
}

void MqttLink::State::finish() {
  const auto self = shared_from_this();
  drop_connection();
  phase = Phase::stopped;
  inbox->close();
  // Moved out: it may destroy the link.
  const auto call = std::move(done);
  if (call) call();
}

MqttLink::MqttLink(EventLoop& loop, MqttOptions options, MqttHandlers handlers)
    : state_(std::make_shared<State>(loop, std::move(options), std::move(handlers))) {
  state_->open_inbox();
}

MqttLink::~MqttLink() {
  state_->drop_connection();
  state_->phase = State::Phase::stopped;
  state_->inbox->close();
}

void MqttLink::start() {
  BW_ASSERT(state_->phase == State::Phase::idle);
  state_->begin_try();
}

void MqttLink::stop(Duration grace, std::function<void()> done) {
  State& state = *state_;
  BW_ASSERT(!state.done && state.phase != State::Phase::stopped);
  state.done = std::move(done);
  if (state.phase != State::Phase::up) {
    state.drop_connection();
    state.phase = State::Phase::closing;
    state.loop.post([weak = state.weak_from_this()] {
      const auto self = weak.lock();
      if (self && self->phase == State::Phase::closing) self->finish();
    });
    return;
  }
  state.phase = State::Phase::draining;
  state.stop_by = monotonic_now() + grace;
  state.timer.after(grace, [&state] { state.say_goodbye(kLeastGoodbye); });
  state.close_when_drained();
}

bool MqttLink::is_up() const {
  return state_->phase == State::Phase::up;
}

bool MqttLink::publish(const std::string& topic, std::span<const std::byte> payload, int qos,
                       bool retained, std::uint32_t expiry_s) {
  State& state = *state_;
  if (state.phase != State::Phase::up) return false;
  if (qos == 0) {
    if (!state.connection->publish(topic, payload, 0, retained, expiry_s)) return false;
    state.sent_bytes += payload.size();
    return true;
  }
  if (state.queue.empty() && state.in_flight < state.window) {
    // Straight from the caller's bytes.
    if (!state.connection->publish(topic, payload, qos, retained, expiry_s)) return false;
    state.sent_bytes += payload.size();
    ++state.in_flight;
    return true;
  }
  if (state.queue.size() >= kMaxWaiting) return false;
  state.queue.push_back({topic, {payload.begin(), payload.end()}, retained, expiry_s});
  return true;
}

std::uint64_t MqttLink::bytes_sent() const {
  return state_->sent_bytes;
}

std::size_t MqttLink::waiting() const {
  return state_->queue.size() + state_->in_flight;
}

}  // namespace bw
