#include "coordinator/shell/store_rollup.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "base/runtime/clock.h"
#include "coordinator/shell/store_reader.h"
#include "coordinator/shell/store_writer.h"
#include "tests/unit/coordinator/shell/store_records.h"
#include "tests/unit/coordinator/shell/temporary_folder.h"

namespace bw::coordinator {
namespace {

using api::kDayMs;
using api::kHourMs;
using api::kMinuteMs;

constexpr std::int64_t kBegin = 472'000 * kHourMs;  // the 16th hour of a day
constexpr std::int64_t kLong = std::int64_t{40} * 365 * kDayMs;

// One store, and the making of its rollups.
class Rolled {
 public:
  Rolled() {
    auto database = Database::open(folder_ / "a.db", false, nullptr, kStorePageBytes).value();
    EXPECT_TRUE(prepare_schema(database));
    writer_.emplace(StoreWriter::open(std::move(database)).value());
    restart();
  }
  // As after a crash: nothing is remembered of what was on the way.
  void restart() {
    maker_.emplace(RollupMaker::open(Database::open_read_only(folder_ / "a.db").value()).value());
  }
  void put(const std::vector<Change>& changes) { ASSERT_TRUE(writer_->carry_out(changes)); }
  // One job; false: there was nothing to do.
  bool step(std::int64_t now_ms) {
    const auto job = maker_->next(now_ms);
    EXPECT_TRUE(job) << job.error().message;
    if (!*job) return false;
    EXPECT_TRUE(writer_->upkeep().carry_out(**job));
    return true;
  }
  int roll_up(std::int64_t now_ms) {
    int steps = 0;
    while (steps < 10'000 && step(now_ms)) ++steps;
    return steps;
  }
  api::RangeResult ask(const api::RangeQuery& query) {
    SqliteFault fault = SqliteFault::none;
    auto reader = StoreReader::open(folder_ / "a.db", {}, fault).value();
    const std::atomic<bool> stop = false;
    auto result = reader.run(query, monotonic_now(), stop);
    if (const auto* error = std::get_if<api::QueryError>(&result)) ADD_FAILURE() << error->reason;
    return std::get<api::RangeResult>(std::move(result));
  }
  std::int64_t number_of(const std::string& sql) {
    auto statement = writer_->database().prepare(sql).value();
    EXPECT_TRUE(statement.step().value());
    return statement.integer(0);
  }
  StoreWriter& writer() { return *writer_; }

 private:
  TemporaryFolder folder_;
  std::optional<StoreWriter> writer_;
  std::optional<RollupMaker> maker_;
};

std::vector<wire::SeriesInfo> other_table() {
  auto table = series_table();
  std::swap(table[0], table[2]);
  table.push_back({"load", "1", wire::SeriesKind::gauge, {}});
  return table;
}

// A node's blocks of some hours with all that happens: gaps, resets, restarts with another table,
// single values missing, blocks over the bounds of hours, and now and then a clock set back.
std::vector<PutBlock> drawn_blocks(Rng& rng, const std::string& node, bool with_jumps) {
  std::vector<PutBlock> blocks;
  std::int64_t time = kBegin + static_cast<std::int64_t>(rng.below(7'200'000));
  const std::int64_t end = kBegin + 31 * kHourMs;
  double counter = 1000;
  std::uint64_t number = 0;
  bool is_other = false;
  while (time < end) {
    if (rng.chance(0.01)) time += static_cast<std::int64_t>(rng.below(5 * kHourMs));
    if (with_jumps && rng.chance(0.005)) time -= static_cast<std::int64_t>(rng.below(kHourMs));
    if (rng.chance(0.01)) is_other = !is_other;
    if (rng.chance(0.01)) counter = 0;
    const auto table = is_other ? other_table() : series_table();
    std::vector<std::int64_t> times;
    std::vector<double> values;
    for (int row = 0; row < 6; ++row) {
      std::vector<double> of_row(table.size(), 0.0);
      counter += static_cast<double>(rng.below(5000));
      for (std::size_t i = 0; i < table.size(); ++i) {
        const double gauge =
            std::round(100 * rng.unit() * (1 + std::sin(static_cast<double>(time) / 1e6))) / 100;
        of_row[i] = table[i].kind == wire::SeriesKind::counter ? counter : gauge;
        if (rng.chance(0.05)) of_row[i] = std::numeric_limits<double>::quiet_NaN();
      }
      times.push_back(time);
      values.insert(values.end(), of_row.begin(), of_row.end());
      time += 30'000;
    }
    blocks.push_back(put_block(node, 1, ++number, times, values, table));
  }
  return blocks;
}

api::RangeQuery drawn_query(Rng& rng) {
  constexpr std::int64_t kSteps[] = {kMinuteMs, 5 * kMinuteMs, 90 * kMinuteMs,
                                     kHourMs,   6 * kHourMs,   kDayMs};
  constexpr api::Function kFunctions[] = {
      api::Function::avg,   api::Function::min,  api::Function::max,  api::Function::sum,
      api::Function::count, api::Function::last, api::Function::rate, api::Function::increase};
  api::RangeQuery query;
  query.metric = rng.chance(0.5) ? "cpu_busy" : "net_bytes";
  query.function = kFunctions[rng.below(std::size(kFunctions))];
  query.step_ms = kSteps[rng.below(std::size(kSteps))];
  query.from_ms = kBegin + static_cast<std::int64_t>(rng.below(30 * kHourMs));
  if (rng.chance(0.5)) query.from_ms -= query.from_ms % query.step_ms;
  query.to_ms = query.from_ms + 1 + static_cast<std::int64_t>(rng.below(32 * kHourMs));
  return query;
}

std::string text_of(const api::RangeQuery& query) {
  return query.metric + " function " + std::to_string(static_cast<int>(query.function)) + " step " +
         std::to_string(query.step_ms) + " from " + std::to_string(query.from_ms - kBegin) +
         " to " + std::to_string(query.to_ms - kBegin);
}

void expect_same(const api::RangeResult& one, const api::RangeResult& other) {
  ASSERT_EQ(one.series.size(), other.series.size());
  for (const api::RangeSeries& series : one.series) {
    const auto found =
        std::find_if(other.series.begin(), other.series.end(), [&](const api::RangeSeries& a) {
          return a.node == series.node && a.series == series.series;
        });
    ASSERT_NE(found, other.series.end());
    ASSERT_EQ(series.points.size(), found->points.size());
    for (std::size_t i = 0; i < series.points.size(); ++i) {
      EXPECT_EQ(series.points[i].time_ms, found->points[i].time_ms);
      const double value = series.points[i].value;
      ASSERT_NEAR(value, found->points[i].value, 1e-9 * std::max(1.0, std::abs(value)))
          << "at " << series.points[i].time_ms - kBegin;
    }
  }
}

class StoreRollupTest : public testing::Test {
 protected:
  void compare(Rng& rng, int queries) {
    for (int i = 0; i < queries; ++i) {
      const auto query = drawn_query(rng);
      SCOPED_TRACE(text_of(query));
      const auto raw = plain_.ask(query);
      EXPECT_EQ(raw.resolution, api::Resolution::raw);
      const auto answer = rolled_.ask(query);
      expect_same(raw, answer);
      if (HasFatalFailure()) return;
      if (answer.resolution == api::Resolution::minute) ++used_minutes_;
      if (answer.resolution == api::Resolution::hour) ++used_hours_;
    }
  }
  void put(const std::vector<Change>& changes) {
    plain_.put(changes);
    rolled_.put(changes);
  }

