#include "tests/bench/record/load.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include <poll.h>

#include "base/runtime/clock.h"

namespace bw::bench {

namespace {

constexpr double kResendAfterS = 10;
constexpr std::size_t kMostOfNode = 4;  // blocks of one node on their way, where time is not real
constexpr double kBlockPeriodS = 60;

std::string name_of(std::size_t node) {
  std::string digits = std::to_string(node);
  return "n" + std::string(6 - std::min<std::size_t>(6, digits.size()), '0') + digits;
}

}  // namespace

Load::Load(const Trace& trace, LoadOptions options)
    : trace_(trace), options_(options), begin_ms_(to_ms(wall_now())) {
  for (const TraceBlock& block : trace.blocks) {
    samples_of_.push_back(
        static_cast<std::uint64_t>(std::count_if(block.values.begin(), block.values.end(),
                                                 [](double value) { return !std::isnan(value); })));
  }
  const auto& values = trace.blocks.front().values;
  for (std::size_t i = 0; i < trace.series.size(); ++i) {
    live_values_.push_back(static_cast<float>(values[i]));
  }
  for (std::size_t i = 0; i < options.nodes; ++i) {
    nodes_.push_back({name_of(i), 0x1000 + i, 1, 0, {}});
  }
  for (std::size_t i = 0; i < options.connections; ++i) {
    sockets_.push_back(std::make_unique<MqttSocket>(
        options.port, "load-" + std::to_string(i),
        [this](std::string_view topic, std::span<const std::byte> payload) {
          heard(topic, payload);
        }));
  }
  sockets_.front()->subscribe("bw/v1/+/down/ack");
}

double Load::now_s() const {
  return std::chrono::duration<double>(monotonic_now().time_since_epoch()).count();
}

// Waits for any of the sockets, then turns all of them.
void Load::turn(int most_ms) {
  std::vector<pollfd> waits;
  for (const auto& socket : sockets_) {
    socket->turn(0);
    const auto events = static_cast<short>(POLLIN | (socket->wants_to_write() ? POLLOUT : 0));
    waits.push_back({socket->descriptor(), events, 0});
  }
  if (most_ms > 0) poll(waits.data(), waits.size(), most_ms);
}

bool Load::publish(std::size_t node, wire::Topic topic, wire::Bytes payload, int qos,
                   bool retained) {
  const std::string name =
      "bw/v1/" + nodes_[node].name + "/" + std::string(wire::topic_info(topic).path);
  return socket_of(node).publish(name, payload, qos, retained);
}

void Load::announce() {
  wire::NodeBirth birth;
  birth.site = "bench";
  birth.agent_version = "bench";
  birth.started_ms = begin_ms_;
  birth.period_ms = 1000;
  birth.table_id = trace_.table_id;
  birth.series = trace_.series;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    birth.epoch = nodes_[i].epoch;
    birth.store_id = 0x9000 + i;
    birth.hardware.hostname = nodes_[i].name;
    while (!publish(i, wire::Topic::birth, encoder_.encode(birth), 1, true)) turn(10);
    wire::NodeState state{birth.epoch, wire::NodeCondition::online, begin_ms_, ""};
    while (!publish(i, wire::Topic::state, encoder_.encode(state), 1, true)) turn(10);
  }
  const auto is_busy = [](const auto& socket) { return socket->under_way() > 0; };
  while (std::any_of(sockets_.begin(), sockets_.end(), is_busy)) turn(10);
}

bool Load::send_block(std::size_t node, std::uint64_t number) {
  const TraceBlock& from = trace_.blocks[(node + number) % trace_.blocks.size()];
  const std::int64_t start_ms = begin_ms_ + static_cast<std::int64_t>(number - 1) * 60'000;
  const std::int64_t by_ms = start_ms - from.times_ms.front();
  wire::HistoryBlock block;
  block.epoch = nodes_[node].epoch;
  block.number = number;
  block.oldest = nodes_[node].flying.empty() ? number : nodes_[node].flying.front().number;
  block.table_id = trace_.table_id;
  block.start_ms = start_ms;
  block.end_ms = from.times_ms.back() + by_ms;
  block.rows = static_cast<std::uint32_t>(from.times_ms.size());
  block.columns = moved(from.columns, by_ms);
  return publish(node, wire::Topic::history, encoder_.encode(block), 1, false);
}

