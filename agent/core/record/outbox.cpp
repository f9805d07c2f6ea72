#include "agent/core/record/outbox.h"

#include <algorithm>
#include <map>
#include <utility>

namespace bw::agent {

namespace {

// 2020-01-01: a box without a battery begins in 1970, and what it records before its clock is set
// has no age.
constexpr std::int64_t kClockEverSetMs = 1577836800000;

}  // namespace

Outbox::Outbox(std::uint64_t epoch, OutboxLimits limits, std::uint64_t seed, DrainLimits drain)
    : epoch_(epoch),
      limits_(limits),
      rng_(seed),
      resend_wait_(kResendAfter, kResendAfterMost),
      pace_(drain),
      start_within_(drain.start_within) {
  pace_.link_up(Instant{});
}

void Outbox::restore(std::vector<StoredRecord> records, Instant now) {
  if (!unlinked_since_) unlinked_since_ = now;
  // In the order of their writing, which is that of their numbers but where a write failed and came
  // later.
  std::map<std::uint64_t, std::size_t> epochs;
  for (const StoredRecord& record : records) epochs.try_emplace(record.key.epoch, epochs.size());
  std::sort(records.begin(), records.end(), [&](const auto& a, const auto& b) {
    return std::pair(epochs.at(a.key.epoch), a.key.number) <
           std::pair(epochs.at(b.key.epoch), b.key.number);
  });
  for (std::size_t left = records.size(); left > 0; --left) {
    const StoredRecord& record = records[left - 1];
    bytes_ += record.bytes;
    // What lies on disk may have been sent before: it is sent with its table.
    entries_.push_front(Entry{.record = record, .ready = true, .sent = true});
  }
  if (!records.empty()) rewind(now);
}

RecordKey Outbox::add(wire::Topic topic, std::uint64_t bytes, std::int64_t time_ms,
                      std::int64_t from_ms) {
  const RecordKey key{epoch_, next_number_++};
  entries_.push_back(Entry{.record = {key, topic, bytes, time_ms, from_ms}});
  bytes_ += bytes;
  if (topic == wire::Topic::event && fresh_.size() < kMaxOvertaking) fresh_.push_back(key);
  return key;
}

std::size_t Outbox::index_of(RecordKey key) const {
  if (key.epoch == epoch_) {
    // This run's lie behind all others, in the order of their numbers.
    const auto found =
        std::partition_point(entries_.begin(), entries_.end(), [&](const Entry& entry) {
          return entry.record.key.epoch != epoch_ || entry.record.key.number < key.number;
        });
    const bool is_held = found != entries_.end() && found->record.key == key;
    return is_held ? static_cast<std::size_t>(found - entries_.begin()) : entries_.size();
  }
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.record.key == key; });
  return static_cast<std::size_t>(found - entries_.begin());
}

bool Outbox::holds(RecordKey key) const {
  return index_of(key) < entries_.size();
}

bool Outbox::is_unsent(RecordKey key) const {
  const std::size_t index = index_of(key);
  return index < entries_.size() && !entries_[index].sent;
}

void Outbox::erase(std::size_t index) {
  bytes_ -= entries_[index].record.bytes;
  if (entries_[index].overtook) --overtaking_;
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(index));
  if (index < next_) --next_;
}

void Outbox::ready(RecordKey key) {
  const std::size_t index = index_of(key);
  if (index < entries_.size()) entries_[index].ready = true;
}

void Outbox::note_gap(const StoredRecord& record) {
  ++dropped_;
  if (!gaps_.empty() && gaps_.back().epoch == record.key.epoch &&
      gaps_.back().last + 1 == record.key.number) {
    gaps_.back().last = record.key.number;
    gaps_.back().to_ms = record.time_ms;
    return;
  }
  gaps_.push_back(Gap{record.key.epoch, record.key.number, record.key.number,
                      record.from_ms != 0 ? record.from_ms : record.time_ms, record.time_ms});
}

std::vector<Gap> Outbox::take_gaps() {
  return std::exchange(gaps_, {});
}

std::vector<RecordKey> Outbox::enforce_limits(std::int64_t now_ms, bool clock_trusted) {
  const std::int64_t max_age_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(limits_.max_age).count();
  const auto too_old = [&](const StoredRecord& record) {
    return clock_trusted && record.time_ms >= kClockEverSetMs &&
           now_ms - record.time_ms > max_age_ms;
  };
  std::vector<RecordKey> dropped;
  // An eighth at a time: what tells of a gap takes room too.
  const std::uint64_t room =
      bytes_ > limits_.max_bytes ? limits_.max_bytes - limits_.max_bytes / 8 : limits_.max_bytes;
  while (!entries_.empty()) {
    // Blocks go before events: these are few, and some tell of the gaps.
    auto oldest = std::find_if(entries_.begin(), entries_.end(), [](const Entry& entry) {
      return entry.record.topic == wire::Topic::history;
    });
    if (oldest == entries_.end()) oldest = entries_.begin();
    if (bytes_ <= room && !too_old(oldest->record)) break;
    dropped.push_back(oldest->record.key);
    note_gap(oldest->record);
    erase(static_cast<std::size_t>(oldest - entries_.begin()));
  }
  return dropped;
}

void Outbox::give_up(RecordKey key) {
  const std::size_t index = index_of(key);
  if (index == entries_.size()) return;
  note_gap(entries_[index].record);
  erase(index);
}

void Outbox::forget(RecordKey key) {
  const std::size_t index = index_of(key);
  if (index < entries_.size()) erase(index);
}

