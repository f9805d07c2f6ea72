#include "coordinator/shell/store_models.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bw::coordinator {

namespace {

// Names of metrics and models hold no line break, or they are cut there: it is shown, not used.
std::string join_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += line.substr(0, line.find('\n'));
    text += '\n';
  }
  return text;
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

Wish wish_in(const Statement& row, int first) {
  Wish wish;
  wish.model = row.text(first);
  wish.since_ms = row.integer(first + 1);
  const std::int64_t state = row.integer(first + 2);
  const bool is_known = state >= 0 && state < static_cast<std::int64_t>(kWishStates);
  wish.state = is_known ? static_cast<WishState>(state) : WishState::ended;
  wish.reason = row.text(first + 3);
  wish.before = split_lines(row.text(first + 4));
  return wish;
}

template <typename Each>
Result<void> each_row_of(Database& database, std::string_view sql, Each each) {
  auto statement = database.prepare(sql);
  if (!statement) return statement.error();
  const InUse use(*statement);
  while (true) {
    const auto row = statement->step();
    if (!row) return row.error();
    if (!*row) return {};
    each(*statement);
  }
}

Result<void> load_records(Database& database, StoredModels& out) {
  return each_row_of(
      database,
      "SELECT name, version, class, source, created_ms, from_ms, to_ms, rows, metrics, threshold,"
      " bytes, crc, note FROM models ORDER BY name, version",
      [&](const Statement& row) {
        auto name = parse_model_name(row.text(0));
        if (!name || row.integer(1) <= 0 || out.models.size() >= kMaxModels) return;
        ModelRecord& model = out.models.emplace_back();
        model.id = {*std::move(name), static_cast<std::uint32_t>(row.integer(1))};
        model.node_class = row.text(2);
        model.source = row.text(3);
        model.created_ms = row.integer(4);
        model.from_ms = row.integer(5);
        model.to_ms = row.integer(6);
        model.rows = static_cast<std::uint64_t>(row.integer(7));
        model.metrics = split_lines(row.text(8));
        model.threshold = row.real(9);
        model.bytes = static_cast<std::uint64_t>(row.integer(10));
        model.crc = static_cast<std::uint32_t>(row.integer(11));
        model.note = row.text(12);
      });
}

}  // namespace

Result<StoredModels> load_models(Database& database) {
  StoredModels out;
  if (const auto done = load_records(database, out); !done) return done.error();
  const auto wishes = each_row_of(
      database,
      "SELECT nodes.name, model, since_ms, model_wishes.state, reason, before FROM model_wishes"
      " JOIN nodes ON nodes.id = node",
      [&](const Statement& row) {
        auto node = NodeId::parse(row.text(0));
        if (node) out.wishes.emplace_back(*std::move(node), wish_in(row, 1));
      });
  if (!wishes) return wishes.error();
  const auto classes = each_row_of(
      database, "SELECT class, model, since_ms, state, reason, before FROM class_models",
      [&](const Statement& row) { out.classes.emplace_back(row.text(0), wish_in(row, 1)); });
  if (!classes) return classes.error();
  const auto names =
      each_row_of(database, "SELECT name, last FROM model_names", [&](const Statement& row) {
        out.names.emplace_back(row.text(0), static_cast<std::uint32_t>(row.integer(1)));
      });
  if (!names) return names.error();
  return out;
}

Result<StoreModels> StoreModels::open(Database& database) {
  StoreModels models;
  const std::pair<Statement*, std::string_view> statements[] = {
      {&models.put_model_,
       "INSERT OR REPLACE INTO models (name, version, class, source, created_ms, from_ms, to_ms,"
       " rows, metrics, threshold, bytes, crc, note, payload)"
       " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
      {&models.put_name_,
       "INSERT INTO model_names (name, last) VALUES (?1, ?2)"
       " ON CONFLICT (name) DO UPDATE SET last = max(last, excluded.last)"},
      {&models.drop_model_, "DELETE FROM models WHERE name = ? AND version = ?"},
      {&models.put_wish_,
       "INSERT OR REPLACE INTO model_wishes (node, model, since_ms, state, reason, before)"
       " VALUES (?, ?, ?, ?, ?, ?)"},
      {&models.put_class_,
       "INSERT OR REPLACE INTO class_models (class, model, since_ms, state, reason, before)"
       " VALUES (?, ?, ?, ?, ?, ?)"},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = database.prepare(sql);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return models;
}

Result<void> StoreModels::put(const PutModel& change) {
  const ModelRecord& model = change.model;
  const auto done = put_model_.bind(1, model.id.name)
                        .bind(2, std::int64_t{model.id.version})
                        .bind(3, model.node_class)
                        .bind(4, model.source)
                        .bind(5, model.created_ms)
                        .bind(6, model.from_ms)
                        .bind(7, model.to_ms)
                        .bind(8, static_cast<std::int64_t>(model.rows))
                        .bind(9, join_lines(model.metrics))
                        .bind_real(10, model.threshold)
                        .bind(11, static_cast<std::int64_t>(model.bytes))
                        .bind(12, std::int64_t{model.crc})
                        .bind(13, model.note)
                        .bind(14, std::span(change.payload))
                        .run();
  if (!done) return done;
  return put_name_.bind(1, model.id.name).bind(2, std::int64_t{model.id.version}).run();
}

Result<void> StoreModels::drop(const DropModel& change) {
  return drop_model_.bind(1, change.id.name).bind(2, std::int64_t{change.id.version}).run();
}

Result<void> StoreModels::put(const PutWish& change, std::int64_t key) {
  const Wish& wish = change.wish;
  return put_wish_.bind(1, key)
      .bind(2, wish.model)
      .bind(3, wish.since_ms)
      .bind(4, static_cast<std::int64_t>(wish.state))
      .bind(5, wish.reason)
      .bind(6, join_lines(wish.before))
      .run();
}

Result<void> StoreModels::put(const PutClassWish& change) {
  const Wish& wish = change.wish;
  return put_class_.bind(1, change.node_class)
      .bind(2, wish.model)
      .bind(3, wish.since_ms)
      .bind(4, static_cast<std::int64_t>(wish.state))
      .bind(5, wish.reason)
      .bind(6, join_lines(wish.before))
      .run();
}

}  // namespace bw::coordinator
