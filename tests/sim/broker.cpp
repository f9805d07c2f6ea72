#include "tests/sim/broker.h"

#include <algorithm>
#include <utility>

namespace bw::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Messages of one direction arrive in the order they were sent; a closed connection delivers
// nothing more.
struct Link::Connection {
  Link* client = nullptr;  // null once the client has let go
  std::string client_id;
  std::optional<Message> will;
  bool open = true;
  Instant last_up{};
  Instant last_answer{};
  Instant sending_until{};
  Instant last_down{};
};

bool topic_matches(const std::string& filter, const std::string& topic) {
  std::size_t f = 0;
  std::size_t t = 0;
  while (f < filter.size()) {
    if (filter[f] == '#') return true;
    const std::size_t f_end = std::min(filter.find('/', f), filter.size());
    const std::size_t t_end = std::min(topic.find('/', t), topic.size());
    if (t > topic.size()) return false;
    const bool any = filter.compare(f, f_end - f, "+") == 0;
    if (!any && filter.compare(f, f_end - f, topic, t, t_end - t) != 0) return false;
    f = f_end + 1;
    t = t_end + 1;
  }
  return t > topic.size();
}

Link::Link(World& world, Broker& broker, Options options, Handlers handlers)
    : world_(world),
      broker_(broker),
      options_(std::move(options)),
      handlers_(std::move(handlers)) {}

Link::~Link() {
  *alive_ = false;
  if (connection_) connection_->client = nullptr;
}

void Link::start() {
  try_connect();
}

void Link::try_connect() {
  if (!broker_.running()) {
    const auto alive = alive_;
    world_.after(world_.draw(milliseconds{200}, seconds{5}), [this, alive] {
      if (*alive) try_connect();
    });
    return;
  }
  connection_ = std::make_shared<Connection>();
  connection_->client = this;
  connection_->client_id = options_.client_id;
  connection_->will = handlers_.will ? handlers_.will() : std::nullopt;
  const auto connection = connection_;
  world_.after(world_.draw(milliseconds{1}, broker_.faults.delay_most), [this, connection] {
    if (!connection->open || connection->client != this) return;
    if (!broker_.running()) {
      connection->open = false;
      lost();
      return;
    }
    broker_.accept(connection, options_);
    handlers_.up();
  });
}

void Link::lost() {
  connection_->client = nullptr;
  connection_.reset();
  handlers_.down();
  const auto alive = alive_;
  world_.after(world_.draw(milliseconds{200}, seconds{5}), [this, alive] {
    if (*alive && !connection_) try_connect();
  });
}

bool Link::publish(Message message) {
  if (!connection_ || !connection_->open) return false;
  if (message.qos == 0 && world_.rng().chance(broker_.faults.lose_qos0)) return true;
  const int copies = message.qos == 1 && world_.rng().chance(broker_.faults.duplicate_qos1) ? 2 : 1;
  const auto connection = connection_;
  for (int i = 0; i < copies; ++i) {
    const Instant arrival = arrival_of(message);
    world_.after(arrival - world_.now(), [broker = &broker_, connection, message, first = i == 0] {
      if (!connection->open) return;
      broker->arrived(message);
      if (first && message.qos == 1) broker->answer(connection, message);
    });
  }
  return true;
}

// In order; a thin link takes its time for each byte.
Instant Link::arrival_of(const Message& message) {
  const double rate = broker_.faults.bytes_per_s;
  Instant& free_at = connection_->sending_until;
  free_at = std::max(free_at, world_.now());
  if (rate > 0) {
    const double takes_s =
        static_cast<double>(message.payload.size() + message.topic.size()) / rate;
    free_at += std::chrono::duration_cast<Duration>(std::chrono::duration<double>(takes_s));
  }
  connection_->last_up = std::max(
      connection_->last_up, free_at + world_.draw(milliseconds{0}, broker_.faults.delay_most));
  return connection_->last_up;
}

void Link::say_goodbye() {
  if (!connection_) return;
  const auto connection = std::exchange(connection_, nullptr);
  connection->client = nullptr;
  // Behind everything that was sent before.
  const Instant arrival = std::max(connection->last_up, world_.now());
  world_.after(arrival - world_.now() + milliseconds{1},
               [broker = &broker_, connection] { broker->closed(connection, false); });
}

void Link::die() {
  *alive_ = false;
  if (!connection_) return;
  const auto connection = std::exchange(connection_, nullptr);
  connection->client = nullptr;
  world_.after(milliseconds{1},
               [broker = &broker_, connection] { broker->closed(connection, true); });
}

