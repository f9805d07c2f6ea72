// One workload's life, through the supervisor that leads it.
#include "agent/core/supervise/workload_machine.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/agent/core/supervise/supervised_node.h"

namespace bw::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using wire::ExitKind;
using wire::WorkloadPhase;

struct MachineTest : testing::Test {
  MachineTest() { node.start_empty(); }
  void run(const wire::Assignment& one) {
    node.desire({one});
    node.started("web/0");
  }

  SupervisedNode node;
};

TEST_F(MachineTest, goes_from_pending_over_starting_to_running) {
  node.desire({assignment("web")});
  EXPECT_EQ(node.phase("web/0"), WorkloadPhase::starting);
  node.started("web/0");
  const auto state = node.state("web/0");
  EXPECT_EQ(state.phase, WorkloadPhase::running);
  EXPECT_EQ(state.handle, "pid 7");
  EXPECT_EQ(state.restarts, 0U);
  EXPECT_GT(state.since_ms, 1'700'000'000'000);
}

TEST_F(MachineTest, starts_a_crashed_service_again_after_ever_longer_waits) {
  run(assignment("web"));
  Duration longest{};
  for (int crash = 0; crash < 6; ++crash) {
    node.exits("web/0", 3);
    const auto state = node.state("web/0");
    EXPECT_EQ(state.phase, WorkloadPhase::backing_off);
    EXPECT_EQ(state.reason, "exited with code 3");
    EXPECT_THAT(state.log, ElementsAre("last line"));
    const Instant from = node.now;
    while (!node.is_alive("web/0")) node.pass(milliseconds{100});
    const Duration wait = node.now - from;
    // Between half and all of a ceiling that doubles from 1 s to 8 s; asking took half a second.
    const Duration ceiling = std::min<Duration>(seconds{8}, seconds{1} * (1 << crash));
    EXPECT_LE(wait, ceiling);
    EXPECT_GE(wait + milliseconds{600}, ceiling / 2);
    longest = std::max(longest, wait);
    node.started("web/0");
  }
  EXPECT_GT(longest, seconds{3});
  EXPECT_EQ(node.state("web/0").restarts, 6U);
}

TEST_F(MachineTest, waits_differently_long_with_another_seed) {
  std::set<Duration> waits;
  for (std::uint64_t seed = 1; seed < 6; ++seed) {
    SupervisedNode other(seed);
    other.start_empty();
    other.desire({assignment("web")});
    other.exits("web/0", 1);
    const Instant from = other.now;
    while (!other.is_alive("web/0")) other.pass(milliseconds{1});
    waits.insert(other.now - from);
  }
  EXPECT_EQ(waits.size(), 5U);
}

TEST_F(MachineTest, gives_up_after_its_retries_with_the_last_lines_of_its_log) {
  auto one = assignment("web");
  one.spec.restart.retries = 2;
  run(one);
  for (int crash = 0; crash < 3; ++crash) {
    node.exits("web/0", 7);
    node.pass(seconds{10});
  }
  const auto state = node.state("web/0");
  EXPECT_EQ(state.phase, WorkloadPhase::failed);
  EXPECT_EQ(state.reason, "exited with code 7, 3 times in a row");
  EXPECT_THAT(state.log, ElementsAre("last line"));
  EXPECT_EQ(node.count<StartRun>(), 3U);
  node.pass(std::chrono::hours{1});
  EXPECT_EQ(node.count<StartRun>(), 3U);
}

TEST_F(MachineTest, counts_failures_anew_after_a_stable_run) {
  auto one = assignment("web");
  one.spec.restart.retries = 1;
  run(one);
  for (int crash = 0; crash < 5; ++crash) {
    node.pass(seconds{61});
    node.exits("web/0", 1);
    EXPECT_EQ(node.phase("web/0"), WorkloadPhase::backing_off);
    EXPECT_LE(*node.supervisor->due() - node.now, seconds{1}) << "the backoff, too";
    node.pass(seconds{1});
    node.started("web/0");
  }
}

