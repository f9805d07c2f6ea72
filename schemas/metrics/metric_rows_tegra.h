// Metrics of NVIDIA's Jetson boards (Tegra), whose GPU is not on a PCI bus: rows of the metric
// table. Temperatures of the board are thermal.zone_temp.
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
    // Whether jetson_clocks holds the clocks at their highest is told by no file: compare
    // tegra.gpu_freq and tegra.gpu_freq_max. Nor is there a metric of the largest free block of
    // memory (lfb) and of the memory inside the chip (iram); swap is that of every box.
    gauge(SourceId::tegra_slow, "tegra.nvpmodel", "1", "", "Number of the power mode that is set."),
    labelled("process", gauge(SourceId::tegra_processes, "tegra.gpu_mem", "B", "",
                              "Memory that a program holds for the GPU.")),
};

}  // namespace bw::metrics
