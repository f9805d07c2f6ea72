#include "agent/core/collect/kernel_log/task_lines.h"

#include <algorithm>
#include <optional>
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
  std::string_view behind = line;
  // "CPU3: " who found it, in later kernels.
  if (take(behind, "CPU") && take_number(behind) && take(behind, ": ")) line = behind;
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
    {"divide error: 0000 [#", "the kernel divided by zero"},
    {"stack segment: 0000 [#", "the kernel used an address that is not valid"},
    {"invalid opcode: ", "the kernel ran into an instruction that is not one"},
    {"kernel tried to execute NX-protected page", "the kernel ran into data"},
    {"list_add corruption", "the kernel found one of its lists damaged"},
    {"list_del corruption", "the kernel found one of its lists damaged"},
};

// "kernel BUG at mm/slub.c:363!", and whatever else `start` begins with.
bool is_oops(std::string_view line, std::string_view start) {
  if (!line.starts_with(start)) return false;
  return start != "kernel BUG at " || line.ends_with('!');
}

bool recognise_oops(std::string_view line, Findings& findings) {
  // Longer than a program's name may be.
  if (line.starts_with("Kernel panic - not syncing") && take(line, "Kernel panic - ")) {
    findings.push_back(finding(EventKind::kernel_panic, Severity::critical, "",
                               "the kernel gave up: " + std::string(line))
                           .with("message", line)
                           .with("action", "restart the node where it does not do so itself"));
    return true;
  }
  for (const Oops& oops : kOopses) {
    if (!is_oops(line, oops.start)) continue;
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

// A program's name is its own choice, and some lines begin with it: nothing in them is a message of
// another kind, and none is handed on.
constexpr std::size_t kMaxName = 15;  // TASK_COMM_LEN - 1

// What stands behind "name[123]" or "name".
struct NamedLine {
  std::string_view behind;
  std::string_view fault;  // empty: no crash
};
constexpr NamedLine kBehindPid[] = {
    {": segfault at ", "segmentation fault"},              // x86
    {": unhandled exception: ", "unhandled exception"},    // arm64
    {": unhandled signal ", "unhandled signal"},           // riscv, powerpc
    {": potentially unexpected fatal signal ", "signal"},  // print-fatal-signals
    {" bad frame in ", "damaged stack"},
    {": bad frame in ", "damaged stack"},
    {" vsyscall ", {}},
    {": vsyscall ", {}},
};
constexpr std::string_view kBehindName[] = {
    ": page allocation failure", ": page_frag", ": vmalloc ", ": memfd_create() ", " (", ": bytes ",
};

struct NamedProcess {
  std::string_view name;
  std::string_view pid;
  std::string_view rest;  // behind "name[pid]"
};

// The process at the beginning of a line: of several that might be it the last, since what the
// kernel adds holds none so early.
template <typename Behind>
std::optional<NamedProcess> take_process(std::string_view line, Behind&& is_behind) {
  for (std::size_t open = std::min(kMaxName, line.size()); open > 0; --open) {
    if (open == line.size() || line[open] != '[') continue;
    std::string_view rest = line.substr(open + 1);
    const auto pid = take_number(rest);
    if (!pid || !take(rest, "]") || !is_behind(rest)) continue;
    return NamedProcess{line.substr(0, open),
                        line.substr(open + 1, line.size() - open - 2 - rest.size()), rest};
  }
  return std::nullopt;
}

void tell_crash(const NamedProcess& process, std::string_view fault, Findings& findings) {
  std::string_view message = process.rest;
  take(message, ":");
  take(message, " ");
  findings.push_back(
      finding(EventKind::process_crash, Severity::warning, process.name,
              "process " + std::string(process.name) + " crashed: " + std::string(fault))
          .with("process", process.name)
          .with("pid", process.pid)
          .with("message", message)
          .with("action", "look at the program's own log and core dump"));
}

// "name (123): /proc/123/oom_adj is deprecated", "name: page allocation failure: order:0"; not
// "name: attempt to access beyond end of device", which is a disk's.
bool begins_with_name(std::string_view line) {
  for (const std::string_view behind : kBehindName) {
    for (std::size_t at = line.find(behind); at <= kMaxName; at = line.find(behind, at + 1)) {
      if (behind != " (") return true;
      std::string_view rest = line.substr(at + behind.size());
      if (take_number(rest) && rest.starts_with("): ")) return true;
    }
  }
  return false;
}

// "name[123]: segfault at 8 ip ... in name[...]" and "traps: name[123] general protection fault
// ip:...": true for every line that begins with a program's name, a crash or not.
bool recognise_crash(std::string_view line, Findings& findings) {
  const NamedLine* found = nullptr;
  auto process = take_process(line, [&](std::string_view rest) {
    for (const NamedLine& known : kBehindPid) {
      if (rest.starts_with(known.behind)) found = &known;
    }
    return found != nullptr;
  });
  if (process) {
    if (!found->fault.empty()) tell_crash(*process, found->fault, findings);
    return true;
  }
  if (!take(line, "traps: ")) return begins_with_name(line);
  process = take_process(
      line, [](std::string_view rest) { return rest.starts_with(" ") && contains(rest, " ip:"); });
  if (process) {
    const std::string_view rest = process->rest.substr(1);
    tell_crash(*process, rest.substr(0, rest.find(" ip:")), findings);
  }
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
  if (const std::size_t at = line.find(" invoked oom-killer: "); at <= kMaxName) {
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
  return recognise_crash(line, findings) || recognise_kill(line, findings) ||
         recognise_hung(line, findings) || recognise_soft_lockup(line, findings) ||
         recognise_hard_lockup(line, findings) || recognise_stall(line, findings) ||
         recognise_oops(line, findings);
}

}  // namespace bw::agent
