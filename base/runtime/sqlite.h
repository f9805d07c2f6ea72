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

#include "base/result.h"
#include "base/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace bw {

enum class SqliteFault : std::uint8_t { none, full, corrupt, other };

class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // Parameters count from 1. Texts and blobs are not copied: they must live until reset().
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, std::span<const std::byte> blob);

  // True: a row is there; false: done. After an error or done, reset() before the next use.
  Result<bool> step();
  void reset();
  // bind ..., then run to the end and reset.
  Result<void> run();

  // Columns count from 0; valid until the next step() or reset().
  std::int64_t integer(int column) const;
  std::string_view text(int column) const;
  std::span<const std::byte> blob(int column) const;

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}
  sqlite3_stmt* handle_ = nullptr;
};

class Database {
 public:
  // Opens or creates `path` in WAL mode with foreign keys on; synchronous=NORMAL unless `full_sync`
  // (then each commit is on the platter before it returns).
  static Result<Database> open(const std::string& path, bool full_sync);
  static Result<Database> open_read_only(const std::string& path);

  // As open(), after checking the file (quick_check). A damaged one is renamed to path.damaged-<UTC
  // time> with its -wal and -shm, and a new one begun; `set_aside` then holds the new name of the
  // old.
  static Result<Database> open_or_set_aside(const std::string& path, bool full_sync, WallTime now,
                                            std::string* set_aside);

  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  ~Database();

  Result<void> execute(const char* sql);  // any number of statements, without parameters
  Result<Statement> prepare(std::string_view sql);

  // The kind of the last error on this database.
  SqliteFault last_fault() const;
  int changes() const;

 private:
  explicit Database(sqlite3* handle) : handle_(handle) {}
  sqlite3* handle_ = nullptr;
};

// Where disks are full or damaged the current transaction is void: rolls back where needed.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept;
  ~Transaction();  // rolls back what was not committed
  Result<void> commit();

 private:
  explicit Transaction(Database* database) : database_(database) {}
  Database* database_ = nullptr;
};

}  // namespace bw
