#include "agent/shell/gpu/nvml_device.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/agent/shell/gpu/fake_gpus.h"

namespace bw::agent {
namespace {

constexpr std::string_view kBasics =
    "value * util 42\nvalue * mem_util 17\nvalue * fb_total 1000\nvalue * fb_free 600\n"
    "value * fb_used 390\nvalue * fb_reserved 10\nvalue * temp 65\nvalue * clock_sm 1700\n"
    "value * clock_mem 9000\nvalue * clock_video 1500\nvalue * clock_event_reasons 68\n"
    "value * enc_util 3\nvalue * dec_util 4\n";

class NvmlDeviceTest : public testing::Test {
 protected:
  NvmlDevice& open(std::string_view age = "new") {
    calls_.emplace(NvmlLibrary::open(fake_nvml(age)).value(), progress_);
    nvml::Device handle = nullptr;
    EXPECT_EQ(calls_->library().by_index(0, &handle), nvml::kSuccess);
    return device_.emplace(*calls_, handle);
  }
  GpuCondition condition(bool ten = false, bool sixty = false) {
    reading_.ten = ten;
    reading_.sixty = sixty;
    return device_->read(names_, reading_);
  }
  bool read(bool ten = false, bool sixty = false) {
    return condition(ten, sixty) == GpuCondition::ok;
  }
  double value(GpuValue value) const { return reading_[value]; }
  std::uint64_t calls_of_a_round() {
    const std::uint64_t before = progress_;
    read();
    return progress_ - before;
  }