  Rolled plain_;  // never rolled up
  Rolled rolled_;
  int used_minutes_ = 0;
  int used_hours_ = 0;
};

TEST_F(StoreRollupTest, AnyQueryIsAnsweredFromRollupsAsFromTheSamples) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    Rng rng(seed);
    std::vector<Change> early;
    std::vector<Change> late;
    const std::string node = "n" + std::to_string(seed);
    early.emplace_back(put_node(node, series_table()));
    early.emplace_back(put_node(node, other_table()));
    for (PutBlock& block : drawn_blocks(rng, node, seed % 2 == 0)) {
      (rng.chance(0.1) ? late : early).emplace_back(std::move(block));
    }
    put(early);
    // At some time of the second day, with a restart on the way.
    const std::int64_t now = kBegin + (16 + static_cast<std::int64_t>(rng.below(12))) * kHourMs;
    for (std::uint64_t steps = rng.below(4); steps > 0; --steps) rolled_.step(now);
    rolled_.restart();
    compare(rng, 10);
    rolled_.roll_up(now);
    compare(rng, 60);
    put(late);  // their hours are stale now
    compare(rng, 30);
    rolled_.roll_up(kBegin + kLong);
    EXPECT_EQ(rolled_.number_of("SELECT count(*) FROM stale"), 0);
    compare(rng, 60);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(used_minutes_, 100);
  EXPECT_GT(used_hours_, 100);
}

TEST_F(StoreRollupTest, AnHourIsRolledUpOnceItIsOverAndItsLastBlocksHadTimeToCome) {
  put({put_node("box", series_table()),
       put_block("box", 1, 1, {kBegin, kBegin + 1000}, {1, 2, 3, 4, 5, 6})});
  EXPECT_EQ(rolled_.roll_up(kBegin + kHourMs + RollupMaker::kGraceMs - 1), 0);
  EXPECT_GT(rolled_.roll_up(kBegin + kHourMs + RollupMaker::kGraceMs), 0);
  EXPECT_EQ(rolled_.number_of("SELECT count(*) FROM minutes"), 1);
  EXPECT_EQ(rolled_.roll_up(kBegin + kHourMs + RollupMaker::kGraceMs), 0);
  EXPECT_EQ(rolled_.number_of("SELECT count(*) FROM hours"), 0);  // the day is not over
  put({put_block("box", 1, 2, {kBegin + kDayMs}, {1, 2, 3})});
  rolled_.roll_up(kBegin + kDayMs + 2 * kHourMs);
  EXPECT_EQ(rolled_.number_of("SELECT count(*) FROM hours"), 1);
}

TEST_F(StoreRollupTest, ALateBlockMakesItsHourStaleUntilItIsQuiet) {
  put({put_node("box", series_table()),
       put_block("box", 1, 1, {kBegin, kBegin + 1000}, {1, 2, 3, 4, 5, 6})});
  rolled_.roll_up(kBegin + 2 * kHourMs);
  put({put_block("box", 1, 2, {kBegin + 2000}, {7, 8, 9})});
  EXPECT_EQ(rolled_.number_of("SELECT count(*) FROM stale"), 1);
  api::RangeQuery query;
  query.metric = "net_bytes";
  query.function = api::Function::increase;
  query.from_ms = kBegin;
  query.to_ms = kBegin + kHourMs;
  query.step_ms = kMinuteMs;
  EXPECT_EQ(rolled_.ask(query).resolution, api::Resolution::raw);
  EXPECT_EQ(rolled_.ask(query).series.at(0).points.at(0).value, 6);
  const std::int64_t marked = rolled_.number_of("SELECT last_ms FROM stale");
  rolled_.roll_up(marked + RollupMaker::kQuietMs - 1);  // other hours, but not this one
  EXPECT_EQ(rolled_.number_of("SELECT count(*) FROM stale"), 1);
  rolled_.roll_up(marked + RollupMaker::kQuietMs);
  EXPECT_EQ(rolled_.number_of("SELECT count(*) FROM stale"), 0);
  EXPECT_EQ(rolled_.ask(query).resolution, api::Resolution::minute);
  EXPECT_EQ(rolled_.ask(query).series.at(0).points.at(0).value, 6);
}

TEST_F(StoreRollupTest, ABlockThatComesWhileItsHourIsMadeLeavesItStale) {
  put({put_node("box", series_table()), put_block("box", 1, 1, {kBegin}, {1, 2, 3})});
  ASSERT_TRUE(rolled_.step(kBegin + 2 * kHourMs));  // marks
  put({put_block("box", 1, 2, {kBegin + 2000}, {7, 8, 9})});
  ASSERT_TRUE(rolled_.step(kBegin + 2 * kHourMs));
  EXPECT_EQ(rolled_.number_of("SELECT count(*) FROM stale"), 1);
}

TEST_F(StoreRollupTest, CountersAndPercentilesAreReadFromSamplesWhereRollupsDontTell) {
  put({put_node("box", series_table()),
       put_block("box", 1, 1, {kBegin, kBegin + 1000}, {1, 2, 3, 4, 5, 6})});
  rolled_.roll_up(kBegin + 2 * kHourMs);
  api::RangeQuery query;
  query.from_ms = kBegin;
  query.to_ms = kBegin + kHourMs;
  query.step_ms = kMinuteMs;
  query.metric = "net_bytes";
  query.function = api::Function::avg;
  EXPECT_EQ(rolled_.ask(query).resolution, api::Resolution::raw);
  EXPECT_EQ(rolled_.ask(query).series.at(0).points.at(0).value, 4.5);
  query.metric = "cpu_busy";
  query.function = api::Function::p50;
  EXPECT_EQ(rolled_.ask(query).resolution, api::Resolution::raw);
  EXPECT_EQ(rolled_.ask(query).series.at(0).points.at(0).value, 2.5);
  query.function = api::Function::avg;
  EXPECT_EQ(rolled_.ask(query).resolution, api::Resolution::minute);
  query.step_ms = 90'000;
  EXPECT_EQ(rolled_.ask(query).resolution, api::Resolution::raw);
}

TEST_F(StoreRollupTest, RollupsOutliveTheirSamples) {
  put({put_node("box", series_table()),
       put_block("box", 1, 1, {kBegin, kBegin + 1000}, {1, 2, 3, 4, 5, 6})});
  rolled_.roll_up(kBegin + 2 * kDayMs);
  Retention retention;
  while (*rolled_.writer().upkeep().drop_some(retention, kBegin + 40 * kDayMs)) continue;
  EXPECT_EQ(rolled_.number_of("SELECT count(*) FROM blocks"), 0);
  api::RangeQuery query;
  query.metric = "cpu_busy";
  query.from_ms = kBegin;
  query.to_ms = kBegin + kDayMs;
  for (const std::int64_t step : {kMinuteMs, kHourMs}) {
    query.step_ms = step;
    const auto answer = rolled_.ask(query);
    ASSERT_EQ(answer.series.size(), 2U);
    EXPECT_EQ(answer.series[0].points.at(0).value, 2.5);
  }
}

TEST_F(StoreRollupTest, TheTablesOfAnHourMakeOneRollupThatTellsAllWithoutTheSamples) {
  put({put_node("box", series_table()), put_node("box", other_table()),
       put_block("box", 1, 1, {kBegin, kBegin + 1000}, {1, 2, 100, 4, 5, 110}),
       put_block("box", 1, 2, {kBegin + 2000, kBegin + 3000}, {120, 8, 9, 70, 130, 11, 12, 71},
                 other_table()),
       put_block("box", 1, 3, {kBegin + 4000}, {13, 14, 140})});
  rolled_.roll_up(kBegin + 2 * kDayMs);
  EXPECT_EQ(rolled_.number_of("SELECT count(*) FROM minutes"), 1);
  EXPECT_EQ(rolled_.number_of("SELECT count(*) FROM hours"), 1);
  EXPECT_EQ(rolled_.number_of("SELECT count(*) FROM tables WHERE seen IS NULL"), 1);
  while (*rolled_.writer().upkeep().drop_some({}, kBegin + 40 * kDayMs)) continue;
  EXPECT_EQ(rolled_.number_of("SELECT count(*) FROM blocks"), 0);
  const auto value = [&](const std::string& metric, api::Function function, std::int64_t step_ms) {
    api::RangeQuery query;
    query.metric = metric;
    query.from_ms = kBegin;
    query.to_ms = kBegin + kDayMs;
    query.step_ms = step_ms;
    query.function = function;
    const auto answer = rolled_.ask(query);
    EXPECT_EQ(answer.series.size(), metric == "cpu_busy" ? 2U : 1U);
    return answer.series.empty() || answer.series[0].points.empty()
               ? std::nan("")
               : answer.series[0].points[0].value;
  };
  for (const std::int64_t step : {kMinuteMs, kHourMs}) {
    EXPECT_EQ(value("cpu_busy", api::Function::last, step), 13);
    EXPECT_EQ(value("cpu_busy", api::Function::avg, step), (1 + 4 + 9 + 12 + 13) / 5.0);
    EXPECT_EQ(value("load", api::Function::last, step), 71);
    EXPECT_EQ(value("net_bytes", api::Function::rate, step), 10);
  }
}

TEST_F(StoreRollupTest, WhichOfASeriesThatATableHasTwiceCameLastOnlyTheSamplesTell) {
  auto table = series_table();
  table.push_back(table[0]);
  put({put_node("box", table), put_block("box", 1, 1, {kBegin}, {1, 2, 100, 7}, table)});
  rolled_.roll_up(kBegin + 2 * kHourMs);
  api::RangeQuery query;
  query.from_ms = kBegin;
  query.to_ms = kBegin + kHourMs;
  query.step_ms = kMinuteMs;
  query.metric = table[0].name;
  query.function = api::Function::last;
  EXPECT_EQ(rolled_.ask(query).resolution, api::Resolution::raw);
  query.function = api::Function::max;
  EXPECT_EQ(rolled_.ask(query).resolution, api::Resolution::minute);
  EXPECT_EQ(rolled_.ask(query).series.at(0).points.at(0).value, 7);
}

TEST_F(StoreRollupTest, AnHourOfTooManyBlocksIsSkippedAndCountedAndOthersGoOn) {
  put({put_node("a", series_table()), put_node("b", series_table()),
       put_block("a", 1, 1, {kBegin}, {1, 2, 3}), put_block("b", 1, 1, {kBegin}, {1, 2, 3}),
       put_block("a", 1, 2, {kBegin + 2 * kHourMs}, {1, 2, 3})});
  ASSERT_TRUE(rolled_.writer().database().execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i <= 50000)"
      " INSERT INTO blocks SELECT 100 + i, 1, 1, 100 + i, 1, 1699200000000 + i, 1699200000000 + i,"
      " 1, x'00' FROM n"));
  static_assert(kBegin == 1'699'200'000'000 && RollupMaker::kMostBlocksOfHour == 50'000);
  rolled_.roll_up(kBegin + 4 * kHourMs);
  EXPECT_EQ(rolled_.number_of("SELECT count(*) FROM minutes WHERE node = 1"), 1);
  EXPECT_EQ(rolled_.number_of("SELECT count(*) FROM minutes WHERE node = 2"), 1);
  EXPECT_EQ(rolled_.number_of("SELECT value FROM facts WHERE id = 7"), 1);
}

TEST_F(StoreRollupTest, TablesBeyondTheBoundOfAnHourAreLeftOutAndCounted) {
  std::vector<Change> changes;
  for (std::uint64_t i = 0; i < 6; ++i) {
    std::vector<wire::SeriesInfo> table;
    for (std::size_t k = 0; k < 10'000; ++k) {
      table.push_back({"m",
                       "1",
                       wire::SeriesKind::gauge,
                       {{"k", std::to_string(i) + "." + std::to_string(k)}}});
    }
    changes.emplace_back(put_node("box", table));
    changes.emplace_back(put_block("box", 1, i + 1,
                                   {kBegin + static_cast<std::int64_t>(i) * kMinuteMs},
                                   std::vector<double>(table.size(), 1.0), table));
  }
  put(changes);
  rolled_.roll_up(kBegin + 2 * kHourMs);
  EXPECT_EQ(rolled_.number_of("SELECT count(*) FROM minutes"), 4);  // of 50,000 series
  EXPECT_EQ(rolled_.number_of("SELECT value FROM facts WHERE id = 7"), 1);
}

TEST_F(StoreRollupTest, ATableIsMadeOfNoMoreTextThanCanBeReadAgain) {
  std::vector<Change> changes;
  for (std::uint64_t i = 0; i < 5; ++i) {
    std::vector<wire::SeriesInfo> table;
    for (std::size_t k = 0; k < 450; ++k) {
      std::string name = std::to_string(i) + "." + std::to_string(k);
      name.resize(wire::kMaxText, '.');
      table.push_back({"m", "1", wire::SeriesKind::gauge, {{"k", name}, {"l", name + "+"}}});
    }
    changes.emplace_back(put_node("box", table));
    changes.emplace_back(put_block("box", 1, i + 1,
                                   {kBegin + static_cast<std::int64_t>(i) * kMinuteMs},
                                   std::vector<double>(table.size(), 1.0), table));
  }
  put(changes);
  rolled_.roll_up(kBegin + 2 * kHourMs);
  EXPECT_EQ(rolled_.number_of("SELECT count(*) FROM minutes"), 2);  // of 4.6 MB
  EXPECT_EQ(rolled_.number_of("SELECT value FROM facts WHERE id = 7"), 0);
}

TEST_F(StoreRollupTest, AJobIsBounded) {
  std::vector<Change> changes{put_node("box", series_table())};
  for (std::int64_t hour = 0; hour < 200; ++hour) {
    changes.emplace_back(put_block("box", 1, static_cast<std::uint64_t>(hour + 1),
                                   {kBegin + hour * kHourMs}, {1, 2, 3}));
  }
  put(changes);
  EXPECT_GT(rolled_.roll_up(kBegin + 201 * kHourMs), 200 / RollupMaker::kMostHours);
  EXPECT_EQ(rolled_.number_of("SELECT count(*) FROM minutes"), 200);
  EXPECT_EQ(rolled_.number_of("SELECT count(DISTINCT hour) FROM minutes"), 200);
}

}  // namespace
}  // namespace bw::coordinator
