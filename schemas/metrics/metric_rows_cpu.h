// Metrics of /proc/stat, /proc/loadavg and /proc/pressure: rows of the metric table.
#pragma once

#include "schemas/metrics/metric_info.h"

namespace bw::metrics {

// Of the whole machine without a label, and of each core.
consteval MetricInfo cpu_seconds(std::string_view name, std::string_view key,
                                 std::string_view text) {
  return labelled("cpu", counter(SourceId::stat, name, "s", key, text));
}
consteval MetricInfo soft_interrupts(std::string_view name, std::string_view text) {
  return labelled("kind", counter(SourceId::stat, name, "count", "", text));
}

inline constexpr MetricInfo kStatMetrics[] = {
    labelled("cpu", gauge(SourceId::stat, "cpu.util", "%", "",
                          "Share of the time in which the CPU was neither idle nor waiting for "
                          "I/O.")),
    cpu_seconds("cpu.user", "cpu user", "Time in user mode, guests included."),
    cpu_seconds("cpu.nice", "cpu nice", "Time in user mode at lowered priority."),
    cpu_seconds("cpu.system", "cpu system", "Time in the kernel."),
    cpu_seconds("cpu.idle", "cpu idle", "Time with nothing to do."),
    cpu_seconds("cpu.iowait", "cpu iowait", "Idle time while a task waited for I/O."),
    cpu_seconds("cpu.irq", "cpu irq", "Time serving hardware interrupts."),
    cpu_seconds("cpu.softirq", "cpu softirq", "Time serving soft interrupts."),
    cpu_seconds("cpu.steal", "cpu steal", "Time the hypervisor gave to other machines."),
    cpu_seconds("cpu.guest", "cpu guest", "Time running virtual machines; part of user time."),
    cpu_seconds("cpu.guest_nice", "cpu guest_nice",
                "Time running virtual machines at lowered priority; part of nice time."),
    counter(SourceId::stat, "sched.interrupts", "count", "intr", "Hardware interrupts served."),
    counter(SourceId::stat, "sched.ctx_switches", "count", "ctxt", "Context switches."),
    counter(SourceId::stat, "sys.forks", "count", "processes", "Processes and threads created."),
    gauge(SourceId::stat, "sched.procs_running", "tasks", "procs_running",
          "Tasks that run or wait for a CPU."),
    gauge(SourceId::stat, "sched.procs_blocked", "tasks", "procs_blocked",
          "Tasks that wait for I/O to end."),
    counter(SourceId::stat, "sched.softirqs", "count", "softirq", "Soft interrupts served."),
    soft_interrupts("sched.softirq", "Soft interrupts served, by kind."),
};

inline constexpr MetricInfo kLoadMetrics[] = {
    gauge(SourceId::loadavg, "cpu.load1", "1", "1",
          "Tasks that ran or waited for a CPU or a disk, averaged over 1 minute."),
    gauge(SourceId::loadavg, "cpu.load5", "1", "2",
          "Tasks that ran or waited for a CPU or a disk, averaged over 5 minutes."),
    gauge(SourceId::loadavg, "cpu.load15", "1", "3",
          "Tasks that ran or waited for a CPU or a disk, averaged over 15 minutes."),
    gauge(SourceId::loadavg, "sched.tasks_runnable", "tasks", "4 before /",
          "Tasks that could run at this instant."),
    gauge(SourceId::loadavg, "sys.procs", "tasks", "4 after /", "Processes and threads there are."),
};

// Some: at least one task stalled; full: all of them did. Averages and total, in this order.
inline constexpr MetricInfo kPressureMetrics[] = {
    gauge(SourceId::pressure_cpu, "psi.cpu.some.avg10", "%", "some avg10",
          "Share of the last 10 s in which a task waited for a CPU."),
    gauge(SourceId::pressure_cpu, "psi.cpu.some.avg60", "%", "some avg60",
          "Share of the last 60 s in which a task waited for a CPU."),
    gauge(SourceId::pressure_cpu, "psi.cpu.some.avg300", "%", "some avg300",
          "Share of the last 300 s in which a task waited for a CPU."),
    counter(SourceId::pressure_cpu, "psi.cpu.some.total", "us", "some total",
            "Time in which a task waited for a CPU."),
    gauge(SourceId::pressure_cpu, "psi.cpu.full.avg10", "%", "full avg10",
          "Share of the last 10 s in which all tasks waited for a CPU; 0 for the whole machine."),
    gauge(SourceId::pressure_cpu, "psi.cpu.full.avg60", "%", "full avg60",
          "Share of the last 60 s in which all tasks waited for a CPU; 0 for the whole machine."),
    gauge(SourceId::pressure_cpu, "psi.cpu.full.avg300", "%", "full avg300",
          "Share of the last 300 s in which all tasks waited for a CPU; 0 for the whole machine."),
    counter(SourceId::pressure_cpu, "psi.cpu.full.total", "us", "full total",
            "Time in which all tasks waited for a CPU; 0 for the whole machine."),
    gauge(SourceId::pressure_memory, "psi.mem.some.avg10", "%", "some avg10",
          "Share of the last 10 s in which a task waited for memory."),
    gauge(SourceId::pressure_memory, "psi.mem.some.avg60", "%", "some avg60",
          "Share of the last 60 s in which a task waited for memory."),
    gauge(SourceId::pressure_memory, "psi.mem.some.avg300", "%", "some avg300",
          "Share of the last 300 s in which a task waited for memory."),
    counter(SourceId::pressure_memory, "psi.mem.some.total", "us", "some total",
            "Time in which a task waited for memory."),
    gauge(SourceId::pressure_memory, "psi.mem.full.avg10", "%", "full avg10",
          "Share of the last 10 s in which all tasks waited for memory."),
    gauge(SourceId::pressure_memory, "psi.mem.full.avg60", "%", "full avg60",
          "Share of the last 60 s in which all tasks waited for memory."),
    gauge(SourceId::pressure_memory, "psi.mem.full.avg300", "%", "full avg300",
          "Share of the last 300 s in which all tasks waited for memory."),
    counter(SourceId::pressure_memory, "psi.mem.full.total", "us", "full total",
            "Time in which all tasks waited for memory."),
    gauge(SourceId::pressure_io, "psi.io.some.avg10", "%", "some avg10",
          "Share of the last 10 s in which a task waited for I/O."),
    gauge(SourceId::pressure_io, "psi.io.some.avg60", "%", "some avg60",
          "Share of the last 60 s in which a task waited for I/O."),
    gauge(SourceId::pressure_io, "psi.io.some.avg300", "%", "some avg300",
          "Share of the last 300 s in which a task waited for I/O."),
    counter(SourceId::pressure_io, "psi.io.some.total", "us", "some total",
            "Time in which a task waited for I/O."),
    gauge(SourceId::pressure_io, "psi.io.full.avg10", "%", "full avg10",
          "Share of the last 10 s in which all tasks waited for I/O."),
    gauge(SourceId::pressure_io, "psi.io.full.avg60", "%", "full avg60",
          "Share of the last 60 s in which all tasks waited for I/O."),
    gauge(SourceId::pressure_io, "psi.io.full.avg300", "%", "full avg300",
          "Share of the last 300 s in which all tasks waited for I/O."),
    counter(SourceId::pressure_io, "psi.io.full.total", "us", "full total",
            "Time in which all tasks waited for I/O."),
};

}  // namespace bw::metrics
