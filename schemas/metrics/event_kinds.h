// Every kind of event that a node may tell: its name on the wire and what it means.
//
// agent/core/collect/kernel_log/EVENTS.md documents them, and is checked against this table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace bw::metrics {

enum class EventKind : std::uint8_t {
  xid,
  sxid,
  gpu_fallen_off_bus,
  gpu_driver_mismatch,
  gpu_driver_error,
  oom_kill,
  process_crash,
  hung_task,
  soft_lockup,
  hard_lockup,
  rcu_stall,
  kernel_oops,
  kernel_panic,
  file_system_error,
  file_system_readonly,
  disk_error,
  nvme_error,
  raid_failure,
  hardware_error,
  memory_error,
  pcie_error,
  thermal_throttle,
  under_voltage,
  link_down,
  link_up,
  nic_reset,
  usb_disconnect,
  usb_error,
  kernel_log_gap,
  kernel_log_storm,
  process_down,
  process_up,
  process_restart,
  unit_failed,
  unit_down,
  unit_up,
  unit_restart,
  gpu_lost,
  gpu_hung,
  gpu_failing,
  gpu_reset_required,
  gpu_returned,
  nvml_state,
  boot,
  unclean_shutdown,
  clock_step,
  outbox_gap,
  history_gap,
  event_storm,
  agent_stopped,
};

struct EventKindInfo {
  EventKind kind;
  std::string_view name;      // a snake_case noun
  std::string_view source;    // who tells it
  std::string_view severity;  // in words: it may depend
  std::string_view text;      // what has happened, in one sentence
};

