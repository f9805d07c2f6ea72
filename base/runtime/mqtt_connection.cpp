#include "base/runtime/mqtt_connection.h"

#include <csignal>
#include <list>
#include <mutex>
#include <utility>

#include <mqtt/async_client.h>
#include <pthread.h>
#include <sys/prctl.h>

#include "base/runtime/clock.h"

namespace bw {

namespace {

// Paho refuses what exceeds its buffer, connected or not: it must hold our window, the QoS 0
// messages beside it, and more.
constexpr int kPahoBuffer = 1024;
// Well above our window, so that it is never Paho's that throttles.
constexpr int kPahoInflight = 1000;
constexpr std::uint32_t kDefaultReceiveMaximum = 65535;  // MQTT 5.0, 3.2.2.3.3

// Why it failed: what the broker said, or else what Paho did.
std::string words(const mqtt::token& token) {
  // A refused connection has the broker's code in the wrong place.
  const int code = token.get_return_code();
  const int reason = code >= 0x80 ? code : static_cast<int>(token.get_reason_code());
  if (reason >= 0x80) return "the broker refused: " + mqtt::exception::reason_code_str(reason);
  if (code == MQTTASYNC_FAILURE) return "no connection (refused, or no answer)";
  return mqtt::exception::error_str(code);
}

// Paho speaks through exceptions: here they end.
template <typename Call>
Result<void> guarded(const char* what, Call&& call) {
  try {
    std::forward<Call>(call)();
    return {};
  } catch (const std::exception& error) {
    return Error{std::string(what) + ": " + error.what()};
  }
}

// Paho's sending thread looks around once a second, beside being woken by each message. One that
// sends once a second would so wake nearly twice as often as it need: given slack, the look-around
// waits for the message. Keep-alive and timeouts, which it looks for, can bear a second more.
void let_sender_sleep() {
  constexpr auto kSlack = std::chrono::nanoseconds{std::chrono::milliseconds{900}};
  thread_local bool done = false;
  if (done) return;
  done = true;
  char name[16] = {};
  ::pthread_getname_np(::pthread_self(), name, sizeof name);
  // A message that did not go out at once is reported by the receiving thread: it must stay quick.
  if (std::string_view(name) == "MQTTAsync_send") ::prctl(PR_SET_TIMERSLACK, kSlack.count());
}

}  // namespace

// Owns the client and hears of it. Its methods run on Paho's threads and only push.
struct MqttConnection::Paho {
  Paho(std::uint64_t connection, std::shared_ptr<MqttInbox> to, const std::string& client_id)
      : number(connection),
        inbox(std::move(to)),
        client("tcp://unused", client_id, mqtt::create_options(MQTTVERSION_5, kPahoBuffer)) {
    client.set_message_callback([this](mqtt::const_message_ptr message) { arrived(*message); });
    client.set_connection_lost_handler([this](const std::string& cause) {
      fail(cause.empty() ? "the connection was lost" : "the connection was lost: " + cause);
    });
    client.set_disconnected_handler([this](const mqtt::properties&, mqtt::ReasonCode reason) {
      fail("the broker ended the connection: " + mqtt::exception::reason_code_str(reason));
    });
  }

  void push(MqttEvent::Kind kind) { inbox->push({.kind = kind, .connection = number}); }
  void fail(std::string reason) {
    inbox->push(
        {.kind = MqttEvent::Kind::failed, .connection = number, .reason = std::move(reason)});
  }

  void arrived(const mqtt::message& message) {
    const auto& payload = message.get_payload_ref();
    const auto* begin = reinterpret_cast<const std::byte*>(payload.data());
    inbox->push_message(number,
                        {.topic = message.get_topic(),
                         .payload = {begin, begin + payload.size()},
                         .retained = message.is_retained()},
                        message.get_qos());
  }

  struct Listener : mqtt::iaction_listener {
    explicit Listener(Paho& paho) : owner(paho) {}
    Paho& owner;
  };

