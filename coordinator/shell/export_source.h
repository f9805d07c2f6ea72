// Reads the store's blocks in the order of their commits, for an export, on a read-only connection
// of its own: it waits for nobody, and nobody for it. Belongs to one thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/runtime/sqlite.h"
#include "coordinator/core/export/block.h"
#include "coordinator/core/export/delivery.h"
#include "coordinator/shell/store_tables.h"

namespace bw::coordinator {

class ExportSource {
 public:
  static constexpr std::size_t kMostKeptSeries = 25'000;  // of tables, for the next blocks

  static Result<ExportSource> open(const std::string& path);

  // Blocks with ids above `after`, ascending: Delivery::kMaxBlocks at most, kMaxBytes of columns
  // but at least one block. A block whose table cannot be read comes without.
  struct Blocks {
    std::vector<exporting::Block> blocks;
    std::vector<std::size_t> rows;
  };
  Result<Blocks> read(std::int64_t after);

  // The highest id that was ever given.
  Result<std::int64_t> newest();

  // Nothing where there is none yet.
  Result<std::optional<std::int64_t>> cursor(const std::string& name);

 private:
  explicit ExportSource(Database database) : database_(std::move(database)) {}

  Database database_;  // outlives its statements: declared first
  Statement blocks_, table_, newest_, cursor_;
  KnownTables tables_{kMostKeptSeries};
};

}  // namespace bw::coordinator
