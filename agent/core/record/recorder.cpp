#include "agent/core/record/recorder.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "schemas/wire/limits.h"

namespace bw::agent {

namespace {

wire::EventRecord gap_event(const Gap& gap, WallTime wall) {
  wire::EventRecord event;
  event.time_ms = to_ms(wall);
  event.kind = "outbox_gap";
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
      outbox_(options.epoch, options.outbox, options.seed),
      rng_(options.seed + 1),
      retry_wait_(kRetryPersist, kRetryPersistMost) {}

void Recorder::restore(std::vector<StoredRecord> records, Instant now, Effects& effects) {
  outbox_.restore(std::move(records), now);
  if (linked_) pump(now, effects);
}

void Recorder::add_row(Instant now, WallTime wall, std::span<const double> values,
                       std::uint64_t table_id, const std::vector<wire::SeriesInfo>& series,
                       Effects& effects) {
  if (table_id != table_id_) {
    close_block(effects);
    table_id_ = table_id;
    table_ = std::make_shared<const std::vector<wire::SeriesInfo>>(series);
  }
  if (builder_.empty()) block_began_ = now;
  builder_.add(to_ms(wall), values);
  // Half a period early rather than late: ticks come a little early or late, and a block has its
  // rows.
  const Duration length =
      first_block_ ? std::min(options_.first_block, options_.block) : options_.block;
  if (now - block_began_ + options_.period / 2 >= length - options_.period ||
      builder_.rows() >= wire::kMaxRows ||
      (builder_.rows() + 1) * values.size() > wire::kMaxBlockValues) {
    close_block(effects);
  }
}

void Recorder::close_block(Effects& effects) {
  if (builder_.empty()) return;
  first_block_ = false;
  wire::HistoryBlock block = builder_.close(table_id_);
  block.epoch = options_.epoch;
  block.number = outbox_.next_number();
  block.oldest = outbox_.oldest(options_.epoch);
  keep(wire::Topic::history, block.start_ms, encoder_.encode(block), table_id_, {}, effects);
}

void Recorder::add_event(wire::EventRecord event, Effects& effects, std::vector<RecordKey> drops,
                         std::vector<Fact> facts) {
  for (Fact& fact : facts) set_fact(std::move(fact));
  event.epoch = options_.epoch;
  event.number = outbox_.next_number();
  event.oldest = outbox_.oldest(options_.epoch);
  keep(wire::Topic::event, event.time_ms, encoder_.encode(event), 0, std::move(drops), effects);
}

void Recorder::set_fact(Fact fact) {
  BW_ASSERT(!fact.name.empty() && fact.name.size() + fact.value.size() <= kMaxFactBytes);
  const auto same = std::find_if(facts_.begin(), facts_.end(),
                                 [&](const Fact& other) { return other.name == fact.name; });
  if (same != facts_.end()) {
    same->value = std::move(fact.value);
    return;
  }
  BW_ASSERT(facts_.size() < kMaxFacts);
  facts_.push_back(std::move(fact));
}

// A record that goes before the disk took it leaves its facts to the next, unless a later record
// knows better.
void Recorder::pass_on_facts(const Kept& dropped) {
  if (dropped.persisted) return;
  for (const Fact& fact : dropped.facts) {
    const auto same = [&](const Fact& other) { return other.name == fact.name; };
    const bool newer = std::any_of(facts_.begin(), facts_.end(), same) ||
                       std::any_of(kept_.begin(), kept_.end(), [&](const Kept& kept) {
                         return kept.record.key.number > dropped.record.key.number &&
                                std::any_of(kept.facts.begin(), kept.facts.end(), same);
                       });
    if (!newer) set_fact(fact);
  }
}

// A write that failed must not, when it is tried again, undo what one behind it has written
// meanwhile.
void Recorder::forget_older_facts(Kept& failed) {
  std::erase_if(failed.facts, [&](const Fact& fact) {
    return std::any_of(kept_.begin(), kept_.end(), [&](const Kept& kept) {
      return kept.persisting && kept.record.key.number > failed.record.key.number &&
             std::any_of(kept.facts.begin(), kept.facts.end(),
                         [&](const Fact& other) { return other.name == fact.name; });
    });
  });
}

void Recorder::keep(wire::Topic topic, std::int64_t time_ms, wire::Bytes payload,
                    std::uint64_t table_id, std::vector<RecordKey> drops, Effects& effects) {
  Kept kept;
  kept.record.key = outbox_.add(topic, payload.size(), time_ms);
  kept.record.topic = topic;
  kept.record.bytes = payload.size();
  kept.record.time_ms = time_ms;
  kept.payload.assign(payload.begin(), payload.end());
  kept.table_id = table_id;
  if (table_id != 0) kept.table = table_;
  kept.drops = std::move(drops);
  kept.facts = std::exchange(facts_, {});
  kept_.push_back(std::move(kept));
  // While the disk takes nothing, one try at a time finds out when it does again; the record may be
  // sent meanwhile.
  if (disk_failing_) {
    outbox_.ready(kept_.back().record.key);
    bound_memory(effects);
  } else {
    persist(kept_.back(), effects);
  }
}

void Recorder::persist(Kept& kept, Effects& effects) {
  kept.persisting = true;
  // What is to be forgotten rides along with every write until one that carried it has succeeded.
  carrier_ = kept.record.key;
  carried_trims_ = trims_;
  effects.emplace_back(PersistRecord{kept.record, kept.payload, kept.table_id, kept.table.get(),
                                     trims_, kept.drops, kept.facts});
}

void Recorder::bound_memory(Effects& effects) {
  const auto bytes = [&] {
    std::size_t sum = 0;
    for (const Kept& kept : kept_) sum += kept.payload.size();
    return sum;
  };
  while (kept_.size() > 1 && (kept_.size() > kMaxInMemory || bytes() > kMaxBytesInMemory)) {
    // Blocks go before events, as in the outbox.
    const auto find = [&](bool events_too) {
      return std::find_if(kept_.begin(), kept_.end(), [&](const Kept& kept) {
        return !kept.persisting && kept.record.key != open_gap_event_ &&
               (events_too || kept.record.topic == wire::Topic::history);
      });
    };
    auto oldest = find(false);
    if (oldest == kept_.end()) oldest = find(true);
    if (oldest == kept_.end()) return;
    if (outbox_.holds(oldest->record.key)) {
      outbox_.give_up(oldest->record.key);
      effects.emplace_back(
          Log{LogLevel::error, "the disk takes no records and memory is full: record " +
                                   std::to_string(oldest->record.key.number) + " is lost"});
    }
    pass_on_facts(*oldest);
    kept_.erase(oldest);
  }
}

void Recorder::tick(Instant now, WallTime wall, bool clock_trusted, Effects& effects) {
  tell_gaps(wall, clock_trusted, effects);
  if (disk_failing_ && now >= retry_at_ && idle()) {
    const auto next =
        std::find_if(kept_.begin(), kept_.end(), [](const Kept& kept) { return !kept.persisted; });
    if (next != kept_.end()) persist(*next, effects);
  }
  if (!linked_) return;
  if (outbox_.resend_if_stalled(now)) {
    effects.emplace_back(Log{LogLevel::info, "no acknowledgement for a while: sending " +
                                                 std::to_string(outbox_.size()) +
                                                 " records again"});
  }
  pump(now, effects);
}

// Gives up what there is no room for. A gap becomes an event in the same write that forgets its
// records, so that no crash comes between. A gap that only grows, as in a full outbox, stays one
// event for as long as that was not sent.
void Recorder::tell_gaps(WallTime wall, bool clock_trusted, Effects& effects) {
  const Kept* open = find(open_gap_event_);
  if (open != nullptr && open->persisting) return;  // at the next tick
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
      rewrite(open_gap_event_, gap_event(open_gap_, wall), std::move(drops), effects);
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
      drop_persisted();
    }
    open_gap_ = whole;
    open_gap_event_ = RecordKey{options_.epoch, outbox_.next_number()};
    add_event(gap_event(whole, wall), effects, std::move(drops));
  }
}

void Recorder::rewrite(RecordKey key, wire::EventRecord event, std::vector<RecordKey> drops,
                       Effects& effects) {
  event.epoch = key.epoch;
  event.number = key.number;
  event.oldest = outbox_.oldest(key.epoch);
  const wire::Bytes payload = encoder_.encode(event);
  Kept* kept = find(key);
  if (kept == nullptr) {
    kept_.push_back(Kept{StoredRecord{key, wire::Topic::event, payload.size(), event.time_ms}});
    kept = &kept_.back();
  }
  kept->payload.assign(payload.begin(), payload.end());
  kept->record.bytes = payload.size();
  kept->drops.insert(kept->drops.end(), drops.begin(), drops.end());
  kept->persisted = false;
  if (!disk_failing_) persist(*kept, effects);
}

void Recorder::link_up(Instant now, std::uint64_t birth_table, Effects& effects) {
  linked_ = true;
  birth_table_ = birth_table;
  loading_.clear();
  outbox_.link_up(now);
  pump(now, effects);
}

void Recorder::acknowledged(const wire::Ack& ack, Instant now, Effects& effects) {
  if (!outbox_.acknowledge(ack, now)) return;
  for (const wire::EpochAck& epoch : ack.epochs) {
    const auto same = std::find_if(trims_.begin(), trims_.end(), [&](const wire::EpochAck& trim) {
      return trim.epoch == epoch.epoch;
    });
    if (same == trims_.end()) {
      trims_.push_back(epoch);
    } else {
      same->number = std::max(same->number, epoch.number);
    }
  }
  drop_persisted();
  if (linked_) pump(now, effects);
}

// Forgets the bytes of records that are on disk and sent, and of those acknowledged before the disk
// took them.
void Recorder::drop_persisted() {
  const auto done = [&](const Kept& kept) {
    return !kept.persisting && (kept.persisted || !outbox_.holds(kept.record.key));
  };
  for (const Kept& kept : kept_) {
    if (done(kept)) pass_on_facts(kept);
  }
  std::erase_if(kept_, done);
}

Recorder::Kept* Recorder::find(RecordKey key) {
  const auto found = std::find_if(kept_.begin(), kept_.end(),
                                  [&](const Kept& kept) { return kept.record.key == key; });
  return found == kept_.end() ? nullptr : &*found;
}

void Recorder::persisted(RecordKey key, Instant now, Effects& effects) {
  if (disk_failing_) {
    disk_failing_ = false;
    retry_wait_.reset();
    effects.emplace_back(Log{LogLevel::info, "the disk takes records again"});
  }
  if (Kept* kept = find(key)) {
    kept->persisting = false;
    kept->persisted = true;
    kept->facts.clear();
    effects.emplace_back(Log{LogLevel::debug, "record " + std::to_string(key.epoch) + "/" +
                                                  std::to_string(key.number) + " is on disk"});
  }
  if (key == carrier_) forget_carried();
  outbox_.ready(key);
  if (linked_) pump(now, effects);
  drop_persisted();
  for (Kept& kept : kept_) {
    if (!kept.persisting && !kept.persisted) persist(kept, effects);
  }
}

void Recorder::forget_carried() {
  std::erase_if(trims_, [&](const wire::EpochAck& trim) {
    return std::find(carried_trims_.begin(), carried_trims_.end(), trim) != carried_trims_.end();
  });
  carrier_ = RecordKey{};
  carried_trims_.clear();
}

void Recorder::persist_failed(RecordKey key, const std::string& reason, Instant now,
                              Effects& effects) {
  if (!disk_failing_) {
    disk_failing_ = true;
    effects.emplace_back(
        Log{LogLevel::error, "the outbox can't be written, records wait in memory: " + reason});
  }
  retry_at_ = now + retry_wait_.next(rng_);
  if (Kept* kept = find(key)) {
    kept->persisting = false;
    forget_older_facts(*kept);
  }
  outbox_.ready(key);
  drop_persisted();
  bound_memory(effects);
  if (linked_) pump(now, effects);
}

void Recorder::pump(Instant now, Effects& effects) {
  while (const auto next = outbox_.take_next(now)) {
    if (const Kept* kept = find(next->record.key)) {
      send(kept->record.key, kept->payload, kept->table_id, kept->table.get(), next->again,
           effects);
    } else {
      loading_.push_back(Loading{next->record.key, next->again});
      effects.emplace_back(LoadRecord{next->record.key});
    }
  }
}

void Recorder::loaded(const RecordLoaded& loaded, Instant now, Effects& effects) {
  const auto waiting = std::find_if(loading_.begin(), loading_.end(), [&](const Loading& loading) {
    return loading.key == loaded.key;
  });
  if (waiting == loading_.end() || !linked_) return;
  const bool again = waiting->again;
  loading_.erase(waiting);
  if (!outbox_.holds(loaded.key)) return;  // acknowledged meanwhile
  if (loaded.later) return;                // asked for again with the next resend
  if (loaded.payload.empty()) {
    effects.emplace_back(Log{LogLevel::error, "record " + std::to_string(loaded.key.number) +
                                                  " is damaged or gone from the outbox"});
    outbox_.give_up(loaded.key);
    drops_.push_back(loaded.key);
    pump(now, effects);
    return;
  }
  const std::uint64_t table_id = loaded.series.empty() ? 0 : wire::series_table_id(loaded.series);
  send(loaded.key, loaded.payload, table_id, &loaded.series, again, effects);
}

void Recorder::send(RecordKey key, wire::Bytes payload, std::uint64_t table_id,
                    const std::vector<wire::SeriesInfo>* table, bool again, Effects& effects) {
  wire::Topic topic = wire::Topic::event;
  std::vector<std::byte> bytes(payload.begin(), payload.end());
  if (table_id != 0) {
    topic = wire::Topic::history;
    if (again || table_id != birth_table_) {
      auto block = wire::decode_history(payload);
      if (block) {
        block->series = *table;
        const wire::Bytes whole = encoder_.encode(*block);
        bytes.assign(whole.begin(), whole.end());
      }
    }
  }
  wire::set_oldest(bytes, outbox_.oldest(key.epoch));
  sent_.push_back(std::move(bytes));
  effects.emplace_back(Publish{topic, sent_.back()});
}

void Recorder::persist_all(Effects& effects) {
  for (Kept& kept : kept_) {
    if (!kept.persisting && !kept.persisted) persist(kept, effects);
  }
}

std::size_t Recorder::only_in_memory() const {
  return static_cast<std::size_t>(
      std::count_if(kept_.begin(), kept_.end(), [](const Kept& kept) { return !kept.persisted; }));
}

bool Recorder::idle() const {
  return std::none_of(kept_.begin(), kept_.end(), [](const Kept& kept) { return kept.persisting; });
}

}  // namespace bw::agent
