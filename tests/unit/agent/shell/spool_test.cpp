#include "agent/shell/spool.h"

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/runtime/clock.h"
#include "tests/unit/agent/shell/fake_root.h"
#include "tests/unit/agent/shell/spool_records.h"

namespace bw::agent {
namespace {

using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

// Where the spool's answers arrive, from its thread.
class Answers {
 public:
  void add(Event event) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !held_; });
    events_.push_back(std::move(event));
    changed_.notify_all();
  }
  // Nothing is taken until release(): as if the disk were slow.
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    {
      const std::lock_guard lock(mutex_);
      held_ = false;
    }
    changed_.notify_all();
  }
  std::vector<Event> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, seconds{30}, [&] { return events_.size() >= count; });
    return events_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  std::vector<Event> events_;
};

class SpoolTest : public testing::Test {
 protected:
  SpoolStore opened() {
    SpoolStore store(root_.at("/outbox.db"), 64U << 20, 77);
    at_start_ = store.open(wall_now()).records;
    return store;
  }
  std::function<void(Event)> to_answers() {
    return [this](Event event) { answers_.add(std::move(event)); };
  }
  PersistRecord block(std::uint64_t number) {
    payload_ = history_payload({kEpoch, number}, table_id_);
    return PersistRecord{.record = {{kEpoch, number}, wire::Topic::history, payload_.size(), 0},
                         .payload = payload_,
                         .table_id = table_id_,
                         .series = &series_,
                         .trims = {},
                         .drops = {},
                         .facts = {{"boot", "b" + std::to_string(number)}}};
  }

  FakeRoot root_;
  std::vector<wire::SeriesInfo> series_ = series_of("mem.free");
  std::uint64_t table_id_ = wire::series_table_id(series_);
  std::vector<std::byte> payload_;
  Answers answers_;
  std::vector<StoredRecord> at_start_;
};

TEST_F(SpoolTest, AnswersEachCallInItsOrder) {
  Spool spool(opened(), to_answers());
  spool.persist(block(1));
  spool.load({kEpoch, 1});
  spool.load({kEpoch, 2});
  const auto events = answers_.wait_for(3);
  ASSERT_THAT(events, SizeIs(3));
  EXPECT_EQ(std::get<RecordPersisted>(events[0]).key, (RecordKey{kEpoch, 1}));
  const auto& loaded = std::get<RecordLoaded>(events[1]);
  EXPECT_EQ(loaded.payload, payload_);
  EXPECT_EQ(loaded.series, series_);
  EXPECT_THAT(std::get<RecordLoaded>(events[2]).payload, IsEmpty());
}

TEST_F(SpoolTest, KeepsAModelAndSaysSo) {
  {
    Spool spool(opened(), to_answers());
    std::vector<std::byte> model(1000, std::byte{5});
    spool.keep_model(model);
    model.assign(1000, std::byte{6});
    const auto events = answers_.wait_for(1);
    ASSERT_THAT(events, SizeIs(1));
    EXPECT_EQ(std::get<ModelKept>(events[0]).trouble, "");
  }
  SpoolStore again(root_.at("/outbox.db"), 64U << 20, 99);
  EXPECT_EQ(again.open(wall_now()).model, std::vector<std::byte>(1000, std::byte{5}));
}

TEST_F(SpoolTest, CopiesWhatAnEffectPointsTo) {
  answers_.hold();
  Spool spool(opened(), to_answers());
  spool.load({kEpoch, 9});  // its answer holds the thread
  spool.persist(block(1));
  const auto written = payload_;
  spool.load({kEpoch, 1});
  payload_.assign(payload_.size(), std::byte{0});
  series_.clear();
  answers_.release();
  const auto events = answers_.wait_for(3);
  ASSERT_THAT(events, SizeIs(3));
  EXPECT_EQ(std::get<RecordLoaded>(events[2]).payload, written);
  EXPECT_EQ(std::get<RecordLoaded>(events[2]).series, series_of("mem.free"));
}

TEST_F(SpoolTest, SaysWhyARecordCouldNotBeWritten) {
  const FakeRoot elsewhere;
  SpoolStore store(elsewhere.at("/missing/outbox.db"), 64U << 20, 77);
  store.open(wall_now());
  Spool spool(std::move(store), to_answers());
  spool.persist(block(1));
  const auto events = answers_.wait_for(1);
  ASSERT_THAT(events, SizeIs(1));
  const auto& failed = std::get<PersistFailed>(events[0]);
  EXPECT_EQ(failed.key, (RecordKey{kEpoch, 1}));
  EXPECT_THAT(failed.reason, testing::HasSubstr("unable to open"));
}

