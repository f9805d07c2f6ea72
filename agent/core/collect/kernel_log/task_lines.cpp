#include "agent/core/collect/kernel_log/task_lines.h"

#include <utility>

#include "agent/core/collect/kernel_log/line_parts.h"

namespace bw::agent {

namespace {

using wire::Severity;

constexpr std::string_view kMoreMemory =
    "give it a limit it fits in, move a workload away, or add memory";

// "1234kB" behind `key:`, in bytes; empty where there is none.
std::string bytes_behind(std::string_view line, std::string_view key) {
  if (!take_until(line, key)) return {};
  const auto kilobytes = take_number(line);
  if (!kilobytes || !line.starts_with("kB") || *kilobytes > (1ULL << 50)) return {};
  return std::to_string(*kilobytes * 1024);
}

std::string mebibytes(const std::string& bytes) {
  return bytes.size() > 19 ? bytes : std::to_string(std::stoull(bytes) >> 20U) + " MiB";
}

// "INFO: task kworker/0:1:123 blocked for more than 120 seconds."; also "... is blocked on a mutex"
// without a number, which the line before told already.
bool recognise_hung(std::string_view line, Findings& findings) {
  take(line, "INFO: ");
  if (!take(line, "task ")) return false;
  const auto task = take_until(line, " blocked for more than ");
  const auto seconds = task ? take_number(line) : std::nullopt;
  if (!seconds || !line.starts_with(" seconds")) return false;
  const std::size_t colon = task->rfind(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view name = task->substr(0, colon);
  findings.push_back(
      finding(EventKind::hung_task, Severity::warning, name,
              "task " + std::string(name) + " has hung for more than " + std::to_string(*seconds) +
                  " s: mostly waiting for a disk or a network file system")
          .with("process", name)
          .with("pid", task->substr(colon + 1))
          .with("seconds", std::to_string(*seconds))
          .with("action",
                "look at its disk and file servers; a driver that hangs needs a restart "
                "of the node"));
  return true;
}

// "watchdog: BUG: soft lockup - CPU#18 stuck for 27s! [python3:2254956]"
bool recognise_soft_lockup(std::string_view line, Findings& findings) {
  take(line, "watchdog: ");
  if (!take(line, "BUG: soft lockup - CPU#")) return false;
  const auto cpu = take_number(line);
  if (!cpu) return false;
  std::string_view rest = line;
  std::string_view task;
  if (take_until(rest, "[")) task = rest.substr(0, rest.rfind(':'));
  findings.push_back(finding(EventKind::soft_lockup, Severity::critical, std::to_string(*cpu),
                             "CPU " + std::to_string(*cpu) + " is stuck in the kernel, in " +
                                 std::string(task.empty() ? "an unknown task" : task))
                         .with("cpu", std::to_string(*cpu))
                         .with("process", task)
                         .with("action",
                               "restart the node if it goes on; look for overload of the "
                               "host and for driver updates"));
  return true;
}

// "watchdog: Watchdog detected hard LOCKUP on cpu 3", "NMI watchdog: ...", and NMIs nobody knows.
bool recognise_hard_lockup(std::string_view line, Findings& findings) {
  take(line, "NMI ");
  take(line, "watchdog: ");
  if (!take(line, "Watchdog detected hard LOCKUP on cpu ")) return false;
  const auto cpu = take_number(line);
  const std::string which = cpu ? std::to_string(*cpu) : "?";
  findings.push_back(finding(EventKind::hard_lockup, Severity::critical, which,
                             "CPU " + which + " takes no interrupts any more")
                         .with("cpu", which)
                         .with("action", "restart the node; look for firmware and driver updates"));
  return true;
}

// "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:" and "... self-detected stall on CPU".
bool recognise_stall(std::string_view line, Findings& findings) {
  take(line, "rcu: ");
  if (!take(line, "INFO: rcu")) return false;
  if (!contains(line, "detected stall") && !contains(line, "detected expedited stall")) {
    return false;
  }
  findings.push_back(finding(EventKind::rcu_stall, Severity::critical, "",
                             "the kernel waits for a CPU that does not go on (RCU stall)")
                         .with("message", line)
                         .with("action",
                               "look at the load of the host; restart the node if it "
                               "goes on"));
  return true;
}

struct Oops {
  std::string_view start;
  std::string_view text;
};
constexpr Oops kOopses[] = {
    {"BUG: kernel NULL pointer dereference", "the kernel used an address that is not there"},
    {"BUG: unable to handle ", "the kernel used an address that is not there"},
    {"Unable to handle kernel ", "the kernel used an address that is not there"},
    {"kernel BUG at ", "the kernel found itself in a state that must not be"},
    {"BUG: Bad ", "the kernel found its memory management damaged"},
    {"BUG: scheduling while atomic", "the kernel slept where it may not"},
    {"BUG: workqueue lockup", "work of the kernel does not go on"},
    {"Internal error: ", "the kernel hit an error of its own"},
    {"general protection fault", "the kernel used an address that is not valid"},
    {"Oops: ", "the kernel hit an error of its own"},
    {"invalid opcode: ", "the kernel ran into an instruction that is not one"},
    {"kernel tried to execute NX-protected page", "the kernel ran into data"},
    {"list_add corruption", "the kernel found one of its lists damaged"},
    {"list_del corruption", "the kernel found one of its lists damaged"},
};

bool recognise_oops(std::string_view line, Findings& findings) {
  if (take(line, "Kernel panic - ")) {
    findings.push_back(finding(EventKind::kernel_panic, Severity::critical, "",
                               "the kernel gave up: " + std::string(line))
                           .with("message", line)
                           .with("action", "restart the node where it does not do so itself"));
    return true;
  }
  for (const Oops& oops : kOopses) {
    if (!line.starts_with(oops.start)) continue;
    // Programs' faults look alike but for the name in front: those are crashes, see below.
    findings.push_back(
        finding(EventKind::kernel_oops, Severity::critical, oops.start, std::string(oops.text))
            .with("message", line)
            .with("action",
                  "restart the node soon: the kernel may be damaged; look for updates of "
                  "the kernel and its drivers"));
    return true;
  }
  return false;
}

// "name[123]: segfault at 8 ip ... in name[...]" and "traps: name[123] general protection fault
// ip:..." The name is a program's own choice, and told as such only.
bool recognise_crash(std::string_view line, Findings& findings) {
  const bool trap = take(line, "traps: ");
  const std::size_t close = line.find(']');
  const std::size_t open = close == std::string_view::npos ? close : line.rfind('[', close);
  if (open == std::string_view::npos || open == 0 || open > 64) return false;
  const std::string_view name = line.substr(0, open);
  std::string_view pid = line.substr(open + 1, close - open - 1);
  line.remove_prefix(close + 1);
  const std::string_view pid_text = pid;
  if (!take_number(pid) || !pid.empty()) return false;
  take(line, ":");
  if (!take(line, " ")) return false;
  std::string_view fault;
  if (line.starts_with("segfault at ")) {
    fault = "segmentation fault";
  } else if (trap && contains(line, " ip:")) {
    fault = line.substr(0, line.find(" ip:"));
  } else {
    return false;
  }
  findings.push_back(finding(EventKind::process_crash, Severity::warning, name,
                             "process " + std::string(name) + " crashed: " + std::string(fault))
                         .with("process", name)
                         .with("pid", pid_text)
                         .with("message", line)
                         .with("action", "look at the program's own log and core dump"));
  return true;
}

}  // namespace

// "oom-kill:constraint=CONSTRAINT_MEMCG,...,oom_memcg=/a,task_memcg=/a/b,task=x,pid=12,uid=0", then
// "Memory cgroup out of memory: Killed process 12 (x) total-vm:..kB, anon-rss:..kB, ...".
bool TaskLines::recognise_kill(std::string_view line, Findings& findings) {
  if (take(line, "oom-kill:constraint=")) {
    kill_ = Kill{};
    kill_.constraint = line.substr(0, line.find(','));
    take(line, kill_.constraint);
    kill_.pid = value_of(line, "pid=");
    kill_.limit_cgroup = value_of(line, "oom_memcg=");
    kill_.task_cgroup = value_of(line, "task_memcg=");
    return true;
  }
  if (const std::size_t at = line.find(" invoked oom-killer: "); at != std::string_view::npos) {
    asked_by_ = line.substr(0, at);
    return true;
  }
  const bool in_cgroup = line.starts_with("Memory cgroup out of memory");
  if (in_cgroup || line.starts_with("Out of memory")) {
    if (!take_until(line, ": ")) return false;
  }
  if (!take(line, "Killed process ")) return false;
  const std::string_view pid = first_word(line);
  std::string_view rest = line;
  const auto number = take_number(rest);
  if (!number || !take_until(rest, "(")) return false;
  // A name may hold brackets itself: its end is the last one before the numbers.
  std::size_t end = rest.find(") total-vm:");
  if (end == std::string_view::npos) end = rest.rfind(')');
  if (end == std::string_view::npos) return false;
  const std::string_view name = rest.substr(0, end);
  Finding found = finding(EventKind::oom_kill, in_cgroup ? Severity::warning : Severity::critical,
                          name, "process " + std::string(name) + " was killed for want of memory");
  const std::string anonymous = bytes_behind(rest, "anon-rss:");
  if (in_cgroup) found.text += " within the limit of its cgroup";
  if (!anonymous.empty()) found.text += ", it held " + mebibytes(anonymous);
  found.with("process", name).with("pid", pid);
  found.with("anon_rss_bytes", anonymous).with("file_rss_bytes", bytes_behind(rest, "file-rss:"));
  found.with("shmem_rss_bytes", bytes_behind(rest, "shmem-rss:"));
  found.with("vm_bytes", bytes_behind(rest, "total-vm:"));
  std::string_view user = rest;
  if (take_until(user, " UID:")) found.with("uid", first_word(user));
  std::string_view score = rest;
  if (take_until(score, "oom_score_adj:")) found.with("oom_score_adj", first_word(score));
  if (kill_.pid == pid) {
    found.with("constraint", kill_.constraint).with("cgroup", kill_.task_cgroup);
    found.with("limit_cgroup", kill_.limit_cgroup);
  }
  found.with("asked_by", asked_by_).with("action", kMoreMemory);
  kill_ = Kill{};
  asked_by_.clear();
  findings.push_back(std::move(found));
  return true;
}

bool TaskLines::recognise(const KernelMessage& message, Findings& findings) {
  const std::string_view line = message.text;
  return recognise_kill(line, findings) || recognise_hung(line, findings) ||
         recognise_soft_lockup(line, findings) || recognise_hard_lockup(line, findings) ||
         recognise_stall(line, findings) || recognise_oops(line, findings) ||
         recognise_crash(line, findings);
}

}  // namespace bw::agent
