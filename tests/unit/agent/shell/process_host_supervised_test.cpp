// The supervisor and its host together, with real programs: what is desired comes to run.
#include <csignal>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/core/supervise/supervisor.h"
#include "agent/shell/process_host.h"
#include "base/runtime/clock.h"
#include "tests/unit/agent/shell/fake_root.h"

namespace bw::agent {
namespace {

using std::chrono::milliseconds;
using testing::Contains;
using testing::HasSubstr;
using wire::WorkloadPhase;

constexpr Duration kNodePatience = std::chrono::seconds{60};

struct SupervisedHostTest : testing::Test {
  SupervisedHostTest() { begin(); }
  ~SupervisedHostTest() override {
    desire({});
    EXPECT_TRUE(until([&] { return supervisor->live() == 0; }));
  }

  // An agent, or the next one; the disk is the test's.
  void begin() {
    host.reset();
    SupervisorOptions options;
    options.epoch = 5;
    supervisor.emplace(options);
    ProcessHostOptions places;
    places.directory = root.at("/runs");
    places.shim = BW_SHIM;
    places.boot_id = "boot-1";
    host.emplace(loop, places, [this](const SupervisorEvent& event) { step(event); });
    step(HostScanned{host->scan().value()});
    step(DesiredRestored{disk});
  }
  void step(const SupervisorEvent& event) {
    SupervisorEffects effects;
    supervisor->step(event, monotonic_now(), wall_now(), effects);
    for (const SupervisorEffect& effect : effects) {
      std::visit([this](const auto& one) { carry_out(one); }, effect);
    }
    if (!keeping) return;
    disk = std::exchange(keeping, std::nullopt);
    step(DesiredKept{disk->lineage, disk->generation, ""});
  }
  void carry_out(const StartRun& effect) { host->start(effect); }
  void carry_out(const StopRun& effect) { host->stop(effect); }
  void carry_out(const KillRun& effect) { host->kill(effect); }
  void carry_out(const ProbeRun& effect) { host->probe(effect); }
  void carry_out(const ForgetRun& effect) { host->forget(effect); }
  void carry_out(const KeepDesired& effect) { keeping = *effect.desired; }
  void carry_out(const PublishReport& effect) { report = *effect.report; }
  void carry_out(const TellWorkload&) {}

  void desire(std::vector<wire::Assignment> assignments) {
    step(DesiredReceived{{1, ++generation, std::move(assignments)}});
  }
  bool until(const std::function<bool()>& is_so) {
    const Instant deadline = monotonic_now() + kNodePatience;
    while (!is_so()) {
      if (monotonic_now() > deadline) return false;
      loop.context().restart();
      loop.context().run_for(milliseconds{2});
      const auto due = supervisor->due();
      if (due && monotonic_now() >= *due) step(TimeCame{});
    }
    return true;
  }
  wire::WorkloadState state(const std::string& id) const {
    for (const auto& one : report.states) {
      if (wire::workload_id(one.workload, one.replica) == id) return one;
    }
    return {};
  }
  bool comes_to(const std::string& id, WorkloadPhase phase) {
    const bool is_so = until([&] {
      const auto now = state(id);
      return !now.workload.empty() && now.phase == phase;
    });
    if (!is_so) ADD_FAILURE() << id << " is " << wire::name_of(state(id).phase);
    return is_so;
  }
  pid_t pid(const std::string& id) const { return std::stoi(state(id).handle.substr(4)); }