TEST_F(SpoolTest, TellsWhatEarlierRunsLeftBeforeItAnswersTheWriteThatFoundIt) {
  const std::string path = root_.at("/outbox.db");
  ASSERT_TRUE(opened().write(event_write({9, 1}), wall_now()));
  std::filesystem::create_directories(path + "-shm");
  SpoolStore store(path, 64U << 20, 99);
  EXPECT_THAT(store.open(wall_now()).records, IsEmpty());
  std::filesystem::remove(path + "-shm");
  Spool spool(std::move(store), to_answers());
  spool.persist(block(1));
  spool.persist(block(2));
  const auto events = answers_.wait_for(3);
  ASSERT_THAT(events, SizeIs(3));
  const auto& found = std::get<OutboxOpened>(events[0]);
  ASSERT_THAT(found.records, SizeIs(1));
  EXPECT_EQ(found.records[0].key, (RecordKey{9, 1}));
  EXPECT_EQ(found.store_id, 77U);
  EXPECT_EQ(std::get<RecordPersisted>(events[1]).key, (RecordKey{kEpoch, 1}));
  EXPECT_EQ(std::get<RecordPersisted>(events[2]).key, (RecordKey{kEpoch, 2}));
}

TEST_F(SpoolTest, FinishesWhatItWasGivenBeforeItEnds) {
  {
    Spool spool(opened(), to_answers());
    for (std::uint64_t i = 1; i <= 20; ++i) spool.persist(block(i));
    EXPECT_TRUE(spool.finish(seconds{30}));
    EXPECT_THAT(answers_.wait_for(20), SizeIs(20));
  }
  opened();
  EXPECT_THAT(at_start_, SizeIs(20));
}

TEST_F(SpoolTest, DoesNotWaitLongerForTheDiskThanItMay) {
  answers_.hold();
  Spool spool(opened(), to_answers());
  spool.persist(block(1));
  EXPECT_FALSE(spool.finish(std::chrono::milliseconds{20}));
  answers_.release();
  EXPECT_TRUE(spool.finish(seconds{30}));
}

TEST_F(SpoolTest, RefusesAtOnceWhatComesAfterTheEnd) {
  Spool spool(opened(), to_answers());
  ASSERT_TRUE(spool.finish(seconds{30}));
  spool.persist(block(1));
  spool.load({kEpoch, 1});
  spool.keep_model({});
  const auto events = answers_.wait_for(3);
  ASSERT_THAT(events, SizeIs(3));
  EXPECT_TRUE(std::holds_alternative<PersistFailed>(events[0]));
  EXPECT_TRUE(std::get<RecordLoaded>(events[1]).later);
  EXPECT_NE(std::get<ModelKept>(events[2]).trouble, "");
}

TEST_F(SpoolTest, RefusesWhatIsTooMuchToWait) {
  std::mutex gate;
  std::vector<Event> refused;
  std::size_t answered = 0;
  std::unique_lock closed(gate);
  std::atomic<bool> is_held = false;
  const auto caller = std::this_thread::get_id();
  Spool spool(opened(), [&](Event event) {
    if (std::this_thread::get_id() == caller) {
      refused.push_back(std::move(event));
      return;
    }
    is_held = true;
    const std::lock_guard wait(gate);
    ++answered;
  });
  // One is in the thread's hand; the others wait.
  spool.load({kEpoch, 1});
  while (!is_held) std::this_thread::yield();
  for (std::size_t i = 0; i <= Spool::kMaxWaiting; ++i) spool.load({kEpoch, i + 2});
  EXPECT_EQ(refused.size(), 1U);
  EXPECT_TRUE(std::get<RecordLoaded>(refused.front()).later);
  spool.persist(block(1));
  EXPECT_THAT(std::get<PersistFailed>(refused.back()).reason, testing::HasSubstr("too much waits"));
  closed.unlock();
  EXPECT_TRUE(spool.finish(seconds{30}));
  EXPECT_EQ(answered + refused.size(), Spool::kMaxWaiting + 3);
}

}  // namespace
}  // namespace bw::agent