TEST_F(MachineTest, takes_a_start_that_hung_for_no_stable_run) {
  auto one = assignment("web");
  one.spec.restart.retries = 1;
  one.spec.restart.stable_ms = 10;
  node.desire({one});
  for (int start = 0; start < 2; ++start) {
    node.pass(WorkloadMachine::kStartPatience);
    EXPECT_TRUE(node.runs.at("web/0").kill_asked);
    EXPECT_THAT(node.state("web/0").reason, HasSubstr("did not start"));
    node.ended("web/0", {ExitKind::signal, 9});
    node.pass(seconds{2});
  }
  EXPECT_EQ(node.phase("web/0"), WorkloadPhase::failed);
}

TEST_F(MachineTest, fails_with_the_reason_where_it_cannot_be_started) {
  auto one = assignment("web");
  one.spec.restart.retries = 0;
  node.desire({one});
  node.ended("web/0", {}, "exec /bin/program: No such file or directory");
  const auto state = node.state("web/0");
  EXPECT_EQ(state.phase, WorkloadPhase::failed);
  EXPECT_EQ(state.reason, "exec /bin/program: No such file or directory");
  EXPECT_EQ(state.exit.kind, ExitKind::none);
}

TEST_F(MachineTest, restarts_by_its_policy) {
  struct Row {
    wire::RestartWhen when;
    int code;
    WorkloadPhase phase;
  };
  for (const Row& row : {Row{wire::RestartWhen::always, 0, WorkloadPhase::backing_off},
                         Row{wire::RestartWhen::always, 1, WorkloadPhase::backing_off},
                         Row{wire::RestartWhen::on_failure, 0, WorkloadPhase::succeeded},
                         Row{wire::RestartWhen::on_failure, 1, WorkloadPhase::backing_off},
                         Row{wire::RestartWhen::never, 0, WorkloadPhase::succeeded},
                         Row{wire::RestartWhen::never, 1, WorkloadPhase::failed}}) {
    SupervisedNode fresh;
    fresh.start_empty();
    auto one = assignment("web");
    one.spec.restart.when = row.when;
    fresh.desire({one});
    fresh.started("web/0");
    fresh.exits("web/0", row.code);
    EXPECT_EQ(fresh.phase("web/0"), row.phase) << static_cast<int>(row.when) << " " << row.code;
  }
}

TEST_F(MachineTest, ends_a_job_well_or_after_its_retries) {
  node.desire({job("good"), job("bad", 1)});
  node.started("good/0");
  node.started("bad/0");
  node.exits("good/0", 0);
  EXPECT_EQ(node.phase("good/0"), WorkloadPhase::succeeded);
  EXPECT_TRUE(node.state("good/0").log.empty());
  node.exits("bad/0", 1);
  EXPECT_EQ(node.phase("bad/0"), WorkloadPhase::backing_off);
  node.pass(seconds{2});
  node.started("bad/0");
  node.ended("bad/0", {ExitKind::signal, 11});
  EXPECT_EQ(node.phase("bad/0"), WorkloadPhase::failed);
  EXPECT_THAT(node.state("bad/0").reason, HasSubstr("SIGSEGV"));
}

TEST_F(MachineTest, calls_a_job_lost_whose_end_nobody_saw) {
  node.desire({job("train")});
  node.started("train/0");
  node.ended("train/0", {ExitKind::unknown, 0});
  EXPECT_EQ(node.phase("train/0"), WorkloadPhase::lost);
}

TEST_F(MachineTest, ends_a_job_that_runs_too_long_for_good) {
  auto one = job("train", 5);
  one.spec.max_runtime_ms = 30'000;
  node.desire({one});
  node.started("train/0");
  node.pass(seconds{29});
  EXPECT_FALSE(node.runs.at("train/0").stop_asked);
  node.pass(seconds{1});
  EXPECT_TRUE(node.runs.at("train/0").stop_asked);
  node.ended("train/0", {ExitKind::signal, 15});
  const auto state = node.state("train/0");
  EXPECT_EQ(state.phase, WorkloadPhase::failed);
  EXPECT_EQ(state.reason, "ran longer than its max runtime");
}

TEST_F(MachineTest, starts_a_service_again_that_ran_too_long) {
  auto one = assignment("web");
  one.spec.max_runtime_ms = 30'000;
  run(one);
  node.pass(seconds{30});
  node.exits("web/0", 0);
  EXPECT_EQ(node.phase("web/0"), WorkloadPhase::backing_off);
}

