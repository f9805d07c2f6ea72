#include "agent/core/collect/gpu/gpu_series.h"

#include <cmath>
#include <cstring>
#include <set>

#include <gtest/gtest.h>

#include "schemas/metrics/metric_table.h"
#include "schemas/wire/limits.h"

namespace bw::agent {
namespace {

class GpuSeriesTest : public testing::Test {
 protected:
  using Labels = std::vector<wire::Label>;

  GpuSeriesTest() {
    readings_.state = NvmlState::ok;
    readings_.worth = true;
  }
  // A GPU that answers, all its values NaN.
  GpuReading& add() {
    const std::string number = std::to_string(readings_.gpus.size());
    GpuReading& gpu = readings_.gpus.emplace_back();
    gpu.pci = "0000:0" + number + ":00.0";
    gpu.identity = std::make_shared<const GpuIdentity>(
        GpuIdentity{"GPU-" + number, "Fake GPU", "550.54", "96.00"});
    gpu.condition = GpuCondition::ok;
    gpu.fresh = gpu.ten = gpu.sixty = true;
    gpu.power_state = 0;
    gpu.values.fill(kNoGpuValue);
    return gpu;
  }
  void set(GpuCondition condition, std::size_t gpu = 0) {
    readings_.gpus[gpu].condition = condition;
    readings_.gpus[gpu].fresh = condition == GpuCondition::ok;
  }
  void read() {
    events_.clear();
    series_.read(readings_, wall_from_ms(1234), events_);
    now_ += std::chrono::seconds{1};
    sample_.finish(now_);
  }
  static Labels of(int gpu, Labels more = {}) {
    Labels labels = {{"gpu", std::to_string(gpu)}, {"uuid", "GPU-" + std::to_string(gpu)}};
    labels.insert(labels.end(), more.begin(), more.end());
    return labels;
  }
  Sample::Alias find(std::string_view name, const Labels& labels) const {
    for (Sample::Alias i = 0; i < sample_.series().size(); ++i) {
      if (sample_.series()[i].name == name && sample_.series()[i].labels == labels) return i;
    }
    return Sample::kNoAlias;
  }
  bool has(std::string_view name, const Labels& labels = of(0)) const {
    return find(name, labels) != Sample::kNoAlias;
  }
  double value(std::string_view name, const Labels& labels = of(0)) const {
    return sample_.value(find(name, labels));
  }
  void add_process(GpuReading& gpu, const char* name, double memory, double sm = kNoGpuValue) {
    GpuProcessReading& process = gpu.processes[gpu.process_count++];
    std::strncpy(process.name.data(), name, process.name.size() - 1);
    process.memory = memory;
    process.sm = sm;
  }

