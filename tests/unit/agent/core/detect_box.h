// A box with an agent that runs its detector, for the tests of agent_detect.cpp.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/agent.h"
#include "agent/core/detect/tree_grower.h"
#include "base/rng.h"

namespace bw::agent::detect_box {

inline constexpr std::uint64_t kEpoch = 0xabc;
inline constexpr std::int64_t kStartMs = 1'790'000'000'000;

inline AgentOptions options() {
  AgentOptions options{NodeId::parse("edge-1").value()};
  options.epoch = kEpoch;
  options.store_id = 5;
  options.block = std::chrono::seconds{60};
  options.first_block = std::chrono::seconds{60};
  options.second_block = std::chrono::seconds{60};
  options.detect.emplace().alert_threshold = 30;  // not to wait for one
  return options;
}

// A box with a CPU, a disk and memory, an agent on it, and what of it lies on disk.
class Box {
 public:
  explicit Box(AgentOptions made = options()) : agent(std::move(made)) {}

  void step(const Event& event) {
    effects.clear();
    agent.step(event, now(), effects);
    std::vector<Event> answers;
    for (const Effect& effect : effects) {
      if (const auto* line = std::get_if<Log>(&effect)) log += line->text + "\n";
      if (const auto* keep = std::get_if<KeepModel>(&effect)) {
        kept.assign(keep->payload.begin(), keep->payload.end());
        ++keeps;
        answers.emplace_back(ModelKept{disk_trouble});
      }
      if (const auto* persist = std::get_if<PersistRecord>(&effect)) {
        answers.emplace_back(RecordPersisted{persist->record.key});
        for (const Fact& fact : persist->facts) facts[fact.name] = fact.value;
        if (persist->record.topic != wire::Topic::event) continue;
        events.push_back(*wire::decode_event(persist->payload));
      }
      if (const auto* publish = std::get_if<Publish>(&effect)) {
        if (publish->topic == wire::Topic::result) result = *wire::decode_result(publish->payload);
        if (publish->topic == wire::Topic::birth) birth = *wire::decode_birth(publish->payload);
      }
      if (std::holds_alternative<Stop>(effect)) stopped = true;
    }
    for (const Event& answer : answers) {
      if (answering) step(answer);
    }
  }
  Instant now() const {
    return Instant{} + std::chrono::seconds{100} + std::chrono::milliseconds{elapsed_ms};
  }
  WallTime wall() const { return wall_from_ms(kStartMs + elapsed_ms + slept_ms + wall_shift_ms); }

  void tick() {
    elapsed_ms += 1000;
    load_ = 0.9 * load_ + 0.1 * normal(rng_);
    const double busy = broken ? 99 : std::clamp(30 + 5 * load_ + 2 * normal(rng_), 1.0, 90.0);
    user_ += busy;
    idle_ += 100 - busy;
    const double reads = broken ? 90'000 : 1000 + 100 * normal(rng_);
    sectors_ += reads;
    busy_ms_ += broken ? 999 : 100 + 10 * normal(rng_);
    texts_[0] = "cpu " + whole(user_) + " 0 0 " + whole(idle_) + " 0 0 0 0 0 0\n";
    texts_[1] = std::to_string(broken ? 9.5 : 1 + 0.2 * load_) + " 1.0 1.0 1/200 4242\n";
    texts_[2] = "8 0 sda 100 0 " + whole(sectors_) + " 50 9 0 72 5 0 " + whole(busy_ms_) + " 55\n";
    const std::array sources{SourceId::stat, SourceId::loadavg, SourceId::diskstats};
    const std::array paths{"/proc/stat", "/proc/loadavg", "/proc/diskstats"};
    std::vector<TextReading> readings_of;
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      if (i != lost) readings_of.push_back({sources[i], paths[i], texts_[i]});
    }
    Readings readings;
    readings.when = now();
    readings.wall = wall();
    readings.suspended = std::chrono::milliseconds{slept_ms};
    readings.tick = tick_++;
    readings.texts = readings_of;
    step(Ticked{readings});
  }
  void ticks(int count) {
    for (int i = 0; i < count; ++i) tick();
  }
  void reset_counters() { user_ = idle_ = sectors_ = busy_ms_ = 0; }
  double value(std::string_view name) const {
    const Sample& sample = agent.collector().sample();
    for (std::size_t i = 0; i < sample.series().size(); ++i) {
      if (sample.series()[i].name == name) return sample.values()[i];
    }
    return -1;
  }
  std::size_t count(std::string_view kind) const {
    return static_cast<std::size_t>(
        std::ranges::count(events, kind, [](const auto& event) { return event.kind; }));
  }
  wire::CommandResult ask(wire::Command command) {
    result = {};
    command.epoch = kEpoch;
    step(CommandReceived{std::move(command)});
    return result;
  }
  OutboxOpened disk() const {
    OutboxOpened opened;
    for (const auto& [name, value] : facts) opened.facts.push_back({name, value});
    opened.model = kept;
    return opened;
  }

  Agent agent;
  std::int64_t elapsed_ms = 0;
  std::int64_t slept_ms = 0;
  std::int64_t wall_shift_ms = 0;
  bool broken = false;
  std::size_t lost = 99;  // a text that is not there
  bool answering = true;
  Effects effects;
  std::string log;
  std::vector<wire::EventRecord> events;
  std::map<std::string, std::string> facts;
  std::vector<std::byte> kept;
  int keeps = 0;
  wire::CommandResult result;
  wire::NodeBirth birth;
  bool stopped = false;
  std::string disk_trouble;

 private:
  static std::string whole(double value) { return std::to_string(std::llround(value)); }
  std::uint64_t tick_ = 0;
  Rng rng_{7};
  double load_ = 0;
  double user_ = 5000;
  double idle_ = 90'000;
  double sectors_ = 1e6;
  double busy_ms_ = 5000;
  std::array<std::string, 3> texts_;
};

inline wire::Command command(std::string id, wire::CommandKind kind) {
  wire::Command made;
  made.id = std::move(id);
  made.kind = kind;
  return made;
}

}  // namespace bw::agent::detect_box
