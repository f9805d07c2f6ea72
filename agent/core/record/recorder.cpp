#include "agent/core/record/recorder.h"

#include <algorithm>
#include <utility>

#include "schemas/metrics/event_kinds.h"
#include "schemas/wire/limits.h"

namespace bw::agent {

namespace {

wire::EventRecord gap_event(const Gap& gap, WallTime wall) {
  wire::EventRecord event;
  event.time_ms = to_ms(wall);
  event.kind = metrics::event_name(metrics::EventKind::outbox_gap);
  event.severity = wire::Severity::warning;
  event.text = std::to_string(gap.last - gap.first + 1) +
               " records were dropped before the coordinator had them";
  event.details = {{"epoch", std::to_string(gap.epoch)},
                   {"first", std::to_string(gap.first)},
                   {"last", std::to_string(gap.last)},
                   {"from_ms", std::to_string(gap.from_ms)},
                   {"to_ms", std::to_string(gap.to_ms)}};
  return event;
}

}  // namespace

Recorder::Recorder(RecorderOptions options)
    : options_(options),
      outbox_(options.epoch, options.outbox, options.seed, options.drain),
      block_length_(std::min(options.first_block, options.block)),
      queue_(options.seed + 1) {}

void Recorder::restore(std::vector<StoredRecord> records, const std::vector<Fact>& facts,
                       Instant now, Effects& effects) {
  if (!records.empty()) {
    const StoredRecord& last = records.back();
    const Fact clean_end{kCleanEndFact, std::to_string(last.key.epoch)};
    before_ = Before{last.key.epoch, last.time_ms,
                     std::find(facts.begin(), facts.end(), clean_end) != facts.end()};
  }
  outbox_.restore(std::move(records), now);
  if (linked_) pump(now, effects);
}

// Told even after a run that ended as it should: one that began since may have died before it had
// anything on disk.
void Recorder::tell_before(WallTime wall) {
  if (!before_ || began_ms_ == 0) return;
  const Before before = *std::exchange(before_, std::nullopt);
  wire::EventRecord event;
  event.time_ms = to_ms(wall);
  event.kind = metrics::event_name(metrics::EventKind::history_gap);
  ++history_gaps_told_;
  event.severity = before.was_clean ? wire::Severity::info : wire::Severity::warning;
  event.text = before.was_clean
                   ? "the agent was stopped and started again"
                   : "the agent or the box ended without notice: what was not on disk is lost";
  event.details = {{"epoch", std::to_string(before.epoch)},
                   {"from_ms", std::to_string(before.last_ms)},
                   {"to_ms", std::to_string(began_ms_)}};
  add(std::move(event), true, {}, {});
}

void Recorder::add_row(Instant now, WallTime wall, std::span<const double> values,
                       std::uint64_t table_id, const std::vector<wire::SeriesInfo>& series) {
  if (table_id != table_id_) {
    close_block();
    table_id_ = table_id;
    table_ = std::make_shared<const std::vector<wire::SeriesInfo>>(series);
  }
  if (builder_.empty()) block_began_ = now;
  last_ms_ = to_ms(wall);
  if (began_ms_ == 0) began_ms_ = std::max<std::int64_t>(1, last_ms_);
  builder_.add(to_ms(wall), values);
  // Half a period early rather than late: ticks come a little early or late, and a block has its
  // rows.
  if (now - block_began_ + options_.period / 2 >= block_length_ - options_.period ||
      builder_.rows() >= wire::kMaxRows ||
      (builder_.rows() + 1) * values.size() > wire::kMaxBlockValues) {
    close_block();
  }
}

void Recorder::write_within(Duration most) {
  block_length_ = std::min(block_length_, most);
}

void Recorder::close_block() {
  if (builder_.empty()) return;
  ++blocks_;
  block_length_ =
      blocks_ == 1 && options_.second_block != Duration{} ? options_.second_block : options_.block;
  wire::HistoryBlock block = builder_.close(table_id_);
  block.epoch = options_.epoch;
  block.number = outbox_.next_number();
  block.oldest = outbox_.oldest(options_.epoch);
  const wire::Bytes payload = encoder_.encode(block);
  Kept kept;
  kept.record = {{}, wire::Topic::history, payload.size(), block.end_ms, block.start_ms};
  kept.payload.assign(payload.begin(), payload.end());
  kept.table_id = table_id_;
  kept.table = table_;
  keep(std::move(kept));
}

void Recorder::add_event(wire::EventRecord event, std::vector<RecordKey> drops,
                         std::vector<Fact> facts) {
  const bool urgent = event.severity != wire::Severity::info;
  add(std::move(event), urgent, std::move(drops), std::move(facts));
}

void Recorder::add(wire::EventRecord event, bool urgent, std::vector<RecordKey> drops,
                   std::vector<Fact> facts) {
  for (Fact& fact : facts) queue_.set_fact(std::move(fact));
  event.epoch = options_.epoch;
  event.number = outbox_.next_number();
  event.oldest = outbox_.oldest(options_.epoch);
  const wire::Bytes payload = encoder_.encode(event);
  Kept kept;
  kept.record = {{}, wire::Topic::event, payload.size(), event.time_ms, 0};
  kept.payload.assign(payload.begin(), payload.end());
  kept.drops = std::move(drops);
  kept.urgent = urgent;
  keep(std::move(kept));
}

void Recorder::keep(Kept kept) {
  StoredRecord& record = kept.record;
  record.key = outbox_.add(record.topic, record.bytes, record.time_ms, record.from_ms);
  queue_.add(std::move(kept), outbox_);
}

void Recorder::tick(Instant now, WallTime wall, bool clock_trusted, Effects& effects) {
  tell_before(wall);
  tell_gaps(wall, clock_trusted, effects);
  if (!linked_) return;
  if (outbox_.resend_if_stalled(now)) {
    carried_table_ = 0;  // it may be what the coordinator lacks
    effects.emplace_back(Log{LogLevel::info, "no acknowledgement for a while: sending " +
                                                 std::to_string(outbox_.size()) +
                                                 " records again"});
  }
  pump(now, effects);
}

// Gives up what there is no room for. A gap becomes an event in the same write that forgets its
// records, so that no crash comes between. A gap that only grows, as in a full outbox, stays one
// event for as long as that was not sent: it is written again at once while there is a link, where
// each record says which numbers are gone, and with the next block while there is none.
void Recorder::tell_gaps(WallTime wall, bool clock_trusted, Effects& effects) {
  if (queue_.is_persisting(open_gap_event_)) return;  // at the next tick
  const auto dropped = outbox_.enforce_limits(to_ms(wall), clock_trusted);
  if (!dropped.empty()) {
    drops_.insert(drops_.end(), dropped.begin(), dropped.end());
    effects.emplace_back(
        Log{LogLevel::warning, "the outbox is full: " + std::to_string(dropped.size()) +
                                   " of the oldest records dropped"});
  }
  for (const Gap& gap : outbox_.take_gaps()) {
    std::vector<RecordKey> drops;
    std::erase_if(drops_, [&](const RecordKey key) {
      const bool within =
          key.epoch == gap.epoch && key.number >= gap.first && key.number <= gap.last;
      if (within) drops.push_back(key);
      return within;
    });
    const bool may_grow = gap.epoch == open_gap_.epoch && outbox_.is_unsent(open_gap_event_);
    if (may_grow && gap.first == open_gap_.last + 1) {
      open_gap_.last = gap.last;
      open_gap_.to_ms = gap.to_ms;
      rewrite(open_gap_event_, gap_event(open_gap_, wall), std::move(drops));
      continue;
    }
    Gap whole = gap;
    if (may_grow && gap.first == open_gap_event_.number + 1 &&
        open_gap_event_ == RecordKey{gap.epoch, open_gap_.last + 1}) {
      // It has grown up to its own event: a new one tells of all, the old one included.
      whole.first = open_gap_.first;
      whole.from_ms = open_gap_.from_ms;
      outbox_.forget(open_gap_event_);
      drops.push_back(open_gap_event_);
      queue_.drop_persisted(outbox_);
    }
    open_gap_ = whole;
    open_gap_event_ = RecordKey{options_.epoch, outbox_.next_number()};
    queue_.spare(open_gap_event_);
    ++outbox_gaps_told_;
    add_event(gap_event(whole, wall), std::move(drops));
  }
}

void Recorder::rewrite(RecordKey key, wire::EventRecord event, std::vector<RecordKey> drops) {
  event.epoch = key.epoch;
  event.number = key.number;
  event.oldest = outbox_.oldest(key.epoch);
  const wire::Bytes payload = encoder_.encode(event);
  Kept kept;
  kept.record = {key, wire::Topic::event, payload.size(), event.time_ms, 0};
  kept.payload.assign(payload.begin(), payload.end());
  kept.drops = std::move(drops);
  // Where each block of a long outage costs an old one its place, two writes were one too many.
  kept.urgent = linked_;
  queue_.replace(std::move(kept));
}

void Recorder::link_up(Instant now, std::uint64_t birth_table, Effects& effects) {
  linked_ = true;
  birth_table_ = birth_table;
  carried_table_ = 0;
  loading_.clear();
  outbox_.link_up(now);
  queue_.hasten(open_gap_event_);  // what it grew by meanwhile is on disk still
  pump(now, effects);
}

void Recorder::acknowledged(const wire::Ack& ack, Instant now, Effects& effects) {
  if (!outbox_.acknowledge(ack, now)) return;
  queue_.trim(ack);
  queue_.drop_persisted(outbox_);
  if (linked_) pump(now, effects);
}

void Recorder::persisted(RecordKey key, Instant now, Effects& effects) {
  queue_.persisted(key, outbox_, effects);
  if (linked_) pump(now, effects);
  queue_.drop_persisted(outbox_);
}

void Recorder::persist_failed(RecordKey key, const std::string& reason, Instant now,
                              Effects& effects) {
  queue_.failed(key, reason, now, outbox_, effects);
  queue_.drop_persisted(outbox_);
  if (linked_) pump(now, effects);
}

void Recorder::taken(Instant now, Effects& effects) {
  outbox_.taken(now);
  if (linked_) pump(now, effects);
}

void Recorder::finish() {
  queue_.set_fact({kCleanEndFact, std::to_string(options_.epoch)});
  if (builder_.empty() && last_ms_ != 0) {
    // Between two blocks: something has to carry the fact.
    wire::EventRecord event;
    event.time_ms = last_ms_;
    event.kind = metrics::event_name(metrics::EventKind::agent_stopped);
    event.text = "the agent was stopped";
    add(std::move(event), false, {}, {});
  }
  close_block();
  queue_.try_last();
  outbox_.hurry();
}

void Recorder::pump(Instant now, Effects& effects) {
  while (const auto next = outbox_.take_next(now)) {
    if (const Kept* kept = queue_.find(next->record.key)) {
      send(next->record, kept->payload, kept->table_id, kept->table.get(), next->again, now,
           effects);
    } else {
      loading_.push_back(Loading{next->record, next->again});
      effects.emplace_back(LoadRecord{next->record.key});
    }
  }
}

void Recorder::loaded(const RecordLoaded& loaded, Instant now, Effects& effects) {
  const auto waiting = std::find_if(loading_.begin(), loading_.end(), [&](const Loading& loading) {
    return loading.record.key == loaded.key;
  });
  if (waiting == loading_.end() || !linked_) return;
  const auto [record, again] = *waiting;
  loading_.erase(waiting);
  // Acknowledged meanwhile, or asked for again with the next resend.
  if (!outbox_.holds(loaded.key) || loaded.later) {
    outbox_.not_sent(record);
    return;
  }
  if (loaded.payload.empty()) {
    outbox_.not_sent(record);
    effects.emplace_back(Log{LogLevel::error, "record " + std::to_string(loaded.key.number) +
                                                  " is damaged or gone from the outbox"});
    outbox_.give_up(loaded.key);
    drops_.push_back(loaded.key);
    pump(now, effects);
    return;
  }
  const std::uint64_t table_id = loaded.series.empty() ? 0 : wire::series_table_id(loaded.series);
  send(record, loaded.payload, table_id, &loaded.series, again, now, effects);
}

void Recorder::send(const StoredRecord& record, wire::Bytes payload, std::uint64_t table_id,
                    const std::vector<wire::SeriesInfo>* table, bool again, Instant now,
                    Effects& effects) {
  wire::Topic topic = wire::Topic::event;
  std::vector<std::byte> bytes(payload.begin(), payload.end());
  if (table_id != 0) {
    topic = wire::Topic::history;
    // One block carries it for all behind it: a link keeps their order.
    if ((again || table_id != birth_table_) && table_id != carried_table_) {
      carried_table_ = table_id;
      auto block = wire::decode_history(payload);
      if (block) {
        block->series = *table;
        const wire::Bytes whole = encoder_.encode(*block);
        bytes.assign(whole.begin(), whole.end());
      }
    }
  }
  wire::set_oldest(bytes, outbox_.oldest(record.key.epoch));
  outbox_.sent(record, now);
  sent_.push_back(std::move(bytes));
  effects.emplace_back(Publish{topic, sent_.back()});
}

}  // namespace bw::agent