  struct ConnectListener final : Listener {
    using Listener::Listener;
    void on_failure(const mqtt::token& token) override { owner.fail(words(token)); }
    void on_success(const mqtt::token& token) override {
      MqttEvent event{.kind = MqttEvent::Kind::connected,
                      .connection = owner.number,
                      .receive_maximum = kDefaultReceiveMaximum};
      const auto response = token.get_connect_response();
      event.session_present = response.is_session_present();
      const auto& properties = response.get_properties();
      if (properties.contains(mqtt::property::RECEIVE_MAXIMUM)) {
        event.receive_maximum =
            mqtt::get<std::uint16_t>(properties, mqtt::property::RECEIVE_MAXIMUM);
      }
      owner.inbox->push(std::move(event));
    }
  };

  struct SubscribeListener final : Listener {
    using Listener::Listener;
    void on_failure(const mqtt::token& token) override { owner.fail("subscribe: " + words(token)); }
    void on_success(const mqtt::token& token) override {
      const auto response = token.get_subscribe_response();
      for (const int code : response.get_reason_codes()) {
        if (code < 0x80) continue;
        owner.fail("subscribe: the broker refused: " + mqtt::exception::reason_code_str(code));
        return;
      }
      owner.push(MqttEvent::Kind::subscribed);
    }
  };

  struct PublishListener final : Listener {
    using Listener::Listener;
    void on_failure(const mqtt::token& token) override {
      // Where it was not the broker's word the connection is at its end, which is told apart.
      if (token.get_reason_code() < 0x80) return;
      owner.inbox->push({.kind = MqttEvent::Kind::refused,
                         .connection = owner.number,
                         .count = 1,
                         .reason = words(token)});
    }
    void on_success(const mqtt::token&) override {
      owner.inbox->push(
          {.kind = MqttEvent::Kind::completed, .connection = owner.number, .count = 1});
    }
  };

  struct SentListener final : Listener {
    using Listener::Listener;
    void on_failure(const mqtt::token&) override { --owner.unsent; }
    void on_success(const mqtt::token&) override {
      --owner.unsent;
      let_sender_sleep();
    }
  };

  struct ClosedListener final : Listener {
    using Listener::Listener;
    void on_failure(const mqtt::token&) override { owner.push(MqttEvent::Kind::closed); }
    void on_success(const mqtt::token&) override { owner.push(MqttEvent::Kind::closed); }
  };

