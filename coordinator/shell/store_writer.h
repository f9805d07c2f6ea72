// Carries out the core's batches on the store's database: each in one transaction, each change
// idempotent. Belongs to one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/runtime/sqlite.h"
#include "coordinator/core/records.h"
#include "coordinator/shell/store_models.h"
#include "coordinator/shell/store_tables.h"
#include "coordinator/shell/store_upkeep.h"
#include "schemas/wire/codec.h"

namespace bw::coordinator {

class StoreWriter {
 public:
  // Hours that one block may make stale: what lies beyond stays as it was rolled up, and is
  // counted.
  static constexpr std::size_t kMostHoursOfBlock = 48;

  // `database` has its schema.
  static Result<StoreWriter> open(Database database);

  // All of it, or, on error, nothing.
  Result<void> carry_out(const std::vector<Change>& changes);

  // The kind of the last error.
  SqliteFault last_fault() const { return database_->last_fault(); }
  Database& database() { return *database_; }
  StoreUpkeep& upkeep() { return *upkeep_; }

 private:
  explicit StoreWriter(Database database)
      : database_(std::make_unique<Database>(std::move(database))),
        facts_(std::make_unique<StoreFacts>()) {}

  // The key of a node's row, which is made where there is none.
  Result<std::int64_t> key_of(const NodeId& node, std::int64_t seen_ms);
  Result<void> put(const PutNode& change);
  Result<void> put(const PutState& change);
  Result<void> put(const PutTable& change);
  Result<void> put(const PutBlock& change);
  Result<void> put(const PutEvent& change);
  Result<void> put(const PutGap& change);
  Result<void> put(const PutProgress& change);
  Result<void> put(const PutExportCursor& change);
  Result<void> put(const PutModel& change) { return models_->put(change); }
  Result<void> put(const DropModel& change) { return models_->drop(change); }
  Result<void> put(const PutWish& change);
  Result<void> put(const PutClassWish& change) { return models_->put(change); }

  // Marks the hours that a block changes and that are rolled up already.
  Result<void> mark_stale(std::int64_t key, std::int64_t block, const PutBlock& change,
                          std::int64_t start_ms, std::int64_t end_ms);

  // Outlive all statements: declared first. At addresses of their own, since `upkeep_` uses them.
  std::unique_ptr<Database> database_;
  std::unique_ptr<StoreFacts> facts_;
  std::unique_ptr<StoreTables> tables_;
  std::optional<StoreUpkeep> upkeep_;
  std::optional<StoreModels> models_;
  std::int64_t next_block_ = 0;
  Statement find_node_, add_node_, set_birth_, set_state_, add_block_, add_event_, add_gap_,
      set_progress_, mark_stale_, put_cursor_, raw_from_;
  std::map<std::string, std::int64_t> keys_;
  wire::Encoder encoder_;
};

}  // namespace bw::coordinator
