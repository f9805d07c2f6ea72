#include "agent/core/collect/kernel_log/nvidia_lines.h"

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/kernel_log/lines.h"

namespace bw::agent {
namespace {

std::string told(std::string_view line) {
  return told_by(recognise_nvidia, line);
}

Finding first(std::string_view line) {
  Findings findings;
  EXPECT_TRUE(recognise_nvidia(message_of(line), findings)) << line;
  EXPECT_FALSE(findings.empty()) << line;
  return findings.empty() ? Finding{} : findings.front();
}

TEST(NvidiaLines, AnXidHasItsCodeAddressAndProcess) {
  const Finding found =
      first("NVRM: Xid (PCI:0000:3B:00): 31, pid=4711, name=train.py, Ch 00000012, MMU Fault");
  EXPECT_EQ(found.kind, EventKind::xid);
  EXPECT_EQ(found.code, 31U);
  EXPECT_EQ(found.subject, "31 0000:3b:00");
  EXPECT_EQ(detail(found.details, "code"), "31");
  EXPECT_EQ(detail(found.details, "pci"), "0000:3b:00");
  EXPECT_EQ(detail(found.details, "pid"), "4711");
  EXPECT_EQ(detail(found.details, "process"), "train.py");
  EXPECT_EQ(detail(found.details, "mnemonic"), "ROBUST_CHANNEL_FIFO_ERROR_MMU_ERR_FLT");
  EXPECT_EQ(detail(found.details, "resolution"), "RESTART_APP");
  EXPECT_EQ(detail(found.details, "message"), "Ch 00000012, MMU Fault");
  EXPECT_NE(detail(found.details, "action").find("restart the program"), std::string::npos);
  EXPECT_EQ(found.text.substr(0, 46), "Xid 31 on the GPU at 0000:3b:00: GPU memory pa");
}

TEST(NvidiaLines, XidsOfOldDriversAndUnknownProcessesAreUnderstood) {
  EXPECT_EQ(told("NVRM: Xid (0000:03:00): 14, Channel 00000001"), "xid/info/14 0000:03:00");
  const Finding found =
      first("NVRM: Xid (PCI:0000:91:00): 13, pid='<unknown>', name=<unknown>, Graphics Exception");
  EXPECT_EQ(detail(found.details, "pid"), "-");
  EXPECT_EQ(detail(found.details, "process"), "-");
  EXPECT_EQ(detail(found.details, "message"), "Graphics Exception");
  EXPECT_EQ(told("NVRM: Xid (PCI:0000:04:00): 69"), "xid/warning/69 0000:04:00");
  EXPECT_EQ(told("NVRM: Xid (PCI:0000:04:00): 69, pid=abc"), "xid/warning/69 0000:04:00");
}

TEST(NvidiaLines, AnInstanceOfAGpuIsNamed) {
  const Finding found = first("NVRM: Xid (PCI:0000:8a:00 GPU-I:05): 94, pid=7, name=a, Contained");
  EXPECT_EQ(detail(found.details, "pci"), "0000:8a:00");
  EXPECT_EQ(detail(found.details, "gpu_instance"), "05");
}

TEST(NvidiaLines, AnXidThatIsInNoCatalogueIsToldAllTheSame) {
  const Finding found = first("NVRM: Xid (PCI:0000:05:00): 4321, something new");
  EXPECT_EQ(found.severity, wire::Severity::warning);
  EXPECT_EQ(detail(found.details, "code"), "4321");
  EXPECT_EQ(detail(found.details, "mnemonic"), "-");
}

TEST(NvidiaLines, FatalNvlinkErrorsAreToldByUnitAndLink) {
  const Finding found = first(
      "NVRM: Xid (PCI:0018:01:00): 149, pid=1, name=ray::Worker, NETIR_LINK_EVT  Fatal   XC0 i0 "
      "Link 08 (0x004505c6 0x00000003 0x00000000)");
  EXPECT_EQ(found.severity, wire::Severity::critical);
  EXPECT_EQ(found.subject, "149 0018:01:00 NETIR_LINK_EVT 08");
  EXPECT_EQ(detail(found.details, "fatal"), "yes");
  EXPECT_EQ(detail(found.details, "sub_code"), "4");
  EXPECT_EQ(detail(found.details, "error_status"), "0x00000003");
  EXPECT_EQ(told("NVRM: Xid (PCI:0000:04:00): 145, RLW_RXPIPE Nonfatal XC0 i0 Link 00 (0x06)"),
            "xid/warning/145 0000:04:00 RLW_RXPIPE 00");
  EXPECT_EQ(told("NVRM: Xid (PCI:0000:04:00): 149, Placeholder"), "xid/warning/149 0000:04:00");
}

TEST(NvidiaLines, ARecoveryActionIsWhatTheDriverAsksFor) {
  const Finding found = first(
      "NVRM: Xid (PCI:0008:01:00): 154, GPU recovery action changed from 0x0 (None) to 0x1 (GPU "
      "Reset Required)");
  EXPECT_EQ(found.severity, wire::Severity::critical);
  EXPECT_EQ(detail(found.details, "recovery_action"), "GPU Reset Required");
  EXPECT_EQ(detail(found.details, "action"), "gpu reset required");
  EXPECT_EQ(told("NVRM: Xid (PCI:0008:01:00): 154, GPU recovery action changed from 0x1 (GPU Reset "
                 "Required) to 0x0 (None)"),
            "xid/info/154 0008:01:00 None");
}

TEST(NvidiaLines, AGpuOffTheBusIsOneStoryInAllItsForms) {
  EXPECT_EQ(told("NVRM: Xid (PCI:0000:91:00): 79, GPU has fallen off the bus."),
            "xid/critical/79 0000:91:00, gpu_fallen_off_bus/critical/0000:91:00");
  const std::string alone = "gpu_fallen_off_bus/critical/0000:91:00";
  EXPECT_EQ(told("NVRM: GPU 0000:91:00.0: GPU has fallen off the bus."), alone);
  EXPECT_EQ(told("NVRM: GPU at PCI:0000:91:00.0 has fallen off the bus."), alone);
  EXPECT_EQ(told("NVRM: The NVIDIA GPU 0000:91:00.0 (PCI ID: 10de:2330) NVRM: installed in this "
                 "system has NVRM: fallen off the bus and is not responding to commands."),
            alone);
  EXPECT_EQ(told("NVRM: nobody has fallen off the bus"), "unknown");
  EXPECT_EQ(told("NVRM: GPU in slot 3 has fallen off the bus"), "unknown");
}

TEST(NvidiaLines, SxidsAreToldOnceAndTheirDataAreNot) {
  const Finding found =
      first("nvidia-nvswitch3: SXid (PCI:0000:05:00.0): 12028, Non-fatal, Link 32 egress PRIV");
  EXPECT_EQ(found.kind, EventKind::sxid);
  EXPECT_EQ(found.code, 12028U);
  EXPECT_EQ(found.severity, wire::Severity::warning);
  EXPECT_EQ(found.subject, "12028 0000:05:00.0 32");
  EXPECT_EQ(detail(found.details, "switch"), "nvidia-nvswitch3");
  EXPECT_EQ(detail(found.details, "fatal"), "no");
  EXPECT_EQ(told("nvidia-nvswitch0: SXid (PCI:0000:05:00.0): 20034, Fatal, Link 30 LTSSM Fault Up"),
            "sxid/critical/20034 0000:05:00.0 30");
  EXPECT_EQ(told("nvidia-nvswitch0: SXid (PCI:0000:05:00.0): 20034, Data {0x10000000, 0x1}"),
            "known");
  EXPECT_EQ(told("nvidia-nvswitch0: SXid (PCI:0000:05:00.0): 20034, Severity 1 Engine 30"),
            "known");
  EXPECT_EQ(told("nvidia-nvswitch0: SXid (PCI:0000:05:00.0): 98765, Fatal, new"),
            "sxid/critical/98765 0000:05:00.0");
  EXPECT_EQ(told("nvidia-nvswitch0: SXid (PCI:0000:05:00.0): 98765, Some error"),
            "sxid/warning/98765 0000:05:00.0");
}

TEST(NvidiaLines, TheDriversOwnTroublesAreTold) {
  EXPECT_EQ(told("NVRM: API mismatch: the client has the version 535.1, but NVRM: this kernel "
                 "module has the version 550.2."),
            "gpu_driver_mismatch/critical/");
  EXPECT_EQ(told("NVRM: GPU 0000:3b:00.0: RmInitAdapter failed! (0x26:0x56:1474)"),
            "gpu_driver_error/critical/RmInitAdapter failed0000:3b:00");
  EXPECT_EQ(told("nvidia-modeset: ERROR: GPU:0: Failed to probe display"),
            "gpu_driver_error/warning/ERROR: GPU:0: Failed to probe display");
  EXPECT_EQ(told("nvidia-peermem nv_get_p2p_free_callback:127 ERROR detected invalid context"),
            "gpu_driver_error/warning/nv_get_p2p_free_callback:127 ERROR detected invalid context");
  EXPECT_EQ(told("nvidia-nvswitch2: open (major=510)"), "unknown");
  EXPECT_EQ(told("nvidia-modeset: Loading NVIDIA Kernel Mode Setting Driver"), "unknown");
  EXPECT_EQ(told("NVRM: loading NVIDIA UNIX x86_64 Kernel Module  550.54.15"), "unknown");
}

TEST(NvidiaLines, WhatOnlyLooksLikeAnXidIsNone) {
  for (const auto* line :
       {"NVRM: Xid (PCI:[4711]: segfault at 8 ip 0 sp 0",  // a program of that name
        "NVRM: Xid (PCI:0000:01:00): x, y",
        "NVRM: Xid (PCI:0000:01:00): ", "NVRM: Xid (PCI:0000:01:00)", "NVRM: Xid (rm -rf /): 79, x",
        "NVRM: Xid (PCI:0000:01:00): 79abc", "NVRM: Xid (PCI:0000:01:00): 999999999999, x",
        "user NVRM: Xid (PCI:0000:01:00): 79, GPU has fallen off the bus", "NVRM: ", "nvidia-",
        "nvidia-nvswitch0: SXid (PCI:0000:05:00.0): x", ""}) {
    EXPECT_EQ(told(line), "unknown") << line;
  }
}

}  // namespace
}  // namespace bw::agent
