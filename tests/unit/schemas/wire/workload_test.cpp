#include "schemas/wire/workload.h"

#include <functional>
#include <set>

#include <gtest/gtest.h>

#include "tests/unit/schemas/wire/examples.h"

namespace bw::wire {
namespace {

TEST(Workload, names_its_phases_and_replicas) {
  EXPECT_EQ(name_of(WorkloadPhase::pending), "pending");
  EXPECT_EQ(name_of(WorkloadPhase::backing_off), "backing_off");
  EXPECT_EQ(name_of(WorkloadPhase::lost), "lost");
  EXPECT_EQ(workload_id("web", 12), "web/12");
}

TEST(Workload, says_how_a_run_ended) {
  EXPECT_EQ(describe({ExitKind::none, 0}), "did not end");
  EXPECT_EQ(describe({ExitKind::code, 3}), "exited with code 3");
  EXPECT_EQ(describe({ExitKind::signal, 9}), "killed by signal 9 (SIGKILL)");
  EXPECT_EQ(describe({ExitKind::signal, 34}), "killed by signal 34");
  EXPECT_EQ(describe({ExitKind::signal, -1}), "killed by signal -1");
  EXPECT_EQ(describe({ExitKind::unknown, 0}), "ended, nobody saw how");
}

TEST(Workload, names_are_names_of_files_too) {
  for (const char* good : {"web", "9", "a.b_c-d", "Train"}) EXPECT_TRUE(is_workload_name(good));
  for (const char* bad : {"", ".", "..", "-x", "_x", "a/b", "a b", "a@b", "\xc3\xa4"}) {
    EXPECT_FALSE(is_workload_name(bad)) << bad;
  }
  EXPECT_TRUE(is_workload_name(std::string(64, 'x')));
  EXPECT_FALSE(is_workload_name(std::string(65, 'x')));
}

TEST(LaunchId, differs_where_the_process_would) {
  const Assignment base = examples::desired().assignments[0];
  std::set<std::uint64_t> ids{launch_id(base)};
  const std::function<void(Assignment&)> changes[] = {
      [](Assignment& a) { a.workload = "other"; },
      [](Assignment& a) { a.replica = 3; },
      [](Assignment& a) { a.gpus = {"GPU-2"}; },
      [](Assignment& a) { a.fencing_token = 10; },
      [](Assignment& a) { a.spec.kind = WorkloadKind::job; },
      [](Assignment& a) { a.spec.runtime = WorkloadRuntime::systemd; },
      [](Assignment& a) { a.spec.argv.push_back("-v"); },
      [](Assignment& a) { a.spec.argv.pop_back(); },
      [](Assignment& a) { a.spec.image = "x"; },
      [](Assignment& a) { a.spec.environment[0].value = "slow"; },
      [](Assignment& a) { a.spec.environment[0].name = "MODUS"; },
      [](Assignment& a) { a.spec.environment[1].secret = "other"; },
      [](Assignment& a) { a.spec.directory = "/"; },
      [](Assignment& a) { a.spec.user = "root"; },
      [](Assignment& a) { a.spec.resources.cpu_millis = 501; },
      [](Assignment& a) { a.spec.resources.memory_bytes = 1; },
      [](Assignment& a) { a.spec.resources.gpu_millis = 500; },
      [](Assignment& a) { a.spec.resources.gpu_memory_bytes = 1; },
      [](Assignment& a) { a.spec.stop_signal = 15; },
      [](Assignment& a) { a.spec.log_bytes = 2U << 20; },
  };
  for (const auto& change : changes) {
    Assignment changed = base;
    change(changed);
    EXPECT_TRUE(ids.insert(launch_id(changed)).second) << ids.size();
  }
}

TEST(LaunchId, stays_where_the_running_process_may) {
  const Assignment base = examples::desired().assignments[0];
  Assignment same = base;
  ++same.spec_generation;
  same.spec.restart.backoff_ms = 500;
  same.spec.health.failures = 9;
  same.spec.stop_grace_ms = 1;
  same.spec.max_runtime_ms = 0;
  same.spec.failover = FailoverClass::none;
  EXPECT_EQ(launch_id(same), launch_id(base));
}

TEST(LaunchId, is_the_same_in_every_version) {
  Assignment plain;
  plain.workload = "web";
  plain.spec.argv = {"/bin/true"};
  EXPECT_EQ(launch_id(plain), 0xf3da8a7b42abce56U);
}

}  // namespace
}  // namespace bw::wire