void Link::break_network() {
  if (!connection_) return;
  const auto connection = connection_;
  connection->open = false;  // nothing passes from now on
  const auto alive = alive_;
  world_.after(world_.draw(milliseconds{0}, seconds{20}), [this, alive, connection] {
    if (*alive && connection_ == connection) lost();
  });
  world_.after(world_.draw(milliseconds{0}, seconds{20}),
               [broker = &broker_, connection] { broker->closed(connection, true); });
}

void Broker::accept(const ConnectionPtr& connection, const Link::Options& options) {
  if (options.clean_start) sessions_.erase(connection->client_id);
  Session& session = sessions_[connection->client_id];
  if (session.connection) session.connection->open = false;  // taken over
  session.connection = connection;
  session.persistent = !options.clean_start;
  session.in_flight = 0;  // what was not acknowledged is sent again
  const bool fresh = session.filters.empty();
  session.filters = options.subscriptions;
  pump(connection->client_id);
  if (!fresh) return;
  for (const auto& [topic, message] : retained_) offer(session, message);
  pump(connection->client_id);
}

void Broker::closed(const ConnectionPtr& connection, bool with_will) {
  connection->open = false;
  if (!running_) return;
  const auto found = sessions_.find(connection->client_id);
  if (found != sessions_.end() && found->second.connection == connection) {
    found->second.connection.reset();
    found->second.in_flight = 0;
    if (!found->second.persistent) sessions_.erase(found);
  }
  if (with_will && connection->will) arrived(*std::exchange(connection->will, std::nullopt));
}

void Broker::arrived(const Message& message) {
  if (!running_) return;
  if (message.retained) retained_[message.topic] = message;
  for (auto& [client_id, session] : sessions_) {
    offer(session, message);
    pump(client_id);
  }
}

void Broker::answer(const ConnectionPtr& connection, const Message& message) {
  connection->last_answer = std::max(
      connection->last_answer, world_.now() + world_.draw(milliseconds{0}, faults.delay_most));
  world_.after(connection->last_answer - world_.now(), [connection, message] {
    if (!connection->open || connection->client == nullptr) return;
    if (connection->client->handlers_.taken) connection->client->handlers_.taken(message);
  });
}

void Broker::offer(Session& session, const Message& message) {
  const bool wanted =
      std::any_of(session.filters.begin(), session.filters.end(),
                  [&](const auto& filter) { return topic_matches(filter, message.topic); });
  if (!wanted) return;
  if (message.qos == 0) {
    const auto connection = session.connection;
    if (!connection || !connection->open || world_.rng().chance(faults.lose_qos0)) return;
    deliver(connection->client_id, connection, message);
  } else if (session.queue.size() < kMaxQueued) {
    session.queue.push_back(message);
  }
}

void Broker::pump(const std::string& client_id) {
  Session& session = sessions_.at(client_id);
  const auto connection = session.connection;
  if (!connection || !connection->open) return;
  while (session.in_flight < std::min(session.queue.size(), kReceiveMaximum)) {
    deliver(client_id, connection, session.queue[session.in_flight++]);
  }
}

void Broker::deliver(const std::string& client_id, const ConnectionPtr& connection,
                     const Message& message) {
  const Instant arrival = std::max(connection->last_down,
                                   world_.now() + world_.draw(milliseconds{0}, faults.delay_most));
  connection->last_down = arrival;
  world_.after(arrival - world_.now(), [this, client_id, connection, message] {
    if (!connection->open || connection->client == nullptr) return;
    connection->client->handlers_.message(message);
    if (message.qos == 0) return;
    // The acknowledgement on its way back; lost with the connection.
    world_.after(world_.draw(milliseconds{0}, faults.delay_most), [this, client_id, connection] {
      const auto found = sessions_.find(client_id);
      if (!connection->open || found == sessions_.end() || found->second.connection != connection ||
          found->second.in_flight == 0) {
        return;
      }
      found->second.queue.pop_front();
      --found->second.in_flight;
      pump(client_id);
    });
  });
}

void Broker::crash(bool keeps_state) {
  running_ = false;
  for (auto& [client_id, session] : sessions_) {
    const auto connection = std::exchange(session.connection, nullptr);
    session.in_flight = 0;
    if (!connection) continue;
    connection->open = false;
    Link* client = connection->client;
    if (client == nullptr) continue;
    const auto alive = client->alive_;
    world_.after(milliseconds{1}, [client, alive, connection] {
      if (*alive && client->connection_ == connection) client->lost();
    });
  }
  std::erase_if(sessions_,
                [&](const auto& entry) { return !keeps_state || !entry.second.persistent; });
  if (!keeps_state) retained_.clear();
}

}  // namespace bw::sim
