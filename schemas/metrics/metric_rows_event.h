// Counts of events: rows of the metric table, one a kind of event, and what the kernel log cost.
#pragma once

#include "schemas/metrics/metric_info.h"

namespace bw::metrics {

consteval MetricInfo event_count(std::string_view name, std::string_view text) {
  return counter(SourceId::kernel_log, name, "count", "", text);
}

// As kEventKinds has them, its first kinds one by one: "event." and the kind's name.
inline constexpr MetricInfo kEventMetrics[] = {
    labelled(
        "code",
        event_count(
            "event.xid",
            "Xid errors that NVIDIA GPUs reported; by code, and all together without a label.")),
    labelled(
        "code",
        event_count(
            "event.sxid",
            "SXid errors that NVSwitches reported; by code, and all together without a label.")),
    event_count("event.gpu_fallen_off_bus", "Times a GPU stopped to answer on its bus."),
    event_count("event.gpu_driver_mismatch",
                "Times the NVIDIA module refused a library of another version."),
    event_count("event.gpu_driver_error",
                "Failures that the driver of a GPU reported without a number."),
    event_count("event.oom_kill",
                "Processes that the kernel log says were killed for want of memory."),
    event_count("event.process_crash", "Processes that died of a fault."),
    event_count("event.hung_task", "Tasks that were found to hang."),
    event_count("event.soft_lockup", "CPUs that the kernel did not give back for too long."),
    event_count("event.hard_lockup", "CPUs that did not take interrupts for too long."),
    event_count("event.rcu_stall", "Stalls of the kernel's read-copy-update."),
    event_count("event.kernel_oops", "Bugs that the kernel hit and survived."),
    event_count("event.kernel_panic", "Times the kernel gave up."),
    event_count("event.file_system_error", "Errors that file systems reported."),
    event_count("event.file_system_readonly",
                "File systems that were made read-only after errors."),
    event_count("event.disk_error", "Errors of disks that the kernel log tells."),
    event_count("event.nvme_error", "Timeouts, resets and losses of NVMe controllers."),
    event_count("event.raid_failure", "Disks of arrays that failed."),
    event_count("event.hardware_error", "Hardware errors that CPU or firmware reported."),
    event_count("event.memory_error", "Memory errors that the controllers reported."),
    event_count("event.pcie_error", "Errors that PCI Express links reported."),
    event_count("event.thermal_throttle", "Times something was too hot and was slowed down."),
    event_count("event.under_voltage", "Times the supply voltage was too low."),
    event_count("event.link_down", "Links of network interfaces that went down."),
    event_count("event.link_up", "Links of network interfaces that came up."),
    event_count("event.nic_reset", "Network interfaces that hung or were reset."),
    event_count("event.usb_disconnect", "USB devices that were unplugged or dropped off."),
    event_count("event.usb_error", "Failures of USB ports and devices."),
    event_count("event.kernel_log_gap",
                "Messages of the kernel log that were overwritten before they could be read."),
    event_count("event.kernel_log_storm", "Storms of kernel events that were told together."),
    event_count("event.process_down", "Times a watched process went down."),
    event_count("event.process_up", "Times a watched process came up."),
    event_count("event.process_restart", "Times a watched process was replaced by a new one."),
    event_count("event.unit_failed", "Times a watched systemd unit failed."),
    event_count("event.unit_down", "Times a watched systemd unit went down."),
    event_count("event.unit_up", "Times a watched systemd unit came up."),
    event_count("event.unit_restart", "Times systemd restarted a watched unit."),
    event_count("event.gpu_lost", "Times an NVIDIA GPU no longer answered, or left the bus."),
    event_count("event.gpu_hung", "Times a question to an NVIDIA GPU was not answered in time."),
    event_count("event.gpu_failing", "Times an NVIDIA GPU answered every question with an error."),
    event_count("event.gpu_reset_required", "Times an NVIDIA GPU had to be reset."),
    event_count("event.gpu_returned", "Times an NVIDIA GPU answered again."),
    event_count("event.gpu_memory_error",
                "Times an NVIDIA GPU told of errors in its memory by itself."),
    event_count("event.nvml_state", "Times NVIDIA's management library came into another state."),
    event_count("event.boot", "Times the box was found started, 1 or 0 in a run of the agent."),
    event_count("event.unclean_shutdown",
                "Times the box was found to have gone down uncleanly, 1 or 0 in a run."),
    event_count("event.clock_step", "Times the wall clock was set."),
    event_count("event.outbox_gap", "Times records were dropped before the coordinator had them."),
    event_count("event.history_gap", "Times the agent found that it had not run, 1 or 0 in a run."),
    event_count("event.event_storm",
                "Storms of events but for the kernel log's that were told together."),
    event_count("event.anomaly", "Anomalies that began."),
    event_count("event.anomaly_update", "Times an anomaly got worse or came back."),
    event_count("event.anomaly_end", "Times an anomaly ended."),
    event_count("event.model_change",
                "Times a model of what is usual was taken over, forgotten or refused."),
    event_count("event.model_drift",
                "Times what is usual was learnt anew for drift or too many alarms."),
};

inline constexpr MetricInfo kKernelLogMetrics[] = {
    event_count(
        "event.folded",
        "Messages of the kernel log that were told by their number alone, repeats and storms."),
    event_count("kernel_log.messages", "Messages of the kernel itself that were read."),
    event_count("kernel_log.lost", "Messages that were overwritten before they could be read."),
    event_count("kernel_log.malformed", "Records of the kernel log that could not be understood."),
};

}  // namespace bw::metrics
