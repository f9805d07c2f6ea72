#include "coordinator/shell/store_backup.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/runtime/sqlite.h"
#include "coordinator/core/api/range_rollup.h"
#include "coordinator/shell/store_schema.h"
#include "coordinator/shell/store_tables.h"
#include "schemas/wire/codec.h"
#include "schemas/wire/columns.h"
#include "schemas/wire/model.h"

namespace bw::coordinator {

namespace {

namespace fs = std::filesystem;

constexpr auto kProgressPeriod = std::chrono::milliseconds{500};
constexpr std::int64_t kBlocksAtOnce = 1000;  // so that no log has to be kept for long

Error system_error(const std::string& what) {
  return Error{what + ": " + std::strerror(errno)};
}

Result<void> sync_path(const std::string& path, int flags) {
  const int file = ::open(path.c_str(), flags | O_CLOEXEC);
  if (file < 0) return system_error(path);
  const bool is_synced = ::fsync(file) == 0;
  const Error error = system_error(path);
  ::close(file);
  if (!is_synced) return error;
  return {};
}

// Says how far a file has grown towards a size, until it is destroyed.
class GrowthWatch {
 public:
  GrowthWatch(std::string path, std::uint64_t whole, const Progress& progress)
      : thread_([this, path = std::move(path), whole, progress] {
          while (!is_over_) {
            std::this_thread::sleep_for(kProgressPeriod);
            std::error_code none;
            const auto size = fs::file_size(path, none);
            if (!none && whole > 0) {
              progress(static_cast<int>(std::min<std::uint64_t>(99, size * 100 / whole)));
            }
          }
        }) {}
  ~GrowthWatch() {
    is_over_ = true;
    thread_.join();
  }
  GrowthWatch(const GrowthWatch&) = delete;
  GrowthWatch& operator=(const GrowthWatch&) = delete;

 private:
  std::atomic<bool> is_over_ = false;
  std::thread thread_;
};

Result<std::int64_t> number_of(Database& database, std::string_view sql) {
  auto statement = database.prepare(sql);
  if (!statement) return statement.error();
  const auto row = statement->step();
  if (!row) return row.error();
  return *row ? statement->integer(0) : 0;
}

// No store of ours is made or changed by looking at it.
Result<Database> open_store(const std::string& path) {
  std::error_code none;
  if (!fs::exists(path, none)) return Error{path + ": there is no such file"};
  auto database = Database::open_read_only(path);
  if (!database) return database;
  const auto version = number_of(*database, "PRAGMA user_version");
  if (!version) return version.error();
  if (*version == kStoreVersion) return database;
  return Error{path + ": is no store of this version of the coordinator (form " +
               std::to_string(*version) + ", not " + std::to_string(kStoreVersion) + ")"};
}

class Checker {
 public:
  Checker(Database& database, const Progress& progress)
      : database_(database), progress_(progress) {}