  Sample sample_;
  GpuSeries series_{sample_};
  GpuReadings readings_;
  std::vector<ToldEvent> events_;
  Instant now_ = Instant{} + std::chrono::seconds{1000};
};

TEST_F(GpuSeriesTest, EveryValueHasAMetricOfItsOwn) {
  GpuReading& gpu = add();
  for (std::size_t i = 0; i < kGpuValues; ++i) gpu.values[i] = static_cast<double>(i);
  read();
  std::set<double> seen;
  for (Sample::Alias i = 0; i < sample_.series().size(); ++i) {
    if (sample_.series()[i].labels == of(0)) seen.insert(sample_.value(i));
  }
  EXPECT_EQ(seen.size(), kGpuValues);
  EXPECT_EQ(value("gpu.util"), static_cast<double>(GpuValue::util));
  EXPECT_EQ(value("gpu.clock_video"), static_cast<double>(GpuValue::clock_video));
  EXPECT_EQ(value("gpu.violation_thermal"), static_cast<double>(GpuValue::violation_thermal));
  EXPECT_EQ(value("gpu.remapped_rows_failure"),
            static_cast<double>(GpuValue::remapped_rows_failure));
  EXPECT_EQ(value("gpu.fp32"), static_cast<double>(GpuValue::fp32));
  EXPECT_EQ(value("gpu.pcie_lcrc"), static_cast<double>(GpuValue::pcie_lcrc));
  EXPECT_EQ(value("gpu.retired_pages_dbe"), static_cast<double>(GpuValue::retired_pages_dbe));
}

TEST_F(GpuSeriesTest, WhatAGpuDoesNotHaveHasNoSeries) {
  add()[GpuValue::util] = 5;
  read();
  EXPECT_TRUE(has("gpu.util"));
  EXPECT_FALSE(has("gpu.fan"));
  EXPECT_EQ(value("gpu.lost"), 0);
  EXPECT_EQ(value("gpu.hung"), 0);
  EXPECT_EQ(value("gpu.runtime_pm", {{"gpu", "0"}, {"pci", "0000:00:00.0"}}), 0);
  EXPECT_EQ(value("gpu.count", {}), 1);
  EXPECT_EQ(value("gpu.count_expected", {}), 1);
  EXPECT_EQ(value("gpu.nvml_state", {}), 0);
  EXPECT_EQ(value("gpu.info", of(0, {{"name", "Fake GPU"},
                                     {"driver", "550.54"},
                                     {"vbios", "96.00"},
                                     {"pci", "0000:00:00.0"}})),
            1);
  EXPECT_TRUE(events_.empty());
}

TEST_F(GpuSeriesTest, ABoxWithoutGpusHasNoSeriesOfThem) {
  readings_.worth = false;
  readings_.state = NvmlState::missing;
  read();
  EXPECT_TRUE(sample_.series().empty());
  EXPECT_TRUE(events_.empty());
}

TEST_F(GpuSeriesTest, ATierThatWasNotReadKeepsItsValuesAndOneThatFailedLosesThem) {
  GpuReading& gpu = add();
  gpu[GpuValue::util] = 5;
  gpu[GpuValue::pstate] = 2;
  gpu[GpuValue::pcie_gen_max] = 4;
  read();
  gpu.values.fill(kNoGpuValue);
  gpu.ten = gpu.sixty = false;
  read();
  EXPECT_TRUE(std::isnan(value("gpu.util")));
  EXPECT_EQ(value("gpu.pstate"), 2);
  gpu.ten = true;
  read();
  EXPECT_TRUE(std::isnan(value("gpu.pstate")));
  EXPECT_EQ(value("gpu.pcie_gen_max"), 4);
}

TEST_F(GpuSeriesTest, AGpuThatWasNotReadSinceKeepsItsValuesAndItsRates) {
  GpuReading& gpu = add();
  gpu[GpuValue::energy] = 1000;
  read();
  gpu[GpuValue::energy] = 1500;
  read();
  gpu.fresh = false;
  read();
  const Sample::Alias alias = find("gpu.energy", of(0));
  EXPECT_EQ(sample_.value(alias), 1500);
  EXPECT_EQ(sample_.live()[alias], 500);
}

TEST_F(GpuSeriesTest, ALostGpuLosesItsValuesAndIsToldOfOnce) {
  add()[GpuValue::util] = 5;
  add()[GpuValue::util] = 6;
  add_process(readings_.gpus[0], "trainer", 100);
  read();
  set(GpuCondition::lost);
  read();
  EXPECT_TRUE(std::isnan(value("gpu.util")));
  EXPECT_TRUE(std::isnan(value("gpu.proc_mem", of(0, {{"process", "trainer"}}))));
  EXPECT_EQ(value("gpu.util", of(1)), 6);
  EXPECT_EQ(value("gpu.lost"), 1);
  EXPECT_EQ(value("gpu.count", {}), 1);
  EXPECT_EQ(value("gpu.count_expected", {}), 2);
  ASSERT_EQ(events_.size(), 1U);
  const wire::EventRecord& event = events_[0].record;
  EXPECT_EQ(event.kind, "gpu_lost");
  EXPECT_EQ(event.time_ms, 1234);
  EXPECT_EQ(event.severity, wire::Severity::critical);
  ASSERT_EQ(event.details.size(), 4U);
  EXPECT_EQ(event.details[0].name, "action");
  EXPECT_EQ(event.details[2].value, "0000:00:00.0");
  EXPECT_EQ(event.details[3].value, "GPU-0");
  read();
  EXPECT_TRUE(events_.empty());
  set(GpuCondition::ok);
  read();
  EXPECT_EQ(value("gpu.util"), 5);
  EXPECT_EQ(value("gpu.lost"), 0);
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].record.kind, "gpu_returned");
}

TEST_F(GpuSeriesTest, AHungGpuIsToldOfToo) {
  add()[GpuValue::util] = 5;
  read();
  set(GpuCondition::hung);
  readings_.state = NvmlState::hung;
  readings_.reason = "a call does not return";
  read();
  EXPECT_EQ(value("gpu.hung"), 1);
  EXPECT_EQ(value("gpu.nvml_state", {}), 3);
  ASSERT_EQ(events_.size(), 2U);
  EXPECT_EQ(events_[0].record.kind, "gpu_hung");
  EXPECT_EQ(events_[1].record.kind, "nvml_state");
}

