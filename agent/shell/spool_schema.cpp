#include "agent/shell/spool_schema.h"

#include <string>

namespace bw::agent {

namespace {

constexpr std::int64_t kVersion = 2;

constexpr const char* kTables = R"(
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS series_tables (table_id INTEGER PRIMARY KEY, payload BLOB NOT NULL);
CREATE TABLE epochs (ordinal INTEGER PRIMARY KEY, epoch INTEGER NOT NULL UNIQUE);
CREATE TABLE records (
  id INTEGER PRIMARY KEY,
  topic TEXT NOT NULL,
  time_ms INTEGER NOT NULL,
  from_ms INTEGER NOT NULL,
  table_id INTEGER NOT NULL,
  payload BLOB NOT NULL
);
PRAGMA user_version = 2;
)";

// One place: what the detector learnt, as of when it was kept last.
constexpr const char* kModelTable = R"(
CREATE TABLE IF NOT EXISTS models (
  place INTEGER PRIMARY KEY CHECK (place = 0),
  payload BLOB NOT NULL
);
)";

// The first form had its records by the order of writing, and two indexes.
constexpr const char* kPutAside = R"(
DROP INDEX IF EXISTS records_by_table;
ALTER TABLE records RENAME TO first_records;
)";
constexpr const char* kTakeEpochs = R"(
INSERT INTO epochs (epoch) SELECT epoch FROM first_records GROUP BY epoch ORDER BY min(sequence);
)";
// Some at a time, by number and by weight, which leave their room to the next: a disk that an
// outage has filled has none for both forms.
constexpr const char* kMoveSome = R"(
CREATE TEMP VIEW IF NOT EXISTS some_first AS
  SELECT sequence FROM
    (SELECT sequence, bytes, sum(bytes) OVER (ORDER BY sequence) AS with_it FROM
      (SELECT sequence, length(payload) AS bytes FROM main.first_records
       ORDER BY sequence LIMIT 64))
  WHERE with_it - bytes < 131072;
INSERT INTO records (id, topic, time_ms, from_ms, table_id, payload)
  SELECT ordinal << 32 | number, topic, time_ms, 0, table_id, payload
  FROM first_records JOIN epochs USING (epoch) WHERE sequence IN
    (SELECT sequence FROM temp.some_first);
DELETE FROM first_records WHERE sequence IN (SELECT sequence FROM temp.some_first);
)";

Result<std::int64_t> number_of(Database& database, const char* sql) {
  auto statement = database.prepare(sql);
  if (!statement) return statement.error();
  const auto row = statement->step();
  if (!row) return row.error();
  return *row ? statement->integer(0) : 0;
}

}  // namespace

Result<void> set_up_spool(Database& database) {
  const auto version = number_of(database, "PRAGMA user_version");
  if (!version) return version.error();
  if (*version == kVersion) return database.execute(kModelTable);
  if (*version != 0) {
    return Error{"it has the form of version " + std::to_string(*version) +
                 " of the outbox, and this agent knows " + std::to_string(kVersion)};
  }
  const auto is_first_form = number_of(
      database, "SELECT count(*) FROM pragma_table_info('records') WHERE name = 'sequence'");
  if (!is_first_form) return is_first_form.error();
  for (const char* sql : {*is_first_form == 1 ? kPutAside : "", kTables,
                          *is_first_form == 1 ? kTakeEpochs : "", kModelTable}) {
    if (const auto done = database.execute(sql); !done) return done;
  }
  return {};
}

Result<void> take_over_first_form(Database& database) {
  while (true) {
    auto transaction = Transaction::begin(database);
    if (!transaction) return transaction.error();
    const auto is_there =
        number_of(database, "SELECT count(*) FROM sqlite_schema WHERE name = 'first_records'");
    if (!is_there) return is_there.error();
    if (*is_there == 0) return {};
    const auto is_left = number_of(database, "SELECT EXISTS (SELECT 1 FROM first_records)");
    if (!is_left) return is_left.error();
    const auto done = database.execute(*is_left == 1 ? kMoveSome : "DROP TABLE first_records");
    if (!done) return done;
    if (const auto kept = transaction->commit(); !kept) return kept;
  }
}

}  // namespace bw::agent