  const std::uint64_t number;
  const std::shared_ptr<MqttInbox> inbox;
  std::atomic<int> unsent{0};
  ConnectListener on_connect{*this};
  SubscribeListener on_subscribe{*this};
  PublishListener on_publish{*this};
  SentListener on_sent{*this};
  ClosedListener on_closed{*this};
  mqtt::async_client client;  // last: ends before what its callbacks use
};

MqttConnection::MqttConnection(std::uint64_t number, std::unique_ptr<Paho> paho)
    : number_(number), paho_(std::move(paho)) {}
MqttConnection::~MqttConnection() = default;

Result<std::unique_ptr<MqttConnection>> MqttConnection::make(std::uint64_t number,
                                                             std::shared_ptr<MqttInbox> inbox,
                                                             const std::string& client_id) {
  std::unique_ptr<Paho> paho;
  const auto made = guarded("set up the connection", [&] {
    paho = std::make_unique<Paho>(number, std::move(inbox), client_id);
  });
  if (!made) return made.error();
  return std::unique_ptr<MqttConnection>(new MqttConnection(number, std::move(paho)));
}

Result<void> MqttConnection::connect(const MqttOptions& options,
                                     const std::vector<std::string>& addresses,
                                     const std::optional<MqttWill>& will) {
  return guarded("connect", [&] {
    auto servers = std::make_shared<mqtt::string_collection>();
    for (const auto& address : addresses) servers->push_back(address);
    mqtt::properties properties;
    if (options.session_expiry_s > 0) {
      properties.add({mqtt::property::SESSION_EXPIRY_INTERVAL,
                      static_cast<std::int32_t>(options.session_expiry_s)});
    }
    auto builder = mqtt::connect_options_builder();
    builder.mqtt_version(MQTTVERSION_5)
        .clean_start(options.clean_start)
        .keep_alive_interval(options.keep_alive)
        // The link has its own, finer deadline; Paho's only must not come first.
        .connect_timeout(std::chrono::ceil<std::chrono::seconds>(options.connect_timeout) +
                         std::chrono::seconds{1})
        .max_inflight(kPahoInflight)
        .automatic_reconnect(false)
        .properties(std::move(properties))
        .servers(servers);
    if (will) {
      builder.will(mqtt::will_options(will->topic, will->payload.data(), will->payload.size(),
                                      will->qos, will->retained));
    }
    paho_->client.connect(builder.finalize(), nullptr, paho_->on_connect);
  });
}

Result<void> MqttConnection::subscribe(const std::vector<std::string>& topics) {
  return guarded("subscribe", [&] {
    auto filters = std::make_shared<mqtt::string_collection>();
    for (const auto& topic : topics) filters->push_back(topic);
    const mqtt::async_client::qos_collection levels(topics.size(), 1);
    // Without options of their own: Paho 1.2.0 loses them on the way and reads what is not there.
    paho_->client.subscribe(filters, levels, nullptr, paho_->on_subscribe);
  });
}

Result<void> MqttConnection::publish(const std::string& topic, std::span<const std::byte> payload,
                                     int qos, bool retained, std::uint32_t expiry_s) {
  if (qos == 0 && paho_->unsent >= kMaxUnsent) return Error{"too many messages wait to be written"};
  auto sent = guarded("publish", [&] {
    mqtt::properties properties;
    if (expiry_s > 0) {
      properties.add(
          {mqtt::property::MESSAGE_EXPIRY_INTERVAL, static_cast<std::int32_t>(expiry_s)});
    }
    auto message =
        mqtt::message::create(topic, payload.data(), payload.size(), qos, retained, properties);
    if (qos == 0) {
      ++paho_->unsent;
      paho_->client.publish(std::move(message), nullptr, paho_->on_sent);
    } else {
      paho_->client.publish(std::move(message), nullptr, paho_->on_publish);
    }
  });
  if (!sent && qos == 0) --paho_->unsent;
  return sent;
}

void MqttConnection::disconnect() {
  const auto asked =
      guarded("disconnect", [&] { paho_->client.disconnect(0, nullptr, paho_->on_closed); });
  if (!asked) paho_->push(MqttEvent::Kind::closed);
}

int MqttConnection::unsent() const {
  return paho_->unsent;
}

namespace {

struct Retired {
  std::unique_ptr<MqttConnection> connection;
  Instant since;
};

// Paho's library is one for the whole process, and so is this. Paho tears its threads down with the
// last client, waiting up to a second for them under its lock and racing with whoever makes the
// next: the anchor, a client that never connects, keeps it from ever doing so.
struct Graveyard {
  Graveyard() {
    ::signal(SIGPIPE, SIG_IGN);  // a write to a dead connection is an error, not our end
    anchor = std::make_unique<mqtt::async_client>("tcp://unused", "anchor");
  }

  std::mutex mutex;
  std::list<Retired> retired;
  std::unique_ptr<mqtt::async_client> anchor;
};

Graveyard& graveyard() {
  static Graveyard& instance = *new Graveyard;  // never destroyed: Paho's threads go on
  return instance;
}

}  // namespace

void MqttConnection::retire(std::unique_ptr<MqttConnection> connection) {
  constexpr auto kRest = std::chrono::milliseconds{100};
  Graveyard& yard = graveyard();
  const Instant now = monotonic_now();
  std::list<Retired> due;
  const std::lock_guard lock(yard.mutex);
  if (connection) {
    connection->disconnect();
    yard.retired.push_back({std::move(connection), now});
  }
  while (!yard.retired.empty() && now - yard.retired.front().since >= kRest) {
    due.splice(due.end(), yard.retired, yard.retired.begin());
  }
}

}  // namespace bw
