#include "agent/core/collect/kernel_log/machine_lines.h"

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/kernel_log/lines.h"

namespace bw::agent {
namespace {

std::string told(std::string_view line) {
  return told_by(recognise_machine, line);
}

TEST(MachineLines, MachineChecksAreCorrectedOrNot) {
  EXPECT_EQ(told("mce: [Hardware Error]: Machine check events logged"),
            "hardware_error/warning/cpu");
  EXPECT_EQ(told("mce: [Hardware Error]: CPU 1: Machine Check: 0 Bank 5: 8c00004000010090"),
            "hardware_error/warning/cpu1");
  EXPECT_EQ(told("mce: [Hardware Error]: CPU 1: Machine Check: 0 Bank 5: be00000000800400"),
            "hardware_error/critical/cpu1");
  EXPECT_EQ(told("mce: [Hardware Error]: CPU 1: Machine Check: 0 Bank 5: zz"),
            "hardware_error/critical/cpu1");
  EXPECT_EQ(told("[Hardware Error]: Corrected error, no action required."),
            "hardware_error/warning/cpu");
  EXPECT_EQ(told("[Hardware Error]: Uncorrected, software restartable error."),
            "hardware_error/critical/cpu");
}

TEST(MachineLines, ReportsOfTheFirmwareAreToldOnceByTheirSeverity) {
  EXPECT_EQ(told("{1}[Hardware Error]: event severity: corrected"),
            "hardware_error/warning/firmware");
  EXPECT_EQ(told("{1}[Hardware Error]: event severity: recoverable"),
            "hardware_error/critical/firmware");
  EXPECT_EQ(told("{12}[Hardware Error]: event severity: fatal"),
            "hardware_error/critical/firmware");
  EXPECT_EQ(told("{1}[Hardware Error]:  section_type: memory error"), "known");
  EXPECT_EQ(told("{1}[Hardware Error]: Hardware error from APEI Generic Hardware Error Source: 1"),
            "known");
  EXPECT_EQ(told("BERT: [Hardware Error]: Error records from previous boot:"),
            "hardware_error/critical/firmware");
  EXPECT_EQ(told("{no end [Hardware Error]: event severity: fatal"), "unknown");
}

TEST(MachineLines, MemoryErrorsAreToldByTheirModule) {
  Findings findings;
  ASSERT_TRUE(recognise_machine(
      message_of("EDAC MC0: 3 CE memory read error on CPU_SrcID#0_MC#0_Chan#1_DIMM#0 (channel:1 "
                 "slot:0 page:0x12)"),
      findings));
  EXPECT_EQ(findings[0].kind, EventKind::memory_error);
  EXPECT_EQ(findings[0].severity, wire::Severity::warning);
  EXPECT_EQ(detail(findings[0].details, "module"), "CPU_SrcID#0_MC#0_Chan#1_DIMM#0");
  EXPECT_EQ(detail(findings[0].details, "errors"), "3");
  EXPECT_EQ(detail(findings[0].details, "corrected"), "yes");
  EXPECT_EQ(told("EDAC MC1: 1 UE memory read error on DIMM_A1 (channel:0)"),
            "memory_error/critical/MC1 DIMM_A1 UE");
  EXPECT_EQ(told("EDAC MC: Ver: 3.0.0"), "unknown");
  EXPECT_EQ(told("EDAC MC0: Giving out device to module ie31200_edac"), "unknown");
  EXPECT_EQ(told("Memory failure: 0x1234: recovery action for dirty LRU page: Recovered"),
            "memory_error/critical/page");
}

TEST(MachineLines, PcieErrorsAreToldByTheDeviceThatHadThem) {
  EXPECT_EQ(told("nvme 0000:01:00.0: PCIe Bus Error: severity=Corrected, type=Physical Layer"),
            "pcie_error/info/0000:01:00.0");
  EXPECT_EQ(told("pcieport 0000:00:1c.0: AER: Corrected error received: 0000:01:00.0"),
            "pcie_error/info/0000:01:00.0");
  EXPECT_EQ(told("pcieport 0000:00:1c.0: AER: Multiple Uncorrectable (Non-Fatal) error message "
                 "received from 0000:01:00.0"),
            "pcie_error/warning/0000:01:00.0");
  EXPECT_EQ(told("pcieport 0000:00:1c.0: PCIe Bus Error: severity=Uncorrected (Fatal), type=x"),
            "pcie_error/critical/0000:00:1c.0");
  EXPECT_EQ(told("pcieport 0000:00:1c.0: AER: enabled with IRQ 122"), "unknown");
  EXPECT_EQ(told("pcieport nowhere: PCIe Bus Error: severity=Corrected"), "unknown");
}

TEST(MachineLines, APortThatContainedAnErrorIsCritical) {
  EXPECT_EQ(told("pcieport 0000:00:03.1: DPC: containment event, status:0x1f01 source:0x0000"),
            "pcie_error/critical/0000:00:03.1");
  EXPECT_EQ(told("pcieport 0000:00:03.1: DPC: enabled with IRQ 30"), "unknown");
}

TEST(MachineLines, ACardWithTooLittlePowerIsTold) {
  EXPECT_EQ(told("mlx5_core 0000:5c:00.0: mlx5_pcie_event:299:(pid 2): Detected insufficient power "
                 "on the PCIe slot (27W)."),
            "under_voltage/warning/0000:5c:00.0");
  EXPECT_EQ(told("mlx5_core 0000:5c:00.0: firmware version: 28.39.1002"), "unknown");
}

TEST(MachineLines, HeatAndVoltageAreTold) {
  EXPECT_EQ(told("CPU0: Core temperature above threshold, cpu clock throttled (total events = 1)"),
            "thermal_throttle/warning/core");
  EXPECT_EQ(told("mce: CPU3: Package temperature above threshold, cpu clock throttled"),
            "thermal_throttle/warning/package");
  EXPECT_EQ(told("thermal thermal_zone0: critical temperature reached (105 C), shutting down"),
            "thermal_throttle/critical/critical");
  EXPECT_EQ(told("soctherm: OC ALARM 0x00000001"), "thermal_throttle/warning/soctherm");
  EXPECT_EQ(told("CPU0: Core temperature/speed normal"), "unknown");
  EXPECT_EQ(told("Under-voltage detected! (0x00050005)"), "under_voltage/warning/");
  EXPECT_EQ(told("hwmon hwmon1: Undervoltage detected!"), "under_voltage/warning/");
  EXPECT_EQ(told("hwmon hwmon1: Voltage normalised"), "unknown");
}

}  // namespace
}  // namespace bw::agent
