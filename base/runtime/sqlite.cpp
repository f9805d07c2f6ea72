#include "base/runtime/sqlite.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

#include <sqlite3.h>

namespace bw {

namespace {

// Another connection's short write is waited for; more would hold the loop up.
constexpr int kBusyTimeoutMs = 1000;

SqliteFault classify(sqlite3* handle, int code) {
  switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
      return SqliteFault::none;
    case SQLITE_FULL:
      return SqliteFault::full;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return SqliteFault::corrupt;
    case SQLITE_IOERR:
      // The index of the WAL grows by writes of its own, whose lack of room comes out as this.
      return ::sqlite3_system_errno(handle) == ENOSPC ? SqliteFault::full : SqliteFault::other;
    default:
      return SqliteFault::other;
  }
}

std::string file_of(sqlite3* handle) {
  const char* name = ::sqlite3_db_filename(handle, "main");
  return name == nullptr || *name == '\0' ? "database" : name;  // one in memory has none
}

// "/var/lib/x.db: database or disk is full"
Error error_of(sqlite3* handle, std::string file) {
  std::string message = std::move(file) + ": " + ::sqlite3_errmsg(handle);
  const int code = ::sqlite3_errcode(handle) & 0xff;
  const int system = ::sqlite3_system_errno(handle);
  if (system != 0 && (code == SQLITE_CANTOPEN || code == SQLITE_IOERR)) {
    message += std::string(" (") + std::strerror(system) + ")";
  }
  return Error{std::move(message)};
}

Error error_of(sqlite3* handle) {
  return error_of(handle, file_of(handle));
}

std::string utc_stamp(WallTime now) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  const auto length = std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts);
  return {text, length};
}

bool exists(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return errno != ENOENT;
  std::fclose(file);
  return true;
}

// 0 where there is none.
std::uint64_t size_of(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

// To be asked before the file is opened, which begins a log of its own.
bool wants_every_page(const std::string& path, SqliteCheck check) {
  return check == SqliteCheck::whole ||
         (size_of(path + "-wal") > 0 && size_of(path) <= Database::kMostCheckedBytes);
}

// Renames `path` and its companions; the new name of the first.
Result<std::string> set_file_aside(const std::string& path, WallTime now) {
  const std::string wanted = path + ".damaged-" + utc_stamp(now);
  std::string target = wanted;
  for (int i = 2; exists(target); ++i) target = wanted + "-" + std::to_string(i);
  for (const char* suffix :
       {"-wal", "-shm", ""}) {  // the file itself last: until then all is as it was
    const std::string from = path + suffix;
    const std::string to = target + suffix;
    if (std::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT) {
      return Error{"set " + from + " aside: " + std::strerror(errno)};
    }
  }
  return target;
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)),
      fault_(other.fault_),
      too_big_(other.too_big_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  if (this != &other) {
    ::sqlite3_finalize(handle_);
    handle_ = std::exchange(other.handle_, nullptr);
    fault_ = other.fault_;
    too_big_ = other.too_big_;
  }
  return *this;
}

Statement::~Statement() {
  ::sqlite3_finalize(handle_);
}

Statement& Statement::bound(int code) {
  // Anything else is a wrong index, or a statement that was not reset.
  BW_ASSERT(code == SQLITE_OK || code == SQLITE_TOOBIG || code == SQLITE_NOMEM);
  if (code != SQLITE_OK) too_big_ = true;
  return *this;
}

Statement& Statement::bind(int index, std::int64_t value) {
  return bound(::sqlite3_bind_int64(handle_, index, value));
}

Statement& Statement::bind_real(int index, double value) {
  return bound(::sqlite3_bind_double(handle_, index, value));
}

