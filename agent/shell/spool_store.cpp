#include "agent/shell/spool_store.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "agent/shell/spool_schema.h"
#include "base/assert.h"
#include "base/runtime/log.h"
#include "base/runtime/sqlite.h"
#include "schemas/wire/codec.h"
#include "schemas/wire/limits.h"

namespace bw::agent {

namespace {

constexpr std::string_view kSpoolStorePart = "outbox";
constexpr std::uint64_t kPageBytes = 4096;

std::string_view name_of(wire::Topic topic) {
  return topic == wire::Topic::history ? "history" : "event";
}

wire::Topic topic_of(std::string_view name) {
  return name == "history" ? wire::Topic::history : wire::Topic::event;
}

std::vector<std::byte> copy(std::span<const std::byte> bytes) {
  return {bytes.begin(), bytes.end()};
}

bool is_whole(wire::Topic topic, wire::Bytes payload) {
  return topic == wire::Topic::history ? static_cast<bool>(wire::decode_history(payload))
                                       : static_cast<bool>(wire::decode_event(payload));
}

}  // namespace

EncodedTable encode_table(std::uint64_t table_id, const std::vector<wire::SeriesInfo>& series) {
  wire::NodeBirth birth;
  birth.epoch = 1;
  birth.store_id = 1;
  birth.table_id = table_id;
  birth.series = series;
  wire::Encoder encoder;
  return std::make_shared<const std::vector<std::byte>>(copy(encoder.encode(birth)));
}

struct SpoolStore::Connection {
  explicit Connection(Database opened) : database(std::move(opened)) {}

  Database database;
  Statement find_epoch;
  Statement insert_epoch;
  Statement insert_record;
  Statement insert_table;
  Statement trim;
  Statement drop;
  Statement forget_tables;
  Statement forget_epochs;
  Statement set_fact;
  Statement forget_fact;
  Statement find_record;
  Statement find_table;