TEST_F(MachineTest, stops_with_grace_and_kills_then_and_kills_again) {
  run(assignment("web"));
  node.desire({});
  EXPECT_TRUE(node.runs.at("web/0").stop_asked);
  node.pass(seconds{4});
  EXPECT_FALSE(node.runs.at("web/0").kill_asked);
  node.pass(seconds{1});
  EXPECT_TRUE(node.runs.at("web/0").kill_asked);
  EXPECT_EQ(node.count<KillRun>(), 1U);
  node.pass(WorkloadMachine::kKillAgain);
  EXPECT_EQ(node.count<KillRun>(), 2U);
  const auto state = node.state("web/0");
  EXPECT_EQ(state.phase, WorkloadPhase::stopping);
  EXPECT_THAT(state.reason, HasSubstr("the kernel holds it"));
  node.ended("web/0", {ExitKind::signal, 9});
  EXPECT_FALSE(node.is_reported("web/0"));
  EXPECT_EQ(node.runs.size(), 0U) << "and is forgotten";
}

TEST_F(MachineTest, replaces_in_order_what_changed) {
  run(assignment("web"));
  auto next = assignment("web", 0, 2);
  next.spec.argv.push_back("--new");
  node.desire({next});
  EXPECT_EQ(node.phase("web/0"), WorkloadPhase::stopping);
  EXPECT_EQ(node.count<StartRun>(), 1U) << "not before the old one ended";
  EXPECT_EQ(node.state("web/0").spec_generation, 1U);
  node.exits("web/0", 0);
  EXPECT_EQ(node.count<StartRun>(), 2U);
  EXPECT_EQ(node.runs.at("web/0").assignment, next);
  node.started("web/0");
  EXPECT_EQ(node.state("web/0").spec_generation, 2U);
}

TEST_F(MachineTest, lets_run_what_changed_in_nothing_that_a_process_has) {
  run(assignment("web"));
  auto next = assignment("web", 0, 2);
  next.spec.stop_grace_ms = 1000;
  node.desire({next});
  EXPECT_EQ(node.phase("web/0"), WorkloadPhase::running);
  EXPECT_EQ(node.state("web/0").spec_generation, 2U);
  node.desire({});
  node.pass(seconds{1});
  EXPECT_TRUE(node.runs.at("web/0").kill_asked) << "with the grace of the new one";
}

TEST_F(MachineTest, gives_a_new_tenure_its_token) {
  run(assignment("web"));
  auto next = assignment("web");
  next.fencing_token = 9;
  node.desire({next});
  node.exits("web/0", 0);
  EXPECT_EQ(node.runs.at("web/0").assignment.fencing_token, 9U);
}

TEST_F(MachineTest, begins_anew_what_was_wanted_again_while_it_stopped) {
  run(assignment("web"));
  node.desire({});
  node.desire({assignment("web")});
  EXPECT_EQ(node.count<StartRun>(), 1U);
  node.ended("web/0", {ExitKind::signal, 15});
  EXPECT_EQ(node.count<StartRun>(), 2U);
  EXPECT_EQ(node.phase("web/0"), WorkloadPhase::starting);
}

TEST_F(MachineTest, tries_what_failed_again_with_a_new_specification_only) {
  auto one = assignment("web");
  one.spec.restart.retries = 0;
  run(one);
  node.exits("web/0", 1);
  ASSERT_EQ(node.phase("web/0"), WorkloadPhase::failed);
  node.desire({one});
  EXPECT_EQ(node.phase("web/0"), WorkloadPhase::failed);
  one.spec_generation = 2;
  node.desire({one});
  EXPECT_EQ(node.phase("web/0"), WorkloadPhase::starting);
  EXPECT_EQ(node.state("web/0").restarts, 0U);
}

TEST_F(MachineTest, stops_a_start_that_is_not_wanted_any_more) {
  node.desire({assignment("web")});
  node.desire({});
  EXPECT_TRUE(node.runs.at("web/0").stop_asked);
  node.started("web/0");  // crossed on its way
  EXPECT_EQ(node.phase("web/0"), WorkloadPhase::stopping);
  node.exits("web/0", 0);
  EXPECT_FALSE(node.is_reported("web/0"));
}

