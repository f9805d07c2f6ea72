#include "agent/core/collect/kernel_log/xid_catalogue.h"

#include <algorithm>
#include <iterator>

namespace bw::agent {

namespace {

using enum XidRemedy;
using enum wire::Severity;

// By code.
constexpr XidInfo kXids[] = {
    {1, "ROBUST_CHANNEL_FIFO_ERROR_FIFO_METHOD", "Push buffer not valid or corrupted",
     contact_support, warning},
    {2, "ROBUST_CHANNEL_FIFO_ERROR_SW_METHOD",
     "Method of a channel that the software handles failed", contact_support, warning},
    {3, "ROBUST_CHANNEL_FIFO_ERROR_UNK_METHOD", "Unknown method in a push buffer", contact_support,
     warning},
    {4, "ROBUST_CHANNEL_FIFO_ERROR_CHANNEL_BUSY", "Channel was still busy", contact_support,
     warning},
    {5, "ROBUST_CHANNEL_FIFO_ERROR_RUNOUT_OVERFLOW", "Push buffer ran out or over", contact_support,
     warning},
    {6, "ROBUST_CHANNEL_FIFO_ERROR_PARSE_ERR", "Push buffer not valid or corrupted",
     contact_support, warning},
    {7, "ROBUST_CHANNEL_FIFO_ERROR_PTE_ERR", "Address of a push buffer not valid or corrupted",
     contact_support, warning},
    {8, "ROBUST_CHANNEL_FIFO_ERROR_IDLE_TIMEOUT", "GPU stopped working on its queue", restart_app,
     warning},
    {9, "ROBUST_CHANNEL_GR_ERROR_INSTANCE", "Driver programmed the GPU wrongly", contact_support,
     warning},
    {10, "ROBUST_CHANNEL_GR_ERROR_SINGLE_STEP", "Single step of the graphics engine",
     contact_support, warning},
    {11, "ROBUST_CHANNEL_GR_ERROR_MISSING_HW", "Push buffer not valid or corrupted", restart_app,
     warning},
    {12, "ROBUST_CHANNEL_GR_ERROR_SW_METHOD", "Driver failed to handle an exception of the GPU",
     contact_support, warning},
    {13, "ROBUST_CHANNEL_GR_EXCEPTION",
     "Exception of the graphics or compute engine: mostly the program's own error, such as an "
     "index out of bounds",
     restart_app, warning},
    {14, "ROBUST_CHANNEL_FAKE_ERROR", "Error made up for tests", none, info},
    {15, "ROBUST_CHANNEL_SCANLINE_TIMEOUT", "Scan-out timed out", contact_support, warning},
    {16, "ROBUST_CHANNEL_VBLANK_CALLBACK_TIMEOUT", "Display engine hung", contact_support, warning},
    {17, "ROBUST_CHANNEL_PARAMETER_ERROR", "Parameter error in a channel", contact_support,
     warning},
    {18, "ROBUST_CHANNEL_BUS_MASTER_TIMEOUT_ERROR", "Bus mastering is off in the PCI configuration",
     contact_support, warning},
    {19, "ROBUST_CHANNEL_DISP_MISSED_NOTIFIER", "Display engine error", contact_support, warning},
    {20, "ROBUST_CHANNEL_MPEG_ERROR_SW_METHOD", "Video decoder (MPEG) error", contact_support,
     warning},
    {21, "ROBUST_CHANNEL_ME_ERROR_SW_METHOD", "Motion estimation engine error", contact_support,
     warning},
    {22, "ROBUST_CHANNEL_VP_ERROR_SW_METHOD", "Video processor error", contact_support, warning},
    {23, "ROBUST_CHANNEL_RC_LOGGING_ENABLED", "Logging of robust channels was turned on",
     contact_support, warning},
    {24, "ROBUST_CHANNEL_GR_SEMAPHORE_TIMEOUT", "GPU waited too long for a semaphore",
     contact_support, warning},
    {25, "ROBUST_CHANNEL_GR_ILLEGAL_NOTIFY", "Push buffer not valid or not permitted", restart_app,
     warning},
    {26, "ROBUST_CHANNEL_FIFO_ERROR_FBISTATE_TIMEOUT", "Frame buffer timed out", contact_support,
     warning},
    {27, "ROBUST_CHANNEL_VP_ERROR", "Video processor error", contact_support, warning},
    {28, "ROBUST_CHANNEL_VP2_ERROR", "Video processor error", contact_support, warning},
    {29, "ROBUST_CHANNEL_BSP_ERROR", "Video processor error", contact_support, warning},
    {30, "ROBUST_CHANNEL_BAD_ADDR_ACCESS", "GPU could not access a semaphore", contact_support,
     warning},
    {31, "ROBUST_CHANNEL_FIFO_ERROR_MMU_ERR_FLT",
     "GPU memory page fault: mostly a program that used an address it does not own", restart_app,
     warning},
    {32, "ROBUST_CHANNEL_PBDMA_ERROR",
     "Push buffer not valid or corrupted, often on its way over PCI Express", restart_app, warning},
    {33, "ROBUST_CHANNEL_SEC_ERROR", "Video security engine error", contact_support, warning},
    {34, "ROBUST_CHANNEL_MSVLD_ERROR", "Video processor error", contact_support, warning},
    {35, "ROBUST_CHANNEL_MSPDEC_ERROR", "Video decoder error", contact_support, warning},
    {36, "ROBUST_CHANNEL_MSPPP_ERROR", "Video post-processor error", contact_support, warning},
    {37, "ROBUST_CHANNEL_FECS_ERR_UNIMP_FIRMWARE_METHOD",
     "Driver firmware met a method it does not know", none, info},
    {38, "ROBUST_CHANNEL_FECS_ERR_WATCHDOG_TIMEOUT", "Driver firmware watchdog ran out", none,
     warning},
    {39, "ROBUST_CHANNEL_CE0_ERROR", "Copy engine 0 error", restart_app, warning},
    {40, "ROBUST_CHANNEL_CE1_ERROR", "Copy engine 1 error", restart_app, warning},
    {41, "ROBUST_CHANNEL_CE2_ERROR", "Copy engine 2 error", restart_app, warning},
    {42, "ROBUST_CHANNEL_VIC_ERROR", "Video image compositor error", contact_support, warning},
    {43, "ROBUST_CHANNEL_RESETCHANNEL_VERIF_ERROR",
     "A program's work on the GPU was stopped after its own error", none, info},
    {44, "ROBUST_CHANNEL_GR_FAULT_DURING_CTXSW",
     "Graphics engine fault while switching between programs", none, info},
    {45, "ROBUST_CHANNEL_PREEMPTIVE_REMOVAL",
     "Work was cleared away after an earlier error or because its program ended", see_other_xid,
     info},
    {46, "ROBUST_CHANNEL_GPU_TIMEOUT_ERROR", "GPU stopped to respond", reset_gpu, critical},
    {47, "ROBUST_CHANNEL_NVENC0_ERROR", "Video encoder 0 error", contact_support, warning},
    {48, "ROBUST_CHANNEL_GPU_ECC_DBE", "Memory error of two bits that ECC can't correct",
     see_workflow_48, critical},
    {49, "SILENT_RUNNING_CONSTANT_LEVEL_SET_BY_REGISTRY", "Silent running level set",
     contact_support, warning},
    {50, "SILENT_RUNNING_LEVEL_TRANSITION_DUE_TO_RC_ERROR",
     "Silent running level changed after an error", contact_support, warning},
    {51, "SILENT_RUNNING_STRESS_TEST_FAILURE", "Silent running stress test failed", contact_support,
     warning},
    {52, "SILENT_RUNNING_LEVEL_TRANS_DUE_TO_TEMP_RISE",
     "Silent running level changed for temperature", contact_support, warning},
    {53, "SILENT_RUNNING_TEMP_REDUCED_CLOCKING", "Clocks lowered for temperature", contact_support,
     warning},
    {54, "SILENT_RUNNING_PWR_REDUCED_CLOCKING", "Auxiliary power is not connected to the board",
     check_mechanicals, critical},
    {55, "SILENT_RUNNING_TEMPERATURE_READ_ERROR", "Temperature could not be read", contact_support,
     warning},
    {56, "DISPLAY_CHANNEL_EXCEPTION", "Display engine error", contact_support, warning},
    {57, "FB_LINK_TRAINING_FAILURE_ERROR", "Link training of the frame buffer failed",
     contact_support, warning},
    {58, "FB_MEMORY_ERROR", "Memory interface is unstable", contact_support, warning},
    {59, "PMU_ERROR", "Internal micro-controller error", contact_support, warning},
    {60, "ROBUST_CHANNEL_SEC2_ERROR", "Video processor or security engine exception", restart_app,
     warning},
    {61, "PMU_BREAKPOINT", "Internal micro-controller stopped at a breakpoint", contact_support,
     warning},
    {62, "PMU_HALT_ERROR", "Internal micro-controller halted", reset_gpu, critical},
    {63, "INFOROM_DRAM_RETIREMENT_EVENT", "A row of memory was remapped, or a page retired", none,
     warning},
    {64, "INFOROM_DRAM_RETIREMENT_FAILURE", "Remapping a row of memory, or retiring a page, failed",
     reset_gpu, critical},
    {65, "ROBUST_CHANNEL_NVENC1_ERROR", "Video encoder 1 error", contact_support, warning},
    {66, "ROBUST_CHANNEL_FECS_ERR_REG_ACCESS_VIOLATION", "Driver accessed a register it may not",
     none, info},
    {67, "ROBUST_CHANNEL_FECS_ERR_VERIF_VIOLATION",
     "Driver firmware found an access that is not permitted", none, info},
    {68, "ROBUST_CHANNEL_NVDEC0_ERROR", "Video decoder 0 error", restart_app, warning},
    {69, "ROBUST_CHANNEL_GR_CLASS_ERROR", "Graphics engine class error", restart_app, warning},
    {70, "ROBUST_CHANNEL_CE3_ERROR", "Copy engine 3 error", restart_app, warning},
    {71, "ROBUST_CHANNEL_CE4_ERROR", "Copy engine 4 error", restart_app, warning},
    {72, "ROBUST_CHANNEL_CE5_ERROR", "Copy engine 5 error", restart_app, warning},
    {73, "ROBUST_CHANNEL_NVENC2_ERROR", "Video encoder 2 error", contact_support, warning},
    {74, "NVLINK_ERROR", "NVLink error", check_nvlink, critical},
    {75, "ROBUST_CHANNEL_CE6_ERROR", "Copy engine 6 error", restart_app, warning},
    {76, "ROBUST_CHANNEL_CE7_ERROR", "Copy engine 7 error", restart_app, warning},
    {77, "ROBUST_CHANNEL_CE8_ERROR", "Copy engine 8 error", restart_app, warning},
    {78, "VGPU_START_ERROR",
     "Virtual GPU could not be started: versions of host and guest do not match", update_software,
     warning},
    {79, "ROBUST_CHANNEL_GPU_HAS_FALLEN_OFF_THE_BUS", "GPU has fallen off the bus", restart_node,
     critical},
    {80, "PBDMA_PUSHBUFFER_CRC_MISMATCH", "Data sent to the GPU were corrupted", restart_app,
     warning},
    {81, "ROBUST_CHANNEL_VGA_SUBSYSTEM_ERROR", "VGA subsystem error", contact_support, warning},
    {82, "ROBUST_CHANNEL_NVJPG0_ERROR", "JPEG decoder 0 error", restart_app, warning},
    {83, "ROBUST_CHANNEL_NVDEC1_ERROR", "Video decoder 1 error", restart_app, warning},
    {84, "ROBUST_CHANNEL_NVDEC2_ERROR", "Video decoder 2 error", restart_app, warning},
    {85, "ROBUST_CHANNEL_CE9_ERROR", "Copy engine 9 error", restart_app, warning},
    {86, "ROBUST_CHANNEL_OFA0_ERROR", "Optical flow engine exception", restart_app, warning},
    {87, "NVTELEMETRY_DRIVER_REPORT", "Telemetry report of the driver", contact_support, warning},
    {88, "ROBUST_CHANNEL_NVDEC3_ERROR", "Video decoder 3 error", restart_app, warning},
    {89, "ROBUST_CHANNEL_NVDEC4_ERROR", "Video decoder 4 error", restart_app, warning},
    {90, "LTC_ERROR", "Level 2 cache error", contact_support, warning},
    {91, "RESERVED_XID", "Reserved", contact_support, warning},
    {92, "EXCESSIVE_SBE_INTERRUPTS", "High rate of single-bit memory errors", none, warning},
    {93, "INFOROM_ERASE_LIMIT_EXCEEDED", "Too many writes to the board's InfoROM", none, warning},
    {94, "ROBUST_CHANNEL_CONTAINED_ERROR",
     "Memory error that was contained to the programs that use the page", restart_app, warning},
    {95, "ROBUST_CHANNEL_UNCONTAINED_ERROR",
     "Memory error that could not be contained: every program on the GPU is affected", reset_gpu,
     critical},
    {96, "ROBUST_CHANNEL_NVDEC5_ERROR", "Video decoder 5 error", restart_app, warning},
    {97, "ROBUST_CHANNEL_NVDEC6_ERROR", "Video decoder 6 error", restart_app, warning},
    {98, "ROBUST_CHANNEL_NVDEC7_ERROR", "Video decoder 7 error", restart_app, warning},
    {99, "ROBUST_CHANNEL_NVJPG1_ERROR", "JPEG decoder 1 error", restart_app, warning},
    {100, "ROBUST_CHANNEL_NVJPG2_ERROR", "JPEG decoder 2 error", restart_app, warning},
    {101, "ROBUST_CHANNEL_NVJPG3_ERROR", "JPEG decoder 3 error", restart_app, warning},
    {102, "ROBUST_CHANNEL_NVJPG4_ERROR", "JPEG decoder 4 error", restart_app, warning},
    {103, "ROBUST_CHANNEL_NVJPG5_ERROR", "JPEG decoder 5 error", restart_app, warning},
    {104, "ROBUST_CHANNEL_NVJPG6_ERROR", "JPEG decoder 6 error", restart_app, warning},
    {105, "ROBUST_CHANNEL_NVJPG7_ERROR", "JPEG decoder 7 error", restart_app, warning},
    {106, "SMBPBI_TEST_MESSAGE", "Test message over the board's management bus", none, info},
    {107, "SMBPBI_TEST_MESSAGE_SILENT", "Silent test message over the board's management bus", none,
     info},
    {108, "NVLINK_REMOTE_TRANSLATION_ERROR",
     "Address translation at the other end of an NVLink failed", none, info},
    {109, "ROBUST_CHANNEL_CTXSW_TIMEOUT_ERROR", "Switching between programs timed out", reset_gpu,
     critical},
    {110, "SEC_FAULT_ERROR", "Security fault", reset_gpu, critical},
    {111, "BUNDLE_ERROR_EVENT", "Bundle error", contact_support, warning},
    {112, "DISP_SUPERVISOR_ERROR", "Display supervisor error", contact_support, warning},
    {113, "DP_LT_FAILURE", "DisplayPort link training failed", contact_support, warning},
    {114, "HEAD_RG_UNDERFLOW", "Display underflow", contact_support, warning},
    {115, "CORE_CHANNEL_REGS", "Display core channel register error", contact_support, warning},
    {116, "WINDOW_CHANNEL_REGS", "Display window channel register error", contact_support, warning},
    {117, "CURSOR_CHANNEL_REGS", "Display cursor channel register error", contact_support, warning},
    {118, "HEAD_REGS", "Display head register error", contact_support, warning},
    {119, "GSP_RPC_TIMEOUT", "GPU's system processor (GSP) did not answer a call in time",
     reset_gpu, critical},
    {120, "GSP_ERROR", "GPU's system processor (GSP) failed", reset_gpu, critical},
    {121, "C2C_ERROR", "Link between CPU and GPU (NVLink-C2C) had an error it corrected", none,
     warning},
    {122, "SPI_PMU_RPC_READ_FAIL", "SPI flash could not be read", contact_support, warning},
    {123, "SPI_PMU_RPC_WRITE_FAIL", "SPI flash could not be written", contact_support, warning},
    {124, "SPI_PMU_RPC_ERASE_FAIL", "SPI flash could not be erased", contact_support, warning},
    {125, "INFOROM_FS_ERROR", "File system of the InfoROM is damaged", contact_support, warning},
    {126, "ROBUST_CHANNEL_CE10_ERROR", "Copy engine 10 error", restart_app, warning},
    {127, "ROBUST_CHANNEL_CE11_ERROR", "Copy engine 11 error", restart_app, warning},
    {128, "ROBUST_CHANNEL_CE12_ERROR", "Copy engine 12 error", restart_app, warning},
    {129, "ROBUST_CHANNEL_CE13_ERROR", "Copy engine 13 error", restart_app, warning},
    {130, "ROBUST_CHANNEL_CE14_ERROR", "Copy engine 14 error", restart_app, warning},
    {131, "ROBUST_CHANNEL_CE15_ERROR", "Copy engine 15 error", restart_app, warning},
    {132, "ROBUST_CHANNEL_CE16_ERROR", "Copy engine 16 error", restart_app, warning},
    {133, "ROBUST_CHANNEL_CE17_ERROR", "Copy engine 17 error", restart_app, warning},
    {134, "ROBUST_CHANNEL_CE18_ERROR", "Copy engine 18 error", restart_app, warning},
    {135, "ROBUST_CHANNEL_CE19_ERROR", "Copy engine 19 error", restart_app, warning},
    {136, "ALI_TRAINING_FAIL", "NVLink training failed", reset_gpu, critical},
    {137, "NVLINK_PRIV_ERR", "NVLink access without the privilege for it", none, info},
    {138, "ROBUST_CHANNEL_DLA_ERROR", "Deep learning accelerator error", contact_support, warning},
    {139, "ROBUST_CHANNEL_OFA1_ERROR", "Optical flow engine 1 error", restart_app, warning},
    {140, "UNRECOVERABLE_ECC_ERROR_ESCAPE", "Memory error that ECC did not recover from", reset_gpu,
     critical},
    {141, "ROBUST_CHANNEL_FAST_PATH_ERROR", "Fast path of CUDA failed", none, info},
    {142, "ROBUST_CHANNEL_NVENC3_ERROR", "Video encoder 3 error", contact_support, warning},
    {143, "GPU_INIT_ERROR", "GPU could not be initialised", reset_gpu, critical},
    {144, "NVLINK_SAW_ERROR", "NVLink error (SAW unit)", check_nvlink5, warning},
    {145, "NVLINK_RLW_ERROR", "NVLink error (RLW unit)", check_nvlink5, warning},
    {146, "NVLINK_TLW_ERROR", "NVLink error (TLW unit)", check_nvlink5, warning},
    {147, "NVLINK_TREX_ERROR", "NVLink error (TREX unit)", check_nvlink5, warning},
    {148, "NVLINK_NVLPW_CTRL_ERROR", "NVLink error (NVLPW control unit)", check_nvlink5, warning},
    {149, "NVLINK_NETIR_ERROR", "NVLink error (NETIR unit): the link itself", check_nvlink5,
     warning},
    {150, "NVLINK_MSE_ERROR", "NVLink error (MSE unit)", check_nvlink5, warning},
    {151, "ROBUST_CHANNEL_KEY_ROTATION_ERROR", "Rotation of encryption keys failed", restart_vm,
     critical},
    {152, "ROBUST_CHANNEL_DLA_SMMU_ERROR", "Deep learning accelerator's memory management error",
     none, info},
    {153, "ROBUST_CHANNEL_DLA_TIMEOUT", "Deep learning accelerator timed out", none, info},
    {154, "GPU_RECOVERY_ACTION_CHANGED", "What the GPU needs to recover has changed", as_told,
     warning},
    {155, "NVLINK_SW_DEFINED_ERROR", "NVLink error that software defined", reset_gpu, critical},
    {156, "RESOURCE_RETIREMENT_EVENT", "A part of the GPU was retired", reset_gpu, critical},
    {157, "RESOURCE_RETIREMENT_FAILURE", "Retiring a part of the GPU failed", none, critical},
    {158, "GPU_FATAL_TIMEOUT", "GPU timed out for good", reset_gpu, critical},
    {159, "ROBUST_CHANNEL_CHI_NON_DATA_ERROR", "Coherent interface error without data", check_uvm,
     warning},
    {160, "CHANNEL_RETIREMENT_EVENT", "A channel was retired", none, warning},
    {161, "CHANNEL_RETIREMENT_FAILURE", "Retiring a channel failed", none, warning},
    {162, "PSHC_REENGAGED", "Power smoothing works again", none, info},
    {163, "PSHC_DISENGAGED", "Power smoothing is off", contact_support, warning},
    {164, "PSHC_LOW_LIFETIME", "Power smoothing hardware is near its end of life", contact_support,
     warning},
    {165, "PSHC_ZERO_LIFETIME", "Power smoothing hardware is at its end of life", contact_support,
     warning},
    {166, "NVLINK_SECURE_CRYPTO_ERR", "Traffic came before NVLink was set up for encryption",
     contact_support, warning},
    {167, "PCIE_FATAL_TIMEOUT", "PCI Express timed out for good", restart_node, critical},
    {168, "REDUCED_GPU_MEMORY_CAPACITY",
     "GPU has less memory than it should: errors in its protected region", contact_support,
     critical},
    {169, "SEC2_HALT_ERROR", "Security micro-controller halted", reset_gpu, critical},
    {170, "NVLINK_SECURE_OTHER", "NVLink interrupt in confidential mode", contact_support, warning},
    {171, "UNCORRECTABLE_DRAM_ERROR",
     "Memory error that can't be corrected, in DRAM: the details of Xid 48", reset_gpu, critical},
    {172, "UNCORRECTABLE_SRAM_ERROR",
     "Memory error that can't be corrected, in SRAM: the details of Xid 48", reset_gpu, critical},
};

constexpr bool xids_in_order() {
  return std::ranges::is_sorted(kXids, std::ranges::less_equal{}, &XidInfo::code);
}
static_assert(xids_in_order(), "find_xid() searches by halves");

// NVIDIA's list gives no resolution for the codes beyond: their remedies are our own advice.
constexpr unsigned kLastResolved = 161;

struct RemedyText {
  XidRemedy remedy;
  std::string_view name;
  std::string_view action;
};

// By XidRemedy.
constexpr RemedyText kRemedies[] = {
    {none, "IGNORE", "nothing: look only if it comes often, or with other errors"},
    {restart_app, "RESTART_APP",
     "restart the program that used the GPU; if it happens again, debug the program "
     "(compute-sanitizer, cuda-gdb)"},
    {reset_gpu, "RESET_GPU",
     "stop the programs on this GPU and the agent, which holds it open (systemctl stop "
     "bellwether-agent), reset it (nvidia-smi --gpu-reset) and start them again; if it happens "
     "again, run the field diagnostics and contact the vendor"},
    {restart_vm, "RESTART_VM", "restart the virtual machine that has the GPU"},
    {restart_node, "RESTART_BM",
     "drain the node and power-cycle it; if the GPU is not back or it happens again, reseat it and "
     "check its power and cooling, then have it replaced"},
    {check_mechanicals, "CHECK_MECHANICALS",
     "shut the node down and check the GPU's seat and power cables"},
    {update_software, "UPDATE_SWFW", "bring driver and firmware to versions that fit each other"},
    {contact_support, "CONTACT_SUPPORT",
     "collect nvidia-bug-report.sh and contact the vendor's support if it happens again"},
    {see_other_xid, "WORKFLOW_XID_45",
     "nothing by itself: act on the Xid before it; where there is none, the program was ended"},
    {check_nvlink, "WORKFLOW_NVLINK_ERR",
     "drain the node, reset the GPUs of this link and, if it happens again, check the link's "
     "bridge, tray and cables and run the field diagnostics"},
    {check_nvlink5, "WORKFLOW_NVLINK5_ERR",
     "nothing at once where it is not fatal and rare: what is to be done depends on unit and "
     "sub-code; where work fails or it comes again, drain the node, reset the GPUs of this link "
     "(with the agent stopped) and look up the codes in NVIDIA's Xid catalogue"},
    {see_workflow_48, "WORKFLOW_XID_48",
     "drain the GPU; where Xid 63 or 64 comes with it, act on that; else reset the GPU (with the "
     "agent stopped) and, if it happens again, run the field diagnostics"},
    {check_uvm, "CHECK_UVM",
     "restart the programs on the GPU; if it happens without another Xid, contact the vendor"},
    {as_told, "XID_154", "do what the message names: reset the GPU, drain or restart the node"},
};

constexpr bool remedies_in_order() {
  for (std::size_t i = 0; i < std::size(kRemedies); ++i) {
    if (static_cast<std::size_t>(kRemedies[i].remedy) != i) return false;
  }
  return true;
}
static_assert(remedies_in_order(), "kRemedies is indexed by XidRemedy");

}  // namespace

const XidInfo* find_xid(unsigned code) {
  const auto* const found = std::ranges::lower_bound(kXids, code, {}, &XidInfo::code);
  return found != std::end(kXids) && found->code == code ? found : nullptr;
}

std::span<const XidInfo> all_xids() {
  return kXids;
}

XidDescription describe_xid(unsigned code, std::string_view pci) {
  const XidInfo* const info = find_xid(code);
  XidDescription out;
  out.text = "Xid " + std::to_string(code) + " on the GPU at ";
  out.text.append(pci).append(": ");
  if (info == nullptr) {
    out.text += "not in the catalogue";
    out.action = remedy_action(XidRemedy::contact_support);
    return out;
  }
  out.text += info->meaning;
  out.severity = info->severity;
  out.mnemonic = info->mnemonic;
  if (code <= kLastResolved) out.resolution = remedy_name(info->remedy);
  out.action = remedy_action(info->remedy);
  return out;
}

std::string_view remedy_name(XidRemedy remedy) {
  return kRemedies[static_cast<std::size_t>(remedy)].name;
}

std::string_view remedy_action(XidRemedy remedy) {
  return kRemedies[static_cast<std::size_t>(remedy)].action;
}

}  // namespace bw::agent
