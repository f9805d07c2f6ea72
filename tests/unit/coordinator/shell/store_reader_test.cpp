#include "coordinator/shell/store_reader.h"

#include <fstream>
#include <limits>

#include <gtest/gtest.h>

#include "base/runtime/clock.h"
#include "coordinator/shell/store_schema.h"
#include "coordinator/shell/store_writer.h"
#include "tests/unit/coordinator/shell/store_records.h"
#include "tests/unit/coordinator/shell/temporary_folder.h"

namespace bw::coordinator {
namespace {

class StoreReaderTest : public testing::Test {
 protected:
  StoreReaderTest() {
    auto database = Database::open(folder_ / "a.db", false).value();
    EXPECT_TRUE(prepare_schema(database));
    writer_.emplace(StoreWriter::open(std::move(database)).value());
  }

  void put(std::vector<Change> changes) { ASSERT_TRUE(writer_->carry_out(changes)); }

  api::QueryResult ask(const api::StoreQuery& query, ReadLimits limits = {},
                       Instant start = monotonic_now()) {
    auto reader = StoreReader::open(folder_ / "a.db", limits, fault_).value();
    return reader.run(query, start, stop_);
  }
  api::RangeResult range(const api::RangeQuery& query, ReadLimits limits = {}) {
    const auto result = ask(query, limits);
    if (const auto* error = std::get_if<api::QueryError>(&result)) ADD_FAILURE() << error->reason;
    return std::get<api::RangeResult>(result);
  }
  std::string reason(const api::StoreQuery& query, ReadLimits limits = {}) {
    return std::get<api::QueryError>(ask(query, limits)).reason;
  }
  // As "node/number" of each.
  std::vector<std::string> events(const api::EventQuery& query) {
    std::vector<std::string> found;
    const auto result = ask(query);
    for (const auto& row : std::get<api::EventResult>(result).events) {
      found.push_back(row.node + "/" + std::to_string(row.event.number));
    }
    return found;
  }

