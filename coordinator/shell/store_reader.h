// Answers the core's questions from a read-only connection of its own, so that it neither waits for
// the writer nor makes it wait. Belongs to one thread.
//
// A range is read from the coarsest rollups that answer it as the samples would, and where those
// don't reach (its ends, the time since the last rollup, hours that late blocks changed) from what
// is finer, down to the blocks.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "base/runtime/sqlite.h"
#include "coordinator/core/api/query.h"
#include "coordinator/core/api/range.h"
#include "coordinator/shell/store_history.h"

namespace bw::coordinator {

// What one question may cost at most; beyond it the answer is a QueryError that says so.
struct ReadLimits {
  std::size_t blocks = 50'000;     // decoded, rollups too: a month of one node, or an hour of 800
  std::size_t points = 1'200'000;  // of all series together; further series are left out
  std::size_t values = 8'000'000;  // kept at once for percentiles
  std::size_t events = 200'000;    // looked at
  Duration time = std::chrono::seconds{5};
};

class StoreReader {
 public:
  // On error `fault` tells its kind.
  static Result<StoreReader> open(const std::string& path, ReadLimits limits, SqliteFault& fault);

  // `start`: when the question's time began to run. Cut short once `stop` is true.
  api::QueryResult run(const api::StoreQuery& query, Instant start, const std::atomic<bool>& stop);

  SqliteFault last_fault() const { return history_.last_fault(); }

 private:
  StoreReader(StoreHistory history, ReadLimits limits)
      : history_(std::move(history)), limits_(limits) {}

  // Of one series table of a node: which columns are asked for, and into which series they go.
  struct Wanted {
    std::size_t alias = 0;
    std::size_t series = 0;  // into Range::found
  };
  struct Found {
    wire::SeriesInfo series;
    api::RangeAccumulator points;
  };
  // One node's part of a query.
  struct NodePart {
    StoreHistory::Node node;
    std::vector<Found> found = {};
    std::map<std::int64_t, std::vector<Wanted>> wanted = {};  // by table
    // To be read from blocks. Those that follow each other are read at once.
    api::Window raw = {};
  };
  struct Range {
    const api::RangeQuery& query;
    std::size_t most_series;
    std::int64_t rolled_until = 0;  // hours
    std::size_t blocks = 0;
    api::RangeResult result = {};
    api::RangeGroups groups;
  };
  using Window = api::Window;

  Result<api::QueryResult> range(const api::RangeQuery& query);
  Result<api::QueryResult> events(const api::EventQuery& query);
  Result<api::QueryResult> model(const api::ModelQuery& query);
  Result<void> add_node(const StoreHistory::Node& node, Range& range);
  Result<void> finish_node(NodePart& part, Range& range);
  Result<void> add_days(NodePart& part, Window window, Range& range);
  Result<void> add_hours(NodePart& part, Window window, Range& range);
  Result<std::vector<std::int64_t>> stale_days(std::int64_t node, Window window);
  Result<void> add_stale(StoreHistory::Kind kind, NodePart& part, Window window,
                         const std::vector<std::int64_t>& stale, Range& range);
  Result<void> add_stretch(StoreHistory::Kind kind, NodePart& part,
                           const StoreHistory::Stretch& stretch, Window window, Range& range);
  // False where its rollups don't tell what is asked for, and nothing was added.
  Result<bool> add_rollups(StoreHistory::Kind kind, NodePart& part,
                           const StoreHistory::Stretch& stretch, Window window, Range& range);
  Result<void> add_finer(StoreHistory::Kind kind, NodePart& part, Window window, Range& range);
  Result<void> add_raw(NodePart& part, Window window, Range& range);
  Result<void> read_raw(NodePart& part, Range& range);
  Result<void> add_block(NodePart& part, const StoreHistory::BlockKey& key, Window window,
                         Range& range);
  Result<const std::vector<Wanted>*> wanted_of(NodePart& part, std::int64_t table_id, Range& range);
  Result<void> count_block(Range& range) const;
  Result<void> check_time() const;

  StoreHistory history_;
  Statement model_;
  Statement all_events_, node_events_, anomalies_, node_anomalies_;
  ReadLimits limits_;
  Instant deadline_{};
  const std::atomic<bool>* stop_ = nullptr;  // during run()
  std::vector<double> values_;
  api::RollupSeries rollup_;
};

}  // namespace bw::coordinator
