// Metrics of GPUs: rows of the metric table.
//
// One vocabulary for all makers: NVIDIA's numbers come from NVML, AMD's and Intel's from sysfs.
// Labels: `gpu` is the index ("0") or, of AMD and Intel, the card ("card0"); `uuid` is NVIDIA's.
#pragma once

#include "schemas/metrics/metric_info.h"

namespace bw::metrics {

consteval MetricInfo gpu_gauge(std::string_view name, std::string_view unit,
                               std::string_view text) {
  return labelled("gpu uuid", gauge(SourceId::gpu, name, unit, "", text));
}
consteval MetricInfo gpu_counter(std::string_view name, std::string_view unit,
                                 std::string_view text) {
  return labelled("gpu uuid", counter(SourceId::gpu, name, unit, "", text));
}

inline constexpr MetricInfo kGpuRows[] = {
    gpu_gauge("gpu.util", "%", "Share of the time in which a program ran on the GPU."),
    gpu_gauge("gpu.mem_util", "%", "Share of the time in which the GPU's memory was used."),
    gpu_gauge("gpu.fb_used", "B", "Memory of the GPU in use."),
    gpu_gauge("gpu.fb_free", "B", "Memory of the GPU that is free."),
    gpu_gauge("gpu.fb_reserved", "B", "Memory of the GPU that driver and firmware keep."),
    gpu_gauge("gpu.fb_total", "B", "Memory the GPU has."),
    gpu_gauge("gpu.temp", "C", "Temperature of the GPU."),
    gpu_gauge("gpu.mem_temp", "C", "Temperature of the GPU's memory."),
    gpu_gauge("gpu.power", "mW", "Power drawn now."),
    gpu_gauge("gpu.power_average", "mW", "Power drawn, averaged over a second by the driver."),
    gpu_counter("gpu.energy", "mJ", "Energy used since the driver was loaded."),
    gpu_gauge("gpu.clock_sm", "MHz", "Clock of the compute units."),
    gpu_gauge("gpu.clock_mem", "MHz", "Clock of the memory."),
    gpu_gauge("gpu.clock_video", "MHz", "Clock of the video engines."),
    gpu_gauge("gpu.clock_event_reasons", "1",
              "Why the clocks are not higher, bits added up: 1 idle, 2 application clocks set, "
              "4 power cap, 8 hardware slowdown, 16 sync boost, 32 software thermal slowdown, "
              "64 hardware thermal slowdown, 128 power brake, 256 display clocks."),
    gpu_gauge("gpu.enc_util", "%", "Share of the time in which the video encoder worked."),
    gpu_gauge("gpu.dec_util", "%", "Share of the time in which the video decoder worked."),
    gpu_counter("gpu.pcie_tx", "B", "Data sent over PCIe."),
    gpu_counter("gpu.pcie_rx", "B", "Data received over PCIe."),
    gpu_gauge("gpu.bar1_used", "B", "Window into the GPU's memory (BAR1) that is mapped."),
    gpu_gauge("gpu.bar1_total", "B", "Size of the window into the GPU's memory (BAR1)."),
    // The thresholds themselves (slowdown, shutdown) are not read: GPUs too old to tell the margin
    // have gpu.temp alone.
    gpu_gauge("gpu.temp_margin", "C", "Degrees to the temperature at which the GPU slows down."),
    gpu_gauge("gpu.power_limit", "mW", "Power limit that is enforced."),
    gpu_counter("gpu.violation_power", "ns", "Time held down by the power limit."),
    gpu_counter("gpu.violation_thermal", "ns", "Time held down by heat."),
    gpu_counter("gpu.violation_sync_boost", "ns", "Time held down to match other GPUs."),
    gpu_counter("gpu.violation_board_limit", "ns", "Time held down by the board's limit."),
    gpu_counter("gpu.violation_low_util", "ns", "Time held down for want of work."),
    gpu_counter("gpu.violation_reliability", "ns", "Time held down for reliability."),
    gpu_gauge("gpu.pstate", "1", "Performance state: 0 the fastest, 15 the slowest."),
    gpu_gauge("gpu.fan", "%", "Speed the fan is meant to have, of its highest."),
    gpu_gauge("gpu.jpg_util", "%", "Share of the time in which the JPEG engine worked."),
    gpu_gauge("gpu.ofa_util", "%", "Share of the time in which the optical flow engine worked."),
    gpu_gauge("gpu.pcie_tx_rate", "B/s",
              "Data sent over PCIe, sampled for 20 ms: where the driver has no counter."),
    gpu_gauge("gpu.pcie_rx_rate", "B/s",
              "Data received over PCIe, sampled for 20 ms: where the driver has no counter."),
    gpu_counter("gpu.pcie_replay", "count", "Packets sent again over PCIe."),
    gpu_gauge("gpu.pcie_gen", "1", "Generation of the PCIe link now."),
    gpu_gauge("gpu.pcie_width", "lanes", "Lanes of the PCIe link now."),
    gpu_counter("gpu.ecc_sbe_vol", "count", "Memory errors corrected since the driver loaded."),
    gpu_counter("gpu.ecc_dbe_vol", "count", "Memory errors not corrected since the driver loaded."),
    gpu_gauge("gpu.remapped_rows_cor", "count", "Memory rows replaced for corrected errors."),
    gpu_gauge("gpu.remapped_rows_unc", "count", "Memory rows replaced for uncorrected errors."),
    gpu_gauge("gpu.remapped_rows_pending", "1",
              "1 where rows wait to be replaced at the next reset, else 0."),
    gpu_gauge("gpu.remapped_rows_failure", "1", "1 where a row could not be replaced, else 0."),
    gpu_counter("gpu.nvlink_tx", "B", "Data sent over all NVLinks."),
    gpu_counter("gpu.nvlink_rx", "B", "Data received over all NVLinks."),
    gpu_counter("gpu.nvlink_crc", "count", "NVLink flow control CRC errors."),
    gpu_counter("gpu.nvlink_crc_data", "count", "NVLink data CRC errors."),
    gpu_counter("gpu.nvlink_replay", "count", "NVLink replays."),
    gpu_counter("gpu.nvlink_recovery", "count", "NVLink recoveries."),
    gpu_gauge("gpu.sm_active", "%", "Share of the compute units that were busy."),
    gpu_gauge("gpu.sm_occupancy", "%", "Share of the possible warps that were active."),
    gpu_gauge("gpu.tensor", "%", "Share of the time in which tensor units worked."),
    gpu_gauge("gpu.dram_bw", "%", "Share of the memory bandwidth in use."),
    gpu_gauge("gpu.fp64", "%", "Share of the time in which 64-bit float units worked."),
    gpu_gauge("gpu.fp32", "%", "Share of the time in which 32-bit float units worked."),
    gpu_gauge("gpu.fp16", "%", "Share of the time in which 16-bit float units worked."),
    gpu_gauge("gpu.processes", "count", "Processes that use the GPU."),
    gpu_gauge("gpu.foreign_mem", "B", "Memory held by processes that the agent did not start."),
    gpu_gauge("gpu.pcie_gen_max", "1", "Highest generation of the PCIe link."),
    gpu_gauge("gpu.pcie_width_max", "lanes", "Most lanes of the PCIe link."),
    gpu_counter("gpu.pcie_correctable", "count", "PCIe errors that were corrected."),
    gpu_counter("gpu.pcie_naks_received", "count", "PCIe negative acknowledgements received."),
    gpu_counter("gpu.pcie_receiver_errors", "count", "PCIe receiver errors."),
    gpu_counter("gpu.pcie_bad_tlp", "count", "PCIe transaction packets that were bad."),
    gpu_counter("gpu.pcie_naks_sent", "count", "PCIe negative acknowledgements sent."),
    gpu_counter("gpu.pcie_bad_dllp", "count", "PCIe link packets that were bad."),
    gpu_counter("gpu.pcie_non_fatal", "count", "PCIe errors that were not fatal."),
    gpu_counter("gpu.pcie_fatal", "count", "PCIe errors that were fatal."),
    gpu_counter("gpu.pcie_unsupported", "count", "PCIe requests that were not supported."),
    gpu_counter("gpu.pcie_lcrc", "count", "PCIe link CRC errors."),
    gpu_counter("gpu.pcie_lane_errors", "count", "PCIe errors of single lanes."),
    gpu_counter("gpu.ecc_sbe_agg", "count", "Memory errors corrected in the GPU's life."),
    gpu_counter("gpu.ecc_dbe_agg", "count", "Memory errors not corrected in the GPU's life."),
    gpu_gauge("gpu.retired_pages_sbe", "count", "Memory pages retired for corrected errors."),
    gpu_gauge("gpu.retired_pages_dbe", "count", "Memory pages retired for uncorrected errors."),
    gpu_gauge("gpu.retired_pages_pending", "1",
              "1 where pages wait to be retired at the next reset, else 0."),
    gpu_gauge("gpu.mig_mode", "1", "1 where the GPU is split into instances (MIG), else 0."),
    gpu_gauge("gpu.lost", "1", "1 where the GPU no longer answers: it fell off the bus; else 0."),
    gpu_gauge("gpu.hung", "1", "1 where a question to the GPU is not answered in time; else 0."),
    labelled("gpu uuid process",
             gauge(SourceId::gpu, "gpu.proc_mem", "B", "", "Memory of the GPU held by a program.")),
    labelled("gpu uuid process", gauge(SourceId::gpu, "gpu.proc_sm", "%", "",
                                       "Share of the compute units' time that a program used.")),
    labelled("gpu uuid instance mig_uuid",
             gauge(SourceId::gpu, "gpu.mig_fb_used", "B", "", "Memory of a MIG instance in use.")),
    labelled("gpu uuid instance mig_uuid",
             gauge(SourceId::gpu, "gpu.mig_fb_total", "B", "", "Memory a MIG instance has.")),
    labelled("gpu pci", gauge(SourceId::gpu, "gpu.runtime_pm", "1", "",
                              "Power state of the PCI device: 0 on (D0), 1 D1, 2 D2, 3 D3hot, "
                              "4 off (D3cold). A sleeping GPU is asked nothing else.")),
    labelled("gpu uuid name driver vbios pci",
             gauge(SourceId::gpu, "gpu.info", "1", "", "1: what the GPU is, as labels.")),
    gpu_gauge("gpu.temp_junction", "C", "Temperature of the hottest spot of the GPU; of AMD."),
    labelled("gpu gt", gauge(SourceId::gpu, "gpu.gt_clock", "MHz", "",
                             "Clock of a part (GT) of an Intel GPU; 0 while it rests.")),
    labelled("gpu gt", gauge(SourceId::gpu, "gpu.gt_clock_max", "MHz", "",
                             "Highest clock that a part (GT) of an Intel GPU may have.")),
    labelled("gpu gt", counter(SourceId::gpu, "gpu.gt_idle", "ms", "",
                               "Time in which a part (GT) of an Intel GPU rested.")),
    labelled("gpu gt", gauge(SourceId::gpu, "gpu.gt_throttled", "1", "",
                             "1 while a part (GT) of an Intel GPU is held down, else 0.")),
    gauge(SourceId::gpu, "gpu.count", "count", "", "NVIDIA GPUs that answer or sleep."),
    gauge(SourceId::gpu, "gpu.count_expected", "count", "",
          "NVIDIA GPUs on the PCI bus, with those that have gone since the agent started."),
    gauge(SourceId::gpu, "gpu.nvml_state", "1", "",
          "NVIDIA's library: 0 works, 1 missing or no driver loaded, 2 library and driver are of "
          "different versions, 3 a call hangs, 4 fails otherwise."),
};

// With their tiers: those of a name and of all below it, up to the next.
inline constexpr auto kGpuMetrics = tiered(kGpuRows, {{"gpu.bar1_used", 10},
                                                      {"gpu.pcie_gen_max", 60},
                                                      {"gpu.lost", 1},
                                                      {"gpu.proc_mem", 10},
                                                      {"gpu.mig_fb_used", 60},
                                                      {"gpu.runtime_pm", 1},
                                                      {"gpu.info", 60},
                                                      {"gpu.temp_junction", 1}});

}  // namespace bw::metrics
