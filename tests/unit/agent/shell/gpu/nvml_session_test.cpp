#include "agent/shell/gpu/nvml_session.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/agent/shell/gpu/fake_gpus.h"

namespace bw::agent {
namespace {

using std::chrono::seconds;

class NvmlSessionTest : public testing::Test {
 protected:
  void open(const FakeGpus& gpus, const std::string& library = fake_nvml(),
            const std::vector<GpuReading>& known = {}) {
    session_.emplace(NvmlOptions{.library = library, .root = gpus.root().path()}, known, progress_);
  }
  const GpuReadings& round(bool ten = false, bool sixty = false) {
    now_ += seconds{1};
    const NvmlSession::Round what{.ten = ten, .sixty = sixty, .skip = skip_};
    events_.clear();
    session_->read_events(what, events_);
    session_->round(what, now_, readings_);
    return readings_;
  }
  const GpuReadings& rounds(int count) {
    for (int i = 0; i < count; ++i) round();
    return readings_;
  }
  double util(std::size_t gpu) const { return readings_.gpus.at(gpu)[GpuValue::util]; }
  GpuCondition condition(std::size_t gpu) const { return readings_.gpus.at(gpu).condition; }

  NvmlProgress progress_;
  std::optional<NvmlSession> session_;
  GpuReadings readings_;
  std::vector<GpuEventReading> events_;  // that were read before the round
  std::vector<std::string> skip_;
  Instant now_ = Instant{} + seconds{1000};
};

TEST_F(NvmlSessionTest, FindsAllGpusAndReadsThemFromTheSecondRoundOn) {
  const FakeGpus gpus(3);
  gpus.script("value * util 5\nvalue 2 util 7\n");
  open(gpus);
  round(true, true);
  EXPECT_EQ(readings_.state, NvmlState::ok);
  EXPECT_TRUE(readings_.worth);
  ASSERT_EQ(readings_.gpus.size(), 3U);
  EXPECT_EQ(condition(0), GpuCondition::unreadable);
  EXPECT_FALSE(readings_.gpus[0].fresh);
  round();
  EXPECT_EQ(condition(2), GpuCondition::ok);
  EXPECT_TRUE(readings_.gpus[2].fresh);
  EXPECT_TRUE(readings_.gpus[2].ten);  // the first time everything
  EXPECT_TRUE(readings_.gpus[2].sixty);
  EXPECT_EQ(readings_.gpus[2].pci, "0000:03:00.0");
  EXPECT_EQ(readings_.gpus[2].identity->uuid, "GPU-2");
  EXPECT_EQ(readings_.gpus[2].identity->driver, "550.54.15");
  EXPECT_EQ(readings_.gpus[2].power_state, 0);
  EXPECT_EQ(util(0), 5);
  EXPECT_EQ(util(2), 7);
  round();
  EXPECT_FALSE(readings_.gpus[2].ten);
}

TEST_F(NvmlSessionTest, WithoutGpuAndLibraryThereIsNothingWorthTelling) {
  const FakeGpus gpus(0);
  open(gpus, "/nowhere/libnvidia-ml.so.1");
  round();
  EXPECT_EQ(readings_.state, NvmlState::missing);
  EXPECT_FALSE(readings_.worth);
  EXPECT_GT(session_->idle_until(), now_);
}

TEST_F(NvmlSessionTest, AMissingLibraryIsLookedForEverMoreRarelyAndFound) {
  const FakeGpus gpus(1);
  const std::string late = gpus.root().at("/libnvidia-ml.so.1");
  open(gpus, late);
  round();
  EXPECT_EQ(readings_.state, NvmlState::missing);
  EXPECT_TRUE(readings_.worth);  // a GPU is there
  EXPECT_NE(readings_.reason.find(late), std::string::npos);
  const Duration first = session_->idle_until() - now_;
  now_ = session_->idle_until();
  round();
  EXPECT_GT(session_->idle_until() - now_, first);
  std::filesystem::copy_file(fake_nvml(), late);
  now_ = session_->idle_until();
  round();
  EXPECT_EQ(readings_.state, NvmlState::ok);
  EXPECT_EQ(readings_.reason, "");
}

TEST_F(NvmlSessionTest, EveryWayNotToOpenHasItsState) {
  const FakeGpus gpus(1);
  for (const auto& [code, state] :
       {std::pair{"9", NvmlState::missing}, std::pair{"18", NvmlState::mismatch},
        std::pair{"999", NvmlState::failing}, std::pair{"4", NvmlState::failing}}) {
    gpus.script(std::string("init ") + code + "\n");
    open(gpus);
    round();
    EXPECT_EQ(readings_.state, state) << code;
    EXPECT_NE(readings_.reason.find(code), std::string::npos);
  }
}

TEST_F(NvmlSessionTest, AnExchangedDriverIsNoticedAndTheNewOneFound) {
  const FakeGpus gpus(1);
  gpus.script("value 0 util 1\n");
  open(gpus);
  rounds(2);
  gpus.script("init 18\nvalue 0 util 1\n");
  round(true);
  EXPECT_EQ(readings_.state, NvmlState::mismatch);
  EXPECT_EQ(condition(0), GpuCondition::unreadable);
  gpus.script("driver 560.1\nvalue 0 util 2\n");
  now_ = session_->idle_until();
  round();
  EXPECT_EQ(readings_.state, NvmlState::ok);
  EXPECT_EQ(util(0), 2);
  EXPECT_EQ(readings_.gpus[0].identity->driver, "560.1");
}

TEST_F(NvmlSessionTest, ASleepingGpuIsNotAsked) {
  const FakeGpus gpus(2);
  gpus.script("value * util 5\n");
  gpus.plug(1, "suspended", "D3cold");
  open(gpus);
  rounds(2);
  EXPECT_EQ(condition(0), GpuCondition::ok);
  EXPECT_EQ(condition(1), GpuCondition::asleep);
  EXPECT_EQ(readings_.gpus[1].power_state, 4);
  EXPECT_EQ(readings_.gpus[1].identity, nullptr);
  gpus.plug(1);
  round();
  EXPECT_EQ(condition(1), GpuCondition::ok);
}

TEST_F(NvmlSessionTest, ALostGpuStopsNoOtherAndComesBackWhenItIsTried) {
  const FakeGpus gpus(3);
  gpus.script("value * util 5\n");
  open(gpus);
  rounds(2);
  gpus.script("value * util 6\nlost 1\n");
  round();
  EXPECT_EQ(condition(1), GpuCondition::lost);
  EXPECT_EQ(readings_.gpus[1].identity->uuid, "GPU-1");
  EXPECT_FALSE(readings_.gpus[1].fresh);
  EXPECT_EQ(util(0), 6);
  EXPECT_EQ(util(2), 6);
  for (int i = 0; i < 10; ++i) {
    round();
    EXPECT_EQ(condition(1), GpuCondition::lost);
    EXPECT_EQ(condition(2), GpuCondition::ok);
  }
  gpus.script("value * util 7\n");
  int waited = 0;
  while (condition(1) != GpuCondition::ok && waited < 60) {
    round();
    ++waited;
  }
  EXPECT_LE(waited, 16);
  EXPECT_EQ(util(1), 7);
}

TEST_F(NvmlSessionTest, AGpuThatLeavesTheBusIsLostAndFoundAtOnceWhenItIsBack) {
  const FakeGpus gpus(2);
  gpus.script("value * util 5\n");
  open(gpus);
  rounds(2);
  gpus.unplug(0);
  for (int i = 0; i < 700; ++i) round();  // the waits have grown long
  EXPECT_EQ(condition(0), GpuCondition::lost);
  EXPECT_EQ(condition(1), GpuCondition::ok);
  gpus.plug(0);
  rounds(2);
  EXPECT_EQ(condition(0), GpuCondition::ok);
  EXPECT_EQ(readings_.gpus.size(), 2U);
}

TEST_F(NvmlSessionTest, AGpuPluggedInLaterIsFoundWithinSixtyRounds) {
  const FakeGpus gpus(2);
  gpus.unplug(1);
  gpus.script("value * util 5\n");
  open(gpus);
  rounds(2);
  EXPECT_EQ(readings_.gpus.size(), 1U);
  gpus.plug(1);
  round(true, true);
  ASSERT_EQ(readings_.gpus.size(), 2U);
  EXPECT_EQ(condition(1), GpuCondition::unreadable);
  round();
  EXPECT_EQ(condition(1), GpuCondition::ok);
}

TEST_F(NvmlSessionTest, AGpuThatNvmlDoesNotHandOutIsUnreadable) {
  const FakeGpus gpus(2);
  gpus.script("value * util 5\nerror 1 nvmlDeviceGetHandleByPciBusId_v2 4\n");
  open(gpus);
  rounds(2);
  EXPECT_EQ(condition(1), GpuCondition::unreadable);
  const std::uint64_t before = progress_.calls;
  rounds(1);
  const std::uint64_t each = progress_.calls - before;
  rounds(1);
  EXPECT_EQ(progress_.calls - before, 2 * each);
  gpus.script("value * util 5\n");
  rounds(61);
  EXPECT_EQ(condition(1), GpuCondition::ok);
}

TEST_F(NvmlSessionTest, AGpuThatFailsIsNotFineStopsNoOtherAndIsTriedAnew) {
  const FakeGpus gpus(2);
  gpus.script("value * util 5\n");
  open(gpus);
  rounds(2);
  for (const auto& [code, trouble] :
       {std::pair{"999", GpuCondition::failing}, std::pair{"16", GpuCondition::reset_required}}) {
    gpus.script(std::string("value * util 6\nerror 1 * ") + code + "\n");
    round();
    EXPECT_EQ(condition(1), trouble) << code;
    EXPECT_TRUE(std::isnan(util(1)));
    EXPECT_EQ(readings_.state, NvmlState::ok);
    EXPECT_EQ(util(0), 6);
    // NVML is opened anew for it, which does not hand it out; until it does.
    rounds(10);
    EXPECT_NE(condition(1), GpuCondition::ok) << code;
    EXPECT_EQ(condition(0), GpuCondition::ok);
    gpus.script("value * util 7\n");
    rounds(80);
    EXPECT_EQ(condition(1), GpuCondition::ok) << code;
    EXPECT_EQ(util(1), 7);
  }
}

TEST_F(NvmlSessionTest, AGpuThatHasToBeResetBeforeItIsHandedOutSaysSo) {
  const FakeGpus gpus(1);
  gpus.script("value * util 5\nerror 0 nvmlDeviceGetHandleByPciBusId_v2 16\n");
  open(gpus);
  rounds(2);
  EXPECT_EQ(condition(0), GpuCondition::reset_required);
}

TEST_F(NvmlSessionTest, AUuidThatCouldNotBeHadIsAskedForAgainAndAKnownOneKept) {
  const FakeGpus gpus(1);
  gpus.script("value * util 5\nerror 0 nvmlDeviceGetUUID 999\n");
  open(gpus);
  rounds(2);
  EXPECT_EQ(readings_.gpus[0].identity->uuid, "");
  gpus.script("value * util 5\n");
  round(true, true);
  EXPECT_EQ(readings_.gpus[0].identity->uuid, "GPU-0");
  gpus.script("init 18\nvalue * util 5\n");
  round(true);
  gpus.script("driver 560.1\nvalue * util 5\nerror 0 nvmlDeviceGetUUID 999\n");
  now_ = session_->idle_until();
  rounds(2);
  EXPECT_EQ(condition(0), GpuCondition::ok);
  EXPECT_EQ(readings_.gpus[0].identity->driver, "560.1");
  EXPECT_EQ(readings_.gpus[0].identity->uuid, "GPU-0");
}

TEST_F(NvmlSessionTest, AnIdleGpuThatMayFallAsleepIsLeftAloneAndLookedAtAgain) {
  const FakeGpus gpus(2);
  gpus.root().write("/sys/bus/pci/devices/" + pci_of(0) + "/power/control", "auto\n");
  gpus.root().write("/sys/bus/pci/devices/" + pci_of(1) + "/power/control", "on\n");
  gpus.script("value * util 0\n");
  open(gpus);
  const auto second_until = [&](GpuCondition wanted) {
    int count = 0;
    do {
      round(count % 10 == 0);
      EXPECT_EQ(condition(1), GpuCondition::ok) << "must not fall asleep";
    } while (condition(0) != wanted && ++count < 200);
    return count;
  };
  round();
  EXPECT_EQ(second_until(GpuCondition::ok), 0);
  const int idle = second_until(GpuCondition::asleep);
  EXPECT_GE(idle, to_seconds(NvmlSession::kIdle));
  EXPECT_LE(idle, to_seconds(NvmlSession::kIdle) + 20);
  // Looked at after the rest, by one round, and left alone again.
  EXPECT_NEAR(second_until(GpuCondition::ok), to_seconds(NvmlSession::kRest), 2);
  round();
  EXPECT_EQ(condition(0), GpuCondition::asleep);
  // A process holds it awake: what it does is told from the next look on.
  gpus.script("value * util 0\nprocess 0 17 5000 0\n");
  EXPECT_LE(second_until(GpuCondition::ok), to_seconds(NvmlSession::kRest) + 2);
  for (int i = 0; i < 100; ++i) {
    round(i % 10 == 0);
    EXPECT_EQ(condition(0), GpuCondition::ok);
  }
}

TEST_F(NvmlSessionTest, EventsAreReadBeforeTheRoundAndOnce) {
  const FakeGpus gpus(2);
  gpus.script("value * util 5\n");
  open(gpus);
  rounds(2);
  EXPECT_TRUE(events_.empty());
  gpus.script("value * util 5\nevent 1 8 79\n");
  round();
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].gpu, 1U);
  EXPECT_EQ(events_[0].xid, 79U);
  round();
  EXPECT_TRUE(events_.empty());
}

