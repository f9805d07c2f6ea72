#include "agent/shell/slow_lanes.h"

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include "base/runtime/clock.h"
#include "tests/unit/agent/shell/hold.h"

namespace bw::agent {
namespace {

using std::chrono::seconds;
constexpr Duration kPatience = seconds{20};

class Work : public SlowTask {
 public:
  Work(Lane lane, std::string device, std::function<void()> work)
      : SlowTask(lane, std::move(device)), work_(std::move(work)) {}

 private:
  void run() override { work_(); }
  std::function<void()> work_;
};

std::shared_ptr<Work> work(Lane lane, std::string device, std::function<void()> what) {
  return std::make_shared<Work>(lane, std::move(device), std::move(what));
}
// Of a device of its own.
std::shared_ptr<Work> work(Lane lane, std::function<void()> what) {
  static int devices = 0;
  return work(lane, std::to_string(++devices), std::move(what));
}

TEST(SlowLanes, OneThreadDoesAllThatAnswersInTime) {
  SlowLanes lanes;
  std::atomic<int> done = 0;
  std::vector<std::shared_ptr<Work>> tasks;
  for (const Lane lane : {Lane::sensors, Lane::clocks, Lane::drives, Lane::mounts}) {
    for (int i = 0; i < 5; ++i) tasks.push_back(work(lane, [&] { ++done; }));
  }
  const Instant now = monotonic_now();
  for (int round = 1; round <= 3; ++round) {
    for (const auto& task : tasks) lanes.start(task, now);
    lanes.go();
    lanes.wait(kPatience);
    EXPECT_EQ(done, 20 * round);
    for (const auto& task : tasks) {
      EXPECT_EQ(lanes.look(*task, now).state, SlowTask::State::done);
      lanes.take(*task);
    }
  }
  EXPECT_EQ(lanes.threads(), 1U);
}

TEST(SlowLanes, WithoutWorkThereIsNoThread) {
  SlowLanes lanes;
  lanes.go();
  lanes.wait(seconds{0});
  EXPECT_EQ(lanes.threads(), 0U);
}

TEST(SlowLanes, ATaskThatHangsDelaysNobodyElse) {
  Hold hold;
  {
    SlowLanes lanes;
    const Instant now = monotonic_now();
    const auto hung = work(Lane::network_mounts, [&] { hold.wait(); });
    lanes.start(hung, now);
    lanes.go();
    hold.await(1);
    std::atomic<int> done = 0;
    const auto same_lane = work(Lane::network_mounts, [&] { ++done; });
    const auto other_lane = work(Lane::sensors, [&] { ++done; });
    lanes.start(same_lane, now);
    lanes.start(other_lane, now);
    lanes.go();
    const Instant until = now + kPatience;
    while (done < 2 && monotonic_now() < until) lanes.wait(std::chrono::milliseconds{5});
    EXPECT_EQ(done, 2);
    EXPECT_EQ(lanes.threads(), 2U);
    EXPECT_FALSE(lanes.look(*hung, now).hangs);
    const auto later = lanes.look(*hung, now + seconds{12});
    EXPECT_TRUE(later.hangs);
    EXPECT_TRUE(later.is_over());
    EXPECT_GE(later.waited, seconds{11});
    hold.release();
    lanes.wait(kPatience);
    EXPECT_EQ(lanes.look(*hung, now).state, SlowTask::State::done);
  }
}

TEST(SlowLanes, ALaneWhoseTasksAllHangIsBlockedAndNoOther) {
  Hold hold;
  SlowLanes lanes;
  const Instant now = monotonic_now();
  std::vector<std::shared_ptr<Work>> hung;
  for (std::size_t i = 0; i < SlowLanes::kAtOnce[static_cast<std::size_t>(Lane::sensors)]; ++i) {
    hung.push_back(work(Lane::sensors, [&] { hold.wait(); }));
    lanes.start(hung.back(), now);
    lanes.go();
    hold.await(static_cast<int>(i) + 1);
  }
  const auto behind = work(Lane::sensors, [] {});
  lanes.start(behind, now);
  lanes.go();
  EXPECT_FALSE(lanes.look(*behind, now).blocked);
  EXPECT_TRUE(lanes.look(*behind, now + seconds{10}).blocked);
  std::atomic<bool> done = false;
  const auto other = work(Lane::drives, [&] { done = true; });
  lanes.start(other, now);
  lanes.go();
  const Instant until = now + kPatience;
  while (!done && monotonic_now() < until) lanes.wait(std::chrono::milliseconds{5});
  EXPECT_TRUE(done);
  EXPECT_EQ(lanes.look(*behind, now).state, SlowTask::State::waiting);
  hold.release();
  lanes.wait(kPatience);
  EXPECT_EQ(lanes.look(*behind, now).state, SlowTask::State::done);
  EXPECT_LE(lanes.threads(), hung.size() + 1);
}

TEST(SlowLanes, ADeviceThatHangsTakesOnePlaceWithAllItsFiles) {
  Hold hold;
  std::atomic<int> asked = 0;
  SlowLanes lanes;
  const Instant now = monotonic_now();
  std::vector<std::shared_ptr<Work>> hung;
  for (int i = 0; i < 20; ++i) {
    hung.push_back(work(Lane::sensors, "chip", [&] {
      ++asked;
      hold.wait();
    }));
    lanes.start(hung.back(), now);
  }
  lanes.go();
  hold.await(1);
  std::atomic<int> done = 0;
  std::vector<std::shared_ptr<Work>> zones;
  for (int i = 0; i < 5; ++i) {
    zones.push_back(work(Lane::sensors, "zone " + std::to_string(i), [&] { ++done; }));
    lanes.start(zones.back(), now);
  }
  const Instant until = now + kPatience;
  while (done < 5 && monotonic_now() < until) {
    lanes.go();
    lanes.wait(std::chrono::milliseconds{5});
  }
  EXPECT_EQ(done, 5);
  EXPECT_EQ(asked, 1);
  EXPECT_FALSE(lanes.look(*hung[7], now).is_over());
  const auto behind = lanes.look(*hung[7], now + seconds{40});
  EXPECT_TRUE(behind.blocked);
  EXPECT_TRUE(behind.is_over());
  EXPECT_TRUE(lanes.look(*hung[0], now + seconds{40}).hangs);
  hold.release();
  lanes.wait(kPatience);
  for (const auto& task : hung) EXPECT_EQ(lanes.look(*task, now).state, SlowTask::State::done);
}

TEST(SlowLanes, AThreadThatHangsIsLeftBehindWhenItEnds) {
  const auto hold = std::make_shared<Hold>();
  const auto ended = std::make_shared<std::atomic<bool>>(false);
  const Instant began = monotonic_now();
  {
    SlowLanes lanes;
    lanes.start(work(Lane::mounts,
                     [hold, ended] {
                       hold->wait();
                       *ended = true;
                     }),
                began);
    lanes.go();
    hold->await(1);
  }
  EXPECT_FALSE(*ended);
  EXPECT_LT(monotonic_now() - began, kPatience);
  hold->release();
  while (!*ended && monotonic_now() - began < kPatience) {
  }
  EXPECT_TRUE(*ended);
}

}  // namespace
}  // namespace bw::agent
