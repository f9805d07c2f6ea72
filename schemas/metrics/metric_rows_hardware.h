// Metrics of what can be read of a box's hardware: clocks and heat of CPUs, fans, voltages, power,
// and errors of memory. Rows of the metric table.
#pragma once

#include "schemas/metrics/metric_info.h"

namespace bw::metrics {

consteval MetricInfo sensor(SourceId source, std::string_view name, std::string_view unit,
                            std::string_view text) {
  return labelled("chip sensor", gauge(source, name, unit, "", text));
}
consteval MetricInfo supply(SourceId source, std::string_view name, std::string_view unit,
                            std::string_view text) {
  return labelled("supply type", gauge(source, name, unit, "", text));
}
consteval MetricInfo pi_bit(std::string_view name, std::string_view text) {
  return gauge(SourceId::pi_throttled, name, "1", "", text);
}

inline constexpr MetricInfo kCpuClockMetrics[] = {
    scaled(1e-3,
           labelled("cpu", gauge(SourceId::cpu_freq, "cpu.freq", "MHz", "", "Clock of a core."))),
    labelled("cpu", counter(SourceId::cpu_core_throttle, "cpu.throttle_count", "count", "",
                            "Times a core was slowed down as it was too hot.")),
    labelled("package",
             counter(SourceId::cpu_package_throttle, "cpu.package_throttle_count", "count", "",
                     "Times a CPU package was slowed down as it was too hot.")),
    labelled("cpu", counter(SourceId::schedstat, "sched.run_delay", "ns", "",
                            "Time tasks were ready to run and waited for a CPU.")),
    counter(SourceId::cpu_counters, "cpu.instructions", "count", "",
            "Instructions done by all cores, since the agent started; by the cycles: IPC."),
    counter(SourceId::cpu_counters, "cpu.cycles", "count", "",
            "Clock cycles in which all cores were at work, since the agent started."),
};

// In thousandths of a degree.
inline constexpr MetricInfo kThermalMetrics[] = {
    scaled(1e-3, labelled("zone type", gauge(SourceId::thermal_temp, "thermal.zone_temp", "C", "",
                                             "Temperature of a thermal zone."))),
    labelled("device type", gauge(SourceId::cooling_state, "thermal.cooling_device", "1", "",
                                  "How hard a cooling device works: 0 not at all, more is more.")),
    scaled(1e-3, sensor(SourceId::hwmon_temp, "hwmon.temp", "C",
                        "Temperature that a sensor of a hardware monitor tells.")),
    scaled(1e-3, sensor(SourceId::hwmon_crit, "hwmon.temp_crit", "C",
                        "Temperature from which on a sensor calls it critical.")),
    sensor(SourceId::hwmon_fan, "hwmon.fan", "rpm", "Speed of a fan."),
    sensor(SourceId::hwmon_in, "hwmon.in", "mV", "Voltage that a sensor tells."),
    sensor(SourceId::hwmon_curr, "hwmon.curr", "mA", "Current that a sensor tells."),
    sensor(SourceId::hwmon_power, "hwmon.power", "uW", "Power that a sensor tells."),
};

inline constexpr MetricInfo kPowerMetrics[] = {
    labelled("zone domain", counter(SourceId::rapl_energy, "rapl.energy", "uJ", "",
                                    "Energy a part of the CPU used, since the agent started.")),
    supply(SourceId::supply_online, "psu.online", "1", "1 where a power supply delivers, else 0."),
    supply(SourceId::supply_capacity, "psu.capacity", "%", "Charge of a battery."),
    supply(SourceId::supply_voltage, "psu.voltage", "uV", "Voltage of a power supply or battery."),
};

// Of a Raspberry Pi's firmware. The first is the text itself; the others are its bits.
inline constexpr MetricInfo kPiMetrics[] = {
    pi_bit("pi.throttled_bits", "What the firmware tells of voltage and throttling, as it is."),
    pi_bit("pi.under_voltage", "1 while the supply's voltage is too low."),
    pi_bit("pi.freq_capped", "1 while the CPU's clock is capped."),
    pi_bit("pi.throttled", "1 while the board is throttled."),
    pi_bit("pi.soft_temp_limit", "1 while the soft limit of temperature holds."),
    pi_bit("pi.under_voltage_seen", "1 where the voltage was too low since the board started."),
    pi_bit("pi.freq_capped_seen", "1 where the CPU's clock was capped since the board started."),
    pi_bit("pi.throttled_seen", "1 where the board was throttled since it started."),
    pi_bit("pi.soft_temp_limit_seen", "1 where the soft limit held since the board started."),
};

inline constexpr MetricInfo kEdacMetrics[] = {
    labelled("controller", counter(SourceId::edac_ce, "edac.ce", "count", "",
                                   "Errors of memory that were corrected.")),
    labelled("controller", counter(SourceId::edac_ue, "edac.ue", "count", "",
                                   "Errors of memory that could not be corrected.")),
};

}  // namespace bw::metrics