TEST_F(NvmlSessionTest, WhereAGpuIsLostTheEventsOfTheOthersAreStillTold) {
  const FakeGpus gpus(2);
  const std::string lost = "value * util 5\nlost 1\nerror 1 nvmlEventSetWait_v2 15\n";
  gpus.script("value * util 5\n");
  open(gpus);
  rounds(3);
  gpus.script(lost);
  rounds(2);
  EXPECT_EQ(condition(1), GpuCondition::lost);
  gpus.script(lost + "event 0 8 43\n");
  round();
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].gpu, 0U);
}

TEST_F(NvmlSessionTest, EventsAreWaitedForAgainWhenNvmlWasOpenedAnew) {
  const FakeGpus gpus(1);
  gpus.script("value 0 util 1\n");
  open(gpus);
  rounds(2);
  gpus.script("init 18\nvalue 0 util 1\n");
  round(true);
  EXPECT_EQ(readings_.state, NvmlState::mismatch);
  gpus.script("value 0 util 2\n");
  now_ = session_->idle_until();
  rounds(2);
  gpus.script("value 0 util 2\nevent 0 8 43\n");
  round();
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].xid, 43U);
}

TEST_F(NvmlSessionTest, WhereEventsAreToBeSkippedNothingIsAskedForThem) {
  const FakeGpus gpus(1);
  gpus.script("value * util 5\n");
  skip_ = {NvmlSession::kEvents};
  open(gpus);
  rounds(3);
  EXPECT_EQ(util(0), 5);
  const std::uint64_t before = progress_.calls;
  round();
  EXPECT_EQ(progress_.calls - before, 1U);  // what is supported: utilisation
  skip_.clear();
  round();
  gpus.script("value * util 5\nevent 0 8 43\n");
  round();
  EXPECT_EQ(events_.size(), 1U);
}

