// The binary interface against literals of NVIDIA's nvml.h (github.com/NVIDIA/go-nvml): the fake
// library is built from nvml_abi.h too, so that it would agree with whatever stands there.
#include "agent/shell/gpu/nvml_abi.h"

#include <cstddef>

#include <gtest/gtest.h>

namespace bw::agent::nvml {
namespace {

// nvmlMemory_v2_t and what else carries a version: the size, and the version above it.
TEST(NvmlAbi, MemoryIsLaidOutAsPublished) {
  EXPECT_EQ(sizeof(MemoryV2), 40U);
  EXPECT_EQ(offsetof(MemoryV2, version), 0U);
  EXPECT_EQ(offsetof(MemoryV2, total), 8U);
  EXPECT_EQ(offsetof(MemoryV2, reserved), 16U);
  EXPECT_EQ(offsetof(MemoryV2, free), 24U);
  EXPECT_EQ(offsetof(MemoryV2, used), 32U);
  EXPECT_EQ(version_of<MemoryV2>(2), 0x02000028U);
  EXPECT_EQ(offsetof(Memory, total), 0U);
  EXPECT_EQ(offsetof(Memory, free), 8U);
  EXPECT_EQ(offsetof(Memory, used), 16U);
  EXPECT_EQ(offsetof(Bar1Memory, total), 0U);
  EXPECT_EQ(offsetof(Bar1Memory, free), 8U);
  EXPECT_EQ(offsetof(Bar1Memory, used), 16U);
  EXPECT_EQ(sizeof(Bar1Memory), 24U);
}

TEST(NvmlAbi, UtilizationAndTemperaturesAreLaidOutAsPublished) {
  EXPECT_EQ(sizeof(Utilization), 8U);
  EXPECT_EQ(offsetof(Utilization, memory), 4U);
  EXPECT_EQ(sizeof(TemperatureV1), 12U);
  EXPECT_EQ(offsetof(TemperatureV1, sensor), 4U);
  EXPECT_EQ(offsetof(TemperatureV1, temperature), 8U);
  EXPECT_EQ(version_of<TemperatureV1>(1), 0x0100000CU);
  EXPECT_EQ(sizeof(MarginTemperature), 8U);
  EXPECT_EQ(offsetof(MarginTemperature, margin), 4U);
  EXPECT_EQ(version_of<MarginTemperature>(1), 0x01000008U);
}

TEST(NvmlAbi, ProcessesAreLaidOutAsPublished) {
  EXPECT_EQ(sizeof(ProcessUtilization), 32U);
  EXPECT_EQ(offsetof(ProcessUtilization, pid), 0U);
  EXPECT_EQ(offsetof(ProcessUtilization, timestamp_us), 8U);
  EXPECT_EQ(offsetof(ProcessUtilization, sm), 16U);
  EXPECT_EQ(offsetof(ProcessUtilization, memory), 20U);
  EXPECT_EQ(offsetof(ProcessUtilization, encoder), 24U);
  EXPECT_EQ(offsetof(ProcessUtilization, decoder), 28U);
  EXPECT_EQ(offsetof(ProcessInfoHead, pid), 0U);
  EXPECT_EQ(offsetof(ProcessInfoHead, memory), 8U);
  EXPECT_EQ(kNotAvailable, 0xFFFFFFFFFFFFFFFFULL);
}

TEST(NvmlAbi, FieldsAreLaidOutAsPublished) {
  EXPECT_EQ(sizeof(FieldValue), 40U);
  EXPECT_EQ(offsetof(FieldValue, field), 0U);
  EXPECT_EQ(offsetof(FieldValue, scope), 4U);
  EXPECT_EQ(offsetof(FieldValue, timestamp_us), 8U);
  EXPECT_EQ(offsetof(FieldValue, latency_us), 16U);
  EXPECT_EQ(offsetof(FieldValue, type), 24U);
  EXPECT_EQ(offsetof(FieldValue, result), 28U);
  EXPECT_EQ(offsetof(FieldValue, value), 32U);
  EXPECT_EQ(kDouble, 0);
  EXPECT_EQ(kUnsigned, 1);
  EXPECT_EQ(kUnsignedLong, 2);
  EXPECT_EQ(kUnsignedLongLong, 3);
  EXPECT_EQ(kSignedLongLong, 4);
  EXPECT_EQ(kSigned, 5);
  EXPECT_EQ(kUnsignedShort, 6);
}

// On machines of 64 bits: the structures hold pointers.
TEST(NvmlAbi, PerformanceCountersAreLaidOutAsPublished) {
  if (sizeof(void*) != 8) GTEST_SKIP() << "pointers have another size";
  EXPECT_EQ(sizeof(GpmMetric), 40U);
  EXPECT_EQ(offsetof(GpmMetric, id), 0U);
  EXPECT_EQ(offsetof(GpmMetric, result), 4U);
  EXPECT_EQ(offsetof(GpmMetric, value), 8U);
  EXPECT_EQ(offsetof(GpmMetric, names), 16U);
  EXPECT_EQ(offsetof(GpmMetricsGet, version), 0U);
  EXPECT_EQ(offsetof(GpmMetricsGet, count), 4U);
  EXPECT_EQ(offsetof(GpmMetricsGet, first), 8U);
  EXPECT_EQ(offsetof(GpmMetricsGet, second), 16U);
  EXPECT_EQ(offsetof(GpmMetricsGet, metrics), 24U);
  EXPECT_EQ(sizeof(GpmMetricsGet), 24U + 333U * 40U);
  EXPECT_EQ(sizeof(GpmSupport), 8U);
  EXPECT_EQ(offsetof(GpmSupport, supported), 4U);
  EXPECT_EQ(kGpmVersion, 1U);
}

TEST(NvmlAbi, EventsAreLaidOutAsPublished) {
  if (sizeof(void*) != 8) GTEST_SKIP() << "pointers have another size";
  EXPECT_EQ(sizeof(EventData), 32U);
  EXPECT_EQ(offsetof(EventData, device), 0U);
  EXPECT_EQ(offsetof(EventData, type), 8U);
  EXPECT_EQ(offsetof(EventData, data), 16U);
  EXPECT_EQ(offsetof(EventData, gpu_instance), 24U);
  EXPECT_EQ(offsetof(EventData, compute_instance), 28U);
  EXPECT_EQ(kUncorrectedEccEvent, 0x2U);
  EXPECT_EQ(kXidEvent, 0x8U);
  EXPECT_EQ(kCorrectedEccStormEvent, 0x200U);
  EXPECT_EQ(kRetirementEvent, 0x400U);
  EXPECT_EQ(kRetirementFailureEvent, 0x800U);
  EXPECT_EQ(kNoInstance, 0xFFFFFFFFU);
}

TEST(NvmlAbi, NumbersAreAsPublished) {
  EXPECT_EQ(kSuccess, 0);
  EXPECT_EQ(kUninitialized, 1);
  EXPECT_EQ(kInvalidArgument, 2);
  EXPECT_EQ(kNotSupported, 3);
  EXPECT_EQ(kNoPermission, 4);
  EXPECT_EQ(kNotFound, 6);
  EXPECT_EQ(kInsufficientSize, 7);
  EXPECT_EQ(kDriverNotLoaded, 9);
  EXPECT_EQ(kTimeout, 10);
  EXPECT_EQ(kLibraryNotFound, 12);
  EXPECT_EQ(kFunctionNotFound, 13);
  EXPECT_EQ(kGpuIsLost, 15);
  EXPECT_EQ(kResetRequired, 16);
  EXPECT_EQ(kOperatingSystem, 17);
  EXPECT_EQ(kLibRmVersionMismatch, 18);
  EXPECT_EQ(kNoData, 21);
  EXPECT_EQ(kArgumentVersionMismatch, 25);
  EXPECT_EQ(kDeprecated, 26);
  EXPECT_EQ(kNotReady, 27);
  EXPECT_EQ(kGpuNotFound, 28);
  EXPECT_EQ(kUnknown, 999);
  EXPECT_EQ(kUnknownState, 32U);
  EXPECT_EQ(kTemperatureGpu, 0);
  EXPECT_EQ(kShutdownThreshold, 0);
  EXPECT_EQ(kSlowdownThreshold, 1);
  EXPECT_EQ(kMemoryThreshold, 2);
  EXPECT_EQ(kGpuThreshold, 3);
  EXPECT_EQ(kClockSm, 1);
  EXPECT_EQ(kClockMemory, 2);
  EXPECT_EQ(kClockVideo, 3);
  EXPECT_EQ(kPcieTransmit, 0);
  EXPECT_EQ(kPcieReceive, 1);
  EXPECT_EQ(kEccCorrected, 0);
  EXPECT_EQ(kEccUncorrected, 1);
  EXPECT_EQ(kEccVolatile, 0);
  EXPECT_EQ(kEccAggregate, 1);
}

}  // namespace
}  // namespace bw::agent::nvml
