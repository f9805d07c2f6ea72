// The part of Ingest that makes batches, and learns what became of them.
#include <algorithm>
#include <iterator>
#include <utility>

#include "base/assert.h"
#include "coordinator/core/ingest/ingest.h"

namespace bw::coordinator {

bool Ingest::Work::empty() const {
  return records.empty() && nodes.empty() && states.empty() && tables.empty() && cursors.empty();
}

std::optional<Ingest::Batch> Ingest::next_batch(const NodeSource& source, Instant now,
                                                WallTime wall, std::vector<Change> others) {
  BW_ASSERT(others.empty() || may_begin(now));
  if (!may_begin(now)) return std::nullopt;
  if (!failed_at_ && waiting_.empty() && others.empty()) return std::nullopt;
  Batch batch;
  under_way_ = Work{};  // clang 14 does not find emplace() here
  move_node_changes(source, batch.changes);
  for (const auto& [name, block] : waiting_.cursors) {
    batch.changes.emplace_back(PutExportCursor{name, block});
  }
  under_way_->cursors = std::exchange(waiting_.cursors, {});
  // Records wait until their tables are in a batch, so that none lies in the store without.
  if (waiting_.tables.empty()) move_records(batch.changes, wall);
  std::move(others.begin(), others.end(), std::back_inserter(batch.changes));
  if (batch.changes.empty() && failed_at_) add_probe(batch.changes);
  if (batch.changes.empty()) {
    under_way_.reset();
    return std::nullopt;
  }
  batch.id = ++last_batch_;
  under_way_ms_ = to_ms(wall);
  return batch;
}

// Tables first, then births and states, kMaxNodeChanges in all.
void Ingest::move_node_changes(const NodeSource& source, std::vector<Change>& changes) {
  while (!waiting_.tables.empty() && changes.size() < kMaxNodeChanges) {
    auto entry = waiting_.tables.extract(waiting_.tables.begin());
    changes.emplace_back(PutTable{entry.key().first, entry.key().second, *entry.mapped().table});
    waiting_.table_bytes -= entry.mapped().bytes;
    under_way_->tables.insert(std::move(entry));
  }
  while (!waiting_.nodes.empty() && changes.size() < kMaxNodeChanges) {
    auto entry = waiting_.nodes.extract(waiting_.nodes.begin());
    if (auto change = source.node_to_store(entry.value())) changes.emplace_back(std::move(*change));
    under_way_->nodes.insert(std::move(entry));
  }
  while (!waiting_.states.empty() && changes.size() < kMaxNodeChanges) {
    auto entry = waiting_.states.extract(waiting_.states.begin());
    if (auto change = source.state_to_store(entry.value())) {
      changes.emplace_back(std::move(*change));
    }
    under_way_->states.insert(std::move(entry));
  }
}

void Ingest::store_cursor(const std::string& name, std::int64_t block) {
  const auto [entry, is_new] = cursors_.try_emplace(name, block);
  if (!is_new && entry->second == block) return;
  entry->second = block;
  waiting_.cursors.insert_or_assign(name, block);
}

void Ingest::move_records(std::vector<Change>& changes, WallTime wall) {
  std::move(waiting_.records.begin(), waiting_.records.end(), std::back_inserter(changes));
  waiting_.records.clear();
  waiting_.bytes = 0;
  under_way_->epochs = std::exchange(waiting_.epochs, {});
  for (const auto& [key, counts] : under_way_->epochs) {
    Epoch* const epoch = find_epoch(key.first, key.second);
    BW_ASSERT(epoch != nullptr);  // not given up while it waits
    epoch->is_waiting = false;
    epoch->under_way = epoch->known;
    changes.emplace_back(PutProgress{
        key.first, {key.second, epoch->known.contiguous(), epoch->known.above(), to_ms(wall)}});
  }
}

// Something to write that changes nothing.
void Ingest::add_probe(std::vector<Change>& changes) const {
  for (const auto& [id, node] : nodes_) {
    if (node.epochs.empty()) continue;
    const Epoch& epoch = node.epochs.back();
    changes.emplace_back(PutProgress{
        id, {epoch.epoch, epoch.committed.contiguous(), epoch.committed.above(), epoch.last_ms}});
    return;
  }
}

std::vector<NodeId> Ingest::committed(std::uint64_t batch) {
  std::vector<NodeId> touched;
  if (!under_way_ || batch != last_batch_) return touched;
  for (const auto& [key, counts] : under_way_->epochs) {
    Epoch* const epoch = find_epoch(key.first, key.second);
    BW_ASSERT(epoch != nullptr && epoch->under_way);  // not given up while it is under way
    epoch->committed = std::move(*epoch->under_way);
    epoch->under_way.reset();
    epoch->last_ms = under_way_ms_;
    Counts& of_node = nodes_[key.first].counts;
    for (Counts* const sum : {&of_node, &totals_}) {
      sum->stored += counts.stored;
      sum->gaps += counts.gaps;
      if (counts.stored > 0) sum->last_stored_ms = under_way_ms_;
    }
    if (touched.empty() || touched.back() != key.first) touched.push_back(key.first);
  }
  under_way_.reset();
  failed_at_.reset();
  failure_.clear();
  ++commits_;
  return touched;
}

bool Ingest::failed(std::uint64_t batch, std::string reason, Instant now) {
  if (!under_way_ || batch != last_batch_) return false;
  // Numbers that a waiting record closed may rest on records of the failed batch: all go.
  waiting_.epochs.merge(under_way_->epochs);
  forget_waiting_records();
  waiting_.nodes.merge(under_way_->nodes);
  waiting_.states.merge(under_way_->states);
  waiting_.cursors.merge(under_way_->cursors);  // a newer one stays
  while (!under_way_->tables.empty()) {
    auto entry = under_way_->tables.extract(under_way_->tables.begin());
    const auto& [node, table_id] = entry.key();
    // Forgotten meanwhile, or learned again.
    if (!knows_table(node, table_id) || is_table_waiting(node, table_id)) continue;
    waiting_.table_bytes += entry.mapped().bytes;
    waiting_.tables.insert(std::move(entry));
  }
  under_way_.reset();
  failed_at_ = now;
  failure_ = std::move(reason);
  ++commit_failures_;
  return true;
}

void Ingest::forget_waiting_records() {
  for (const auto& [key, counts] : waiting_.epochs) {
    Epoch* const epoch = find_epoch(key.first, key.second);
    BW_ASSERT(epoch != nullptr);  // not given up while it waits
    epoch->known = epoch->committed;
    epoch->under_way.reset();
    epoch->is_waiting = false;
  }
  waiting_.epochs.clear();
  waiting_.records.clear();
  waiting_.bytes = 0;
}

}  // namespace bw::coordinator
