#include "coordinator/core/ingest/ingest.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/assert.h"
#include "schemas/wire/limits.h"

namespace bw::coordinator {

using Verdict = Ingest::Verdict;

namespace {

bool can_be(std::uint64_t number, std::uint64_t oldest) {
  return number != 0 && number <= Ingest::kMaxNumber && oldest <= number;
}

std::size_t bytes_of(const std::vector<wire::SeriesInfo>& series) {
  std::size_t bytes = sizeof(Change);
  for (const wire::SeriesInfo& one : series) {
    bytes += sizeof one + one.name.size() + one.unit.size();
    for (const wire::Label& label : one.labels) {
      bytes += sizeof label + label.name.size() + label.value.size();
    }
  }
  return bytes;
}

}  // namespace

void Ingest::restore(const std::vector<StoredNode>& nodes) {
  for (auto& [id, node] : nodes_) {
    node.epochs.clear();
    node.tables.clear();
  }
  waiting_ = {};
  cursors_.clear();
  under_way_.reset();
  failed_at_.reset();
  owed_.clear();
  for (const StoredNode& stored : nodes) {
    Node& node = nodes_[stored.node];
    node.tables = stored.tables;
    for (const StoredEpoch& epoch : stored.epochs) {
      const Progress progress(epoch.contiguous, epoch.above);
      node.epochs.push_back({epoch.epoch, progress, progress, std::nullopt, epoch.last_ms, false});
      node.counts.last_stored_ms = std::max(node.counts.last_stored_ms, epoch.last_ms);
    }
    if (node.epochs.size() > kMaxEpochs) {
      node.epochs.erase(node.epochs.begin(), node.epochs.end() - kMaxEpochs);
    }
  }
}

Verdict Ingest::take(const NodeId& node, const wire::HistoryBlock& block, WallTime wall) {
  if (!can_be(block.number, block.oldest)) return Verdict::bad_number;
  const bool is_new_table = !knows_table(node, block.table_id);
  if (is_new_table && block.series.empty()) return Verdict::unknown_table;
  const std::size_t table_bytes = is_new_table ? bytes_of(block.series) : 0;
  if (!has_room(block.columns.size() + table_bytes) || (is_new_table && !has_table_slot(node))) {
    ++deferred_;
    return Verdict::no_room;
  }
  const Verdict verdict = note(node, block.epoch, block.number, block.oldest, wall);
  if (verdict != Verdict::taken) return verdict;
  if (is_new_table) {
    keep_table(node, block.table_id,
               {std::make_shared<const std::vector<wire::SeriesInfo>>(block.series), table_bytes});
  }
  waiting_.records.emplace_back(PutBlock{node, block.epoch, block.number, block.table_id,
                                         block.start_ms, block.end_ms, block.rows, block.columns});
  waiting_.bytes += block.columns.size();
  return Verdict::taken;
}

Verdict Ingest::take(const NodeId& node, const wire::EventRecord& event, WallTime wall) {
  if (!can_be(event.number, event.oldest)) return Verdict::bad_number;
  std::size_t bytes = event.text.size();
  for (const wire::Label& detail : event.details) bytes += detail.name.size() + detail.value.size();
  if (!has_room(bytes)) {
    ++deferred_;
    return Verdict::no_room;
  }
  const Verdict verdict = note(node, event.epoch, event.number, event.oldest, wall);
  if (verdict != Verdict::taken) return verdict;
  waiting_.records.emplace_back(PutEvent{node, event});
  waiting_.bytes += bytes;
  return Verdict::taken;
}

// Notes that a record came, and what its `oldest` says will not come.
Verdict Ingest::note(const NodeId& id, std::uint64_t epoch_id, std::uint64_t number,
                     std::uint64_t oldest, WallTime wall) {
  Node& node = nodes_[id];
  Epoch* const epoch = epoch_of(node, epoch_id);
  if (epoch == nullptr) {
    ++deferred_;
    return Verdict::no_room;
  }
  Counts* counts = nullptr;
  const auto touch = [&] {
    epoch->is_waiting = true;
    if (counts == nullptr) counts = &waiting_.epochs[{id, epoch_id}];
  };
  for (const Progress::Run& run : epoch->known.close_below(oldest)) {
    touch();
    counts->gaps += run.last - run.first + 1;
    waiting_.records.emplace_back(PutGap{id, epoch_id, run.first, run.last, to_ms(wall)});
  }
  if (epoch->known.contains(number)) {
    ++node.counts.duplicates;
    ++totals_.duplicates;
    if (epoch->committed.contains(number)) owe_ack(id);
    return Verdict::duplicate;
  }
  if (!epoch->known.add(number)) {
    ++deferred_;
    return Verdict::no_room;
  }
  touch();
  ++counts->stored;
  return Verdict::taken;
}

// The ledger of an epoch, now the most recently active one. Null where all that could make room
// for it have records that wait.
Ingest::Epoch* Ingest::epoch_of(Node& node, std::uint64_t epoch) {
  auto& epochs = node.epochs;
  auto found = std::find_if(epochs.begin(), epochs.end(),
                            [&](const Epoch& one) { return one.epoch == epoch; });
  if (found == epochs.end()) {
    if (epochs.size() >= kMaxEpochs) {
      const auto idle = std::find_if(epochs.begin(), epochs.end(), [](const Epoch& one) {
        return !one.is_waiting && !one.under_way;
      });
      if (idle == epochs.end()) return nullptr;
      epochs.erase(idle);
    }
    epochs.emplace_back();
    epochs.back().epoch = epoch;
    return &epochs.back();
  }
  std::rotate(found, found + 1, epochs.end());
  return &epochs.back();
}

Ingest::Epoch* Ingest::find_epoch(const NodeId& node, std::uint64_t epoch) {
  const auto entry = nodes_.find(node);
  if (entry == nodes_.end()) return nullptr;
  for (Epoch& one : entry->second.epochs) {
    if (one.epoch == epoch) return &one;
  }
  return nullptr;
}

bool Ingest::has_room(std::size_t bytes) const {
  return waiting_.records.size() < kMaxWaitingChanges &&
         waiting_.bytes + waiting_.table_bytes + bytes <= kMaxWaitingBytes;
}

bool Ingest::learn_table(const NodeId& id, std::uint64_t table_id, const Table& table) {
  if (knows_table(id, table_id)) return true;
  const auto first = waiting_.tables.lower_bound({id, 0});
  const bool is_only_one = first == waiting_.tables.end() || first->first.first != id;
  const std::size_t bytes = is_only_one ? 0 : bytes_of(*table);
  if (!is_only_one && (!has_room(bytes) || !has_table_slot(id))) return false;
  keep_table(id, table_id, {table, bytes});
  return true;
}

bool Ingest::is_table_waiting(const NodeId& id, std::uint64_t table_id) const {
  return waiting_.tables.contains({id, table_id});
}

// A table that waits is not forgotten: records that wait may name it.
bool Ingest::has_table_slot(const NodeId& id) const {
  const auto entry = nodes_.find(id);
  if (entry == nodes_.end() || entry->second.tables.size() < kMaxTables) return true;
  const auto& tables = entry->second.tables;
  return std::any_of(tables.begin(), tables.end(),
                     [&](std::uint64_t table) { return !is_table_waiting(id, table); });
}

void Ingest::keep_table(const NodeId& id, std::uint64_t table_id, WaitingTable table) {
  auto& tables = nodes_[id].tables;
  if (tables.size() >= kMaxTables) {
    // The oldest is forgotten: its blocks are then sent again with their table.
    const auto oldest = std::find_if(tables.begin(), tables.end(),
                                     [&](std::uint64_t one) { return !is_table_waiting(id, one); });
    BW_ASSERT(oldest != tables.end());
    tables.erase(oldest);
  }
  tables.push_back(table_id);
  waiting_.table_bytes += table.bytes;
  waiting_.tables.insert_or_assign({id, table_id}, std::move(table));
}

bool Ingest::knows_table(const NodeId& id, std::uint64_t table_id) const {
  const auto entry = nodes_.find(id);
  if (entry == nodes_.end()) return false;
  const auto& tables = entry->second.tables;
  return std::find(tables.begin(), tables.end(), table_id) != tables.end();
}

wire::Ack Ingest::ack_of(const NodeId& id) const {
  wire::Ack ack;
  const auto entry = nodes_.find(id);
  if (entry == nodes_.end()) return ack;
  const auto& epochs = entry->second.epochs;
  for (std::size_t i = epochs.size(); i > 0 && ack.epochs.size() < wire::kMaxAckEpochs; --i) {
    const auto& one = epochs[i - 1];
    if (one.committed.contiguous() == 0) continue;
    ack.epochs.push_back({one.epoch, one.committed.contiguous()});
  }
  std::reverse(ack.epochs.begin(), ack.epochs.end());
  return ack;
}

void Ingest::told_ack(const NodeId& id, Instant now) {
  owed_.erase(id);
  nodes_[id].told = now;
}

bool Ingest::is_ack_due(const NodeId& id, Instant now) const {
  if (!owed_.contains(id)) return false;
  const auto entry = nodes_.find(id);
  return entry == nodes_.end() || !entry->second.told ||
         now - *entry->second.told >= kAckAgainAfter;
}

std::vector<NodeId> Ingest::due_acks(Instant now) const {
  std::vector<NodeId> due;
  std::copy_if(owed_.begin(), owed_.end(), std::back_inserter(due),
               [&](const NodeId& id) { return is_ack_due(id, now); });
  return due;
}

Ingest::Counts Ingest::counts(const NodeId& id) const {
  const auto entry = nodes_.find(id);
  return entry == nodes_.end() ? Counts{} : entry->second.counts;
}

}  // namespace bw::coordinator
