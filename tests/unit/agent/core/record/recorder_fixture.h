// Drives a recorder second by second, for its tests.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "agent/core/record/recorder.h"

namespace bw::agent {
using std::chrono::seconds;

inline constexpr std::uint64_t kEpoch = 7;
inline constexpr std::int64_t kStartMs = 1'790'000'000'000;

inline std::vector<wire::SeriesInfo> table_of(std::size_t columns) {
  std::vector<wire::SeriesInfo> series;
  for (std::size_t i = 0; i < columns; ++i) {
    series.push_back({"m" + std::to_string(i), "B", wire::SeriesKind::gauge, {}});
  }
  return series;
}

// Drives a recorder second by second and keeps what it asked for.
class RecorderTest : public testing::Test {
 protected:
  static RecorderOptions options() {
    RecorderOptions options;
    options.epoch = kEpoch;
    options.seed = 1;
    options.block = seconds{5};
    options.first_block = seconds{2};
    options.drain.start_within = Duration{};
    return options;
  }

  Instant now() const { return Instant{} + seconds{second_}; }
  WallTime wall() const { return wall_from_ms(kStartMs + second_ * 1000); }

  void begin() {
    recorder_.begin_step();
    effects_.clear();
  }

  // One tick; what it persists is left waiting in persisting().
  void tick(std::size_t columns = 2) {
    ++second_;
    begin();
    series_ = table_of(columns);
    const std::vector<double> row(columns, static_cast<double>(second_));
    recorder_.add_row(now(), wall(), row, wire::series_table_id(series_), series_);
    recorder_.tick(now(), wall(), true, effects_);
    collect();
  }
  void ticks(int count) {
    for (int i = 0; i < count; ++i) tick();
  }

  // Ends the step.
  void collect() {
    recorder_.end_step(now(), effects_);
    for (const Effect& effect : effects_) {
      if (const auto* persist = std::get_if<PersistRecord>(&effect)) {
        persists_.push_back(persist->record.key.number);
        if (!more_) last_trims_ = persist->trims;
        if (!more_) ++writes_;
        more_ = persist->more;
        last_drops_ = persist->drops;
        drops_[persist->record.key.number] = persist->drops;
        facts_[persist->record.key.number] = persist->facts;
        payloads_[persist->record.key.number].assign(persist->payload.begin(),
                                                     persist->payload.end());
      } else if (const auto* publish = std::get_if<Publish>(&effect)) {
        if (publish->topic == wire::Topic::history) {
          auto block = wire::decode_history(publish->payload);
          ASSERT_TRUE(block);
          blocks_.push_back(*block);
        } else if (publish->topic == wire::Topic::event) {
          auto event = wire::decode_event(publish->payload);
          ASSERT_TRUE(event);
          events_.push_back(*event);
        }
      } else if (const auto* load = std::get_if<LoadRecord>(&effect)) {
        loads_.push_back(load->key.number);
      } else if (const auto* line = std::get_if<Log>(&effect)) {
        log_ += line->text + "\n";
      }
    }
    effects_.clear();
  }

  void persisted(std::uint64_t number) {
    begin();
    recorder_.persisted(RecordKey{kEpoch, number}, now(), effects_);
    collect();
  }
  void failed(std::uint64_t number) {
    begin();
    recorder_.persist_failed(RecordKey{kEpoch, number}, "disk full", now(), effects_);
    collect();
  }
  void link_up(std::uint64_t birth_table) {
    begin();
    recorder_.link_up(now(), birth_table, effects_);
    collect();
  }
  void acknowledge(std::uint64_t number) {
    begin();
    recorder_.acknowledged(wire::Ack{{{kEpoch, number}}}, now(), effects_);
    collect();
  }
  // An event that brings what is to be remembered; its number.
  std::uint64_t event(std::vector<Fact> facts = {},
                      wire::Severity severity = wire::Severity::warning) {
    begin();
    wire::EventRecord event;
    event.severity = severity;
    event.time_ms = to_ms(wall());
    event.kind = "clock_step";
    const std::uint64_t number = recorder_.outbox().next_number();
    recorder_.add_event(event, {}, std::move(facts));
    collect();
    return number;
  }
  void answer_load(std::uint64_t number, bool found, bool later = false) {
    begin();
    RecordLoaded loaded{RecordKey{kEpoch, number}, {}, {}};
    loaded.later = later;
    if (found) {
      loaded.payload = payloads_[number];
      if (wire::decode_history(loaded.payload)) loaded.series = series_;
    }
    recorder_.loaded(loaded, now(), effects_);
    collect();
  }
  std::vector<std::uint64_t> block_numbers() const {
    std::vector<std::uint64_t> numbers;
    for (const auto& block : blocks_) numbers.push_back(block.number);
    return numbers;
  }

  Recorder recorder_{options()};
  int second_ = 0;
  Effects effects_;
  std::vector<wire::SeriesInfo> series_ = table_of(2);
  std::uint64_t table_ = wire::series_table_id(table_of(2));
  std::vector<std::uint64_t> persists_;
  int writes_ = 0;     // transactions
  bool more_ = false;  // of the one being collected
  std::vector<wire::EpochAck> last_trims_;
  std::vector<RecordKey> last_drops_;
  std::map<std::uint64_t, std::vector<RecordKey>> drops_;  // by the record they last went with
  std::map<std::uint64_t, std::vector<Fact>> facts_;       // by the record they last went with
  std::map<std::uint64_t, std::vector<std::byte>> payloads_;
  std::vector<wire::HistoryBlock> blocks_;
  std::vector<wire::EventRecord> events_;
  std::vector<std::uint64_t> loads_;
  std::string log_;
};

using Numbers = std::vector<std::uint64_t>;
using Facts = std::vector<Fact>;

}  // namespace bw::agent
