#include "agent/shell/gpu/nvml_events.h"

#include <optional>

#include <gtest/gtest.h>

#include "tests/unit/agent/shell/gpu/fake_gpus.h"

namespace bw::agent {
namespace {

constexpr unsigned kNone = GpuEventReading::kNoInstance;

class NvmlEventsTest : public testing::Test {
 protected:
  NvmlEvents& open(int gpus = 2, std::string_view age = "new") {
    calls_.emplace(NvmlLibrary::open(fake_nvml(age)).value(), progress_);
    events_.emplace(*calls_);
    for (int gpu = 0; gpu < gpus; ++gpu) watch(gpu);
    return *events_;
  }
  void watch(int gpu) {
    nvml::Device handle = nullptr;
    EXPECT_EQ(calls_->library().by_index(static_cast<unsigned>(gpu), &handle), nvml::kSuccess);
    events_->watch(handle, static_cast<std::size_t>(gpu));
  }
  const std::vector<GpuEventReading>& read() {
    read_.clear();
    events_->read(read_);
    return read_;
  }

  FakeGpus gpus_{2};
  std::atomic<std::uint64_t> progress_{0};
  std::optional<NvmlCalls> calls_;
  std::optional<NvmlEvents> events_;
  std::vector<GpuEventReading> read_;
};

TEST_F(NvmlEventsTest, XidsAreToldOnceWithTheirCodeAndGpu) {
  open();
  EXPECT_TRUE(read().empty());
  gpus_.script("event 1 8 79\nevent 0 8 31 2 1\n");
  ASSERT_EQ(read().size(), 2U);
  EXPECT_EQ(read_[0].kind, GpuEventKind::xid);
  EXPECT_EQ(read_[0].gpu, 1U);
  EXPECT_EQ(read_[0].xid, 79U);
  EXPECT_EQ(read_[0].gpu_instance, kNone);
  EXPECT_EQ(read_[0].compute_instance, kNone);
  EXPECT_EQ(read_[1].gpu, 0U);
  EXPECT_EQ(read_[1].xid, 31U);
  EXPECT_EQ(read_[1].gpu_instance, 2U);
  EXPECT_EQ(read_[1].compute_instance, 1U);
  EXPECT_TRUE(read().empty());
}

TEST_F(NvmlEventsTest, ErrorsOfMemoryAreToldByTheirKind) {
  gpus_.script("value * event_types 65535\n");
  open();
  gpus_.script("event 0 2 0\nevent 0 512 0\nevent 0 1024 0\nevent 1 2048 0\n");
  ASSERT_EQ(read().size(), 4U);
  EXPECT_EQ(read_[0].kind, GpuEventKind::uncorrected_ecc);
  EXPECT_EQ(read_[1].kind, GpuEventKind::corrected_ecc_storm);
  EXPECT_EQ(read_[2].kind, GpuEventKind::retirement);
  EXPECT_EQ(read_[3].kind, GpuEventKind::retirement_failure);
  EXPECT_EQ(read_[3].gpu, 1U);
}

TEST_F(NvmlEventsTest, OnlyWhatAGpuHasIsAskedFor) {
  gpus_.script("value 0 event_types 8\nvalue 1 event_types 0\n");
  open();
  gpus_.script("event 0 8 13\nevent 0 2 0\nevent 1 8 14\n");
  ASSERT_EQ(read().size(), 1U);
  EXPECT_EQ(read_[0].xid, 13U);
}

TEST_F(NvmlEventsTest, AGpuIsRegisteredOnce) {
  open();
  const std::uint64_t before = progress_;
  watch(0);
  watch(1);
  EXPECT_EQ(progress_, before);
}

TEST_F(NvmlEventsTest, AGpuThatRefusesStopsNoOther) {
  gpus_.script("error 0 nvmlDeviceRegisterEvents 999\nerror 1 nvmlErrorString 0\n");
  open();
  gpus_.script("event 1 8 48\n");
  ASSERT_EQ(read().size(), 1U);
  EXPECT_EQ(read_[0].gpu, 1U);
}

TEST_F(NvmlEventsTest, AGpuThatCanNotSayWhatItHasIsNotWatched) {
  gpus_.script("error * nvmlDeviceGetSupportedEventTypes 999\n");
  open();
  gpus_.script("event 1 8 48\n");
  const std::uint64_t before = progress_;
  EXPECT_TRUE(read().empty());
  EXPECT_EQ(progress_, before);
}

TEST_F(NvmlEventsTest, NoSetNoEvents) {
  gpus_.script("error -1 nvmlEventSetCreate 999\n");
  open();
  const std::uint64_t before = progress_;
  EXPECT_TRUE(read().empty());
  watch(0);
  EXPECT_EQ(progress_, before);
}

TEST_F(NvmlEventsTest, ADriverWithoutEventsIsAskedNothing) {
  open(2, "old");
  EXPECT_EQ(progress_, 0U);
  EXPECT_TRUE(read().empty());
}

TEST_F(NvmlEventsTest, AGpuThatIsLostStopsNoOtherOnceItIsNoLongerWatched) {
  open();
  const std::string lost = "error 1 nvmlEventSetWait_v2 15\n";
  gpus_.script(lost + "event 0 8 31\n");
  EXPECT_TRUE(read().empty());
  watch(0);
  gpus_.script(lost + "event 0 8 32\n");
  ASSERT_EQ(read().size(), 1U);
  EXPECT_EQ(read_[0].gpu, 0U);
  EXPECT_EQ(read_[0].xid, 32U);
}

TEST_F(NvmlEventsTest, AfterAnyOtherFailureTheSameSetIsAsked) {
  open();
  gpus_.script("error -1 nvmlEventSetWait_v2 999\n");
  EXPECT_TRUE(read().empty());
  gpus_.script("event 1 8 31\n");
  EXPECT_EQ(read().size(), 1U);
}

TEST_F(NvmlEventsTest, AFloodIsTakenInParts) {
  open();
  std::string script;
  for (std::size_t i = 0; i < kMaxGpuEvents + 5; ++i) script += "event 0 8 31\n";
  gpus_.script(script);
  EXPECT_EQ(read().size(), kMaxGpuEvents);
  EXPECT_EQ(read().size(), 5U);
}

}  // namespace
}  // namespace bw::agent