// A GPU whose events are waited for might be kept awake by that.
TEST_F(NvmlSessionTest, OfAGpuThatMayFallAsleepNoEventsAreWaitedFor) {
  const FakeGpus gpus(1);
  gpus.script("value * util 5\n");
  gpus.root().write("/sys/bus/pci/devices/" + pci_of(0) + "/power/control", "auto\n");
  open(gpus);
  rounds(3);
  const std::uint64_t before = progress_.calls;
  gpus.script("value * util 5\nevent 0 8 43\n");
  round();
  EXPECT_TRUE(events_.empty());
  EXPECT_EQ(progress_.calls - before, 1U);
}

TEST_F(NvmlSessionTest, AGpuToBeSkippedIsNotAsked) {
  const FakeGpus gpus(2);
  gpus.script("value * util 5\n");
  open(gpus);
  skip_ = {pci_of(0)};
  rounds(2);
  EXPECT_EQ(condition(0), GpuCondition::hung);
  EXPECT_EQ(condition(1), GpuCondition::ok);
  skip_.clear();
  round();
  EXPECT_EQ(condition(0), GpuCondition::ok);
}

TEST_F(NvmlSessionTest, ASessionGoesOnWithTheIndexesOfTheOneBefore) {
  const FakeGpus gpus(2);
  gpus.script("value 0 util 1\nvalue 1 util 2\n");
  std::vector<GpuReading> known(2);
  known[0].pci = pci_of(1);
  known[1].pci = pci_of(0);
  open(gpus, fake_nvml(), known);
  round();
  EXPECT_EQ(readings_.gpus.size(), 2U);
  EXPECT_EQ(util(0), 2);
  EXPECT_EQ(util(1), 1);
}

TEST_F(NvmlSessionTest, WithoutAPciBusGpusAreFoundByTheirNumbers) {
  const FakeGpus gpus(2);
  gpus.unplug(0);
  gpus.unplug(1);
  gpus.script("value 0 util 1\nvalue 1 util 2\n");
  open(gpus);
  rounds(2);
  ASSERT_EQ(readings_.gpus.size(), 2U);
  EXPECT_EQ(readings_.gpus[1].pci, "nvml:1");
  EXPECT_EQ(util(1), 2);
  EXPECT_TRUE(std::isnan(readings_.gpus[1].power_state));
}

TEST_F(NvmlSessionTest, SaysWhoseCallsTheyAre) {
  const FakeGpus gpus(1);
  open(gpus);
  EXPECT_EQ(progress_.gpu, NvmlProgress::kNoGpu);
  rounds(2);
  EXPECT_EQ(progress_.gpu, NvmlProgress::kNoGpu);
  EXPECT_FALSE(progress_.opening);
  EXPECT_GT(progress_.calls, 5U);
}

}  // namespace
}  // namespace bw::agent