Statement& Statement::bind(int index, std::string_view text) {
  const char* data = text.data() == nullptr ? "" : text.data();
  return bound(
      ::sqlite3_bind_text64(handle_, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

Statement& Statement::bind(int index, std::span<const std::byte> blob) {
  // An empty one is not NULL, whatever it points to.
  if (blob.empty()) return bound(::sqlite3_bind_zeroblob(handle_, index, 0));
  return bound(::sqlite3_bind_blob64(handle_, index, blob.data(), blob.size(), SQLITE_STATIC));
}

Result<bool> Statement::step() {
  sqlite3* database = ::sqlite3_db_handle(handle_);
  if (too_big_) {
    *fault_ = SqliteFault::other;
    return Error{file_of(database) + ": a value is too big"};
  }
  const int code = ::sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  *fault_ = classify(database, code);
  return error_of(database);
}

void Statement::reset() {
  ::sqlite3_reset(handle_);
  ::sqlite3_clear_bindings(handle_);
  too_big_ = false;
}

Result<void> Statement::run() {
  auto row = step();
  while (row && *row) row = step();
  reset();
  if (!row) return row.error();
  return {};
}

std::int64_t Statement::integer(int column) const {
  return ::sqlite3_column_int64(handle_, column);
}

double Statement::real(int column) const {
  return ::sqlite3_column_double(handle_, column);
}

bool Statement::is_null(int column) const {
  return ::sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

std::string_view Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(::sqlite3_column_text(handle_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(::sqlite3_column_bytes(handle_, column))};
}

std::span<const std::byte> Statement::blob(int column) const {
  const auto* data = static_cast<const std::byte*>(::sqlite3_column_blob(handle_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(::sqlite3_column_bytes(handle_, column))};
}

Database::Database(sqlite3* handle)
    : handle_(handle), fault_(std::make_unique<SqliteFault>(SqliteFault::none)) {}

Database::Database(Database&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), fault_(std::move(other.fault_)) {}

Database& Database::operator=(Database&& other) noexcept {
  if (this != &other) {
    close();
    handle_ = std::exchange(other.handle_, nullptr);
    fault_ = std::move(other.fault_);
  }
  return *this;
}

Database::~Database() {
  close();
}

void Database::close() {
  ::sqlite3_close_v2(std::exchange(handle_, nullptr));
}

Result<Database> Database::open_with(const std::string& path, int flags) {
  sqlite3* handle = nullptr;
  // One thread at a time, as the header demands: its own mutexes are not needed.
  const int code = ::sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(handle);
  if (code != SQLITE_OK) {
    if (handle == nullptr) return Error{path + ": out of memory"};
    return error_of(handle, path).within("open");
  }
  ::sqlite3_extended_result_codes(handle, 1);
  ::sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  return database;
}

Result<void> Database::set_up(bool full_sync, std::int64_t page_bytes) {
  if (page_bytes != 0) {  // of no effect on a file that has pages already
    const auto set = execute(("PRAGMA page_size=" + std::to_string(page_bytes)).c_str());
    if (!set) return set;
  }
  auto mode = prepare("PRAGMA journal_mode=WAL");
  if (!mode) return mode.error();
  const auto row = mode->step();
  if (!row) return row.error();
  if (!*row || (mode->text(0) != "wal" && mode->text(0) != "memory")) {
    *fault_ = SqliteFault::other;
    return Error{file_of(handle_) + ": this file system can't hold a write-ahead log"};
  }
  mode->reset();
  return execute(full_sync ? "PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL"
                           : "PRAGMA foreign_keys=ON; PRAGMA synchronous=NORMAL");
}

Result<Database> Database::open(const std::string& path, bool full_sync, SqliteFault* fault,
                                std::int64_t page_bytes) {
  if (fault != nullptr) *fault = SqliteFault::other;
  auto database = open_with(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (!database) return database;
  const auto ready = database->set_up(full_sync, page_bytes);
  if (fault != nullptr) *fault = database->last_fault();
  if (!ready) return ready.error().within("open");
  return database;
}

Result<Database> Database::open_read_only(const std::string& path, SqliteFault* fault) {
  if (fault != nullptr) *fault = SqliteFault::other;
  auto database = open_with(path, SQLITE_OPEN_READONLY);
  if (!database) return database;
  // Opening reads nothing yet: ask for something, so that what is wrong is said here.
  const auto readable = database->execute("SELECT count(*) FROM sqlite_schema");
  if (fault != nullptr) *fault = database->last_fault();
  if (!readable) return readable.error().within("open");
  return database;
}

Result<void> Database::check() {
  auto statement = prepare("PRAGMA quick_check(1)");
  if (!statement) return statement.error();
  const auto row = statement->step();
  if (!row) return row.error();
  if (*row && statement->text(0) == "ok") return {};
  *fault_ = SqliteFault::corrupt;
  return Error{file_of(handle_) + ": " + std::string(*row ? statement->text(0) : "no answer")};
}

Result<Database> Database::open_or_set_aside(const std::string& path, bool full_sync, WallTime now,
                                             std::string* set_aside, SqliteCheck check,
                                             std::int64_t page_bytes) {
  set_aside->clear();
  const bool is_thorough = wants_every_page(path, check);
  {
    auto database = open_with(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    if (!database) return database;
    auto sound = database->set_up(full_sync, page_bytes);
    // Setting up has read the header and the schema.
    if (sound && is_thorough) sound = database->check();
    if (sound) return database;
    if (database->last_fault() != SqliteFault::corrupt) return sound.error().within("open");
    // Its log stays as it is, for whoever looks into it later.
    ::sqlite3_db_config(database->handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
  const auto moved = set_file_aside(path, now);
  if (!moved) return moved.error();
  *set_aside = *moved;
  return open(path, full_sync, nullptr, page_bytes);
}

Result<std::string> Database::set_aside(const std::string& path, WallTime now) {
  return set_file_aside(path, now);
}

Result<void> Database::execute(const char* sql) {
  const int code = ::sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return {};
  *fault_ = classify(handle_, code);
  return error_of(handle_);
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = ::sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code == SQLITE_OK) return Statement(statement, fault_.get());
  *fault_ = classify(handle_, code);
  return error_of(handle_);
}

int Database::changes() const {
  return ::sqlite3_changes(handle_);
}

Result<Snapshot> Snapshot::begin(Database& database) {
  if (const auto begun = database.execute("BEGIN"); !begun) return begun.error();
  return Snapshot(database);
}

Snapshot::~Snapshot() {
  // Nothing was written: however it ends, nothing is lost.
  if (database_ != nullptr) static_cast<void>(database_->execute("ROLLBACK"));
}

Result<Transaction> Transaction::begin(Database& database) {
  const auto begun = database.execute("BEGIN IMMEDIATE");
  if (!begun) return begun.error();
  return Transaction(&database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  // On some failures SQLite has rolled back by itself, and is back in autocommit.
  if (database_ == nullptr || ::sqlite3_get_autocommit(database_->handle_) != 0) return;
  ::sqlite3_exec(database_->handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<void> Transaction::commit() {
  BW_ASSERT(database_ != nullptr);
  const auto done = database_->execute("COMMIT");
  if (done) database_ = nullptr;
  return done;
}

}  // namespace bw