  TemporaryFolder folder_;
  std::optional<StoreWriter> writer_;
  std::atomic<bool> stop_ = false;
  SqliteFault fault_ = SqliteFault::none;
};

api::RangeQuery query_of(const std::string& metric, std::int64_t from_ms, std::int64_t to_ms,
                         std::int64_t step_ms) {
  api::RangeQuery query;
  query.metric = metric;
  query.from_ms = from_ms;
  query.to_ms = to_ms;
  query.step_ms = step_ms;
  return query;
}

std::vector<std::pair<std::int64_t, double>> pairs(const api::RangeSeries& series) {
  std::vector<std::pair<std::int64_t, double>> result;
  for (const api::Point& point : series.points) result.emplace_back(point.time_ms, point.value);
  return result;
}
using Pairs = std::vector<std::pair<std::int64_t, double>>;

TEST_F(StoreReaderTest, ARangeIsReadOverTheBoundsOfBlocks) {
  put({put_node("box", series_table()),
       put_block("box", 1, 1, {10'000, 11'000}, {1, 10, 100, 3, 30, 200}),
       put_block("box", 1, 2, {12'000, 13'000}, {5, 50, 300, 7, 70, 400})});
  const auto result = range(query_of("cpu_busy", 10'000, 14'000, 2000));
  ASSERT_EQ(result.series.size(), 2U);
  EXPECT_FALSE(result.truncated);
  EXPECT_EQ(result.series[0].node, "box");
  EXPECT_EQ(result.series[0].series, series_table()[0]);
  EXPECT_EQ(pairs(result.series[0]), (Pairs{{10'000, 2}, {12'000, 6}}));
  EXPECT_EQ(pairs(result.series[1]), (Pairs{{10'000, 20}, {12'000, 60}}));
}

TEST_F(StoreReaderTest, TheEndOfTheRangeIsOutside) {
  put({put_node("box", series_table()),
       put_block("box", 1, 1, {9'999, 10'000, 11'000}, {1, 0, 0, 2, 0, 0, 3, 0, 0})});
  auto query = query_of("cpu_busy", 10'000, 11'000, 1000);
  query.labels = {{"cpu", "0"}};
  const auto result = range(query);
  ASSERT_EQ(result.series.size(), 1U);
  EXPECT_EQ(pairs(result.series[0]), (Pairs{{10'000, 2}}));
}

TEST_F(StoreReaderTest, TwoEpochsAndTwoTablesOfANodeMakeOneSeries) {
  const std::vector<wire::SeriesInfo> other{
      {"load", "1", wire::SeriesKind::gauge, {}},
      {"cpu_busy", "ratio", wire::SeriesKind::gauge, {{"cpu", "0"}}}};
  put({put_node("box", series_table()),
       PutTable{node_id("box"), wire::series_table_id(other), other},
       put_block("box", 1, 1, {10'000}, {1, 0, 0}),
       put_block("box", 0xffff'ffff'ffff'ffffU, 1, {11'000}, {99, 2}, other)});
  auto query = query_of("cpu_busy", 10'000, 12'000, 1000);
  query.labels = {{"cpu", "0"}};
  const auto result = range(query);
  ASSERT_EQ(result.series.size(), 1U);
  EXPECT_EQ(pairs(result.series[0]), (Pairs{{10'000, 1}, {11'000, 2}}));
}

TEST_F(StoreReaderTest, BlocksThatOverlapSinceAClockWasSetBackAreAllRead) {
  put({put_node("box", series_table()),
       put_block("box", 1, 1, {3'610'000, 3'611'000}, {1, 0, 0, 2, 0, 0}),
       put_block("box", 1, 2, {10'500, 3'611'500}, {4, 0, 0, 6, 0, 0}),  // set back and forward
       put_block("box", 1, 3, {3'610'500}, {9, 0, 0})});
  auto query = query_of("cpu_busy", 3'610'000, 3'612'000, 1000);
  query.labels = {{"cpu", "0"}};
  EXPECT_EQ(pairs(range(query).series.at(0)), (Pairs{{3'610'000, 5}, {3'611'000, 4}}));
  query.from_ms = 10'000;
  query.to_ms = 11'000;
  EXPECT_EQ(pairs(range(query).series.at(0)), (Pairs{{10'000, 4}}));
}

TEST_F(StoreReaderTest, ARateBeginsWithTheSampleBeforeTheRange) {
  put({put_node("box", series_table()), put_block("box", 1, 1, {10'000}, {0, 0, 100}),
       put_block("box", 1, 2, {12'000, 14'000}, {0, 0, 300, 0, 0, 700})});
  auto query = query_of("net_bytes", 12'000, 16'000, 2000);
  query.function = api::Function::rate;
  EXPECT_EQ(pairs(range(query).series.at(0)), (Pairs{{12'000, 100}, {14'000, 200}}));
}

TEST_F(StoreReaderTest, AllNodesOrTheOneThatIsAskedFor) {
  put({put_node("b", series_table()), put_node("a", series_table()),
       put_block("b", 1, 1, {10'000}, {2, 0, 0}), put_block("a", 1, 1, {10'000}, {1, 0, 0})});
  auto query = query_of("net_bytes", 0, 20'000, 20'000);
  const auto all = range(query);
  ASSERT_EQ(all.series.size(), 2U);
  EXPECT_EQ(all.series[0].node, "a");
  EXPECT_EQ(all.series[1].node, "b");
  query.node = "b";
  const auto one = range(query);
  ASSERT_EQ(one.series.size(), 1U);
  EXPECT_EQ(one.series[0].node, "b");
  query.node = "nobody";
  EXPECT_TRUE(range(query).series.empty());
}

TEST_F(StoreReaderTest, SeriesWithoutAValueInTheRangeAreLeftOut) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  put({put_node("box", series_table()), put_block("box", 1, 1, {10'000}, {none, 5, 0})});
  const auto result = range(query_of("cpu_busy", 0, 20'000, 20'000));
  ASSERT_EQ(result.series.size(), 1U);
  EXPECT_EQ(result.series[0].series.labels[0].value, "1");
  EXPECT_TRUE(range(query_of("nothing", 0, 20'000, 20'000)).series.empty());
}

TEST_F(StoreReaderTest, MoreSeriesThanAskedForAreLeftOutAndToldSo) {
  put({put_node("box", series_table()), put_block("box", 1, 1, {10'000}, {1, 2, 3})});
  auto query = query_of("cpu_busy", 0, 20'000, 20'000);
  query.max_series = 1;
  const auto result = range(query);
  EXPECT_EQ(result.series.size(), 1U);
  EXPECT_TRUE(result.truncated);
}

TEST_F(StoreReaderTest, MorePointsThanThereMayBeAreLeftOutSeriesBySeries) {
  put({put_node("box", series_table()), put_block("box", 1, 1, {10'000}, {1, 2, 3})});
  const auto result = range(query_of("cpu_busy", 0, 20'000, 1000), ReadLimits{.points = 30});
  EXPECT_EQ(result.series.size(), 1U);
  EXPECT_TRUE(result.truncated);
}

TEST_F(StoreReaderTest, ARangeOfTooManyBlocksIsRefusedWithTheReason) {
  put({put_node("a", series_table()), put_node("b", series_table()),
       put_block("a", 1, 1, {10'000}, {1, 2, 3}), put_block("a", 1, 2, {11'000}, {1, 2, 3}),
       put_block("b", 1, 1, {10'000}, {1, 2, 3})});
  const auto query = query_of("cpu_busy", 0, 20'000, 1000);
  EXPECT_NE(reason(query, ReadLimits{.blocks = 1}).find("holds more than 1 blocks"),
            std::string::npos);
  EXPECT_NE(reason(query, ReadLimits{.blocks = 2}).find("reads more than 2 blocks"),
            std::string::npos);
  EXPECT_EQ(range(query, ReadLimits{.blocks = 3}).series.size(), 4U);
}

TEST_F(StoreReaderTest, AQueryWhoseTimeIsUpIsRefusedWithTheReason) {
  put({put_node("box", series_table()), put_event("box", 1, 1, 5)});
  const Instant long_ago = monotonic_now() - std::chrono::seconds{6};
  const auto late = [&](const api::StoreQuery& query) {
    return std::get<api::QueryError>(ask(query, {}, long_ago)).reason;
  };
  EXPECT_NE(late(query_of("cpu_busy", 0, 9, 1)).find("longer than 5000 ms"), std::string::npos);
  api::EventQuery events;
  events.to_ms = 10;
  EXPECT_NE(late(events).find("longer than 5000 ms"), std::string::npos);
}

TEST_F(StoreReaderTest, AQueryIsCutShortWhenTheCoordinatorStops) {
  put({put_node("box", series_table())});
  stop_ = true;
  EXPECT_NE(reason(query_of("cpu_busy", 0, 9, 1)).find("stops"), std::string::npos);
}

TEST_F(StoreReaderTest, ABlockThatCannotBeReadDoesNotSpoilTheOthers) {
  PutBlock damaged = put_block("box", 1, 2, {11'000}, {5, 5, 5});
  damaged.columns.resize(3);
  put({put_node("box", series_table()), put_block("box", 1, 1, {10'000}, {1, 2, 3}), damaged});
  const auto result = range(query_of("net_bytes", 0, 20'000, 20'000));
  ASSERT_EQ(result.series.size(), 1U);
  EXPECT_EQ(pairs(result.series[0]), (Pairs{{0, 3}}));
}

TEST_F(StoreReaderTest, EventsComeNewestFirstWithinTheRange) {
  put({put_event("a", 1, 1, 1000), put_event("b", 1, 1, 2000), put_event("a", 1, 2, 3000),
       put_event("a", 1, 3, 4000)});
  api::EventQuery query;
  query.from_ms = 1000;
  query.to_ms = 4000;
  EXPECT_EQ(events(query), (std::vector<std::string>{"a/2", "b/1", "a/1"}));
  query.limit = 1;
  EXPECT_EQ(events(query), (std::vector<std::string>{"a/2"}));
}

TEST_F(StoreReaderTest, EventsAreChosenByNodeKindAndSeverity) {
  put({put_event("a", 1, 1, 1000, "clock_step", wire::Severity::info),
       put_event("a", 1, 2, 2000, "outbox_gap", wire::Severity::critical),
       put_event("b", 1, 1, 3000, "outbox_gap", wire::Severity::warning)});
  api::EventQuery query;
  query.to_ms = 10'000;
  query.node = "a";
  EXPECT_EQ(events(query), (std::vector<std::string>{"a/2", "a/1"}));
  query.kind = "clock_step";
  EXPECT_EQ(events(query), (std::vector<std::string>{"a/1"}));
  query.kind = "";
  query.node = "";
  query.min_severity = 1;
  EXPECT_EQ(events(query), (std::vector<std::string>{"b/1", "a/2"}));
  query.node = "nobody";
  EXPECT_TRUE(events(query).empty());
}

TEST_F(StoreReaderTest, AnomaliesAreFoundByTheirKindsAndRun) {
  put({put_event("a", 1, 1, 1000, "anomaly"), put_event("a", 2, 1, 2000, "anomaly_update"),
       put_event("b", 1, 1, 3000, "anomaly_end"), put_event("a", 2, 2, 4000, "model_change")});
  api::EventQuery query;
  query.to_ms = 10'000;
  query.of_anomalies = true;
  EXPECT_EQ(events(query), (std::vector<std::string>{"b/1", "a/1", "a/1"}));
  query.node = "a";
  EXPECT_EQ(events(query), (std::vector<std::string>{"a/1", "a/1"}));
  query.epoch = 2;
  EXPECT_EQ(events(query), (std::vector<std::string>{"a/1"}));
  query.to_ms = 2000;
  EXPECT_TRUE(events(query).empty());
}

TEST_F(StoreReaderTest, KindsMayBeAskedForHoweverLightTheyAre) {
  put({put_event("a", 1, 1, 1000, "unit_up"), put_event("a", 1, 2, 2000, "boot"),
       put_event("a", 1, 3, 3000, "unit_failed", wire::Severity::critical)});
  api::EventQuery query;
  query.to_ms = 10'000;
  query.min_severity = 1;
  query.also_kinds = {"unit_up"};
  EXPECT_EQ(events(query), (std::vector<std::string>{"a/3", "a/1"}));
}

TEST_F(StoreReaderTest, EventsUpToTheLimitAreSaidToBeCutOff) {
  put({put_event("a", 1, 1, 1000), put_event("a", 1, 2, 2000)});
  api::EventQuery query;
  query.to_ms = 10'000;
  query.limit = 2;
  EXPECT_TRUE(std::get<api::EventResult>(ask(query)).truncated);
  query.limit = 3;
  EXPECT_FALSE(std::get<api::EventResult>(ask(query)).truncated);
}

TEST_F(StoreReaderTest, AnEventComesBackWhole) {
  const PutEvent put_one = put_event("a", ~0ULL, 1, 1000);
  put({put_one});
  api::EventQuery query;
  query.to_ms = 10'000;
  const auto result = std::get<api::EventResult>(ask(query));
  ASSERT_EQ(result.events.size(), 1U);
  EXPECT_EQ(result.events[0].event, put_one.event);
}

TEST_F(StoreReaderTest, TooManyEventsToLookAtAreRefusedWithTheReason) {
  put({put_event("a", 1, 1, 1000), put_event("a", 1, 2, 2000), put_event("a", 1, 3, 3000)});
  api::EventQuery query;
  query.to_ms = 10'000;
  query.kind = "none_such";
  EXPECT_NE(reason(query, ReadLimits{.events = 2}).find("more than 2 events"), std::string::npos);
}

TEST_F(StoreReaderTest, AFileThatIsNotThereIsAnError) {
  EXPECT_FALSE(StoreReader::open(folder_ / "none.db", {}, fault_));
  EXPECT_EQ(fault_, SqliteFault::other);
}

TEST_F(StoreReaderTest, AFileThatIsNoDatabaseIsToldAsDamaged) {
  std::ofstream(folder_ / "rubbish.db") << std::string(5000, 'x');
  EXPECT_FALSE(StoreReader::open(folder_ / "rubbish.db", {}, fault_));
  EXPECT_EQ(fault_, SqliteFault::corrupt);
}

}  // namespace
}  // namespace bw::coordinator