// By EventKind.
inline constexpr EventKindInfo kEventKinds[] = {
    {EventKind::xid, "xid", "kernel log", "by code", "An NVIDIA GPU reported an error by number."},
    {EventKind::sxid, "sxid", "kernel log", "by code",
     "An NVIDIA NVSwitch reported an error by number."},
    {EventKind::gpu_fallen_off_bus, "gpu_fallen_off_bus", "kernel log", "critical",
     "A GPU no longer answers on its bus."},
    {EventKind::gpu_driver_mismatch, "gpu_driver_mismatch", "kernel log", "critical",
     "The NVIDIA kernel module and library are of different versions."},
    {EventKind::gpu_driver_error, "gpu_driver_error", "kernel log", "warning or critical",
     "The NVIDIA driver, its modesetting or the fabric manager's part reported a failure."},
    {EventKind::oom_kill, "oom_kill", "kernel log", "critical, warning within a cgroup",
     "The kernel killed a process for want of memory."},
    {EventKind::process_crash, "process_crash", "kernel log", "warning",
     "A process died of a fault."},
    {EventKind::hung_task, "hung_task", "kernel log", "warning",
     "A task has waited for minutes without being interruptible."},
    {EventKind::soft_lockup, "soft_lockup", "kernel log", "critical",
     "A CPU was not given back by the kernel for too long."},
    {EventKind::hard_lockup, "hard_lockup", "kernel log", "critical",
     "A CPU did not even take interrupts for too long."},
    {EventKind::rcu_stall, "rcu_stall", "kernel log", "critical",
     "The kernel's read-copy-update waits for a CPU or task that does not go on."},
    {EventKind::kernel_oops, "kernel_oops", "kernel log", "critical",
     "The kernel hit a bug of its own and went on as well as it could."},
    {EventKind::kernel_panic, "kernel_panic", "kernel log", "critical", "The kernel gave up."},
    {EventKind::file_system_error, "file_system_error", "kernel log", "warning or critical",
     "A file system found itself damaged or could not be read or written."},
    {EventKind::file_system_readonly, "file_system_readonly", "kernel log", "critical",
     "A file system was made read-only after errors."},
    {EventKind::disk_error, "disk_error", "kernel log", "warning or critical",
     "A disk failed to read or write."},
    {EventKind::nvme_error, "nvme_error", "kernel log", "warning or critical",
     "An NVMe controller did not answer, was reset or was given up."},
    {EventKind::raid_failure, "raid_failure", "kernel log", "critical",
     "A disk of an array failed."},
    {EventKind::hardware_error, "hardware_error", "kernel log",
     "warning, critical where not corrected", "CPU, memory or firmware reported a hardware error."},
    {EventKind::memory_error, "memory_error", "kernel log", "warning, critical where not corrected",
     "Memory had errors, by its controller's report."},
    {EventKind::pcie_error, "pcie_error", "kernel log", "info, warning or critical",
     "A PCI Express device reported errors of its link."},
    {EventKind::thermal_throttle, "thermal_throttle", "kernel log",
     "warning, critical where it shuts down", "Something was too hot and was slowed down."},
    {EventKind::under_voltage, "under_voltage", "kernel log", "warning",
     "The supply voltage was too low."},
    {EventKind::link_down, "link_down", "kernel log", "warning",
     "A network interface lost its link."},
    {EventKind::link_up, "link_up", "kernel log", "info",
     "A network interface has its link again."},
    {EventKind::nic_reset, "nic_reset", "kernel log", "warning",
     "A network interface hung or was reset."},
    {EventKind::usb_disconnect, "usb_disconnect", "kernel log", "info",
     "A USB device was unplugged, or dropped off."},
    {EventKind::usb_error, "usb_error", "kernel log", "warning",
     "A USB port or device failed: over-current, reset, no answer."},
    {EventKind::kernel_log_gap, "kernel_log_gap", "kernel log", "warning",
     "Messages of the kernel log were overwritten before they could be read."},
    {EventKind::kernel_log_storm, "kernel_log_storm", "kernel log",
     "as the worst in it, at least warning",
     "So many events came that not all were told one by one."},
    {EventKind::process_down, "process_down", "processes", "critical",
     "A watched process does not run any more."},
    {EventKind::process_up, "process_up", "processes", "info", "A watched process runs (again)."},
    {EventKind::process_restart, "process_restart", "processes", "warning",
     "A watched process was replaced by a new one."},
    {EventKind::unit_failed, "unit_failed", "systemd", "critical",
     "A watched systemd unit failed."},
    {EventKind::unit_down, "unit_down", "systemd", "warning",
     "A watched systemd unit is no longer active."},
    {EventKind::unit_up, "unit_up", "systemd", "info", "A watched systemd unit is active (again)."},
    {EventKind::unit_restart, "unit_restart", "systemd", "warning",
     "systemd restarted a watched unit."},
    {EventKind::gpu_lost, "gpu_lost", "GPUs", "critical",
     "An NVIDIA GPU no longer answers, or has left the bus."},
    {EventKind::gpu_hung, "gpu_hung", "GPUs", "critical",
     "A question to an NVIDIA GPU is not answered in time."},
    {EventKind::gpu_failing, "gpu_failing", "GPUs", "critical",
     "An NVIDIA GPU answers every question with an error."},
    {EventKind::gpu_reset_required, "gpu_reset_required", "GPUs", "critical",
     "An NVIDIA GPU has to be reset before it can be used again."},
    {EventKind::gpu_returned, "gpu_returned", "GPUs", "info",
     "An NVIDIA GPU that was lost, hung, failing or to be reset answers again."},
    {EventKind::nvml_state, "nvml_state", "GPUs", "warning, info where it works again",
     "NVIDIA's management library works, is missing, mismatches its driver, hangs or fails."},
    {EventKind::boot, "boot", "agent", "info", "The box was started."},
    {EventKind::unclean_shutdown, "unclean_shutdown", "agent", "warning",
     "The box went down without the agent being stopped: power loss, reset or crash."},
    {EventKind::clock_step, "clock_step", "agent", "warning", "The wall clock was set."},
    {EventKind::outbox_gap, "outbox_gap", "agent", "warning",
     "Records were dropped before the coordinator had them."},
    {EventKind::history_gap, "history_gap", "agent", "info, warning where the end was not orderly",
     "The agent did not run for a while: nothing was measured then."},
    {EventKind::event_storm, "event_storm", "agent", "as the worst in it, at least warning",
     "So many events came but for the kernel log's that not all were told one by one."},
    {EventKind::agent_stopped, "agent_stopped", "agent", "info", "The agent was stopped."},
};
inline constexpr std::size_t kEventKindCount = std::size(kEventKinds);
// Those that the kernel log tells come first.
inline constexpr std::size_t kKernelLogKinds =
    static_cast<std::size_t>(EventKind::kernel_log_storm) + 1;

constexpr std::string_view event_name(EventKind kind) {
  return kEventKinds[static_cast<std::size_t>(kind)].name;
}

}  // namespace bw::metrics
