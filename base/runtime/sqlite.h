// SQLite with errors as results, and damaged files set aside.
//
// A Database and its statements belong to one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace bw {

enum class SqliteFault : std::uint8_t { none, full, corrupt, other };

// How much of a file is looked through before it is used. The schema is always read.
enum class SqliteCheck : std::uint8_t {
  whole,  // every page: the time grows with the file
  // Every page only where the last user did not end cleanly (a log with content lies beside it:
  // the last to close removes it) and the file has at most kMostCheckedBytes. A service manager
  // waits so long only for a start, and a store of a year has many gigabytes; a clean end gives no
  // reason to look. For users that set aside themselves what turns out damaged when it is read.
  after_crash,
};

// Must not outlive its database.
class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // Parameters count from 1; those not bound are NULL. Texts and blobs are not copied: they must
  // live until reset().
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, std::span<const std::byte> blob);
  Statement& bind_real(int index, double value);  // a name of its own: an int would fit both

  // True: a row is there; false: done. After an error or done, reset() before the next use.
  Result<bool> step();
  void reset();
  // bind ..., then run to the end and reset.
  Result<void> run();

  // Columns count from 0; valid until the next step() or reset().
  std::int64_t integer(int column) const;
  double real(int column) const;
  bool is_null(int column) const;
  std::string_view text(int column) const;
  std::span<const std::byte> blob(int column) const;

 private:
  friend class Database;
  Statement(sqlite3_stmt* handle, SqliteFault* fault) : handle_(handle), fault_(fault) {}
  Statement& bound(int code);

  sqlite3_stmt* handle_ = nullptr;
  SqliteFault* fault_ = nullptr;  // its database's
  bool too_big_ = false;          // a value that could not be bound: step() will say so
};

// Resets a statement at the end of its use, on every way out.
class InUse {
 public:
  explicit InUse(Statement& statement) : statement_(statement) {}
  ~InUse() { statement_.reset(); }
  InUse(const InUse&) = delete;
  InUse& operator=(const InUse&) = delete;

 private:
  Statement& statement_;
};

class Database {
 public:
  // Opens or creates `path` in WAL mode with foreign keys on; synchronous=NORMAL unless `full_sync`
  // (then each commit is on the platter before it returns).
  // Both tell the kind of what went wrong in `fault`, where that is given.
  // page_bytes: of a file that is new; 0: SQLite's own choice.
  static Result<Database> open(const std::string& path, bool full_sync,
                               SqliteFault* fault = nullptr, std::int64_t page_bytes = 0);
  static Result<Database> open_read_only(const std::string& path, SqliteFault* fault = nullptr);

  // A quick_check of so much takes seconds, even from a slow disk.
  static constexpr std::uint64_t kMostCheckedBytes = 256U << 20;

  // As open(), after checking the file (quick_check). A damaged one is renamed to path.damaged-<UTC
  // time> with its -wal and -shm, and a new one begun; `set_aside` then holds the new name of the
  // old.
  static Result<Database> open_or_set_aside(const std::string& path, bool full_sync, WallTime now,
                                            std::string* set_aside,
                                            SqliteCheck check = SqliteCheck::whole,
                                            std::int64_t page_bytes = 0);
  // Renames a file that was found damaged while in use, as open_or_set_aside() does; its new name.
  // No connection that writes to it may be open.
  static Result<std::string> set_aside(const std::string& path, WallTime now);

  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  ~Database();

  Result<void> execute(const char* sql);  // any number of statements, without parameters
  Result<Statement> prepare(std::string_view sql);

  // The kind of the last error on this database; a success since does not clear it.
  SqliteFault last_fault() const { return *fault_; }
  int changes() const;

 private:
  explicit Database(sqlite3* handle);
  static Result<Database> open_with(const std::string& path, int flags);
  Result<void> set_up(bool full_sync, std::int64_t page_bytes);
  Result<void> check();
  void close();

  friend class Transaction;
  sqlite3* handle_ = nullptr;
  std::unique_ptr<SqliteFault> fault_;  // at an address of its own: statements point to it
};

// All that is read until it ends shows one state of the file.
class Snapshot {
 public:
  static Result<Snapshot> begin(Database& database);
  Snapshot(Snapshot&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  ~Snapshot();

 private:
  explicit Snapshot(Database& database) : database_(&database) {}
  Database* database_;
};

// Rolls back what was not committed. A commit that fails, on a full disk say, leaves nothing of it.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);  // takes the write lock at once
  Transaction(Transaction&& other) noexcept;
  ~Transaction();
  Result<void> commit();

 private:
  explicit Transaction(Database* database) : database_(database) {}
  Database* database_ = nullptr;
};

}  // namespace bw