TEST_F(GpuSeriesTest, AGpuThatSleepsIsNoneThatIsLost) {
  GpuReading& gpu = add();
  gpu[GpuValue::util] = 5;
  read();
  set(GpuCondition::asleep);
  gpu.power_state = 4;
  read();
  EXPECT_TRUE(std::isnan(value("gpu.util")));
  EXPECT_EQ(value("gpu.lost"), 0);
  EXPECT_EQ(value("gpu.count", {}), 1);
  EXPECT_EQ(value("gpu.runtime_pm", {{"gpu", "0"}, {"pci", "0000:00:00.0"}}), 4);
  EXPECT_TRUE(events_.empty());
}

TEST_F(GpuSeriesTest, AGpuThatNeverAnsweredIsOnlyMissed) {
  GpuReading& gpu = add();
  gpu.identity = nullptr;
  set(GpuCondition::unreadable);
  read();
  set(GpuCondition::lost);
  read();
  EXPECT_EQ(value("gpu.count", {}), 0);
  EXPECT_EQ(value("gpu.count_expected", {}), 1);
  EXPECT_TRUE(events_.empty());
}

TEST_F(GpuSeriesTest, EveryStateOfTheLibraryIsToldWithWhatToDo) {
  add();
  read();
  for (const NvmlState state :
       {NvmlState::missing, NvmlState::mismatch, NvmlState::failing, NvmlState::hung}) {
    readings_.state = state;
    readings_.reason = "NVML error 18";
    read();
    EXPECT_EQ(value("gpu.nvml_state", {}), static_cast<double>(state));
    ASSERT_EQ(events_.size(), 1U);
    const wire::EventRecord& event = events_[0].record;
    EXPECT_EQ(event.kind, "nvml_state");
    EXPECT_EQ(event.severity, wire::Severity::warning);
    EXPECT_EQ(event.details.front().name, "action");
    EXPECT_EQ(event.details.back().value, "NVML error 18");
    read();
    EXPECT_TRUE(events_.empty());
  }
  readings_.state = NvmlState::ok;
  readings_.reason.clear();
  read();
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].record.severity, wire::Severity::info);
}

TEST_F(GpuSeriesTest, ANewDriverIsNewInformationOfTheSameGpu) {
  GpuReading& gpu = add();
  gpu[GpuValue::util] = 5;
  read();
  const std::size_t before = sample_.series().size();
  for (int version = 0; version < 10; ++version) {
    gpu.identity = std::make_shared<const GpuIdentity>(
        GpuIdentity{"GPU-0", "Fake GPU", "560." + std::to_string(version), "96.00"});
    read();
  }
  EXPECT_EQ(sample_.series().size(), before);
  EXPECT_EQ(value("gpu.info", of(0, {{"name", "Fake GPU"},
                                     {"driver", "560.9"},
                                     {"vbios", "96.00"},
                                     {"pci", "0000:00:00.0"}})),
            1);
  EXPECT_EQ(value("gpu.util"), 5);
}

TEST_F(GpuSeriesTest, AnotherCardInItsPlaceHasSeriesOfItsOwn) {
  GpuReading& gpu = add();
  gpu[GpuValue::util] = 5;
  read();
  gpu.identity =
      std::make_shared<const GpuIdentity>(GpuIdentity{"GPU-9", "Fake GPU", "550.54", "96.00"});
  gpu[GpuValue::util] = 7;
  read();
  EXPECT_TRUE(std::isnan(value("gpu.util")));
  EXPECT_TRUE(std::isnan(value("gpu.lost")));
  EXPECT_EQ(value("gpu.util", {{"gpu", "0"}, {"uuid", "GPU-9"}}), 7);
}

