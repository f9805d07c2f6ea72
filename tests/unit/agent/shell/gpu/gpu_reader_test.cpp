#include "agent/shell/gpu/gpu_reader.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>

#include <gtest/gtest.h>

#include "base/runtime/clock.h"
#include "tests/unit/agent/shell/gpu/fake_gpus.h"

namespace bw::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The reader's thread is real, and so is the time it is given.
class GpuReaderTest : public testing::Test {
 protected:
  static constexpr milliseconds kPeriod{10};
  static constexpr seconds kMost{20};

  void open(const FakeGpus& gpus, const std::string& library = fake_nvml()) {
    GpuReaderOptions options;
    options.nvml.library = library;
    options.nvml.root = gpus.root().path();
    options.nvml.retry_first = milliseconds{100};
    options.call_deadline = milliseconds{300};
    options.open_deadline = milliseconds{600};
    options.rest_first = milliseconds{100};
    reader_.emplace(options);
  }
  void tick() {
    const Instant before = monotonic_now();
    const GpuReadings* readings = reader_->read(tick_++, before);
    longest_ = std::max(longest_, monotonic_now() - before);
    if (readings == nullptr) return;
    last_ = *readings;
    events_ += last_.events.size();
    for (const GpuEventReading& event : last_.events) xids_.push_back(event.xid);
  }
  bool until(const std::function<bool()>& condition) {
    const Instant end = monotonic_now() + kMost;
    while (monotonic_now() < end) {
      tick();
      if (condition()) return true;
      std::this_thread::sleep_for(kPeriod);
    }
    return false;
  }
  bool is(std::size_t gpu, GpuCondition condition) const {
    return gpu < last_.gpus.size() && last_.gpus[gpu].condition == condition;
  }
  bool reads(std::size_t gpu, double util) const {
    return is(gpu, GpuCondition::ok) && last_.gpus[gpu].fresh &&
           last_.gpus[gpu][GpuValue::util] == util;
  }

  std::optional<GpuReader> reader_;
  std::uint64_t tick_ = 0;
  Duration longest_{};
  GpuReadings last_;
  std::size_t events_ = 0;  // told so far
  std::vector<std::uint64_t> xids_;
};

TEST_F(GpuReaderTest, HandsOverEachRoundOnce) {
  const FakeGpus gpus(2);
  gpus.script("value * util 5\n");
  open(gpus);
  ASSERT_TRUE(until([&] { return reads(0, 5) && reads(1, 5); }));
  gpus.script("value * util 5\nslow 0 nvmlDeviceGetUtilizationRates 150\n");
  int rounds = 0;
  const Instant end = monotonic_now() + milliseconds{600};
  while (monotonic_now() < end) {
    if (reader_->read(tick_++, monotonic_now()) != nullptr) ++rounds;
    std::this_thread::sleep_for(milliseconds{2});
  }
  EXPECT_GE(rounds, 1);
  EXPECT_LE(rounds, 6);  // of hundreds of ticks: rounds of 150 ms, and two that were under way
}

TEST_F(GpuReaderTest, TiersThatWereDueWhileARoundLastedAreReadInTheNext) {
  const FakeGpus gpus(1);
  gpus.script("value * util 5\nvalue * pstate 3\n");
  open(gpus);
  ASSERT_TRUE(until([&] { return reads(0, 5) && !last_.gpus[0].ten; }));
  gpus.script("value * util 5\nvalue * pstate 4\nslow 0 nvmlDeviceGetUtilizationRates 60\n");
  ASSERT_TRUE(until([&] {
    return is(0, GpuCondition::ok) && last_.gpus[0].ten && last_.gpus[0][GpuValue::pstate] == 4;
  }));
}

