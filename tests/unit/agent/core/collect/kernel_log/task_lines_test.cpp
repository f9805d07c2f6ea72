#include "agent/core/collect/kernel_log/task_lines.h"

#include <gtest/gtest.h>

#include "agent/core/collect/kernel_log/device_lines.h"
#include "agent/core/collect/kernel_log/graphics_lines.h"
#include "agent/core/collect/kernel_log/machine_lines.h"
#include "agent/core/collect/kernel_log/nvidia_lines.h"
#include "agent/core/collect/kernel_log/storage_lines.h"
#include "base/rng.h"
#include "tests/unit/agent/core/collect/kernel_log/lines.h"

namespace bw::agent {
namespace {

std::string told(std::string_view line) {
  TaskLines tasks;
  return told_by([&](const KernelMessage& message,
                     Findings& findings) { return tasks.recognise(message, findings); },
                 line);
}

TEST(TaskLines, AKilledProcessIsToldWithItsMemoryAndCgroup) {
  TaskLines tasks;
  Findings findings;
  for (const auto* line :
       {"stress invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
        "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=box,mems_allowed=0,"
        "oom_memcg=/kube/pod,task_memcg=/kube/pod/main,task=py,pid=863,uid=0"}) {
    EXPECT_TRUE(tasks.recognise(message_of(line), findings));
    EXPECT_EQ(findings.size(), 0U);
  }
  EXPECT_TRUE(tasks.recognise(
      message_of("Memory cgroup out of memory: Killed process 863 (py (1)) total-vm:900kB, "
                 "anon-rss:4194304kB, file-rss:12kB, shmem-rss:0kB, UID:1000 pgtables:20kB "
                 "oom_score_adj:985"),
      findings));
  ASSERT_EQ(findings.size(), 1U);
  const Finding& found = findings[0];
  EXPECT_EQ(found.kind, EventKind::oom_kill);
  EXPECT_EQ(found.severity, wire::Severity::warning);
  EXPECT_EQ(found.text,
            "process py (1) was killed for want of memory within the limit of its cgroup, it held "
            "4096 MiB");
  EXPECT_EQ(detail(found.details, "process"), "py (1)");
  EXPECT_EQ(detail(found.details, "pid"), "863");
  EXPECT_EQ(detail(found.details, "anon_rss_bytes"), "4294967296");
  EXPECT_EQ(detail(found.details, "vm_bytes"), "921600");
  EXPECT_EQ(detail(found.details, "uid"), "1000");
  EXPECT_EQ(detail(found.details, "oom_score_adj"), "985");
  EXPECT_EQ(detail(found.details, "constraint"), "CONSTRAINT_MEMCG");
  EXPECT_EQ(detail(found.details, "cgroup"), "/kube/pod/main");
  EXPECT_EQ(detail(found.details, "limit_cgroup"), "/kube/pod");
  EXPECT_EQ(detail(found.details, "asked_by"), "stress");
}

TEST(TaskLines, WhatWasToldOfAnotherKillIsNotMixedIn) {
  TaskLines tasks;
  Findings findings;
  tasks.recognise(message_of("oom-kill:constraint=CONSTRAINT_NONE,task=a,pid=1,uid=0"), findings);
  tasks.recognise(message_of("Out of memory: Killed process 2 (b) total-vm:1kB, anon-rss:1kB"),
                  findings);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(detail(findings[0].details, "constraint"), "-");
}

TEST(TaskLines, OldFormsOfKillsAreUnderstood) {
  EXPECT_EQ(told("Killed process 77 (java) total-vm:1kB, anon-rss:1kB, file-rss:0kB"),
            "oom_kill/critical/java");
  EXPECT_EQ(told("Out of memory: Killed process 123, UID 48, (httpd)."), "oom_kill/critical/httpd");
  EXPECT_EQ(told("Out of memory (oom_kill_allocating_task): Killed process 9 (x) total-vm:1kB"),
            "oom_kill/critical/x");
  EXPECT_EQ(told("Out of memory: Kill process 456 (python) score 50 or sacrifice child"),
            "unknown");
  EXPECT_EQ(told("Out of memory: Killed process x (y)"), "unknown");
  EXPECT_EQ(told("Out of memory: Killed process 5 nobody"), "unknown");
}

TEST(TaskLines, HungTasksAndLockUpsAreTold) {
  EXPECT_EQ(told("INFO: task kworker/u8:2:1177 blocked for more than 120 seconds."),
            "hung_task/warning/kworker/u8:2");
  EXPECT_EQ(told("task jfsmount:136 blocked for more than 120 seconds."),
            "hung_task/warning/jfsmount");
  EXPECT_EQ(told("INFO: task x:1 is blocked on a mutex likely owned by task y:2"), "unknown");
  EXPECT_EQ(told("watchdog: BUG: soft lockup - CPU#18 stuck for 27s! [python3:2254956]"),
            "soft_lockup/critical/18");
  EXPECT_EQ(told("BUG: soft lockup - CPU#x stuck"), "unknown");
  EXPECT_EQ(told("watchdog: Watchdog detected hard LOCKUP on cpu 3"), "hard_lockup/critical/3");
  EXPECT_EQ(told("NMI watchdog: Watchdog detected hard LOCKUP on cpu 3"), "hard_lockup/critical/3");
  EXPECT_EQ(told("rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:"), "rcu_stall/critical/");
  EXPECT_EQ(told("rcu: INFO: rcu_sched self-detected stall on CPU"), "rcu_stall/critical/");
  EXPECT_EQ(told("rcu: Hierarchical RCU implementation."), "unknown");
}

TEST(TaskLines, OopsesAndPanicsAreTold) {
  EXPECT_EQ(told("BUG: kernel NULL pointer dereference, address: 0000000000000008"),
            "kernel_oops/critical/BUG: kernel NULL pointer dereference");
  EXPECT_EQ(told("Unable to handle kernel paging request at virtual address dead"),
            "kernel_oops/critical/Unable to handle kernel ");
  EXPECT_EQ(told("kernel BUG at mm/slub.c:363!"), "kernel_oops/critical/kernel BUG at ");
  EXPECT_EQ(told("general protection fault, probably for non-canonical address 0x1: 0000 [#1]"),
            "kernel_oops/critical/general protection fault");
  EXPECT_EQ(told("Kernel panic - not syncing: Fatal exception"), "kernel_panic/critical/");
}

TEST(TaskLines, FaultsOfTheKernelItselfAreTold) {
  EXPECT_EQ(told("divide error: 0000 [#1] SMP PTI"), "kernel_oops/critical/divide error: 0000 [#");
  EXPECT_EQ(told("stack segment: 0000 [#1] SMP"), "kernel_oops/critical/stack segment: 0000 [#");
  EXPECT_EQ(told("divide error: page allocation failure: order:0"), "known");
  EXPECT_EQ(told("watchdog: CPU3: Watchdog detected hard LOCKUP on cpu 4"),
            "hard_lockup/critical/4");
}

TEST(TaskLines, ProgramsThatCrashAreToldByTheirNameOnly) {
  EXPECT_EQ(told("traps: bw_sim[25014] general protection fault ip:5581 sp:7f error:0 in bw_sim"),
            "process_crash/warning/bw_sim");
  EXPECT_EQ(told("t[16403]: segfault at 8 ip 000056 sp 0007ffc error 4 in t[14d294,56002f640000]"),
            "process_crash/warning/t");
  // A process may call itself anything: it stays a process.
  EXPECT_EQ(told("Kernel panic -[99]: segfault at 8 ip 0 sp 0 error 4"),
            "process_crash/warning/Kernel panic -");
  EXPECT_EQ(told("Kernel panic - [9]: segfault at 8 ip 0 sp 0 error 4"),
            "process_crash/warning/Kernel panic - ");
  EXPECT_EQ(told("task x[9]: segfault at 8 ip 0 in y:1 blocked for more than 120 seconds[1]"),
            "process_crash/warning/task x");
  EXPECT_EQ(told("x[1]: segfaults_[99]: segfault at 8 ip 0 sp 0 error 4"), "unknown")
      << "longer than a name can be";
  EXPECT_EQ(told("py[77]: unhandled exception: level 0 translation fault, ESR 0x92000004 in a"),
            "process_crash/warning/py");
  EXPECT_EQ(told("py[77]: unhandled signal 11 code 0x1 at 0x0 in a"), "process_crash/warning/py");
  EXPECT_EQ(told("Kernel panic - : page allocation failure: order:5, mode:0x1"), "known");
  EXPECT_EQ(told("Oops:  (12): /proc/12/oom_adj is deprecated"), "known");
  EXPECT_EQ(told("x[notapid]: segfault at 8"), "unknown");
  EXPECT_EQ(told("x[1]: hello"), "unknown");
  EXPECT_EQ(told("[1]: segfault at 8"), "unknown");
  EXPECT_EQ(told("]["), "unknown");
}

// Whatever a program calls itself, lines that begin with its name tell of its crash or of nothing.
TEST(TaskLines, ANameForgesNoEvent) {
  constexpr std::string_view kPieces[] = {"Kernel panic - ",
                                          "kernel BUG at ",
                                          "Oops: ",
                                          "BUG: Bad ",
                                          "EXT4-fs error",
                                          "]",
                                          "[1]",
                                          "XFS (sda1): ",
                                          "(device a): ",
                                          "task ",
                                          "INFO: task ",
                                          "NVRM: Xid (",
                                          ":",
                                          " ",
                                          "nvme nvme0: ",
                                          "usb 1-1: ",
                                          "eth0: ",
                                          "Out of memory",
                                          "mce: ",
                                          "[",
                                          "(",
                                          "traps: ",
                                          ": segfault",
                                          "md/raid1",
                                          "I/O error",
                                          "list_add corr",
                                          "x",
                                          "1",
                                          "SQUASHFS error:",
                                          "divide error: ",
                                          "nvgpu: a ",
                                          "WARNING: Pool '",
                                          "xe 3b:00: GT0: "};
  constexpr std::string_view kLines[] = {
      "[77]: segfault at 8 ip 0 sp 0 error 4 in !: error shutdown, link down[1+2]",
      "[77]: unhandled exception: DABT (lower EL), ESR 0x1 in x blocked for more than 9 seconds",
      ": page allocation failure: order:0, mode:0x40dc0(GFP_KERNEL), nodemask=(null)",
      " invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
      " (77): /proc/77/oom_adj is deprecated, please use /proc/77/oom_score_adj instead."};
  Rng rng(1);
  for (int i = 0; i < 200'000; ++i) {
    std::string name;
    while (name.size() < 15) name += kPieces[rng.below(std::size(kPieces))];
    name.resize(rng.chance(0.8) ? 15 : 1 + rng.below(15));
    const std::string line = name + std::string(kLines[rng.below(std::size(kLines))]);
    Findings findings;
    TaskLines tasks;
    const KernelMessage message = message_of(line);
    if (!tasks.recognise(message, findings) && !recognise_nvidia(message, findings) &&
        !recognise_graphics(message, findings) && !recognise_storage(message, findings) &&
        !recognise_machine(message, findings)) {
      recognise_device(message, findings);
    }
    for (const Finding& one : findings) {
      ASSERT_EQ(one.kind, EventKind::process_crash) << line;
      ASSERT_EQ(one.subject, name) << line;
    }
    if (line.substr(name.size()).starts_with("[77]: segfault")) {
      ASSERT_EQ(findings.size(), 1U) << line;
    }
  }
}

}  // namespace
}  // namespace bw::agent
