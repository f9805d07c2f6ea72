// Takes each record exactly once and says when it is safe: duplicates, gaps, batches for the store,
// and the acknowledgements that follow their commit.
//
// One batch is under way at a time, and what arrives meanwhile makes up the next: a busy store sees
// few, large transactions. A failed batch and all records that wait are forgotten as if they had
// never come, so their nodes send them again; what nodes said of themselves is kept for the next
// batch. Whose records may come at all is decided elsewhere (fleet/), and so is the number of
// nodes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "coordinator/core/ingest/progress.h"
#include "coordinator/core/records.h"
#include "coordinator/core/table.h"

namespace bw::coordinator {

class Ingest {
 public:
  static constexpr std::size_t kMaxWaitingChanges = 8192;
  static constexpr std::size_t kMaxWaitingBytes = 64U << 20;   // columns, texts and tables
  static constexpr std::size_t kMaxNodeChanges = 256;          // of one batch
  static constexpr std::size_t kMaxTables = 64;                // known of one node
  static constexpr std::size_t kMaxEpochs = kMaxStoredEpochs;  // known of one node
  static constexpr std::uint64_t kMaxNumber = 1ULL << 53;      // what JSON carries exactly
  static constexpr Duration kAckAgainAfter = std::chrono::seconds{1};
  static constexpr Duration kRetryAfter = std::chrono::seconds{1};

  enum class Verdict : std::uint8_t {
    taken,
    duplicate,
    unknown_table,  // of a block
    bad_number,
    no_room,  // now: the node will send it again
  };

  // What nodes say of themselves is fetched when a batch is made, so that a burst of changes is
  // written once.
  class NodeSource {
   public:
    virtual ~NodeSource() = default;
    virtual std::optional<PutNode> node_to_store(const NodeId& node) const = 0;
    virtual std::optional<PutState> state_to_store(const NodeId& node) const = 0;
  };

  // What the store holds now, at start or after it was replaced: everything else known of commits
  // is forgotten.
  void restore(const std::vector<StoredNode>& nodes);

  Verdict take(const NodeId& node, const wire::HistoryBlock& block, WallTime wall);
  Verdict take(const NodeId& node, const wire::EventRecord& event, WallTime wall);
  void store_node(const NodeId& node) { waiting_.nodes.insert(node); }
  void store_state(const NodeId& node) { waiting_.states.insert(node); }
  // Where an export has got to; goes with the next batch, unless it was stored last.
  void store_cursor(const std::string& name, std::int64_t block);
  // The table of a birth. Where the node's is not known yet, it goes into the next batch. One that
  // waits of each node is no burden, as the fleet holds it anyhow; more must find room. False where
  // there is none: to be tried again after a commit.
  bool learn_table(const NodeId& node, std::uint64_t table_id, const Table& table);
  bool knows_table(const NodeId& node, std::uint64_t table_id) const;

  struct Batch {
    std::uint64_t id = 0;
    std::vector<Change> changes;
  };
  // The next batch, if there is something to store and none is under way. After a failure only
  // every kRetryAfter, and then also when there is nothing new: to see whether the store is well
  // again.
  // `others`: changes that are not of Ingest, and go with it. They need may_begin(): that none is
  // under way and the wait after a failure is over.
  std::optional<Batch> next_batch(const NodeSource& source, Instant now, WallTime wall,
                                  std::vector<Change> others = {});
  bool may_begin(Instant now) const {
    return !under_way_ && (!failed_at_ || now - *failed_at_ >= kRetryAfter);
  }
  bool is_under_way(std::uint64_t batch) const { return under_way_ && batch == last_batch_; }

  // Both ignore batches other than the one under way. committed(): the nodes it held records of.
  std::vector<NodeId> committed(std::uint64_t batch);
  bool failed(std::uint64_t batch, std::string reason, Instant now);

  // What is safe of a node's records, of the epochs that were active last. Empty where nothing is.
  wire::Ack ack_of(const NodeId& node) const;
  // Notes that a node is to be told (again) what is safe, and that it was told.
  void owe_ack(const NodeId& node) { owed_.insert(node); }
  void told_ack(const NodeId& node, Instant now);
  // Whether to tell a node now: it is owed, and was not told within kAckAgainAfter.
  bool is_ack_due(const NodeId& node, Instant now) const;
  // All of them. Takes as long as there are nodes owed: for once a second.
  std::vector<NodeId> due_acks(Instant now) const;

  struct Counts {
    std::uint64_t stored = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t gaps = 0;  // records that will never come
    std::int64_t last_stored_ms = 0;
  };
  Counts counts(const NodeId& node) const;
  const Counts& totals() const { return totals_; }
  std::uint64_t commits() const { return commits_; }
  std::uint64_t commit_failures() const { return commit_failures_; }
  std::uint64_t deferred() const { return deferred_; }
  bool is_well() const { return !failed_at_; }
  const std::string& failure() const { return failure_; }
  std::size_t waiting_records() const { return waiting_.records.size(); }

 private:
  // One epoch's records: those on disk, and with those that wait or are under way.
  struct Epoch {
    std::uint64_t epoch = 0;
    Progress committed;
    Progress known;
    std::optional<Progress> under_way;  // `known` as of the batch under way
    std::int64_t last_ms = 0;
    bool is_waiting = false;
  };
  struct Node {
    std::vector<Epoch> epochs;  // most recently active last, kMaxEpochs at most
    std::vector<std::uint64_t> tables;
    Counts counts;
    std::optional<Instant> told;
  };
  using EpochKey = std::pair<NodeId, std::uint64_t>;
  struct WaitingTable {
    Table table;
    std::size_t bytes = 0;  // that it counts for
  };
  struct Work {
    std::vector<Change> records;
    std::size_t bytes = 0;
    std::map<EpochKey, Counts> epochs;
    std::set<NodeId> nodes;
    std::set<NodeId> states;
    std::map<std::string, std::int64_t> cursors;
    std::map<std::pair<NodeId, std::uint64_t>, WaitingTable> tables;
    std::size_t table_bytes = 0;
    bool empty() const;
  };

  Verdict note(const NodeId& node, std::uint64_t epoch, std::uint64_t number, std::uint64_t oldest,
               WallTime wall);
  Epoch* find_epoch(const NodeId& node, std::uint64_t epoch);
  Epoch* epoch_of(Node& node, std::uint64_t epoch);
  bool has_room(std::size_t bytes) const;
  bool is_table_waiting(const NodeId& node, std::uint64_t table_id) const;
  bool has_table_slot(const NodeId& node) const;
  void keep_table(const NodeId& node, std::uint64_t table_id, WaitingTable table);
  void move_node_changes(const NodeSource& source, std::vector<Change>& changes);
  void move_records(std::vector<Change>& changes, WallTime wall);
  void add_probe(std::vector<Change>& changes) const;
  void forget_waiting_records();

  std::map<NodeId, Node> nodes_;
  Work waiting_;
  std::optional<Work> under_way_;
  std::uint64_t last_batch_ = 0;
  std::int64_t under_way_ms_ = 0;
  std::map<std::string, std::int64_t> cursors_;  // as handed in last; a few exports' at most
  std::set<NodeId> owed_;
  std::optional<Instant> failed_at_;
  std::string failure_;
  Counts totals_;
  std::uint64_t commits_ = 0;
  std::uint64_t commit_failures_ = 0;
  std::uint64_t deferred_ = 0;
};

}  // namespace bw::coordinator
