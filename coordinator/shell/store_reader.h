// Answers the core's questions from a read-only connection of its own, so that it neither waits for
// the writer nor makes it wait. Belongs to one thread.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "base/runtime/sqlite.h"
#include "coordinator/core/api/query.h"
#include "coordinator/core/api/range.h"

namespace bw::coordinator {

// What one question may cost at most; beyond it the answer is a QueryError that says so.
struct ReadLimits {
  std::size_t blocks = 50'000;     // decoded: a month of one node, or an hour of 800
  std::size_t points = 1'200'000;  // of all series together; further series are left out
  std::size_t events = 200'000;    // looked at
  Duration time = std::chrono::seconds{5};
};

class StoreReader {
 public:
  // On error `fault` tells its kind.
  static Result<StoreReader> open(const std::string& path, ReadLimits limits, SqliteFault& fault);

  // `start`: when the question's time began to run. Cut short once `stop` is true.
  api::QueryResult run(const api::StoreQuery& query, Instant start, const std::atomic<bool>& stop);

  SqliteFault last_fault() const { return database_.last_fault(); }

 private:
  StoreReader(Database database, ReadLimits limits)
      : database_(std::move(database)), limits_(limits) {}

  struct NodeRow {
    std::int64_t key = 0;
    std::string name;
  };
  // Of one series table of a node: which columns are asked for, and into which series they go.
  struct Wanted {
    std::size_t alias = 0;
    std::size_t series = 0;  // into Range::found
  };
  struct Found {
    std::string node;
    wire::SeriesInfo series;
    api::RangeAccumulator points;
  };
  struct Block {
    std::int64_t id = 0;
    std::int64_t table_id = 0;
    std::int64_t start_ms = 0;
    auto operator<=>(const Block&) const = default;
  };
  struct Range {
    const api::RangeQuery& query;
    std::size_t most_series;
    std::size_t blocks = 0;
    std::vector<Found> found = {};
    bool truncated = false;
  };

  Result<api::QueryResult> range(const api::RangeQuery& query);
  Result<api::QueryResult> events(const api::EventQuery& query);
  Result<std::vector<NodeRow>> nodes_named(const std::string& name);
  Result<void> add_node(const NodeRow& node, Range& range);
  Result<std::vector<Block>> blocks_of(const NodeRow& node, const api::RangeQuery& query);
  Result<std::vector<Wanted>> wanted_of(const NodeRow& node, std::int64_t table_id, Range& range);
  Result<void> add_block(const Block& block, const std::vector<Wanted>& wanted, Range& range);
  Result<void> check_time() const;

  Database database_;  // outlives its statements: declared first
  Statement all_nodes_, one_node_, blocks_, table_, columns_, all_events_, node_events_;
  ReadLimits limits_;
  Instant deadline_{};
  const std::atomic<bool>* stop_ = nullptr;  // during run()
  std::vector<double> values_;
};

}  // namespace bw::coordinator
