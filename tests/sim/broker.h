// A broker as MQTT v5 describes it, and links to it that break: retained messages, Last Will, QoS 1
// with redelivery, persistent sessions, in-order delivery within a connection and nothing across a
// broken one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/world.h"

namespace bw::sim {

struct Message {
  std::string topic;
  std::vector<std::byte> payload;
  int qos = 0;
  bool retained = false;
};

// What goes wrong now and then; probabilities a message, or a read of a disk.
struct Faults {
  double lose_qos0 = 0;
  double duplicate_qos1 = 0;
  double fail_loads = 0;
  Duration delay_most = std::chrono::milliseconds{5};
  double bytes_per_s = 0;  // of each link, upwards; 0: unbounded
};

class Broker;

// The client's side, with the manners of base/runtime/mqtt_link.h: connects, backs off, tells up
// and down.
class Link {
 public:
  struct Options {
    std::string client_id;
    bool clean_start = true;
    std::vector<std::string> subscriptions;
  };
  struct Handlers {
    std::function<std::optional<Message>()> will;
    std::function<void()> up;
    std::function<void()> down;
    std::function<void(const Message&)> message;
    std::function<void(const Message&)> taken = {};  // QoS 1, by the broker
  };

  Link(World& world, Broker& broker, Options options, Handlers handlers);
  ~Link();

  void start();
  bool publish(Message message);
  void say_goodbye();    // DISCONNECT: no will
  void die();            // the process is gone: the broker sees a broken connection
  void break_network();  // both sides notice, each in its time

 private:
  friend class Broker;
  struct Connection;
  void try_connect();
  void lost();
  Instant arrival_of(const Message& message);

  World& world_;
  Broker& broker_;
  Options options_;
  Handlers handlers_;
  std::shared_ptr<Connection> connection_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

class Broker {
 public:
  explicit Broker(World& world) : world_(world) {}

  Faults faults;

  void crash(bool keeps_state);
  void restart() { running_ = true; }
  bool running() const { return running_; }

 private:
  friend class Link;
  using ConnectionPtr = std::shared_ptr<Link::Connection>;
  struct Session {
    std::vector<std::string> filters;
    std::deque<Message> queue;  // QoS 1, oldest first; the first `in_flight` have been sent
    std::size_t in_flight = 0;
    ConnectionPtr connection;
    bool persistent = false;
  };

  void accept(const ConnectionPtr& connection, const Link::Options& options);
  void closed(const ConnectionPtr& connection, bool with_will);
  void arrived(const Message& message);
  void answer(const ConnectionPtr& connection, const Message& message);
  void offer(Session& session, const Message& message);
  void pump(const std::string& client_id);
  void deliver(const std::string& client_id, const ConnectionPtr& connection,
               const Message& message);

  static constexpr std::size_t kReceiveMaximum = 20;
  static constexpr std::size_t kMaxQueued = 1000;

  World& world_;
  bool running_ = true;
  std::map<std::string, Message> retained_;
  std::map<std::string, Session> sessions_;
};

// MQTT's filter match: '+' for one level, '#' for the rest.
bool topic_matches(const std::string& filter, const std::string& topic);

}  // namespace bw::sim