  // `store_id` is the one to take where the file has none yet, then the one in the file.
  Result<void> set_up(std::uint64_t max_file_bytes, std::uint64_t& store_id);
  Result<void> prepare();
  Result<void> settle_store_id(std::uint64_t& store_id);
  // Of an epoch, in the order they began; 0 where there is none.
  Result<std::int64_t> ordinal(std::uint64_t epoch);
  Result<void> forget(const SpoolWrite& write);
  Result<void> put(const SpoolWrite& write);
};

Result<void> SpoolStore::Connection::set_up(std::uint64_t max_file_bytes, std::uint64_t& store_id) {
  // Small caches: the agent shares the box with those it is there for.
  const std::string pragmas =
      "PRAGMA cache_size = -256; PRAGMA mmap_size = 0;"
      // The log lies beside the file and counts like it: a megabyte at most.
      "PRAGMA wal_autocheckpoint = 256; PRAGMA journal_size_limit = 1048576;"
      "PRAGMA max_page_count = " +
      std::to_string(max_file_bytes / kPageBytes) + ";";
  if (const auto done = database.execute(pragmas.c_str()); !done) return done;
  // In one transaction: a slow disk is waited for once.
  auto transaction = Transaction::begin(database);
  if (!transaction) return transaction.error();
  if (const auto done = set_up_spool(database); !done) return done;
  if (const auto done = settle_store_id(store_id); !done) return done;
  if (const auto done = transaction->commit(); !done) return done;
  if (const auto done = take_over_first_form(database); !done) return done;
  return prepare();
}

Result<void> SpoolStore::Connection::prepare() {
  const std::pair<Statement*, std::string_view> all[] = {
      {&find_epoch, "SELECT ordinal FROM epochs WHERE epoch = ?1"},
      {&insert_epoch, "INSERT INTO epochs (epoch) VALUES (?1)"},
      {&insert_record,
       "INSERT OR REPLACE INTO records (id, topic, time_ms, from_ms, table_id, payload)"
       " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"},
      {&insert_table,
       "INSERT OR REPLACE INTO series_tables (table_id, payload)"
       " SELECT ?1, ?2 WHERE NOT EXISTS"
       " (SELECT 1 FROM series_tables WHERE table_id = ?1)"},
      {&trim, "DELETE FROM records WHERE id BETWEEN ?1 AND ?2"},
      {&drop, "DELETE FROM records WHERE id = ?1"},
      // The last one stays: the next block will want it.
      {&forget_tables,
       "DELETE FROM series_tables WHERE (SELECT count(*) FROM series_tables) > 1"
       " AND NOT EXISTS (SELECT 1 FROM records"
       " WHERE records.table_id = series_tables.table_id)"},
      // The newest stays, so that the next has a higher ordinal.
      {&forget_epochs,
       "DELETE FROM epochs WHERE ordinal < (SELECT max(ordinal) FROM epochs)"
       " AND NOT EXISTS (SELECT 1 FROM records"
       " WHERE id BETWEEN ordinal << 32 AND (ordinal << 32) + 4294967295)"},
      {&set_fact, "INSERT OR REPLACE INTO facts (name, value) VALUES (?1, ?2)"},
      {&forget_fact, "DELETE FROM facts WHERE name = ?1"},
      {&find_record, "SELECT topic, table_id, payload FROM records WHERE id = ?1"},
      {&find_table, "SELECT payload FROM series_tables WHERE table_id = ?1"},
  };
  for (const auto& [statement, sql] : all) {
    auto prepared = database.prepare(sql);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return {};
}

SpoolStore::SpoolStore(std::string path, std::uint64_t max_file_bytes, std::uint64_t fresh_store_id)
    : path_(std::move(path)), max_file_bytes_(max_file_bytes), store_id_(fresh_store_id) {
  BW_ASSERT(fresh_store_id != 0);
}

SpoolStore::~SpoolStore() = default;
SpoolStore::SpoolStore(SpoolStore&&) noexcept = default;

OutboxOpened SpoolStore::open(WallTime now) {
  Result<void> opened = connect(now);
  // The second time, what was found damaged has been set aside.
  if (!opened) opened = connect(now);
  if (opened) {
    auto listed = list();
    listed_ = listed.has_value();
    if (listed_) return std::move(*listed);
    opened = listed.error();
    let_go_if_damaged(listed.error());
  }
  log(LogLevel::error, kSpoolStorePart,
      "records are kept in memory only until it can be used: " + opened.error().message);
  return OutboxOpened{.records = {}, .unread = true};
}

Result<void> SpoolStore::connect(WallTime now) {
  connection_.reset();
  std::string set_aside;
  auto database = Database::open_or_set_aside(path_, true, now, &set_aside);
  if (!set_aside.empty()) {
    log(LogLevel::error, kSpoolStorePart,
        path_ + " was damaged and now lies at " + set_aside +
            "; a new one is begun, and what the old one held and nobody had acknowledged is lost");
  }
  if (!database) return database.error().within(path_);
  connection_ = std::make_unique<Connection>(std::move(*database));
  const auto set_up = connection_->set_up(max_file_bytes_, store_id_);
  if (set_up) return {};
  connection_.reset();
  return set_up.error().within("set up " + path_);
}

Result<void> SpoolStore::Connection::settle_store_id(std::uint64_t& store_id) {
  auto insert =
      database.prepare("INSERT OR IGNORE INTO meta (name, value) VALUES ('store_id', ?1)");
  if (!insert) return insert.error();
  if (const auto done = insert->bind(1, to_stored(store_id)).run(); !done) return done;
  auto select = database.prepare("SELECT value FROM meta WHERE name = 'store_id'");
  if (!select) return select.error();
  const auto row = select->step();
  if (!row) return row.error();
  if (*row && select->integer(0) != 0) store_id = from_stored(select->integer(0));
  return {};
}

Result<OutboxOpened> SpoolStore::list() {
  auto facts = list_facts();
  if (!facts) return facts.error();
  auto model = kept_model();
  if (!model) return model.error();
  OutboxOpened opened{.records = {}, .store_id = store_id_, .facts = std::move(*facts)};
  opened.model = std::move(*model);
  auto& records = opened.records;
  auto select = connection_->database.prepare(
      "SELECT epoch, id & 4294967295, topic, length(payload), time_ms, from_ms"
      " FROM records JOIN epochs ON ordinal = id >> 32 ORDER BY id");
  if (!select) return select.error();
  while (true) {
    const auto row = select->step();
    if (!row) return row.error();
    if (!*row) break;
    StoredRecord& record = records.emplace_back();
    record.key = {from_stored(select->integer(0)), from_stored(select->integer(1))};
    record.topic = topic_of(select->text(2));
    record.bytes = from_stored(select->integer(3));
    record.time_ms = select->integer(4);
    record.from_ms = select->integer(5);
  }
  return opened;
}

Result<std::vector<Fact>> SpoolStore::list_facts() {
  std::vector<Fact> facts;
  auto select = connection_->database.prepare("SELECT name, value FROM facts LIMIT ?1");
  if (!select) return select.error();
  select->bind(1, static_cast<std::int64_t>(WriteQueue::kMaxFacts));
  while (true) {
    const auto row = select->step();
    if (!row) return row.error();
    if (!*row) return facts;
    facts.push_back({.name = std::string(select->text(0)), .value = std::string(select->text(1))});
  }
}

// More than a model may be is no model: so much of it that the core sees that.
Result<std::vector<std::byte>> SpoolStore::kept_model() {
  auto select =
      connection_->database.prepare("SELECT substr(payload, 1, ?1) FROM models WHERE place = 0");
  if (!select) return select.error();
  select->bind(1, static_cast<std::int64_t>(wire::kMaxModelPayload + 1));
  const auto row = select->step();
  if (!row) return row.error();
  return *row ? copy(select->blob(0)) : std::vector<std::byte>{};
}

Result<void> SpoolStore::keep_model(std::span<const std::byte> payload, WallTime now) {
  if (!connection_) {
    if (const auto connected = connect(now); !connected) return connected;
  }
  if (!listed_) return Error{"what the outbox held is not known yet"};
  auto put = connection_->database.prepare(
      payload.empty() ? "DELETE FROM models"
                      : "INSERT OR REPLACE INTO models (place, payload) VALUES (0, ?1)");
  if (!put) return put.error();
  if (!payload.empty()) put->bind(1, payload);
  const auto kept = put->run();
  if (!kept) let_go_if_damaged(kept.error());
  return kept;
}

Result<void> SpoolStore::write(std::span<const SpoolWrite> writes, WallTime now) {
  BW_ASSERT(!writes.empty());
  if (!connection_) {
    const auto connected = connect(now);
    if (!connected) return connected;
    log(LogLevel::warning, kSpoolStorePart, "records go to disk again");
  }
  if (!listed_) {
    const auto listed = list_late(writes.front().record.key.epoch);
    if (!listed) {
      log(LogLevel::error, kSpoolStorePart,
          "what it held can't be listed: " + listed.error().message);
      let_go_if_damaged(listed.error());
      if (!connection_) return listed;
    }
  }
  const auto written = write_all(writes);
  if (!written) let_go_if_damaged(written.error());
  return written;
}

Result<void> SpoolStore::list_late(std::uint64_t own_epoch) {
  auto listed = list();
  if (!listed) return listed.error();
  // The core knows its own: some may have been written while the list could not be read.
  std::erase_if(listed->records,
                [&](const StoredRecord& record) { return record.key.epoch == own_epoch; });
  log(LogLevel::info, kSpoolStorePart,
      "records found that earlier runs left: " + std::to_string(listed->records.size()));
  opened_late_ = std::move(*listed);
  listed_ = true;
  return {};
}

std::optional<OutboxOpened> SpoolStore::take_opened_late() {
  return std::exchange(opened_late_, std::nullopt);
}

Result<void> SpoolStore::write_all(std::span<const SpoolWrite> writes) {
  Connection& c = *connection_;
  auto transaction = Transaction::begin(c.database);
  if (!transaction) return transaction.error();
  bool is_forgetting = false;
  for (const SpoolWrite& write : writes) {
    if (const auto done = c.forget(write); !done) return done;
    if (const auto done = c.put(write); !done) return done;
    is_forgetting = is_forgetting || !write.trims.empty() || !write.drops.empty();
  }
  if (is_forgetting) {
    if (const auto done = c.forget_tables.run(); !done) return done;
    if (const auto done = c.forget_epochs.run(); !done) return done;
  }
  return transaction->commit();
}

Result<std::int64_t> SpoolStore::Connection::ordinal(std::uint64_t epoch) {
  find_epoch.reset();
  const auto row = find_epoch.bind(1, to_stored(epoch)).step();
  if (!row) return row.error();
  const std::int64_t ordinal = *row ? find_epoch.integer(0) : 0;
  find_epoch.reset();
  return ordinal;
}

Result<void> SpoolStore::Connection::forget(const SpoolWrite& write) {
  for (const wire::EpochAck& ack : write.trims) {
    const auto of = ordinal(ack.epoch);
    if (!of) return of.error();
    if (*of == 0) continue;
    trim.bind(1, record_id(*of, 0)).bind(2, record_id(*of, std::min(ack.number, kMostNumber)));
    if (const auto done = trim.run(); !done) return done;
  }
  for (const RecordKey& key : write.drops) {
    const auto of = ordinal(key.epoch);
    if (!of) return of.error();
    if (*of == 0) continue;
    if (const auto done = drop.bind(1, record_id(*of, key.number)).run(); !done) return done;
  }
  return {};
}

Result<void> SpoolStore::Connection::put(const SpoolWrite& write) {
  const StoredRecord& record = write.record;
  BW_ASSERT(record.key.number <= kMostNumber);
  auto of = ordinal(record.key.epoch);
  if (of && *of == 0) {
    const auto begun = insert_epoch.bind(1, to_stored(record.key.epoch)).run();
    if (!begun) return begun;
    of = ordinal(record.key.epoch);
  }
  if (!of) return of.error();
  insert_record.bind(1, record_id(*of, record.key.number))
      .bind(2, name_of(record.topic))
      .bind(3, record.time_ms)
      .bind(4, record.from_ms)
      .bind(5, to_stored(write.table_id))
      .bind(6, std::span<const std::byte>(write.payload));
  if (const auto done = insert_record.run(); !done) return done;
  if (write.table_id != 0) {
    insert_table.bind(1, to_stored(write.table_id)).bind(2, std::span(*write.table));
    if (const auto done = insert_table.run(); !done) return done;
  }
  for (const Fact& fact : write.facts) {
    Statement& statement = fact.value.empty() ? forget_fact : set_fact;
    statement.bind(1, std::string_view(fact.name));
    if (!fact.value.empty()) statement.bind(2, std::string_view(fact.value));
    if (const auto done = statement.run(); !done) return done;
  }
  return {};
}

RecordLoaded SpoolStore::load(RecordKey key, WallTime now) {
  const std::string name = "record " + std::to_string(key.number);
  std::string trouble;
  if (!connection_) {
    if (const auto connected = connect(now); !connected) trouble = connected.error().message;
  }
  if (connection_) {
    std::string lost;
    auto loaded = find(key, lost);
    if (loaded) {
      if (!lost.empty()) log(LogLevel::error, kSpoolStorePart, name + " is lost: " + lost);
      return std::move(*loaded);
    }
    trouble = loaded.error().message;
    let_go_if_damaged(loaded.error());
  }
  log(LogLevel::error, kSpoolStorePart, name + " can't be read now: " + trouble);
  return RecordLoaded{.key = key, .payload = {}, .series = {}, .later = true};
}

Result<RecordLoaded> SpoolStore::find(RecordKey key, std::string& lost) {
  Connection& c = *connection_;
  const auto without = [&](const char* why) {
    lost = why;
    return RecordLoaded{.key = key, .payload = {}, .series = {}};
  };
  RecordLoaded loaded{.key = key, .payload = {}, .series = {}};
  const auto of = c.ordinal(key.epoch);
  if (!of) return of.error();
  c.find_record.reset();
  c.find_record.bind(1, record_id(*of, key.number));
  const auto row = c.find_record.step();
  if (!row) return row.error();
  if (!*row) return without("it is not there");
  const wire::Topic topic = topic_of(c.find_record.text(0));
  const std::int64_t table_id = c.find_record.integer(1);
  loaded.payload = copy(c.find_record.blob(2));
  c.find_record.reset();
  if (!is_whole(topic, loaded.payload)) return without("it is damaged");
  if (table_id == 0) return loaded;

  c.find_table.reset();
  c.find_table.bind(1, table_id);
  const auto table = c.find_table.step();
  if (!table) return table.error();
  if (!*table) return without("its series table is not there");
  auto birth = wire::decode_birth(c.find_table.blob(0));
  c.find_table.reset();
  if (!birth) return without("its series table is damaged");
  loaded.series = std::move(birth->series);
  return loaded;
}

void SpoolStore::let_go_if_damaged(const Error& error) {
  if (connection_->database.last_fault() != SqliteFault::corrupt) return;
  log(LogLevel::error, kSpoolStorePart, path_ + " is damaged: " + error.message);
  connection_.reset();
}

}  // namespace bw::agent
