#include "agent/shell/gpu/nvml_details.h"

#include <cmath>
#include <cstring>

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/agent/shell/gpu/fake_gpus.h"

namespace bw::agent {
namespace {

class NvmlDetailsTest : public testing::Test {
 protected:
  FakeGpus gpus_{1};
  std::atomic<std::uint64_t> progress_{0};
  NvmlCalls calls_{NvmlLibrary::open(fake_nvml()).value(), progress_};
  nvml::Device handle_ = [this] {
    nvml::Device handle = nullptr;
    EXPECT_EQ(calls_.library().by_index(0, &handle), nvml::kSuccess);
    return handle;
  }();
  ProcessNames names_{gpus_.root().path()};
  GpuReading reading_;
  void SetUp() override { reading_.values.fill(kNoGpuValue); }
};

TEST_F(NvmlDetailsTest, CountersAreBetweenTwoReads) {
  gpus_.script("value * gpm.2 81.5\nvalue * gpm.10 40\n");
  GpmCounters counters(calls_, handle_);
  EXPECT_TRUE(counters.read(reading_));
  EXPECT_TRUE(std::isnan(reading_[GpuValue::sm_active]));
  EXPECT_TRUE(counters.read(reading_));
  EXPECT_EQ(reading_[GpuValue::sm_active], 81.5);
  EXPECT_EQ(reading_[GpuValue::dram_bw], 40);
  EXPECT_TRUE(std::isnan(reading_[GpuValue::fp64]));
}

TEST_F(NvmlDetailsTest, EveryCounterIsAskedByItsNumber) {
  // NVML_GPM_METRIC_* of nvml.h: SM_UTIL, SM_OCCUPANCY, ANY_TENSOR_UTIL, DRAM_BW_UTIL, FP64_UTIL,
  // FP32_UTIL, FP16_UTIL.
  constexpr std::pair<int, GpuValue> kNumbers[] = {
      {2, GpuValue::sm_active}, {3, GpuValue::sm_occupancy}, {5, GpuValue::tensor},
      {10, GpuValue::dram_bw},  {11, GpuValue::fp64},        {12, GpuValue::fp32},
      {13, GpuValue::fp16}};
  std::string script;
  for (const auto& [id, value] : kNumbers) {
    script += "value * gpm." + std::to_string(id) + " " + std::to_string(id) + ".5\n";
  }
  gpus_.script(script);
  GpmCounters counters(calls_, handle_);
  EXPECT_TRUE(counters.read(reading_));
  EXPECT_TRUE(counters.read(reading_));
  for (const auto& [id, value] : kNumbers) EXPECT_EQ(reading_[value], id + .5) << id;
}

TEST_F(NvmlDetailsTest, AGpuWithoutCountersIsAskedOnce) {
  GpmCounters counters(calls_, handle_);
  EXPECT_TRUE(counters.read(reading_));
  const std::uint64_t before = progress_;
  EXPECT_TRUE(counters.read(reading_));
  EXPECT_EQ(progress_, before);
}

TEST_F(NvmlDetailsTest, ASampleThatFailedIsNoBeginningOfTheNext) {
  gpus_.script("value * gpm.2 50\n");
  GpmCounters counters(calls_, handle_);
  counters.read(reading_);
  gpus_.script("value * gpm.2 50\nerror 0 nvmlGpmSampleGet 999\n");
  EXPECT_TRUE(counters.read(reading_));
  gpus_.script("value * gpm.2 50\n");
  EXPECT_TRUE(counters.read(reading_));
  EXPECT_TRUE(std::isnan(reading_[GpuValue::sm_active]));
  gpus_.script("value * gpm.2 50\nerror 0 nvmlGpmSampleGet 15\n");
  EXPECT_FALSE(counters.read(reading_));
}

TEST_F(NvmlDetailsTest, NamesOfProcessesAreTheKernels) {
  gpus_.root().write("/proc/17/comm", "trainer\n");
  std::array<char, 16> name{};
  names_.find(17, name);
  EXPECT_STREQ(name.data(), "trainer");
  names_.find(18, name);
  EXPECT_STREQ(name.data(), "");
}

TEST_F(NvmlDetailsTest, ProcessesAreCountedSummedAndTheGreatestNamed) {
  gpus_.root().write("/proc/17/comm", "trainer\n");
  gpus_.script("process 0 17 5000 60\nprocess 0 18 7000 0\n");
  ProcessList list(calls_, handle_);
  ASSERT_TRUE(list.read(names_, reading_));
  EXPECT_EQ(reading_[GpuValue::processes], 2);
  EXPECT_EQ(reading_[GpuValue::foreign_mem], 12000);
  ASSERT_EQ(reading_.process_count, 2U);
  EXPECT_EQ(reading_.processes[0].pid, 18U);
  EXPECT_EQ(reading_.processes[0].memory, 7000);
  EXPECT_EQ(reading_.processes[0].sm, 0);
  EXPECT_STREQ(reading_.processes[1].name.data(), "trainer");
  EXPECT_EQ(reading_.processes[1].sm, 60);
}

TEST_F(NvmlDetailsTest, NoProcessIsZeroOfThem) {
  ProcessList list(calls_, handle_);
  ASSERT_TRUE(list.read(names_, reading_));
  EXPECT_EQ(reading_[GpuValue::processes], 0);
  EXPECT_EQ(reading_[GpuValue::foreign_mem], 0);
  EXPECT_EQ(reading_.process_count, 0U);
}

TEST_F(NvmlDetailsTest, EveryDriversLayoutOfTheListIsUnderstood) {
  for (const char* layout : {"16", "24", "32"}) {
    gpus_.script(std::string("layout ") + layout +
                 "\nprocess 0 17 5000 0\nprocess 0 18 7000 0\nprocess 0 19 100 0\n");
    ProcessList list(calls_, handle_);
    ASSERT_TRUE(list.read(names_, reading_));
    EXPECT_EQ(reading_[GpuValue::processes], 3) << layout;
    EXPECT_EQ(reading_[GpuValue::foreign_mem], 12100) << layout;
    EXPECT_EQ(reading_.processes[2].pid, 19U) << layout;
  }
}

TEST_F(NvmlDetailsTest, AListThatCantBeMeasuredIsTakenForTheUsualOne) {
  std::array<std::byte, 96> bytes{};
  bytes.fill(std::byte{7});
  EXPECT_EQ(process_info_size(bytes.data(), bytes.size(), 0, std::byte{7}),
            nvml::kProcessInfoLeast);
  bytes[70] = std::byte{1};
  EXPECT_EQ(process_info_size(bytes.data(), bytes.size(), 2, std::byte{7}),
            nvml::kProcessInfoUsual);
}

TEST_F(NvmlDetailsTest, TooManyProcessesAreStillCounted) {
  std::string script;
  for (int pid = 1; pid <= 300; ++pid) script += "process 0 " + std::to_string(pid) + " 10 0\n";
  gpus_.script(script);
  ProcessList list(calls_, handle_);
  ASSERT_TRUE(list.read(names_, reading_));
  EXPECT_EQ(reading_[GpuValue::processes], 300);
  EXPECT_TRUE(std::isnan(reading_[GpuValue::foreign_mem]));
}

TEST_F(NvmlDetailsTest, ListsThatFailHaveNoNumberAndALostGpuIsLost) {
  gpus_.script(
      "error 0 nvmlDeviceGetComputeRunningProcesses_v3 3\n"
      "error 0 nvmlDeviceGetGraphicsRunningProcesses_v3 4\n");
  ProcessList list(calls_, handle_);
  ASSERT_TRUE(list.read(names_, reading_));
  EXPECT_TRUE(std::isnan(reading_[GpuValue::processes]));
  list.forget_unsupported();
  gpus_.script("lost 0\n");
  EXPECT_FALSE(list.read(names_, reading_));
}

TEST_F(NvmlDetailsTest, SharesOfTimeMayBeMissing) {
  gpus_.script("process 0 17 5000 60\nerror 0 nvmlDeviceGetProcessUtilization 3\n");
  ProcessList list(calls_, handle_);
  ASSERT_TRUE(list.read(names_, reading_));
  ASSERT_EQ(reading_.process_count, 1U);
  EXPECT_TRUE(std::isnan(reading_.processes[0].sm));
}

TEST_F(NvmlDetailsTest, InstancesTellTheirMemory) {
  gpus_.script("instance 0 1 0 100 4000\ninstance 0 2 0 200 8000\n");
  EXPECT_TRUE(read_instances(calls_, handle_, reading_));
  EXPECT_EQ(reading_.instance_count, 0U);  // MIG is not on
  reading_[GpuValue::mig_mode] = 1;
  EXPECT_TRUE(read_instances(calls_, handle_, reading_));
  ASSERT_EQ(reading_.instance_count, 2U);
  EXPECT_EQ(reading_.instances[1].gpu_instance, 2U);
  EXPECT_STREQ(reading_.instances[1].uuid.data(), "MIG-0-1");
  EXPECT_EQ(reading_.instances[1].fb_used, 200);
  EXPECT_EQ(reading_.instances[1].fb_total, 8000);
  gpus_.script("instance 0 1 0 100 4000\nerror 0 nvmlDeviceGetUUID 999\n");
  EXPECT_TRUE(read_instances(calls_, handle_, reading_));
  EXPECT_EQ(reading_.instance_count, 0U);  // which one it is can't be told
  gpus_.script("instance 0 1 0 100 4000\nerror 0 nvmlDeviceGetMigDeviceHandleByIndex 15\n");
  EXPECT_FALSE(read_instances(calls_, handle_, reading_));
}

}  // namespace
}  // namespace bw::agent