TEST_F(GpuSeriesTest, AUuidThatChangesAllTheTimeAddsNoSeries) {
  GpuReading& gpu = add();
  gpu.values.fill(5);
  add_process(gpu, "trainer", 100, 30);
  gpu.instance_count = 1;
  std::strcpy(gpu.instances[0].uuid.data(), "MIG-1");
  read();
  const std::size_t before = sample_.series().size();
  for (int card = 1; card < 20; ++card) {
    gpu.identity = std::make_shared<const GpuIdentity>(
        GpuIdentity{"GPU-x" + std::to_string(card), "Fake GPU", "550.54", "96.00"});
    read();
  }
  EXPECT_EQ(sample_.series().size(), before);
  const Labels last = {{"gpu", "0"}, {"uuid", "GPU-x19"}};
  EXPECT_EQ(value("gpu.util", last), 5);
  EXPECT_EQ(value("gpu.lost", last), 0);
  EXPECT_EQ(value("gpu.proc_mem", {last[0], last[1], {"process", "trainer"}}), 100);
}

TEST_F(GpuSeriesTest, AUuidThatCouldNotBeHadIsTheOneThatWasKnown) {
  GpuReading& gpu = add();
  gpu[GpuValue::util] = 5;
  read();
  gpu.identity =
      std::make_shared<const GpuIdentity>(GpuIdentity{"", "Fake GPU", "550.54", "96.00"});
  read();
  EXPECT_EQ(value("gpu.util"), 5);
  EXPECT_FALSE(has("gpu.util", {{"gpu", "0"}, {"uuid", ""}}));
}

TEST_F(GpuSeriesTest, ProgramsThatCameLaterGetThePlacesOfThoseThatAreGone) {
  GpuReading& gpu = add();
  for (int i = 0; i < 8; ++i) add_process(gpu, ("old" + std::to_string(i)).c_str(), 10, 1);
  read();
  const std::size_t before = sample_.series().size();
  gpu.process_count = 0;
  add_process(gpu, "new", 70, 7);
  read();
  EXPECT_EQ(value("gpu.proc_mem", of(0, {{"process", "other"}})), 70);
  for (std::size_t i = 1; i < GpuSeries::kForgetAfter; ++i) read();
  EXPECT_EQ(value("gpu.proc_mem", of(0, {{"process", "new"}})), 70);
  EXPECT_EQ(value("gpu.proc_sm", of(0, {{"process", "new"}})), 7);
  EXPECT_TRUE(std::isnan(value("gpu.proc_mem", of(0, {{"process", "other"}}))));
  EXPECT_EQ(sample_.series().size(), before + 2);  // those of the others
}

TEST_F(GpuSeriesTest, AProcessWithoutANameIsOneOfTheOthers) {
  GpuReading& gpu = add();
  add_process(gpu, "", 20);
  add_process(gpu, "", 30);
  add_process(gpu, "trainer", 100);
  read();
  EXPECT_EQ(value("gpu.proc_mem", of(0, {{"process", "other"}})), 50);
  EXPECT_FALSE(has("gpu.proc_mem", of(0, {{"process", ""}})));
}

TEST_F(GpuSeriesTest, InstancesThatCameLaterGetThePlacesOfThoseThatAreGone) {
  GpuReading& gpu = add();
  gpu.instance_count = kMaxMigInstances;
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < kMaxMigInstances; ++i) {
      const std::string uuid = "MIG-" + std::to_string(round) + "-" + std::to_string(i);
      std::strcpy(gpu.instances[i].uuid.data(), uuid.c_str());
      gpu.instances[i].fb_used = static_cast<double>(10 * round) + static_cast<double>(i);
    }
    read();
  }
  EXPECT_EQ(value("gpu.mig_fb_used", of(0, {{"instance", "0/0"}, {"mig_uuid", "MIG-2-7"}})), 27);
  EXPECT_EQ(value("gpu.mig_fb_used", of(0, {{"instance", "0/0"}, {"mig_uuid", "MIG-2-0"}})), 20);
}

TEST_F(GpuSeriesTest, AGpuThatFailsOrHasToBeResetIsNotCountedAndIsToldOf) {
  GpuReading& gpu = add();
  gpu[GpuValue::util] = 5;
  read();
  for (const auto& [condition, kind] : {std::pair{GpuCondition::failing, "gpu_failing"},
                                        {GpuCondition::reset_required, "gpu_reset_required"}}) {
    set(condition);
    read();
    EXPECT_EQ(value("gpu.count", {}), 0);
    EXPECT_TRUE(std::isnan(value("gpu.util")));
    ASSERT_EQ(events_.size(), 1U);
    EXPECT_EQ(events_[0].record.kind, kind);
    EXPECT_EQ(events_[0].record.severity, wire::Severity::critical);
    read();
    EXPECT_TRUE(events_.empty());
  }
  gpu.fresh = true;  // what it still tells
  gpu[GpuValue::util] = 3;
  read();
  EXPECT_EQ(value("gpu.util"), 3);
  set(GpuCondition::ok);
  read();
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].record.kind, "gpu_returned");
}

