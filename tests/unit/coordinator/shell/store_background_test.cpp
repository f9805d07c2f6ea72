// The store's threads together: what is done beside batches and queries.
#include <atomic>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "base/runtime/clock.h"
#include "coordinator/shell/store.h"
#include "tests/unit/coordinator/shell/loop_thread.h"
#include "tests/unit/coordinator/shell/store_records.h"
#include "tests/unit/coordinator/shell/temporary_folder.h"

namespace bw::coordinator {
namespace {

constexpr Duration kPatience = std::chrono::seconds{20};

class StoreBackgroundTest : public testing::Test {
 protected:
  ~StoreBackgroundTest() override {
    thread_.call([&] { store_.reset(); });
  }
  void open(Retention retention = {}) {
    StoreOptions options;
    options.directory = folder_.path();
    options.retention = retention;
    options.upkeep_period = std::chrono::milliseconds{10};
    thread_.call([&] {
      store_ = std::move(*Store::open(thread_.loop(), options, [this](const Event& event) {
        const std::lock_guard lock(mutex_);
        if (std::holds_alternative<Committed>(event)) ++committed_;
        if (const auto* measured = std::get_if<StoreMeasured>(&event))
          measures_ = measured->measures;
        if (const auto* finished = std::get_if<QueryFinished>(&event)) result_ = finished->result;
      }));
    });
  }
  void write(std::vector<Change> changes) {
    thread_.call([&] { store_->write({++batch_, std::move(changes)}); });
  }
  template <typename Until>
  bool wait(Until until) {
    const Instant deadline = monotonic_now() + kPatience;
    while (monotonic_now() < deadline) {
      {
        const std::lock_guard lock(mutex_);
        if (until()) return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return false;
  }
  std::optional<api::QueryResult> ask(const api::RangeQuery& query) {
    {
      const std::lock_guard lock(mutex_);
      result_.reset();
    }
    thread_.call([&] { store_->query({1, query}); });
    EXPECT_TRUE(wait([&] { return result_.has_value(); }));
    const std::lock_guard lock(mutex_);
    return std::exchange(result_, std::nullopt);
  }

  TemporaryFolder folder_;
  LoopThread thread_;
  std::unique_ptr<Store> store_;
  std::uint64_t batch_ = 0;
  std::mutex mutex_;
  std::uint64_t committed_ = 0;
  StoreMeasures measures_;
  std::optional<api::QueryResult> result_;
};

// A whole hour, two hours ago.
std::int64_t an_hour_ago() {
  return to_ms(wall_now()) / api::kHourMs * api::kHourMs - 2 * api::kHourMs;
}

TEST_F(StoreBackgroundTest, WhatIsStoredIsRolledUpByItself) {
  open();
  const std::int64_t begin = an_hour_ago();
  write({put_node("box", series_table()),
         put_block("box", 1, 1, {begin, begin + 1000}, {1, 2, 3, 4, 5, 6})});
  ASSERT_TRUE(wait([&] { return measures_.rolled_until_ms > begin; }));
  api::RangeQuery query;
  query.metric = "cpu_busy";
  query.from_ms = begin;
  query.to_ms = begin + api::kHourMs;
  query.step_ms = api::kMinuteMs;
  const auto result = ask(query);
  ASSERT_TRUE(result);
  const auto& range = std::get<api::RangeResult>(*result);
  EXPECT_EQ(range.resolution, api::Resolution::minute);
  EXPECT_EQ(range.series.at(0).points.at(0).value, 2.5);
}

TEST_F(StoreBackgroundTest, WhatIsTooOldGoesByItselfAndIsTold) {
  Retention retention;
  retention.raw_ms = api::kHourMs;
  open(retention);
  const std::int64_t begin = an_hour_ago();
  write({put_node("box", series_table()), put_block("box", 1, 1, {begin}, {1, 2, 3})});
  EXPECT_TRUE(wait([&] { return measures_.dropped_blocks == 1; }));
  EXPECT_GT(measures_.bytes, 0U);
}

// As where the coordinator's clock jumped two years ahead of all nodes.
TEST_F(StoreBackgroundTest, AClockFarAheadOfTheHistoryDropsNothing) {
  open();
  const std::int64_t begin = an_hour_ago() - 730 * api::kDayMs;
  write({put_node("box", series_table()), put_block("box", 1, 1, {begin}, {1, 2, 3}),
         put_block("box", 1, 2, {begin + 40 * api::kDayMs}, {1, 2, 3}),
         put_block("box", 1, 3, {begin + 40 * api::kDayMs + 1}, {1, 2, 3})});
  // Of the three, what is too old by the newest goes, and nothing else.
  EXPECT_TRUE(wait([&] { return measures_.dropped_blocks == 1; }));
  EXPECT_LE(measures_.rolled_until_ms, begin + 41 * api::kDayMs);
  write({put_event("box", 1, 4, begin)});
  ASSERT_TRUE(wait([&] { return committed_ == 2; }));
  EXPECT_EQ(measures_.dropped_blocks, 1U);
  EXPECT_EQ(measures_.dropped_events, 0U);
}

// A query that lasts as long as it is let does not make a batch wait, and batches, rollups and
// retention that never cease make no query wait.
TEST_F(StoreBackgroundTest, WritingAndReadingDontWaitForEachOther) {
  open();
  const std::int64_t begin = an_hour_ago();
  std::vector<Change> changes{put_node("box", series_table())};
  for (std::uint64_t number = 1; number <= 2000; ++number) {
    const std::int64_t time = begin + static_cast<std::int64_t>(number) * 1000;
    changes.emplace_back(put_block("box", 1, number, {time}, {1, 2, 3}));
  }
  write(std::move(changes));
  ASSERT_TRUE(wait([&] { return committed_ == 1; }));
  std::atomic<bool> is_over = false;
  std::thread other([&] {
    for (std::uint64_t number = 3000; !is_over; ++number) {
      write({put_block("box", 1, number, {begin + static_cast<std::int64_t>(number)}, {1, 2, 3})});
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
  });
  api::RangeQuery query;
  query.metric = "cpu_busy";
  query.function = api::Function::p95;  // from every block
  query.from_ms = begin;
  query.to_ms = begin + 2000 * 1000;
  query.step_ms = 1000;
  std::uint64_t before = 0;
  for (int i = 0; i < 10; ++i) {
    const auto result = ask(query);
    EXPECT_TRUE(result && std::holds_alternative<api::RangeResult>(*result));
    // And the writer got on meanwhile.
    EXPECT_TRUE(wait([&] { return committed_ > before; }));
    const std::lock_guard lock(mutex_);
    before = committed_;
  }
  is_over = true;
  other.join();
}

}  // namespace
}  // namespace bw::coordinator
