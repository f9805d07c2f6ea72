#include "tests/bench/record/stores.h"

#include <chrono>
#include <cmath>
#include <utility>

#include "agent/shell/spool_store.h"
#include "base/runtime/clock.h"
#include "coordinator/shell/store_rollup.h"
#include "coordinator/shell/store_schema.h"
#include "coordinator/shell/store_writer.h"

namespace bw::bench {

namespace {

using coordinator::Change;
using coordinator::StoreWriter;

constexpr std::int64_t kMinuteMs = 60'000;

std::string store_file(const std::string& directory) {
  return directory + "/bellwether.db";
}

NodeId node_id(std::size_t node) {
  return *NodeId::parse("n" + std::to_string(node));
}

Result<StoreWriter> open_store(const std::string& directory) {
  auto database =
      Database::open(store_file(directory), false, nullptr, coordinator::kStorePageBytes);
  if (!database) return database.error();
  if (const auto made = coordinator::prepare_schema(*database); !made) return made.error();
  return StoreWriter::open(std::move(*database));
}

Result<void> add_nodes(StoreWriter& store, const Trace& trace, std::size_t nodes,
                       std::int64_t seen_ms) {
  std::vector<Change> changes;
  for (std::size_t i = 0; i < nodes; ++i) {
    wire::NodeBirth birth;
    birth.epoch = i + 1;
    birth.store_id = i + 1;
    birth.site = "bench";
    birth.started_ms = seen_ms;
    birth.period_ms = 1000;
    birth.table_id = trace.table_id;
    changes.emplace_back(coordinator::PutTable{node_id(i), trace.table_id, trace.series});
    changes.emplace_back(coordinator::PutNode{node_id(i), seen_ms, std::move(birth)});
  }
  return store.carry_out(changes);
}

coordinator::PutBlock block_of(const Trace& trace, const TraceBlock& from, std::size_t node,
                               std::uint64_t number, std::int64_t by_ms) {
  coordinator::PutBlock block{node_id(node), node + 1, number, trace.table_id, 0, 0, 0, {}};
  block.start_ms = from.times_ms.front() + by_ms;
  block.end_ms = from.times_ms.back() + by_ms;
  block.rows = static_cast<std::uint32_t>(from.times_ms.size());
  block.columns = moved(from.columns, by_ms);
  return block;
}

double seconds_since(Instant begin) {
  return std::chrono::duration<double>(monotonic_now() - begin).count();
}

Result<void> roll_up(const std::string& directory, StoreWriter& store, std::int64_t now_ms) {
  auto database = Database::open_read_only(store_file(directory));
  if (!database) return database.error();
  auto maker = coordinator::RollupMaker::open(std::move(*database));
  if (!maker) return maker.error();
  while (true) {
    auto job = maker->next(now_ms);
    if (!job) return job.error();
    if (!*job) return {};
    if (const auto done = store.upkeep().carry_out(**job); !done) return done;
  }
}

}  // namespace

Result<void> fill_with_trace(const std::string& directory, const Trace& trace, std::size_t nodes) {
  auto store = open_store(directory);
  if (!store) return store.error();
  const std::int64_t first_ms = trace.blocks.front().times_ms.front();
  if (const auto added = add_nodes(*store, trace, nodes, first_ms); !added) return added;
  std::uint64_t number = 0;
  for (const TraceBlock& block : trace.blocks) {
    ++number;
    std::vector<Change> changes;
    for (std::size_t node = 0; node < nodes; ++node) {
      changes.emplace_back(block_of(trace, block, node, number, 0));
    }
    if (const auto done = store->carry_out(changes); !done) return done;
  }
  return store->database().execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

Result<MonthResult> fill_with_days(const std::string& directory, const Trace& trace,
                                   std::size_t nodes, std::size_t days) {
  auto store = open_store(directory);
  if (!store) return store.error();
  const std::int64_t now_ms = to_ms(wall_now());
  const auto minutes = static_cast<std::int64_t>(days) * 24 * 60;
  const std::int64_t first_ms = now_ms - minutes * kMinuteMs;
  if (const auto added = add_nodes(*store, trace, nodes, first_ms); !added) return added.error();
  MonthResult result;
  Instant begin = monotonic_now();
  for (std::int64_t minute = 0; minute < minutes; ++minute) {
    std::vector<Change> changes;
    for (std::size_t node = 0; node < nodes; ++node) {
      const auto number = static_cast<std::uint64_t>(minute + 1);
      const TraceBlock& from = trace.blocks[(node + number) % trace.blocks.size()];
      const std::int64_t by_ms = first_ms + minute * kMinuteMs - from.times_ms.front();
      changes.emplace_back(block_of(trace, from, node, number, by_ms));
      result.samples += from.values.size();
      ++result.blocks;
    }
    if (const auto done = store->carry_out(changes); !done) return done.error();
  }
  result.fill_s = seconds_since(begin);
  begin = monotonic_now();
  if (const auto rolled = roll_up(directory, *store, now_ms); !rolled) return rolled.error();
  result.roll_up_s = seconds_since(begin);
  const auto ended = store->database().execute("PRAGMA wal_checkpoint(TRUNCATE)");
  if (!ended) return ended.error();
  return result;
}

Result<void> fill_outbox(const std::string& directory, const Trace& trace, std::size_t minutes) {
  constexpr std::uint64_t kEpoch = 0x0ff1;
  agent::SpoolStore spool(directory + "/outbox.db", std::uint64_t{256} << 20, 0x0ff2);
  const WallTime now = wall_now();
  (void)spool.open(now);
  const auto table = agent::encode_table(trace.table_id, trace.series);
  const std::int64_t first_ms = to_ms(now) - static_cast<std::int64_t>(minutes) * kMinuteMs;
  wire::Encoder encoder;
  for (std::size_t minute = 0; minute < minutes; ++minute) {
    const TraceBlock& from = trace.blocks[minute % trace.blocks.size()];
    const std::int64_t by_ms =
        first_ms + static_cast<std::int64_t>(minute) * kMinuteMs - from.times_ms.front();
    wire::HistoryBlock block;
    block.epoch = kEpoch;
    block.number = minute + 1;
    block.table_id = trace.table_id;
    block.start_ms = from.times_ms.front() + by_ms;
    block.end_ms = from.times_ms.back() + by_ms;
    block.rows = static_cast<std::uint32_t>(from.times_ms.size());
    block.columns = moved(from.columns, by_ms);
    const auto payload = encoder.encode(block);
    agent::SpoolWrite write;
    write.record = {
        {kEpoch, block.number}, wire::Topic::history, payload.size(), block.end_ms, block.start_ms};
    write.payload.assign(payload.begin(), payload.end());
    write.table_id = trace.table_id;
    write.table = table;
    if (const auto done = spool.write(write, now); !done) return done;
  }
  return {};
}

}  // namespace bw::bench