bool Load::send_next_block(std::size_t node) {
  Node& sender = nodes_[node];
  if (!send_block(node, sender.next_number)) return false;
  const double now = now_s();
  sender.flying.push_back({sender.next_number++, now, now});
  ++flying_;
  ++published_;
  return true;
}

void Load::send_live(std::size_t node) {
  Node& sender = nodes_[node];
  const wire::LiveSample sample{sender.epoch, ++sender.sequence, trace_.table_id, to_ms(wall_now()),
                                live_values_};
  if (publish(node, wire::Topic::live, encoder_.encode(sample), 0, false)) {
    ++result_.live;
  } else {
    ++result_.live_refused;
  }
}

void Load::send_what_is_due() {
  const double passed = now_s() - begin_s_;
  if (options_.real_time) {
    const auto nodes = static_cast<double>(nodes_.size());
    for (; static_cast<double>(live_due_) < passed * nodes; ++live_due_) {
      send_live(live_due_ % nodes_.size());
    }
    while (static_cast<double>(published_) < passed * nodes / kBlockPeriodS) {
      if (!send_next_block(published_ % nodes_.size())) return;
    }
    return;
  }
  for (std::size_t tried = 0; flying_ < options_.window && tried < nodes_.size(); ++tried) {
    if (options_.blocks_per_s > 0 &&
        static_cast<double>(published_) >= passed * options_.blocks_per_s) {
      return;
    }
    const std::size_t node = next_node_++ % nodes_.size();
    if (nodes_[node].flying.size() < kMostOfNode) (void)send_next_block(node);
  }
}

// As an agent does where no acknowledgement comes: all that is not acknowledged, oldest first.
void Load::resend_what_is_late() {
  const double now = now_s();
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].flying.empty() || now - nodes_[i].flying.front().sent_s < kResendAfterS) continue;
    for (Flying& flying : nodes_[i].flying) {
      if (!send_block(i, flying.number)) break;
      flying.sent_s = now;
      ++result_.resent;
    }
  }
}

void Load::heard(std::string_view topic, std::span<const std::byte> payload) {
  const auto parsed = wire::parse_topic(topic);
  const auto ack = wire::decode_ack(payload);
  if (!parsed || !ack || parsed->node.size() < 2) return;
  std::size_t index = nodes_.size();
  std::from_chars(parsed->node.data() + 1, parsed->node.data() + parsed->node.size(), index);
  if (index >= nodes_.size()) return;
  Node& node = nodes_[index];
  std::uint64_t safe = 0;
  for (const wire::EpochAck& epoch : ack->epochs) {
    if (epoch.epoch == node.epoch) safe = epoch.number;
  }
  const double now = now_s();
  while (!node.flying.empty() && node.flying.front().number <= safe) {
    const Flying done = node.flying.front();
    node.flying.erase(node.flying.begin());
    --flying_;
    const std::size_t block = (index + done.number) % trace_.blocks.size();
    ++result_.blocks;
    result_.samples += samples_of_[block];
    result_.rows += trace_.blocks[block].times_ms.size();
    if (!measuring_) continue;
    ++measured_blocks_;
    measured_samples_ += samples_of_[block];
    lags_s_.push_back(static_cast<float>(now - done.first_sent_s));
  }
}

LoadResult Load::run() {
  begin_s_ = now_s();
  const double measure_s = begin_s_ + options_.warm_up_s;
  const double end_s = measure_s + options_.seconds;
  double look_s = begin_s_ + 1;
  while (now_s() < end_s) {
    measuring_ = now_s() >= measure_s;
    send_what_is_due();
    turn(1);
    if (now_s() < look_s) continue;
    look_s += 1;
    resend_what_is_late();
  }
  // What was under way at the end counts for the lag, not for the rate.
  result_.samples_per_s = static_cast<double>(measured_samples_) / options_.seconds;
  result_.blocks_per_s = static_cast<double>(measured_blocks_) / options_.seconds;
  while (flying_ > 0 && now_s() < end_s + options_.drain_s) {
    turn(10);
    resend_what_is_late();
  }
  result_.missing = flying_;
  std::sort(lags_s_.begin(), lags_s_.end());
  if (!lags_s_.empty()) {
    const auto at = [&](double share) {
      return static_cast<double>(
          lags_s_[static_cast<std::size_t>(share * static_cast<double>(lags_s_.size() - 1))]);
    };
    result_.lag_p50_s = at(0.5);
    result_.lag_p99_s = at(0.99);
    result_.lag_most_s = at(1);
  }
  return result_;
}

}  // namespace bw::bench