struct HealthTest : MachineTest {
  HealthTest() {
    one.spec.health.probe = wire::HealthProbe::tcp;
    one.spec.health.port = 80;
    one.spec.health.interval_ms = 10'000;
    one.spec.health.failures = 3;
  }
  wire::Assignment one = assignment("web");
};

TEST_F(HealthTest, is_starting_until_it_was_well_once) {
  run(one);
  EXPECT_EQ(node.phase("web/0"), WorkloadPhase::starting);
  node.pass(seconds{1});
  ASSERT_EQ(node.probes, 1U) << "asked every second at first";
  node.probed("web/0", true);
  EXPECT_EQ(node.phase("web/0"), WorkloadPhase::running);
  node.pass(seconds{9});
  EXPECT_EQ(node.probes, 1U);
  node.pass(seconds{1});
  EXPECT_EQ(node.probes, 2U);
}

TEST_F(HealthTest, restarts_after_so_many_failures_in_a_row) {
  run(one);
  node.pass(seconds{1});
  node.probed("web/0", true);
  for (int bad = 1; bad <= 3; ++bad) {
    node.pass(seconds{10});
    node.probed("web/0", false, "connection refused");
    if (bad < 3) {
      EXPECT_EQ(node.phase("web/0"), WorkloadPhase::unhealthy);
    }
  }
  EXPECT_TRUE(node.runs.at("web/0").stop_asked);
  EXPECT_EQ(node.state("web/0").reason, "unhealthy: connection refused");
  node.ended("web/0", {ExitKind::signal, 15});
  EXPECT_EQ(node.phase("web/0"), WorkloadPhase::backing_off);
}

TEST_F(HealthTest, forgives_failures_that_are_not_in_a_row) {
  run(one);
  node.pass(seconds{1});
  node.probed("web/0", true);
  for (int round = 0; round < 10; ++round) {
    node.pass(seconds{10});
    node.probed("web/0", round % 3 == 2);
    if (round % 3 == 2) {
      EXPECT_EQ(node.phase("web/0"), WorkloadPhase::running);
    }
  }
  EXPECT_FALSE(node.runs.at("web/0").stop_asked);
}

TEST_F(HealthTest, counts_nothing_in_the_start_grace) {
  one.spec.health.start_grace_ms = 30'000;
  run(one);
  for (int second = 0; second < 29; ++second) {
    node.pass(seconds{1});
    node.probed("web/0", false);
  }
  EXPECT_FALSE(node.runs.at("web/0").stop_asked);
  EXPECT_EQ(node.phase("web/0"), WorkloadPhase::starting);
  for (int second = 0; second < 5; ++second) {
    node.pass(seconds{1});
    node.probed("web/0", false);
  }
  EXPECT_TRUE(node.runs.at("web/0").stop_asked);
}

TEST_F(HealthTest, counts_a_check_that_is_never_answered) {
  run(one);
  node.pass(std::chrono::minutes{1});
  EXPECT_TRUE(node.runs.at("web/0").stop_asked);
  EXPECT_EQ(node.probes, 3U);
  EXPECT_THAT(node.state("web/0").reason, HasSubstr("never answered"));
}

TEST_F(HealthTest, takes_no_late_answer_for_the_next_ones) {
  run(one);
  node.pass(seconds{1});
  const std::uint64_t first = node.probe;
  node.pass(seconds{10});  // given up, and asked again
  ASSERT_NE(node.probe, first);
  node.step(RunProbed{{"web/0", node.runs.at("web/0").start.key.run}, first, true, ""});
  EXPECT_NE(node.phase("web/0"), WorkloadPhase::running);
  node.step(RunProbed{{"web/0", 99}, node.probe, true, ""});
  EXPECT_NE(node.phase("web/0"), WorkloadPhase::running) << "nor one of another run";
}

TEST_F(HealthTest, shows_but_leaves_alone_what_shall_never_be_restarted) {
  one.spec.restart.when = wire::RestartWhen::never;
  run(one);
  node.pass(std::chrono::minutes{5});
  EXPECT_EQ(node.phase("web/0"), WorkloadPhase::unhealthy);
  EXPECT_FALSE(node.runs.at("web/0").stop_asked);
}

}  // namespace
}  // namespace bw::agent
