// Metrics of NVIDIA's Jetson boards (Tegra), whose GPU is not on a PCI bus: rows of the metric
// table. What every box tells is not told twice: temperatures of the board are thermal.zone_temp,
// its largest free block is mem.largest_free_block, its swap swap.used.
#pragma once

#include "schemas/metrics/metric_info.h"

namespace bw::metrics {

inline constexpr MetricInfo kTegraMetrics[] = {
    labelled("gpu", gauge(SourceId::tegra_fast, "tegra.gpu_load", "%", "",
                          "Share of the time in which the GPU worked.")),
    labelled("gpu", gauge(SourceId::tegra_fast, "tegra.gpu_freq", "Hz", "", "Clock of the GPU.")),
    labelled("gpu", gauge(SourceId::tegra_fast, "tegra.gpu_freq_max", "Hz", "",
                          "Highest clock that the GPU may have in this power mode.")),
    gauge(SourceId::tegra_emc, "tegra.emc_freq", "Hz", "", "Clock of the memory."),
    gauge(SourceId::tegra_emc, "tegra.emc_util", "%", "", "Share of the memory's time in use."),
    labelled("rail", gauge(SourceId::tegra_rails, "tegra.rail_power", "mW", "",
                           "Power drawn by a supply rail of the board.")),
    labelled("rail", gauge(SourceId::tegra_rails, "tegra.rail_voltage", "mV", "",
                           "Voltage of a supply rail of the board.")),
    labelled("rail", gauge(SourceId::tegra_rails, "tegra.rail_current", "mA", "",
                           "Current of a supply rail of the board.")),
    labelled("rail", gauge(SourceId::tegra_alarms, "tegra.rail_alarm", "1", "",
                           "1 while a supply rail's current is over a limit, else 0.")),
    labelled("fan", gauge(SourceId::tegra_slow, "tegra.fan_pwm", "1", "",
                          "What the fan is driven by: 0 to 255.")),
    labelled("fan", gauge(SourceId::tegra_slow, "tegra.fan_rpm", "rpm", "", "Speed of the fan.")),
    labelled("engine", gauge(SourceId::tegra_slow, "tegra.engine_clock", "Hz", "",
                             "Clock of an engine beside the GPU: video, images, inference.")),
    labelled("event", counter(SourceId::tegra_slow, "tegra.oc_events", "count", "",
                              "Times the board held itself down: oc1 under-voltage, oc2 average "
                              "and oc3 instantaneous over-current.")),
    gauge(SourceId::tegra_slow, "tegra.nvpmodel", "1", "", "Number of the power mode that is set."),
    labelled("process", gauge(SourceId::tegra_processes, "tegra.gpu_mem", "B", "",
                              "Memory that a program holds for the GPU.")),
    gauge(SourceId::tegra_clocks, "tegra.jetson_clocks", "1", "",
          "1 while the clocks of GPU and CPUs are held at their highest, as jetson_clocks does; "
          "else 0."),
    gauge(SourceId::tegra_iram, "tegra.iram_total", "B", "", "Memory inside the chip (IRAM)."),
    gauge(SourceId::tegra_iram, "tegra.iram_used", "B", "",
          "Memory inside the chip (IRAM) in use."),
};

}  // namespace bw::metrics
