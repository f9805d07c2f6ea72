#include "agent/core/record/write_queue.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace bw::agent {

namespace {

bool waits(const Kept& kept) {
  return !kept.persisting && !kept.persisted;
}

// With its facts, which may be the most of it.
std::size_t bytes_of(const Kept& kept) {
  std::size_t bytes = kept.payload.size();
  for (const Fact& fact : kept.facts) bytes += fact.value.size();
  return bytes;
}

void add_drops(std::vector<RecordKey>& to, const std::vector<RecordKey>& more) {
  to.insert(to.end(), more.begin(), more.end());
  if (to.size() > WriteQueue::kMaxDrops) to.erase(to.begin(), to.end() - WriteQueue::kMaxDrops);
}

bool has_fact(const std::vector<Fact>& facts, const std::string& name) {
  return std::any_of(facts.begin(), facts.end(),
                     [&](const Fact& fact) { return fact.name == name; });
}

// What each of these writes of its facts: in one transaction only the newest of a name counts, and
// the kernel log's position, which comes with each of its events, may be kilobytes.
std::vector<std::vector<Fact>> newest_facts(const std::vector<Kept*>& due) {
  std::vector<std::vector<Fact>> facts(due.size());
  std::vector<std::string_view> names;
  for (std::size_t i = due.size(); i-- > 0;) {
    for (const Fact& fact : due[i]->facts) {
      if (std::find(names.begin(), names.end(), fact.name) != names.end()) continue;
      names.push_back(fact.name);
      facts[i].push_back(fact);
    }
  }
  return facts;
}

}  // namespace

void WriteQueue::add(Kept kept, Outbox& outbox) {
  kept.facts = std::exchange(facts_, {});
  if (!drops_.empty()) {
    add_drops(drops_, kept.drops);
    kept.drops = std::exchange(drops_, {});
  }
  // While the disk takes nothing, one try at a time finds out when it does again; the record may be
  // sent meanwhile.
  if (disk_failing_) outbox.ready(kept.record.key);
  kept_.push_back(std::move(kept));
}

void WriteQueue::replace(Kept kept) {
  Kept* const old = find_mutable(kept.record.key);
  if (old == nullptr) {
    kept_.push_back(std::move(kept));
    return;
  }
  BW_ASSERT(!old->persisting);
  old->record = kept.record;
  old->payload = std::move(kept.payload);
  add_drops(old->drops, kept.drops);
  old->urgent = old->urgent || kept.urgent;
  old->persisted = false;
}

void WriteQueue::hasten(RecordKey key) {
  if (Kept* const kept = find_mutable(key)) kept->urgent = true;
}