TEST_F(GpuReaderTest, ACallThatHangsCostsItsOwnGpuOnlyAndEndsWhenItReturns) {
  const FakeGpus gpus(3);
  gpus.script("value * util 5\n");
  open(gpus);
  ASSERT_TRUE(until([&] { return reads(0, 5) && reads(1, 5) && reads(2, 5); }));
  gpus.script("value * util 6\nhang 1 nvmlDeviceGetUtilizationRates\n");
  ASSERT_TRUE(until([&] { return is(1, GpuCondition::hung); }));
  EXPECT_EQ(last_.state, NvmlState::hung);
  EXPECT_NE(last_.reason.find(pci_of(1)), std::string::npos) << last_.reason;
  ASSERT_TRUE(until([&] { return reads(0, 6) && reads(2, 6); }));
  EXPECT_EQ(last_.state, NvmlState::hung);
  EXPECT_TRUE(is(1, GpuCondition::hung));
  EXPECT_EQ(last_.gpus[0].identity->uuid, "GPU-0");
  gpus.script("value * util 7\n");
  ASSERT_TRUE(until([&] { return reads(1, 7) && reads(2, 7); }));
  EXPECT_EQ(last_.state, NvmlState::ok);
  EXPECT_LT(longest_, milliseconds{100});
}

TEST_F(GpuReaderTest, EventsAreToldOnceThoughACallHangsBehindThem) {
  const FakeGpus gpus(2);
  gpus.script("value * util 5\n");
  open(gpus);
  ASSERT_TRUE(until([&] { return reads(0, 5) && reads(1, 5); }));
  // GPU 0 takes its time, so that the very next round is the one that hangs.
  const std::string slow = "slow 0 nvmlDeviceGetUtilizationRates 100\n";
  gpus.script("value * util 6\nevent 1 8 79\n" + slow);
  ASSERT_TRUE(until([&] { return events_ == 1; }));
  gpus.script("value * util 7\nhang 1 nvmlDeviceGetUtilizationRates\n" + slow);
  ASSERT_TRUE(until([&] { return is(1, GpuCondition::hung) && reads(0, 7); }));
  EXPECT_EQ(events_, 1U);
  gpus.script("");
}

TEST_F(GpuReaderTest, WhatAGpuToldBeforeItHungIsToldThoughTheCallNeverReturns) {
  const FakeGpus gpus(2);
  gpus.script("value * util 5\n");
  open(gpus);
  ASSERT_TRUE(until([&] { return reads(0, 5) && reads(1, 5); }));
  std::this_thread::sleep_for(milliseconds{300});  // the round that is under way has ended
  gpus.script("value * util 6\nevent 1 8 119\nhang 1 nvmlDeviceGetUtilizationRates\n");
  ASSERT_TRUE(until([&] { return is(1, GpuCondition::hung) && reads(0, 6); }));
  ASSERT_EQ(xids_.size(), 1U);
  EXPECT_EQ(xids_[0], 119U);
  gpus.script("");
}

TEST_F(GpuReaderTest, WhatAGpuToldWhileItHungIsToldWhenTheCallReturns) {
  const FakeGpus gpus(2);
  gpus.script("value * util 5\n");
  open(gpus);
  ASSERT_TRUE(until([&] { return reads(0, 5) && reads(1, 5); }));
  gpus.script("value * util 6\nhang 1 nvmlDeviceGetUtilizationRates\n");
  ASSERT_TRUE(until([&] { return is(1, GpuCondition::hung) && reads(0, 6); }));
  // Of the other GPU the thread that took over is told too.
  gpus.script("value * util 7\nevent 1 8 119\nevent 0 8 31\n");
  ASSERT_TRUE(until([&] { return reads(0, 7) && reads(1, 7); }));
  std::sort(xids_.begin(), xids_.end());
  EXPECT_EQ(xids_, (std::vector<std::uint64_t>{31, 119}));
}

TEST_F(GpuReaderTest, AWaitForEventsThatHangsCostsTheEventsOnly) {
  const FakeGpus gpus(2);
  gpus.script("value * util 5\n");
  open(gpus);
  ASSERT_TRUE(until([&] { return reads(0, 5) && reads(1, 5); }));
  gpus.script("value * util 6\nhang -1 nvmlEventSetWait_v2\n");
  ASSERT_TRUE(until([&] { return last_.state == NvmlState::hung; }));
  EXPECT_NE(last_.reason.find("events"), std::string::npos) << last_.reason;
  ASSERT_TRUE(until([&] { return reads(0, 6) && reads(1, 6); }));
  EXPECT_EQ(last_.state, NvmlState::hung);
  gpus.script("value * util 7\n");
  ASSERT_TRUE(until([&] { return last_.state == NvmlState::ok && reads(0, 7); }));
  // They are asked for again after a rest.
  int xid = 0;
  ASSERT_TRUE(until([&] {
    gpus.script("value * util 7\nevent 0 8 " + std::to_string(++xid) + "\n");
    return events_ > 0;
  }));
  EXPECT_LT(longest_, milliseconds{100});
}