TEST_F(GpuSeriesTest, AGpuThatHasToBeResetFromTheBeginningIsToldOf) {
  GpuReading& gpu = add();
  gpu.identity = nullptr;
  set(GpuCondition::reset_required);
  read();
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_EQ(events_[0].record.kind, "gpu_reset_required");
}

TEST_F(GpuSeriesTest, ProcessesOfOneNameAreOneProgram) {
  GpuReading& gpu = add();
  add_process(gpu, "trainer", 100, 30);
  add_process(gpu, "trainer", 50, 12);
  add_process(gpu, "viewer", kNoGpuValue);
  read();
  EXPECT_EQ(value("gpu.proc_mem", of(0, {{"process", "trainer"}})), 150);
  EXPECT_EQ(value("gpu.proc_sm", of(0, {{"process", "trainer"}})), 42);
  EXPECT_FALSE(has("gpu.proc_mem", of(0, {{"process", "viewer"}})));
  gpu.process_count = 0;
  read();
  EXPECT_TRUE(std::isnan(value("gpu.proc_mem", of(0, {{"process", "trainer"}}))));
}

TEST_F(GpuSeriesTest, ProgramsBeyondTheBoundAreOneOther) {
  GpuReading& gpu = add();
  for (int round = 0; round < 5; ++round) {
    gpu.process_count = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      add_process(gpu, ("p" + std::to_string(4 * round + static_cast<int>(i))).c_str(), 10);
    }
    read();
  }
  std::size_t programs = 0;
  for (const wire::SeriesInfo& info : sample_.series()) programs += info.name == "gpu.proc_mem";
  EXPECT_EQ(programs, GpuSeries::kMaxPrograms + 1);
  EXPECT_EQ(value("gpu.proc_mem", of(0, {{"process", "other"}})), 40);
}

TEST_F(GpuSeriesTest, InstancesHaveTheirMemoryAndLoseItWithThem) {
  GpuReading& gpu = add();
  gpu.instance_count = 1;
  gpu.instances[0].gpu_instance = 3;
  std::strcpy(gpu.instances[0].uuid.data(), "MIG-1");
  gpu.instances[0].fb_used = 100;
  gpu.instances[0].fb_total = 400;
  read();
  const Labels labels = of(0, {{"instance", "3/0"}, {"mig_uuid", "MIG-1"}});
  EXPECT_EQ(value("gpu.mig_fb_used", labels), 100);
  EXPECT_EQ(value("gpu.mig_fb_total", labels), 400);
  gpu.instance_count = 0;
  read();
  EXPECT_TRUE(std::isnan(value("gpu.mig_fb_used", labels)));
}

TEST_F(GpuSeriesTest, AllGpusAtTheirBoundsHaveRoomAmongTheSeries) {
  for (std::size_t i = 0; i < kMaxGpus + 1; ++i) {
    GpuReading& gpu = add();
    gpu.values.fill(1);
    for (std::size_t name = 0; name < kMaxGpuProcesses; ++name) {
      add_process(gpu, ("p" + std::to_string(name)).c_str(), 1, 1);
    }
  }
  for (int round = 0; round < 30; ++round) {
    for (GpuReading& gpu : readings_.gpus) {
      gpu.instance_count = kMaxMigInstances;
      for (std::size_t i = 0; i < kMaxMigInstances; ++i) {
        const std::string uuid = "MIG-" + std::to_string(round) + "-" + std::to_string(i);
        std::strcpy(gpu.instances[i].uuid.data(), uuid.c_str());
      }
      for (std::size_t i = 0; i < kMaxGpuProcesses; ++i) gpu.processes[i].name[1]++;
      auto identity = *gpu.identity;
      identity.driver = std::to_string(round);
      gpu.identity = std::make_shared<const GpuIdentity>(identity);
    }
    read();
  }
  EXPECT_LE(sample_.series().size(), kMaxGpus * GpuSeries::kMaxOfOne + 3);
  EXPECT_LT(sample_.series().size(), wire::kMaxSeries);
  EXPECT_EQ(sample_.refused(), 0U);
}

}  // namespace
}  // namespace bw::agent