  FakeRoot root;
  EventLoop loop;
  std::optional<Supervisor> supervisor;
  std::optional<ProcessHost> host;
  std::optional<wire::DesiredState> disk;
  std::optional<wire::DesiredState> keeping;
  wire::WorkloadReport report;
  std::uint64_t generation = 0;
};

wire::Assignment service(std::string name, std::string script) {
  wire::Assignment one;
  one.workload = std::move(name);
  one.spec_generation = 1;
  one.spec.argv = {"/bin/sh", "-c", std::move(script)};
  one.spec.restart.backoff_ms = 100;
  one.spec.restart.backoff_most_ms = 200;
  one.spec.stop_grace_ms = 5000;
  return one;
}

TEST_F(SupervisedHostTest, runs_what_is_desired_and_ends_what_is_not) {
  desire({service("web", "exec sleep 1000"), service("db", "exec sleep 1000")});
  ASSERT_TRUE(comes_to("web/0", WorkloadPhase::running));
  ASSERT_TRUE(comes_to("db/0", WorkloadPhase::running));
  const pid_t web = pid("web/0");
  EXPECT_EQ(kill(web, 0), 0);
  desire({service("db", "exec sleep 1000")});
  ASSERT_TRUE(until([&] { return state("web/0").workload.empty(); }));
  EXPECT_NE(kill(web, 0), 0);
  EXPECT_EQ(kill(pid("db/0"), 0), 0);
}

TEST_F(SupervisedHostTest, starts_again_what_was_killed) {
  desire({service("web", "exec sleep 1000")});
  ASSERT_TRUE(comes_to("web/0", WorkloadPhase::running));
  const pid_t first = pid("web/0");
  kill(first, SIGKILL);
  ASSERT_TRUE(until([&] {
    return state("web/0").phase == WorkloadPhase::running && state("web/0").restarts == 1;
  }));
  EXPECT_NE(pid("web/0"), first);
  EXPECT_EQ(wire::describe(state("web/0").exit), "killed by signal 9 (SIGKILL)");
}

TEST_F(SupervisedHostTest, goes_on_over_a_restart_of_the_agent) {
  desire({service("web", "exec sleep 1000")});
  ASSERT_TRUE(comes_to("web/0", WorkloadPhase::running));
  const pid_t before = pid("web/0");
  for (int agent = 0; agent < 3; ++agent) {
    begin();
    ASSERT_TRUE(comes_to("web/0", WorkloadPhase::running));
    EXPECT_EQ(pid("web/0"), before);
  }
  EXPECT_EQ(report.generation, 1U);
}

TEST_F(SupervisedHostTest, gives_up_what_dies_in_a_loop_with_its_last_lines) {
  auto one = service("bad", "echo no memory; exit 3");
  one.spec.restart.retries = 2;
  desire({one, service("web", "exec sleep 1000")});
  ASSERT_TRUE(comes_to("bad/0", WorkloadPhase::failed));
  EXPECT_EQ(state("bad/0").reason, "exited with code 3, 3 times in a row");
  EXPECT_THAT(state("bad/0").log, Contains("no memory"));
  EXPECT_TRUE(comes_to("web/0", WorkloadPhase::running)) << "nothing else suffers";
}

TEST_F(SupervisedHostTest, says_why_a_command_cannot_be_run) {
  auto one = service("none", "");
  one.spec.argv = {"/nowhere/program"};
  one.spec.restart.retries = 0;
  desire({one});
  ASSERT_TRUE(comes_to("none/0", WorkloadPhase::failed));
  EXPECT_THAT(state("none/0").reason, HasSubstr("execute /nowhere/program: No such file"));
}

TEST_F(SupervisedHostTest, replaces_a_version_by_the_next) {
  desire({service("web", "exec sleep 1000")});
  ASSERT_TRUE(comes_to("web/0", WorkloadPhase::running));
  const pid_t before = pid("web/0");
  auto next = service("web", "exec sleep 2000");
  next.spec_generation = 2;
  desire({next});
  ASSERT_TRUE(until([&] {
    return state("web/0").phase == WorkloadPhase::running && state("web/0").spec_generation == 2;
  }));
  EXPECT_NE(pid("web/0"), before);
  EXPECT_NE(kill(before, 0), 0);
}

TEST_F(SupervisedHostTest, knows_what_a_job_came_to_while_no_agent_was_there) {
  ASSERT_EQ(mkfifo(root.at("/gate").c_str(), 0600), 0);
  auto job = service("job", "read x < " + root.at("/gate") + "; echo result; exit 0");
  job.spec.kind = wire::WorkloadKind::job;
  job.spec.restart.when = wire::RestartWhen::on_failure;
  job.spec.restart.retries = 0;
  desire({job});
  ASSERT_TRUE(comes_to("job/0", WorkloadPhase::running));
  host.reset();
  root.write("/gate", "go\n");
  const RunDirectory directory(root.at("/runs/job@0"));
  ASSERT_TRUE(until([&] { return !directory.holder(); }));
  report = {};
  begin();
  EXPECT_TRUE(comes_to("job/0", WorkloadPhase::succeeded));
}

TEST_F(SupervisedHostTest, restarts_what_its_health_check_finds_ill) {
  auto one = service("web", "exec sleep 1000");
  one.spec.health.probe = wire::HealthProbe::exec;
  one.spec.health.argv = {"/bin/sh", "-c", "[ ! -e " + root.at("/ill") + " ]"};
  one.spec.health.interval_ms = 100;
  one.spec.health.timeout_ms = 30'000;
  one.spec.health.failures = 2;
  desire({one});
  ASSERT_TRUE(comes_to("web/0", WorkloadPhase::running));
  root.write("/ill", "");
  ASSERT_TRUE(until([&] { return state("web/0").restarts >= 1; }));
  root.remove("/ill");
  EXPECT_TRUE(comes_to("web/0", WorkloadPhase::running));
}

}  // namespace
}  // namespace bw::agent