  FakeGpus gpus_{1};
  std::atomic<std::uint64_t> progress_{0};
  ProcessNames names_{""};
  std::optional<NvmlCalls> calls_;
  std::optional<NvmlDevice> device_;
  GpuReading reading_;
};

TEST_F(NvmlDeviceTest, IdentifiesTheGpu) {
  const GpuIdentity identity = open().identify("550.54.15");
  EXPECT_EQ(identity.uuid, "GPU-0");
  EXPECT_EQ(identity.name, "Fake GPU");
  EXPECT_EQ(identity.driver, "550.54.15");
  EXPECT_EQ(identity.vbios, "96.00.74.00.01");
}

TEST_F(NvmlDeviceTest, ReadsWhatIsAskedEveryRoundInElevenCalls) {
  gpus_.script(std::string(kBasics) +
               "value * field.82 71\nvalue * field.186 250500\nvalue * field.185 249000\n"
               "value * field.83 123456789\nvalue * field.197 4096\nvalue * field.198 8192\n");
  open();
  ASSERT_TRUE(read());
  EXPECT_EQ(value(GpuValue::util), 42);
  EXPECT_EQ(value(GpuValue::mem_util), 17);
  EXPECT_EQ(value(GpuValue::fb_used), 390);
  EXPECT_EQ(value(GpuValue::fb_free), 600);
  EXPECT_EQ(value(GpuValue::fb_reserved), 10);
  EXPECT_EQ(value(GpuValue::fb_total), 1000);
  EXPECT_EQ(value(GpuValue::temp), 65);
  EXPECT_EQ(value(GpuValue::mem_temp), 71);
  EXPECT_EQ(value(GpuValue::power), 250500);
  EXPECT_EQ(value(GpuValue::power_average), 249000);
  EXPECT_EQ(value(GpuValue::energy), 123456789);
  EXPECT_EQ(value(GpuValue::clock_sm), 1700);
  EXPECT_EQ(value(GpuValue::clock_mem), 9000);
  EXPECT_EQ(value(GpuValue::clock_video), 1500);
  EXPECT_EQ(value(GpuValue::clock_event_reasons), 68);
  EXPECT_EQ(value(GpuValue::enc_util), 3);
  EXPECT_EQ(value(GpuValue::dec_util), 4);
  EXPECT_EQ(value(GpuValue::pcie_tx), 4096);
  EXPECT_EQ(value(GpuValue::pcie_rx), 8192);
  EXPECT_TRUE(std::isnan(value(GpuValue::pstate)));  // not due
  EXPECT_EQ(calls_of_a_round(), 10U);
}

TEST_F(NvmlDeviceTest, ReadsTheSlowerTiersWhenTheyAreDue) {
  gpus_.script(
      "value * bar1_used 5\nvalue * bar1_total 256\nvalue * temp_margin 20\n"
      "value * power_limit 300000\nvalue * pstate 2\nvalue * fan 33\nvalue * jpg_util 1\n"
      "value * ofa_util 2\nvalue * pcie_gen 4\nvalue * pcie_width 16\nvalue * field.74 1000\n"
      "value * field.75 2000\nvalue * field.94 7\nvalue * field.3 1\nvalue * field.4 2\n"
      "value * field.142 3\nvalue * field.144 1\nvalue * field.138 10\nvalue * field.38 4\n"
      "value * pcie_gen_max 5\nvalue * pcie_width_max 8\nvalue * field.173 11\n"
      "value * field.5 12\nvalue * field.31 0\nvalue * mig_mode 0\nvalue * field.197 1\n");
  open();
  ASSERT_TRUE(read(true, true));
  EXPECT_EQ(value(GpuValue::bar1_used), 5);
  EXPECT_EQ(value(GpuValue::bar1_total), 256);
  EXPECT_EQ(value(GpuValue::temp_margin), 20);
  EXPECT_EQ(value(GpuValue::power_limit), 300000);
  EXPECT_EQ(value(GpuValue::pstate), 2);
  EXPECT_EQ(value(GpuValue::fan), 33);
  EXPECT_EQ(value(GpuValue::jpg_util), 1);
  EXPECT_EQ(value(GpuValue::ofa_util), 2);
  EXPECT_EQ(value(GpuValue::pcie_gen), 4);
  EXPECT_EQ(value(GpuValue::pcie_width), 16);
  EXPECT_EQ(value(GpuValue::violation_power), 1000);
  EXPECT_EQ(value(GpuValue::violation_thermal), 2000);
  EXPECT_EQ(value(GpuValue::pcie_replay), 7);
  EXPECT_EQ(value(GpuValue::ecc_sbe_vol), 1);
  EXPECT_EQ(value(GpuValue::ecc_dbe_vol), 2);
  EXPECT_EQ(value(GpuValue::remapped_rows_cor), 3);
  EXPECT_EQ(value(GpuValue::remapped_rows_pending), 1);
  EXPECT_EQ(value(GpuValue::nvlink_tx), 10 * 1024);
  EXPECT_EQ(value(GpuValue::nvlink_crc), 4);
  EXPECT_EQ(value(GpuValue::pcie_gen_max), 5);
  EXPECT_EQ(value(GpuValue::pcie_width_max), 8);
  EXPECT_EQ(value(GpuValue::pcie_correctable), 11);
  EXPECT_EQ(value(GpuValue::ecc_sbe_agg), 12);
  EXPECT_EQ(value(GpuValue::retired_pages_pending), 0);
  EXPECT_EQ(value(GpuValue::mig_mode), 0);
  EXPECT_TRUE(std::isnan(value(GpuValue::pcie_tx_rate)));  // there is a counter
}

TEST_F(NvmlDeviceTest, ThresholdsOfTemperatureAreReadOnceAMinute) {
  gpus_.script(
      "value * threshold.0 98\nvalue * threshold.1 95\nvalue * threshold.2 105\n"
      "value * threshold.3 0\n");
  open();
  read(true);
  EXPECT_TRUE(std::isnan(value(GpuValue::temp_shutdown)));  // not due
  read(true, true);
  EXPECT_EQ(value(GpuValue::temp_shutdown), 98);
  EXPECT_EQ(value(GpuValue::temp_slowdown), 95);
  EXPECT_EQ(value(GpuValue::mem_temp_max), 105);
  EXPECT_TRUE(std::isnan(value(GpuValue::temp_max)));  // 0 is none
  EXPECT_TRUE(std::isnan(value(GpuValue::tlimit_shutdown)));
}

TEST_F(NvmlDeviceTest, NewerGpusTellTheirThresholdsAsMarginsThatMayBeNegative) {
  gpus_.script(
      "value * field.193 -8\nvalue * type.193 1\nvalue * field.194 -2\nvalue * type.194 5\n"
      "value * field.196 0\nvalue * type.196 1\nvalue * field.195 -3\nvalue * type.195 3\n");
  open();
  read(true, true);
  EXPECT_EQ(value(GpuValue::tlimit_shutdown), -8);
  EXPECT_EQ(value(GpuValue::tlimit_slowdown), -2);
  EXPECT_EQ(value(GpuValue::tlimit_max), 0);
  EXPECT_EQ(value(GpuValue::tlimit_mem_max), -3);
  EXPECT_TRUE(std::isnan(value(GpuValue::temp_shutdown)));
}

TEST_F(NvmlDeviceTest, CountersOfNvlinkFiveTellTheSameByTheSameNames) {
  gpus_.script(
      "value * field.202 5000\nvalue * field.204 6000\nvalue * field.215 3\n"
      "value * field.214 1\nvalue * field.208 7\nvalue * field.212 8\nvalue * field.219 9\n"
      "value * field.221 10\n");
  open();
  read(true);
  EXPECT_EQ(value(GpuValue::nvlink_tx), 5000);
  EXPECT_EQ(value(GpuValue::nvlink_rx), 6000);
  EXPECT_EQ(value(GpuValue::nvlink_recovery), 3);
  EXPECT_EQ(value(GpuValue::nvlink_recovery_failed), 1);
  EXPECT_EQ(value(GpuValue::nvlink_rx_errors), 7);
  EXPECT_EQ(value(GpuValue::nvlink_tx_discards), 8);
  EXPECT_EQ(value(GpuValue::nvlink_effective_errors), 9);
  EXPECT_EQ(value(GpuValue::nvlink_symbol_errors), 10);
}

// Else a counter would jump from one to the other.
TEST_F(NvmlDeviceTest, WhatTwoFieldsTellIsTakenFromOneOfThemAlone) {
  const std::string both = "value * field.138 10\nvalue * field.202 999\n";
  gpus_.script(both);
  open();
  read(true);
  EXPECT_EQ(value(GpuValue::nvlink_tx), 10 * 1024);
  gpus_.script("value * field.202 999\n");
  read(true);
  EXPECT_TRUE(std::isnan(value(GpuValue::nvlink_tx)));
}

// A failure that may pass: what counts from another beginning must not take turns with it.
TEST_F(NvmlDeviceTest, TheFieldThatAnsweredFirstTellsAValueForGood) {
  const std::string both =
      "value * field.138 10\nvalue * field.202 999\nvalue * field.59 1\nvalue * field.215 50\n";
  gpus_.script(both + "value * answer.138 999\nvalue * answer.59 999\n");
  open();
  read(true);
  EXPECT_EQ(value(GpuValue::nvlink_tx), 999);
  EXPECT_EQ(value(GpuValue::nvlink_recovery), 50);
  gpus_.script(both);
  for (std::uint32_t i = 0; i < NvmlDevice::kAskAgain + 2; ++i) {
    read(true);
    ASSERT_EQ(value(GpuValue::nvlink_tx), 999) << i;
    ASSERT_EQ(value(GpuValue::nvlink_recovery), 50) << i;
  }
}

// Without it the other may: once everything is asked again.
TEST_F(NvmlDeviceTest, AFieldThatIsNoLongerThereLeavesItsValueToAnother) {
  gpus_.script("value * field.138 10\nvalue * field.202 999\n");
  open();
  read(true);
  gpus_.script("value * field.202 999\n");
  read(true);
  EXPECT_TRUE(std::isnan(value(GpuValue::nvlink_tx)));
  for (std::uint32_t i = 0; i < NvmlDevice::kAskAgain; ++i) read(true);
  EXPECT_EQ(value(GpuValue::nvlink_tx), 999);
}

TEST_F(NvmlDeviceTest, AnOldDriverIsAskedByOlderCalls) {
  gpus_.script(std::string(kBasics) +
               "value * power 99000\nvalue * energy 5000\nvalue * pcie_tx_kb 12\n"
               "value * pcie_rx_kb 34\nvalue * pcie_replay 9\nvalue * ecc.0.0 1\n"
               "value * ecc.1.0 2\nvalue * ecc.0.1 3\nvalue * remapped_cor 6\nvalue * fan 50\n");
  open("old");
  ASSERT_TRUE(read(true, true));
  EXPECT_EQ(value(GpuValue::fb_used), 390);
  EXPECT_TRUE(std::isnan(value(GpuValue::fb_reserved)));
  EXPECT_EQ(value(GpuValue::temp), 65);
  EXPECT_EQ(value(GpuValue::power), 99000);
  EXPECT_EQ(value(GpuValue::energy), 5000);
  EXPECT_EQ(value(GpuValue::clock_event_reasons), 68);
  EXPECT_EQ(value(GpuValue::pcie_tx_rate), 12000);
  EXPECT_EQ(value(GpuValue::pcie_rx_rate), 34000);
  EXPECT_EQ(value(GpuValue::pcie_replay), 9);
  EXPECT_EQ(value(GpuValue::ecc_sbe_vol), 1);
  EXPECT_EQ(value(GpuValue::ecc_dbe_vol), 2);
  EXPECT_EQ(value(GpuValue::ecc_sbe_agg), 3);
  EXPECT_EQ(value(GpuValue::remapped_rows_cor), 6);
  EXPECT_EQ(value(GpuValue::fan), 50);
  EXPECT_TRUE(std::isnan(value(GpuValue::mig_mode)));
}

TEST_F(NvmlDeviceTest, WhatIsNotSupportedIsNotAskedAgainForAWhile) {
  gpus_.script("value * util 1\n");
  open();
  const std::uint64_t first = calls_of_a_round();
  // Only utilisation is left; the fields were all refused.
  EXPECT_EQ(calls_of_a_round(), 1U);
  EXPECT_GT(first, 10U);
  gpus_.script("value * util 1\nvalue * enc_util 5\nvalue * field.82 50\n");
  for (std::uint32_t round = 2; round < NvmlDevice::kAskAgain - 1; ++round) read();
  EXPECT_TRUE(std::isnan(value(GpuValue::enc_util)));
  read();
  EXPECT_EQ(value(GpuValue::enc_util), 5);
  EXPECT_EQ(value(GpuValue::mem_temp), 50);
}

TEST_F(NvmlDeviceTest, APassingErrorCostsOnlyItsOwnValue) {
  gpus_.script(std::string(kBasics) + "error 0 nvmlDeviceGetClockInfo 999\n");
  open();
  ASSERT_TRUE(read());
  EXPECT_TRUE(std::isnan(value(GpuValue::clock_sm)));
  EXPECT_EQ(value(GpuValue::util), 42);
  gpus_.script(kBasics);
  ASSERT_TRUE(read());
  EXPECT_EQ(value(GpuValue::clock_sm), 1700);
}

TEST_F(NvmlDeviceTest, ALostGpuIsAskedNoMore) {
  gpus_.script(kBasics);
  open();
  ASSERT_TRUE(read());
  gpus_.script(std::string(kBasics) + "lost 0\n");
  const std::uint64_t before = progress_;
  EXPECT_EQ(condition(true, true), GpuCondition::lost);
  EXPECT_EQ(progress_ - before, 1U);
  EXPECT_TRUE(std::isnan(value(GpuValue::util)));
}

TEST_F(NvmlDeviceTest, AGpuThatIsLostWithinAFieldIsLost) {
  gpus_.script(std::string(kBasics) + "error 0 nvmlDeviceGetFieldValues 15\n");
  open();
  EXPECT_EQ(condition(), GpuCondition::lost);
}

TEST_F(NvmlDeviceTest, AGpuThatAnswersEverythingWithAnErrorIsFailing) {
  gpus_.script(kBasics);
  open();
  ASSERT_TRUE(read());
  gpus_.script(std::string(kBasics) + "error * * 999\n");
  EXPECT_EQ(condition(true, true), GpuCondition::failing);
  gpus_.script(kBasics);
  EXPECT_EQ(condition(), GpuCondition::ok);
}

TEST_F(NvmlDeviceTest, AGpuThatHasToBeResetSaysSoAndMayStillTellSomething) {
  open();
  gpus_.script(std::string(kBasics) + "error * * 16\n");
  EXPECT_EQ(condition(), GpuCondition::reset_required);
  EXPECT_TRUE(std::isnan(value(GpuValue::util)));
  gpus_.script(std::string(kBasics) + "error 0 nvmlDeviceGetClockInfo 16\n");
  EXPECT_EQ(condition(), GpuCondition::reset_required);
  EXPECT_EQ(value(GpuValue::util), 42);
}

TEST_F(NvmlDeviceTest, AGpuThatHasNothingOfItDoesNotFail) {
  open();
  EXPECT_EQ(condition(), GpuCondition::ok);
  EXPECT_EQ(condition(), GpuCondition::ok);
}

TEST_F(NvmlDeviceTest, AnUnknownPerformanceStateIsNone) {
  gpus_.script(std::string(kBasics) + "value * pstate 32\n");
  open();
  ASSERT_TRUE(read(true));
  EXPECT_TRUE(std::isnan(value(GpuValue::pstate)));
}

// The ids of NVML_FI_DEV_* in nvml.h, in the order of the lines: MEMORY_TEMP; POWER_INSTANT,
// POWER_AVERAGE; TOTAL_ENERGY_CONSUMPTION; PCIE_COUNT_TX_BYTES, _RX_BYTES; PERF_POLICY_*;
// PCIE_REPLAY_COUNTER; ECC_SBE_VOL_TOTAL, ECC_DBE_VOL_TOTAL; REMAPPED_*; NVLINK_CRC_FLIT_...,
// CRC_DATA_..., REPLAY_..., RECOVERY_ERROR_COUNT_TOTAL; PCIE_COUNT_*; ECC_*_AGG_TOTAL; RETIRED_*.
TEST_F(NvmlDeviceTest, EveryFieldIsAskedByItsNumber) {
  constexpr std::pair<int, GpuValue> kNumbers[] = {{82, GpuValue::mem_temp},
                                                   {186, GpuValue::power},
                                                   {185, GpuValue::power_average},
                                                   {83, GpuValue::energy},
                                                   {197, GpuValue::pcie_tx},
                                                   {198, GpuValue::pcie_rx},
                                                   {74, GpuValue::violation_power},
                                                   {75, GpuValue::violation_thermal},
                                                   {76, GpuValue::violation_sync_boost},
                                                   {77, GpuValue::violation_board_limit},
                                                   {78, GpuValue::violation_low_util},
                                                   {79, GpuValue::violation_reliability},
                                                   {94, GpuValue::pcie_replay},
                                                   {3, GpuValue::ecc_sbe_vol},
                                                   {4, GpuValue::ecc_dbe_vol},
                                                   {142, GpuValue::remapped_rows_cor},
                                                   {143, GpuValue::remapped_rows_unc},
                                                   {144, GpuValue::remapped_rows_pending},
                                                   {145, GpuValue::remapped_rows_failure},
                                                   {38, GpuValue::nvlink_crc},
                                                   {45, GpuValue::nvlink_crc_data},
                                                   {52, GpuValue::nvlink_replay},
                                                   {59, GpuValue::nvlink_recovery},
                                                   {173, GpuValue::pcie_correctable},
                                                   {174, GpuValue::pcie_naks_received},
                                                   {175, GpuValue::pcie_receiver_errors},
                                                   {176, GpuValue::pcie_bad_tlp},
                                                   {177, GpuValue::pcie_naks_sent},
                                                   {178, GpuValue::pcie_bad_dllp},
                                                   {179, GpuValue::pcie_non_fatal},
                                                   {180, GpuValue::pcie_fatal},
                                                   {181, GpuValue::pcie_unsupported},
                                                   {182, GpuValue::pcie_lcrc},
                                                   {183, GpuValue::pcie_lane_errors},
                                                   {5, GpuValue::ecc_sbe_agg},
                                                   {6, GpuValue::ecc_dbe_agg},
                                                   {29, GpuValue::retired_pages_sbe},
                                                   {30, GpuValue::retired_pages_dbe},
                                                   {31, GpuValue::retired_pages_pending}};
  // In KiB: NVLINK_THROUGHPUT_DATA_TX, _RX.
  std::string script = "value * field.138 138\nvalue * field.139 139\n";
  for (const auto& [id, value] : kNumbers) {
    script += "value * field." + std::to_string(id) + " " + std::to_string(id) + "\n";
  }
  gpus_.script(script);
  open();
  ASSERT_TRUE(read(true, true));
  for (const auto& [id, what] : kNumbers) EXPECT_EQ(value(what), id) << id;
  EXPECT_EQ(value(GpuValue::nvlink_tx), 138 * 1024);
  EXPECT_EQ(value(GpuValue::nvlink_rx), 139 * 1024);
}

TEST_F(NvmlDeviceTest, AnUnloadedDriverEndsIt) {
  gpus_.script(kBasics);
  open();
  ASSERT_TRUE(read());
  EXPECT_EQ(calls_->broken(), nvml::kSuccess);
  gpus_.script(std::string(kBasics) + "error 0 nvmlDeviceGetUtilizationRates 18\n");
  read();
  EXPECT_EQ(calls_->broken(), nvml::kLibRmVersionMismatch);
}

}  // namespace
}  // namespace bw::agent
