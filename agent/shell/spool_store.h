// The outbox database: records and their series tables on disk, until they are acknowledged.
//
// Calls block on the disk. A file that is damaged is set aside and a new one begun; one that can't
// be opened or written is tried again at each write. Belongs to one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/core/agent.h"
#include "agent/core/record/outbox.h"
#include "base/result.h"
#include "base/time.h"
#include "schemas/wire/messages.h"

namespace bw::agent {

// A series table as it lies in the database: a NodeBirth with nothing but the table. Shared,
// because it is the same for days and goes along with every block.
using EncodedTable = std::shared_ptr<const std::vector<std::byte>>;
EncodedTable encode_table(std::uint64_t table_id, const std::vector<wire::SeriesInfo>& series);

// A PersistRecord that owns what it points to.
struct SpoolWrite {
  StoredRecord record;
  std::vector<std::byte> payload;
  std::uint64_t table_id = 0;
  EncodedTable table;  // of table_id; null where that is 0
  std::vector<wire::EpochAck> trims;
  std::vector<RecordKey> drops;
  std::vector<Fact> facts;
};

class SpoolStore {
 public:
  // The file may not grow beyond `max_file_bytes`: a bound below the core's own bookkeeping.
  // `fresh_store_id`, not 0, names the database if it has to be made.
  SpoolStore(std::string path, std::uint64_t max_file_bytes, std::uint64_t fresh_store_id);
  ~SpoolStore();
  SpoolStore(SpoolStore&&) noexcept;
  SpoolStore& operator=(SpoolStore&&) = delete;

  // The first call of all. What it holds, oldest first; nothing where it can't be opened, which is
  // said in the log: then the first write that can lists it.
  OutboxOpened open(WallTime now);
  std::uint64_t store_id() const { return store_id_; }
  // To be asked after each write: what earlier runs left, where open() could not tell. Once.
  std::optional<OutboxOpened> take_opened_late();

  // All of them, on the platter when it returns, or nothing: one transaction. Not empty.
  Result<void> write(std::span<const SpoolWrite> writes, WallTime now);
  Result<void> write(const SpoolWrite& one, WallTime now) { return write(std::span(&one, 1), now); }

  // Keeps the detector's model in place of what was kept; empty: none any more. Not before what the
  // database held was listed.
  Result<void> keep_model(std::span<const std::byte> payload, WallTime now);

  // With an empty payload where the record is not there, or it or its table is damaged; `later`
  // where that could not be told.
  RecordLoaded load(RecordKey key, WallTime now);

 private:
  struct Connection;

  Result<void> connect(WallTime now);
  Result<OutboxOpened> list();
  Result<std::vector<Fact>> list_facts();
  Result<std::vector<std::byte>> kept_model();
  Result<void> list_late(std::uint64_t own_epoch);
  Result<void> write_all(std::span<const SpoolWrite> writes);
  // Why the payload is empty comes in `lost`; an error where the disk could not be read.
  Result<RecordLoaded> find(RecordKey key, std::string& lost);
  // After a failed call: lets go of a damaged file, so that the next one begins anew.
  void let_go_if_damaged(const Error& error);

  std::string path_;
  std::uint64_t max_file_bytes_;
  std::uint64_t store_id_;
  std::unique_ptr<Connection> connection_;  // null: not open
  bool listed_ = false;
  std::optional<OutboxOpened> opened_late_;
};

}  // namespace bw::agent