void WriteQueue::set_fact(Fact fact) {
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

void WriteQueue::trim(const wire::Ack& ack) {
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
}

void WriteQueue::end_step(Instant now, Outbox& outbox, Effects& effects) {
  watch_disk(now, outbox, effects);
  bound_memory(outbox, effects);
  if (is_writing()) return;
  const bool is_last_try = std::exchange(last_try_, false);
  if (disk_failing_ && !is_last_try) {
    if (now >= retry_at_) write(now, 1, effects);
  } else if (is_last_try || is_due(now)) {
    write(now, kept_.size(), effects);
  }
}

bool WriteQueue::is_due(Instant now) {
  std::size_t count = 0;
  std::size_t bytes = 0;
  bool urgent = false;
  bool has_block = false;
  for (const Kept& kept : kept_) {
    if (!waits(kept)) continue;
    ++count;
    bytes += kept.payload.size();
    urgent = urgent || kept.urgent;
    has_block = has_block || kept.record.topic == wire::Topic::history;
  }
  if (count == 0) return false;
  if (catch_up_ || has_block || count >= kWriteNow || bytes >= kWriteNowBytes) return true;
  return urgent && take_token(now);
}

bool WriteQueue::take_token(Instant now) {
  if (tokens_ == kWriteBurst) tokens_at_ = now;
  for (; tokens_ < kWriteBurst && now - tokens_at_ >= kWriteEvery; tokens_at_ += kWriteEvery) {
    ++tokens_;
  }
  if (tokens_ == 0) return false;
  --tokens_;
  return true;
}

void WriteQueue::write(Instant now, std::size_t most, Effects& effects) {
  std::vector<Kept*> due;
  for (Kept& kept : kept_) {
    if (due.size() < most && waits(kept)) due.push_back(&kept);
  }
  if (due.empty()) return;
  catch_up_ = false;
  write_began_ = now;
  // What is to be forgotten rides along with every write until one that carried it has succeeded.
  carrier_ = due.front()->record.key;
  carried_trims_ = trims_;
  std::vector<std::vector<Fact>> facts = newest_facts(due);
  for (std::size_t i = 0; i < due.size(); ++i) {
    Kept* const kept = due[i];
    kept->persisting = true;
    PersistRecord effect{kept->record, kept->payload, kept->table_id,     kept->table.get(),
                         {},           kept->drops,   std::move(facts[i])};
    if (kept == due.front()) effect.trims = trims_;
    effect.more = kept != due.back();
    effects.emplace_back(std::move(effect));
  }
}

void WriteQueue::watch_disk(Instant now, Outbox& outbox, Effects& effects) {
  if (disk_failing_ || !is_writing() || now - write_began_ < kDiskHangsAfter) return;
  disk_failing_ = true;
  retry_at_ = now;
  for (const Kept& kept : kept_) outbox.ready(kept.record.key);
  effects.emplace_back(
      Log{LogLevel::error, "the outbox's disk does not answer: records go on from memory"});
}

void WriteQueue::bound_memory(Outbox& outbox, Effects& effects) {
  std::size_t count = 0;
  std::size_t bytes = 0;
  for (const Kept& kept : kept_) {
    ++count;
    bytes += bytes_of(kept);
  }
  while (count > 1 && (count > kMaxInMemory || bytes > kMaxBytesInMemory)) {
    // Blocks go before events, as in the outbox.
    const auto find_oldest = [&](bool events_too) {
      return std::find_if(kept_.begin(), kept_.end(), [&](const Kept& kept) {
        return !kept.persisting && kept.record.key != spared_ &&
               (events_too || kept.record.topic == wire::Topic::history);
      });
    };
    auto oldest = find_oldest(false);
    if (oldest == kept_.end()) oldest = find_oldest(true);
    if (oldest == kept_.end()) return;
    if (outbox.holds(oldest->record.key)) {
      outbox.give_up(oldest->record.key);
      effects.emplace_back(
          Log{LogLevel::error, "the disk takes no records and memory is full: record " +
                                   std::to_string(oldest->record.key.number) + " is lost"});
    }
    --count;
    bytes -= bytes_of(*oldest);
    pass_on(*oldest);
    kept_.erase(oldest);
  }
}

// A record that goes before the disk took it leaves what it carries to the next: what is to be
// forgotten, and its facts, unless a later record knows better.
void WriteQueue::pass_on(const Kept& dropped) {
  if (dropped.persisted) return;
  add_drops(drops_, dropped.drops);
  for (const Fact& fact : dropped.facts) {
    const bool newer = has_fact(facts_, fact.name) ||
                       std::any_of(kept_.begin(), kept_.end(), [&](const Kept& kept) {
                         return kept.record.key.number > dropped.record.key.number &&
                                has_fact(kept.facts, fact.name);
                       });
    if (!newer) set_fact(fact);
  }
}

void WriteQueue::drop_persisted(const Outbox& outbox) {
  const auto done = [&](const Kept& kept) {
    return !kept.persisting && (kept.persisted || !outbox.holds(kept.record.key));
  };
  for (const Kept& kept : kept_) {
    if (done(kept)) pass_on(kept);
  }
  std::erase_if(kept_, done);
}

void WriteQueue::persisted(RecordKey key, Outbox& outbox, Effects& effects) {
  if (disk_failing_) {
    disk_failing_ = false;
    catch_up_ = true;
    retry_wait_.reset();
    effects.emplace_back(Log{LogLevel::info, "the disk takes records again"});
  }
  if (Kept* kept = find_mutable(key)) {
    kept->persisting = false;
    kept->persisted = true;
    kept->facts.clear();
    kept->drops.clear();
    effects.emplace_back(Log{LogLevel::debug, "record " + std::to_string(key.epoch) + "/" +
                                                  std::to_string(key.number) + " is on disk"});
  }
  if (key == carrier_) forget_carried();
  outbox.ready(key);
}

void WriteQueue::forget_carried() {
  std::erase_if(trims_, [&](const wire::EpochAck& trim) {
    return std::find(carried_trims_.begin(), carried_trims_.end(), trim) != carried_trims_.end();
  });
  carrier_ = RecordKey{};
  carried_trims_.clear();
}

void WriteQueue::failed(RecordKey key, const std::string& reason, Instant now, Outbox& outbox,
                        Effects& effects) {
  if (!disk_failing_) {
    disk_failing_ = true;
    for (const Kept& kept : kept_) outbox.ready(kept.record.key);
    effects.emplace_back(
        Log{LogLevel::error, "the outbox can't be written, records wait in memory: " + reason});
  }
  if (key == carrier_) retry_at_ = now + retry_wait_.next(rng_);
  if (Kept* kept = find_mutable(key)) kept->persisting = false;
}

const Kept* WriteQueue::find(RecordKey key) const {
  const auto found = std::find_if(kept_.begin(), kept_.end(),
                                  [&](const Kept& kept) { return kept.record.key == key; });
  return found == kept_.end() ? nullptr : &*found;
}

Kept* WriteQueue::find_mutable(RecordKey key) {
  return const_cast<Kept*>(std::as_const(*this).find(key));
}

bool WriteQueue::is_persisting(RecordKey key) const {
  const Kept* const kept = find(key);
  return kept != nullptr && kept->persisting;
}

bool WriteQueue::is_writing() const {
  return std::any_of(kept_.begin(), kept_.end(), [](const Kept& kept) { return kept.persisting; });
}

std::size_t WriteQueue::only_in_memory() const {
  return static_cast<std::size_t>(
      std::count_if(kept_.begin(), kept_.end(), [](const Kept& kept) { return !kept.persisted; }));
}

}  // namespace bw::agent