  Result<StoreCheck> run() {
    for (const auto part :
         {&Checker::pages, &Checker::nodes, &Checker::tables, &Checker::blocks, &Checker::events,
          &Checker::rollups, &Checker::models, &Checker::doubles}) {
      if (const auto done = (this->*part)(); !done) return done.error();
    }
    for (auto& [key, node] : by_key_) check_.nodes.push_back(std::move(node));
    std::sort(check_.nodes.begin(), check_.nodes.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return std::move(check_);
  }

 private:
  void trouble(std::string text) {
    if (++check_.troubles_in_all <= kMostTroubles) check_.troubles.push_back(std::move(text));
  }

  template <typename Each>
  Result<void> each_row(std::string_view sql, Each each) {
    auto statement = database_.prepare(sql);
    if (!statement) return statement.error();
    while (true) {
      const auto row = statement->step();
      if (!row) return row.error();
      if (!*row) return {};
      each(*statement);
    }
  }

  Result<void> pages() {
    return each_row("PRAGMA integrity_check(20)", [&](const Statement& row) {
      if (row.text(0) != "ok") trouble(std::string(row.text(0)));
    });
  }

  Result<void> nodes() {
    auto named = each_row("SELECT id, name FROM nodes", [&](const Statement& row) {
      by_key_[row.integer(0)].name = row.text(1);
    });
    if (!named) return named;
    return each_row("SELECT node, sum(last - first + 1) FROM gaps GROUP BY node",
                    [&](const Statement& row) {
                      by_key_[row.integer(0)].gaps = static_cast<std::uint64_t>(row.integer(1));
                    });
  }

  Result<void> tables() {
    return each_row(
        "SELECT one.series, base.series, one.table_id, one.node FROM tables AS one"
        " LEFT JOIN tables AS base ON base.id = one.base",
        [&](const Statement& row) {
          const auto series = table_of(row);
          const auto id = from_stored(row.integer(2));
          if (series && wire::series_table_id(*series) == id) return;
          trouble("the series table " + std::to_string(id) + " of " + by_key_[row.integer(3)].name +
                  (series ? " is another" : " cannot be decoded"));
        });
  }

  Result<void> blocks() {
    const auto last = number_of(database_, "SELECT max(id) FROM blocks");
    if (!last) return last.error();
    auto page = database_.prepare(
        "SELECT id, node, rows, columns FROM blocks WHERE id > ? ORDER BY id LIMIT ?");
    if (!page) return page.error();
    std::int64_t id = 0;
    for (bool is_more = true; is_more;) {
      is_more = false;
      page->bind(1, id).bind(2, kBlocksAtOnce);
      while (true) {
        const auto row = page->step();
        if (!row) return row.error();
        if (!*row) break;
        is_more = true;
        id = page->integer(0);
        block(*page);
      }
      page->reset();
      if (*last > 0) progress_(static_cast<int>(std::min<std::int64_t>(99, id * 100 / *last)));
    }
    return {};
  }

  void block(const Statement& row) {
    StoreCheck::Node& node = by_key_[row.integer(1)];
    ++node.blocks;
    const auto reader = wire::ColumnReader::open(row.blob(3));
    const std::string name = "block " + std::to_string(row.integer(0)) + " of " + node.name;
    if (!reader) return trouble(name + " cannot be decoded");
    if (static_cast<std::int64_t>(reader->rows()) != row.integer(2)) {
      trouble(name + " has not the rows that it says");
    }
    values_.resize(reader->rows());
    for (std::size_t alias = 0; alias < reader->columns(); ++alias) {
      if (!reader->read(alias, values_)) {
        return trouble(name + " has a damaged column " + std::to_string(alias));
      }
      node.samples += static_cast<std::uint64_t>(std::count_if(
          values_.begin(), values_.end(), [](double value) { return value == value; }));
    }
  }

  Result<void> events() {
    return each_row("SELECT id, node, record FROM events", [&](const Statement& row) {
      ++by_key_[row.integer(1)].events;
      if (wire::decode_event(row.blob(2))) return;
      trouble("event " + std::to_string(row.integer(0)) + " cannot be decoded");
    });
  }

  Result<void> rollups() {
    api::RollupSeries series;
    const auto look = [&](const Statement& row) {
      ++check_.rollups;
      const std::string name =
          "the rollup " + std::to_string(row.integer(1)) + " of " + by_key_[row.integer(0)].name;
      const auto reader = api::RollupReader::open(row.blob(2));
      if (!reader) return trouble(name + " cannot be decoded");
      for (std::size_t alias = 0; alias < reader->series(); ++alias) {
        if (reader->read(alias, wire::SeriesKind::gauge, series)) continue;
        return trouble(name + " has a damaged series " + std::to_string(alias));
      }
    };
    if (auto done = each_row("SELECT node, hour, data FROM minutes", look); !done) return done;
    return each_row("SELECT node, day, data FROM hours", look);
  }

  Result<void> models() {
    return each_row("SELECT name, version, crc, payload FROM models", [&](const Statement& row) {
      ++check_.models;
      const std::string name =
          "model " + std::string(row.text(0)) + "@" + std::to_string(row.integer(1));
      if (crc32c(row.blob(3)) != static_cast<std::uint32_t>(row.integer(2))) {
        return trouble(name + " is not what was stored");
      }
      const auto model = wire::decode_model(row.blob(3));
      if (!model) trouble(name + ": " + model.error().message);
    });
  }

  Result<void> doubles() {
    return each_row(
        "SELECT nodes.name, number, count(*) FROM (SELECT node, epoch, number FROM blocks"
        " UNION ALL SELECT node, epoch, number FROM events) JOIN nodes ON nodes.id = node"
        " GROUP BY node, epoch, number HAVING count(*) > 1",
        [&](const Statement& row) {
          trouble("record " + std::to_string(row.integer(1)) + " of " + std::string(row.text(0)) +
                  " is kept " + std::to_string(row.integer(2)) + " times");
        });
  }

  Database& database_;
  const Progress& progress_;
  StoreCheck check_;
  std::map<std::int64_t, StoreCheck::Node> by_key_;
  std::vector<double> values_;
};

}  // namespace

Result<void> back_up_store(const std::string& path, const std::string& target, bool replaces,
                           const Progress& progress) {
  std::error_code none;
  if (fs::exists(target, none) && !replaces) {
    return Error{target + ": there is such a file already; --force replaces it"};
  }
  if (fs::equivalent(path, target, none)) return Error{target + ": is the store itself"};
  auto database = open_store(path);
  if (!database) return database.error();
  const std::string part = target + ".part";
  fs::remove(part, none);
  const auto write = [&]() -> Result<void> {
    const auto pages = number_of(*database, "PRAGMA page_count");
    const auto size = number_of(*database, "PRAGMA page_size");
    if (!pages) return pages.error();
    if (!size) return size.error();
    {
      const GrowthWatch watch(part, static_cast<std::uint64_t>(*pages * *size), progress);
      auto copy = database->prepare("VACUUM INTO ?");
      if (!copy) return copy.error();
      if (const auto done = copy->bind(1, part).run(); !done) return done;
    }
    if (const auto synced = sync_path(part, O_RDONLY); !synced) return synced;
    if (std::rename(part.c_str(), target.c_str()) != 0) return system_error(target);
    const std::string folder = fs::absolute(target).parent_path();
    return sync_path(folder, O_RDONLY | O_DIRECTORY);
  };
  const auto written = write();
  if (!written) {
    fs::remove(part, none);
    return written.error().within("backup");
  }
  progress(100);
  return {};
}

Result<StoreCheck> check_store(const std::string& path, const Progress& progress) {
  auto database = open_store(path);
  if (!database) return database.error();
  auto check = Checker(*database, progress).run();
  if (check) progress(100);
  return check;
}

std::string text_of(const StoreCheck& check) {
  std::string text = "NODE  BLOCKS  SAMPLES  EVENTS  GAPS\n";
  for (const StoreCheck::Node& node : check.nodes) {
    text += node.name + "  " + std::to_string(node.blocks) + "  " + std::to_string(node.samples) +
            "  " + std::to_string(node.events) + "  " + std::to_string(node.gaps) + "\n";
  }
  text += std::to_string(check.rollups) + " rollups\n";
  if (check.models > 0) text += std::to_string(check.models) + " models\n";
  for (const std::string& trouble : check.troubles) text += "damaged: " + trouble + "\n";
  if (check.troubles_in_all > check.troubles.size()) {
    text += "and " + std::to_string(check.troubles_in_all - check.troubles.size()) + " more\n";
  }
  return text + (check.troubles.empty() ? "ok\n" : "");
}

}  // namespace bw::coordinator