bool Outbox::acknowledge(const wire::Ack& ack, Instant now) {
  const auto covered = [&](const StoredRecord& record) {
    return std::any_of(ack.epochs.begin(), ack.epochs.end(), [&](const wire::EpochAck& epoch) {
      return epoch.epoch == record.key.epoch && record.key.number <= epoch.number;
    });
  };
  const RecordKey oldest = entries_.empty() ? RecordKey{} : entries_.front().record.key;
  bool progress = false;
  Instant newest_sent{};
  for (std::size_t i = 0; i < entries_.size();) {
    // Only what was sent can have been stored, so nothing behind the window needs a look.
    if (i >= next_ && !entries_[i].sent) break;
    if (covered(entries_[i].record)) {
      newest_sent = std::max(newest_sent, entries_[i].sent_at);
      erase(i);
      progress = true;
    } else {
      ++i;
    }
  }
  if (newest_sent != Instant{}) {
    const Duration took = now - newest_sent;
    ack_time_ = ack_time_ == Duration{} ? took : (7 * ack_time_ + took) / 8;
  }
  // Later records may be acknowledged while the oldest was lost on its way: only its end puts off
  // sending again.
  if (progress && (entries_.empty() || entries_.front().record.key != oldest)) {
    resend_wait_.reset();
    resend_at_ = now + resend_wait();
  }
  return progress;
}

// An acknowledgement that came only after a coordinator's absence says nothing of the next.
Duration Outbox::patience() const {
  return std::min(3 * ack_time_, kMostPatience);
}

Duration Outbox::resend_wait() {
  return std::max(resend_wait_.next(rng_), patience());
}

void Outbox::rewind(Instant now) {
  next_ = 0;
  for (Entry& entry : entries_) entry.overtook = false;
  overtaking_ = 0;
  resend_at_ = now + resend_wait();
}

void Outbox::link_up(Instant now) {
  resend_wait_.reset();
  pace_.link_up(now);
  under_way_.clear();
  rewind(now);
  const auto most = static_cast<double>(most_start_wait(now).count());
  start_at_ = now + Duration{static_cast<Duration::rep>(rng_.unit() * most)};
}

Duration Outbox::most_start_wait(Instant now) const {
  const auto waiting = static_cast<Duration::rep>(entries_.size());
  const Duration gone = unlinked_since_ ? now - *unlinked_since_ : Duration{};
  return std::min({start_within_, kStartWaitEach * waiting, gone});
}

bool Outbox::resend_if_stalled(Instant now) {
  if (next_ == 0 || entries_.empty() || now < resend_at_) return false;
  // What the broker does not have yet needs more patience, not more of the same. But receipts may
  // get lost, where a broker breaks the protocol.
  const bool is_under_way = std::find(under_way_.begin(), under_way_.end(),
                                      entries_.front().record.key) != under_way_.end();
  if (is_under_way && now < resend_at_ + kResendAfterMost) return false;
  pace_.stalled();
  rewind(now);
  return true;
}

// The next event of this run that waits behind others, if there is one.
Outbox::Entry* Outbox::next_overtaking() {
  while (!fresh_.empty() && overtaking_ < kMaxOvertaking) {
    const std::size_t index = index_of(fresh_.front());
    if (index < entries_.size() && !entries_[index].ready) return nullptr;
    if (index < entries_.size() && index > next_ && !entries_[index].sent) return &entries_[index];
    fresh_.pop_front();
  }
  return nullptr;
}

std::optional<Outbox::Next> Outbox::take_next(Instant now) {
  if (now < start_at_) return std::nullopt;
  while (next_ < entries_.size() && entries_[next_].overtook) ++next_;
  const bool in_turn = next_ < std::min(kWindow, entries_.size()) && entries_[next_].ready;
  Entry* entry = in_turn && in_a_row_ >= kMostInARow ? nullptr : next_overtaking();
  if ((entry == nullptr && !in_turn) || !pace_.may_take(now)) return std::nullopt;
  if (entry != nullptr) {
    fresh_.pop_front();
    ++overtaking_;
    ++in_a_row_;
    entry->overtook = true;
  } else {
    entry = &entries_[next_];
    if (next_ == 0) resend_at_ = std::max(resend_at_, now + std::max(kResendAfter / 2, patience()));
    ++next_;
    in_a_row_ = 0;
  }
  pace_.reserve(now, entry->record.bytes);
  entry->sent_at = now;
  const bool again = std::exchange(entry->sent, true);
  return Next{entry->record, again};
}

void Outbox::hurry() {
  start_at_ = Instant{};
  pace_.hurry();
}

void Outbox::sent(const StoredRecord& record, Instant now) {
  pace_.sent(now, record.bytes);
  under_way_.push_back(record.key);
}

void Outbox::not_sent(const StoredRecord& record) {
  pace_.release(record.bytes);
}

void Outbox::taken(Instant now) {
  pace_.taken(now);
  if (under_way_.empty()) return;
  const RecordKey key = under_way_.front();
  under_way_.pop_front();
  // From now on it is the store's turn. Receipts of later records say nothing of the oldest.
  if (!entries_.empty() && entries_.front().record.key == key) {
    resend_at_ = std::max(resend_at_, now + std::max(kResendAfter / 2, patience()));
  }
}

std::uint64_t Outbox::oldest(std::uint64_t epoch) const {
  for (const Entry& entry : entries_) {
    if (entry.record.key.epoch == epoch) return entry.record.key.number;
  }
  return epoch == epoch_ ? next_number_ : 1;
}

}  // namespace bw::agent
