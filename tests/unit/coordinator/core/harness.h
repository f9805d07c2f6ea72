// A coordinator's core under a hand-moved clock, and what its effects say, for the tests beside
// this file.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "coordinator/core/coordinator.h"

namespace bw::coordinator {

inline NodeId node_id(std::string_view text) {
  return *NodeId::parse(text);
}

inline std::vector<wire::SeriesInfo> some_series() {
  return {{"cpu.util", "%", wire::SeriesKind::gauge, {}},
          {"net.rx_bytes", "B", wire::SeriesKind::counter, {{"interface", "eth0"}}}};
}

inline wire::NodeBirth some_birth(std::uint64_t epoch, std::uint64_t store_id = 1) {
  wire::NodeBirth birth;
  birth.epoch = epoch;
  birth.store_id = store_id;
  birth.site = "home";
  birth.hardware.hostname = "host" + std::to_string(store_id);
  birth.period_ms = 1000;
  birth.series = some_series();
  birth.table_id = wire::series_table_id(birth.series);
  return birth;
}

inline wire::NodeState some_state(std::uint64_t epoch, wire::NodeCondition condition) {
  return {epoch, condition, 0, ""};
}

inline wire::LiveSample some_live(std::uint64_t epoch, std::uint64_t sequence,
                                  std::int64_t time_ms = 0) {
  return {epoch, sequence, wire::series_table_id(some_series()), time_ms, {12.5F, 1000.0F}};
}

inline wire::HistoryBlock some_block(std::uint64_t epoch, std::uint64_t number,
                                     std::uint64_t oldest = 1) {
  wire::HistoryBlock block;
  block.epoch = epoch;
  block.number = number;
  block.oldest = oldest;
  block.table_id = wire::series_table_id(some_series());
  block.rows = 1;
  block.columns = {std::byte{1}, std::byte{2}};
  return block;
}

inline wire::EventRecord some_event(std::uint64_t epoch, std::uint64_t number,
                                    std::uint64_t oldest = 1) {
  wire::EventRecord event;
  event.epoch = epoch;
  event.number = number;
  event.oldest = oldest;
  event.kind = "clock_step";
  return event;
}

// Steps a Coordinator and keeps the effects of the last step; effects of all steps are not kept.
class Harness {
 public:
  static constexpr std::int64_t kWallMs = 1'700'000'000'000;

  explicit Harness(CoordinatorOptions options = {}) : coordinator_(std::move(options)) {}

  // As a coordinator is after its start: an empty store, a link.
  void start() {
    step(StoreOpened{});
    step(LinkUp{});
  }

  template <typename E>
  Effects& step(E event) {
    effects.clear();
    coordinator_.step(Event(std::move(event)), now, effects);
    return effects;
  }
  template <typename M>
  Effects& hear(std::string_view node, M message) {
    return step(MessageReceived{node_id(node), wire::UpMessage(std::move(message)), {}, wall()});
  }
  Effects& tick() { return step(Ticked{wall()}); }
  // Lets a second pass, and a tick at its end.
  Effects& tick_after(Duration wait) {
    now += wait;
    return tick();
  }
  Effects& ask(std::string target, std::uint64_t id = 1) {
    return step(RequestReceived{id, {"GET", std::move(target)}, wall()});
  }
  WallTime wall() const {
    return wall_from_ms(
        kWallMs +
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
  }

  template <typename E>
  std::vector<const E*> all() const {
    std::vector<const E*> found;
    for (const Effect& effect : effects) {
      if (const auto* one = std::get_if<E>(&effect)) found.push_back(one);
    }
    return found;
  }
  // The only batch of the last step.
  std::optional<StoreBatch> batch() const {
    const auto batches = all<StoreBatch>();
    EXPECT_LE(batches.size(), 1U);
    if (batches.empty()) return std::nullopt;
    return *batches.front();
  }
  template <typename C>
  std::vector<C> changes() const {
    std::vector<C> found;
    for (const StoreBatch* one : all<StoreBatch>()) {
      for (const Change& change : one->changes) {
        if (const auto* wanted = std::get_if<C>(&change)) found.push_back(*wanted);
      }
    }
    return found;
  }
  std::vector<wire::Ack> acks() const {
    std::vector<wire::Ack> found;
    for (const PublishDown* one : all<PublishDown>()) {
      if (one->topic == wire::Topic::ack) found.push_back(*wire::decode_ack(one->payload));
    }
    return found;
  }
  std::vector<wire::Command> commands() const {
    std::vector<wire::Command> found;
    for (const PublishDown* one : all<PublishDown>()) {
      if (one->topic == wire::Topic::command) found.push_back(*wire::decode_command(one->payload));
    }
    return found;
  }
  std::string log() const {
    std::string text;
    for (const Log* one : all<Log>()) text += one->text + "\n";
    return text;
  }
  // The body of the response to a request that needs no store.
  std::string body_of(std::string target) {
    ask(std::move(target));
    const auto responses = all<Respond>();
    return responses.size() == 1 ? responses.front()->response.body : "";
  }
  // Says of every batch that it is on disk, until there is none.
  void commit_all() {
    std::vector<Effect> kept = std::move(effects);
    for (auto one = take_batch(kept); one; one = take_batch(kept)) {
      step(Committed{one->batch});
      kept = effects;
    }
  }

  Instant now{std::chrono::hours{1}};
  Effects effects;

 private:
  static std::optional<StoreBatch> take_batch(const Effects& from) {
    for (const Effect& effect : from) {
      if (const auto* one = std::get_if<StoreBatch>(&effect)) return *one;
    }
    return std::nullopt;
  }

  Coordinator coordinator_;
};

}  // namespace bw::coordinator
