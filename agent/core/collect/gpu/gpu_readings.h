// What the GPU thread (agent/shell/gpu) read of NVIDIA's GPUs in one round, as numbers.
//
// A number that could not be had is NaN, for whatever reason: the driver has no such call, the GPU
// lacks the sensor, it sleeps, or it is gone. Values of a tier that was not due say nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bw::agent {

// In the order of their tiers: every round, every tenth, every sixtieth.
enum class GpuValue : std::uint8_t {
  util,
  mem_util,
  fb_used,
  fb_free,
  fb_reserved,
  fb_total,
  temp,
  mem_temp,
  power,
  power_average,
  energy,
  clock_sm,
  clock_mem,
  clock_video,
  clock_event_reasons,
  enc_util,
  dec_util,
  pcie_tx,
  pcie_rx,
  // Every tenth.
  bar1_used,
  bar1_total,
  temp_margin,
  power_limit,
  violation_power,
  violation_thermal,
  violation_sync_boost,
  violation_board_limit,
  violation_low_util,
  violation_reliability,
  pstate,
  fan,
  jpg_util,
  ofa_util,
  pcie_tx_rate,
  pcie_rx_rate,
  pcie_replay,
  pcie_gen,
  pcie_width,
  ecc_sbe_vol,
  ecc_dbe_vol,
  remapped_rows_cor,
  remapped_rows_unc,
  remapped_rows_pending,
  remapped_rows_failure,
  nvlink_tx,
  nvlink_rx,
  nvlink_crc,
  nvlink_crc_data,
  nvlink_replay,
  nvlink_recovery,
  nvlink_recovery_failed,
  nvlink_rx_errors,
  nvlink_tx_discards,
  nvlink_effective_errors,
  nvlink_symbol_errors,
  sm_active,
  sm_occupancy,
  tensor,
  dram_bw,
  fp64,
  fp32,
  fp16,
  processes,
  foreign_mem,
  // Every sixtieth.
  pcie_gen_max,
  pcie_width_max,
  pcie_correctable,
  pcie_naks_received,
  pcie_receiver_errors,
  pcie_bad_tlp,
  pcie_naks_sent,
  pcie_bad_dllp,
  pcie_non_fatal,
  pcie_fatal,
  pcie_unsupported,
  pcie_lcrc,
  pcie_lane_errors,
  ecc_sbe_agg,
  ecc_dbe_agg,
  retired_pages_sbe,
  retired_pages_dbe,
  retired_pages_pending,
  temp_shutdown,
  temp_slowdown,
  temp_max,
  mem_temp_max,
  tlimit_shutdown,
  tlimit_slowdown,
  tlimit_max,
  tlimit_mem_max,
  mig_mode,
};
inline constexpr std::size_t kGpuValues = static_cast<std::size_t>(GpuValue::mig_mode) + 1;
inline constexpr auto kFirstOfTen = static_cast<std::size_t>(GpuValue::bar1_used);
inline constexpr auto kFirstOfSixty = static_cast<std::size_t>(GpuValue::pcie_gen_max);

inline constexpr std::size_t kMaxGpus = 16;
inline constexpr std::size_t kMaxGpuProcesses = 8;  // told by name; all are counted
inline constexpr std::size_t kMaxMigInstances = 8;  // a GPU has room for seven

inline constexpr std::size_t kMaxGpuEvents = 32;  // of one round, of all GPUs

inline constexpr double kNoGpuValue = std::numeric_limits<double>::quiet_NaN();

// What a GPU is; asked when it is found, and again when it or the driver has come back.
struct GpuIdentity {
  std::string uuid;
  std::string name;
  std::string driver;
  std::string vbios;
};

// The memory and time of one program on one GPU. The name is the kernel's (15 bytes at most), empty
// where the process is gone, or hidden.
struct GpuProcessReading {
  std::uint32_t pid = 0;
  std::array<char, 16> name{};
  double memory = kNoGpuValue;  // bytes
  double sm = kNoGpuValue;      // percent
};

struct MigReading {
  std::uint32_t gpu_instance = 0;
  std::uint32_t compute_instance = 0;
  std::array<char, 96> uuid{};
  double fb_used = kNoGpuValue;
  double fb_total = kNoGpuValue;
};

enum class GpuCondition : std::uint8_t {
  ok,
  asleep,      // switched off by the kernel's power management, or idle and left alone so that it
               // may be; was asked nothing
  lost,        // fell off the bus, or is no longer on it
  hung,        // does not answer
  unreadable,  // there, but NVML won't hand it out
  failing,     // answers everything with an error
  reset_required,  // says that it has to be reset; may still tell some values
};

struct GpuReading {
  std::string pci;  // "0000:3b:00.0"; or "nvml:0" where the box shows no PCI bus
  std::shared_ptr<const GpuIdentity> identity;  // null until NVML told it
  GpuCondition condition = GpuCondition::unreadable;
  bool fresh = false;                // `values` were read since the last GpuReadings,
  bool ten = false;                  // with those of every tenth round, and the processes
  bool sixty = false;                // and with those of every sixtieth, and the instances
  double power_state = kNoGpuValue;  // 0 to 4 for D0 to D3cold
  std::array<double, kGpuValues> values{};
  std::array<GpuProcessReading, kMaxGpuProcesses> processes{};
  std::size_t process_count = 0;  // of `processes`
  std::array<MigReading, kMaxMigInstances> instances{};
  std::size_t instance_count = 0;

  double& operator[](GpuValue value) { return values[static_cast<std::size_t>(value)]; }
  double operator[](GpuValue value) const { return values[static_cast<std::size_t>(value)]; }
};

enum class GpuEventKind : std::uint8_t {
  xid,
  uncorrected_ecc,
  corrected_ecc_storm,
  retirement,  // of a part of its memory
  retirement_failure,
};

// Something that NVML told of its own accord.
struct GpuEventReading {
  static constexpr std::uint32_t kNoInstance = ~std::uint32_t{0};
  std::size_t gpu = 0;  // its index in GpuReadings
  GpuEventKind kind = GpuEventKind::xid;
  std::uint64_t xid = 0;
  std::uint32_t gpu_instance = kNoInstance;
  std::uint32_t compute_instance = kNoInstance;
};

// The numbers are those of the metric gpu.nvml_state.
enum class NvmlState : std::uint8_t { ok = 0, missing = 1, mismatch = 2, hung = 3, failing = 4 };
std::string_view to_text(NvmlState state);

struct GpuReadings {
  NvmlState state = NvmlState::missing;
  std::string reason;  // why the state is not ok: what was called, and what it answered
  bool worth = false;  // there is a GPU or a library: where there is neither, no metric is told
  std::vector<GpuReading> gpus;         // by index: a GPU keeps its place as long as the agent runs
  std::vector<GpuEventReading> events;  // since the round before
};

}  // namespace bw::agent