TEST_F(GpuReaderTest, WhereTheOpeningHangsAllWaitsForItButTheTick) {
  const FakeGpus gpus(1);
  gpus.script("value * util 5\nhang -1 nvmlInit_v2\n");
  open(gpus);
  ASSERT_TRUE(until([&] { return last_.state == NvmlState::hung; }));
  EXPECT_TRUE(last_.worth);
  gpus.script("value * util 5\n");
  ASSERT_TRUE(until([&] { return reads(0, 5); }));
  EXPECT_EQ(last_.state, NvmlState::ok);
  EXPECT_LT(longest_, milliseconds{100});
}

TEST_F(GpuReaderTest, MoreThreadsThanTheBoundAreNotLeftBehind) {
  const int count = static_cast<int>(GpuReader::kMaxStuck) + 2;
  const FakeGpus gpus(count);
  gpus.script("value * util 5\n");
  open(gpus);
  ASSERT_TRUE(until([&] { return reads(static_cast<std::size_t>(count) - 1, 5); }));
  gpus.script("value * util 6\nhang * nvmlDeviceGetUtilizationRates\n");
  ASSERT_TRUE(until([&] {
    return last_.state == NvmlState::hung &&
           is(static_cast<std::size_t>(count) - 1, GpuCondition::hung);
  }));
  gpus.script("value * util 7\n");
  ASSERT_TRUE(until([&] {
    for (std::size_t gpu = 0; gpu < static_cast<std::size_t>(count); ++gpu) {
      if (!reads(gpu, 7)) return false;
    }
    return last_.state == NvmlState::ok;
  }));
  EXPECT_LT(longest_, milliseconds{100});
}

TEST_F(GpuReaderTest, EndsWhileACallHangs) {
  const FakeGpus gpus(1);
  gpus.script("value * util 5\n");
  open(gpus);
  ASSERT_TRUE(until([&] { return reads(0, 5); }));
  gpus.script("hang 0 nvmlDeviceGetUtilizationRates\n");
  ASSERT_TRUE(until([&] { return is(0, GpuCondition::hung); }));
  const Instant before = monotonic_now();
  EXPECT_FALSE(reader_->end(milliseconds{50}));  // one thread is left behind
  reader_.reset();
  EXPECT_LT(monotonic_now() - before, seconds{5});
  gpus.script("");
}

TEST_F(GpuReaderTest, EndsWithItsThreadWhereNoCallHangs) {
  const FakeGpus gpus(1);
  gpus.script("value * util 5\n");
  open(gpus);
  ASSERT_TRUE(until([&] { return reads(0, 5); }));
  EXPECT_TRUE(reader_->end(kMost));
}

TEST_F(GpuReaderTest, WithoutTheLibraryGpusAreStillLookedAtOnTheBus) {
  const FakeGpus gpus(1);
  GpuReaderOptions options;
  options.nvml.library = "/nowhere/libnvidia-ml.so.1";
  options.nvml.root = gpus.root().path();
  options.nvml.retry_first = std::chrono::hours{1};
  reader_.emplace(options);
  ASSERT_TRUE(until([&] { return last_.gpus.size() == 1 && last_.gpus[0].power_state == 0; }));
  gpus.plug(0, "suspended", "D3cold");
  EXPECT_TRUE(until([&] { return last_.gpus[0].power_state == 4; }));
}

TEST_F(GpuReaderTest, WhereThereIsNoLibraryTheThreadIsLeftAsleep) {
  const FakeGpus gpus(0);
  open(gpus, "/nowhere/libnvidia-ml.so.1");
  ASSERT_TRUE(until([&] { return !last_.reason.empty(); }));
  EXPECT_EQ(last_.state, NvmlState::missing);
  EXPECT_FALSE(last_.worth);
  EXPECT_EQ(reader_->read(tick_++, monotonic_now()), nullptr);
}

}  // namespace
}  // namespace bw::agent
