// With real programs: the shim, shells and sleepers.
#include "agent/shell/process_host.h"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/runtime/clock.h"
#include "tests/unit/agent/shell/fake_root.h"

namespace bw::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using wire::ExitKind;

constexpr Duration kHostPatience = seconds{60};

wire::Assignment process(std::vector<std::string> argv, std::uint32_t replica = 0) {
  wire::Assignment one;
  one.workload = "web";
  one.replica = replica;
  one.spec_generation = 4;
  one.spec.argv = std::move(argv);
  one.spec.log_bytes = 256U << 10;
  return one;
}

wire::Assignment script(const std::string& text) {
  return process({"/bin/sh", "-c", text});
}

struct HostTest : testing::Test {
  HostTest() { begin(); }
  ~HostTest() override {
    // Nothing of a test outlives it, whatever it found.
    for (const auto& key : begun) {
      if (!ended(key)) host->kill(KillRun{key});
    }
    until([&] {
      return std::all_of(begun.begin(), begun.end(),
                         [&](const RunKey& key) { return ended(key).has_value(); });
    });
  }

  // An agent, or the next one.
  void begin() {
    host.reset();
    ProcessHostOptions options;
    options.directory = root.at("/runs");
    options.shim = shim;
    options.secrets = root.at("/secrets");
    options.cgroup = cgroup;
    options.boot_id = "boot-1";
    host.emplace(loop, options, [this](const SupervisorEvent& event) { events.push_back(event); });
    found = host->scan().value();
  }
  bool until(const std::function<bool()>& is_so) {
    const Instant deadline = monotonic_now() + kHostPatience;
    while (!is_so()) {
      if (monotonic_now() > deadline) return false;
      loop.context().restart();
      loop.context().run_for(milliseconds{5});
    }
    return true;
  }

  RunKey start(const wire::Assignment& one) {
    const RunKey key{wire::workload_id(one.workload, one.replica), ++run};
    host->start(StartRun{key, &one, wire::launch_id(one), 2, 3});
    begun.push_back(key);
    return key;
  }
  const RunStarted* started(const RunKey& key) const {
    for (const auto& event : events) {
      if (const auto* one = std::get_if<RunStarted>(&event); one && one->key == key) return one;
    }
    return nullptr;
  }
  std::optional<RunEnded> ended(const RunKey& key) const {
    for (const auto& event : events) {
      if (const auto* one = std::get_if<RunEnded>(&event); one && one->key == key) return *one;
    }
    return std::nullopt;
  }
  RunEnded end_of(const RunKey& key) {
    EXPECT_TRUE(until([&] { return ended(key).has_value(); }));
    return ended(key).value_or(RunEnded{});
  }
  RunEnded run_to_end(const wire::Assignment& one) { return end_of(start(one)); }
  void wait_started(const RunKey& key) {
    ASSERT_TRUE(until([&] { return started(key) || ended(key); }));
    ASSERT_TRUE(started(key)) << ended(key)->reason;
  }
  pid_t pid_of(const RunKey& key) const { return std::stoi(started(key)->handle.substr(4)); }
  // The workload has written this line.
  bool has_line(const std::string& text) const {
    const auto lines = RunDirectory(root.at("/runs/web@0")).last_lines(100, 1000);
    return std::find(lines.begin(), lines.end(), text) != lines.end();
  }
  RunProbed probed(const wire::Assignment& one, const RunKey& key) {
    host->probe(ProbeRun{key, ++probe, &one});
    const RunProbed* answer = nullptr;
    EXPECT_TRUE(until([&] {
      for (const auto& event : events) {
        const auto* is = std::get_if<RunProbed>(&event);
        if (is && is->probe == probe) answer = is;
      }
      return answer != nullptr;
    }));
    return answer ? *answer : RunProbed{};
  }

  FakeRoot root;
  EventLoop loop;
  std::string shim = BW_SHIM;
  std::string cgroup;
  std::vector<SupervisorEvent> events;
  std::vector<RunFound> found;
  std::vector<RunKey> begun;
  std::uint64_t run = 0;
  std::uint64_t probe = 0;
  std::optional<ProcessHost> host;
};

bool is_alive(pid_t pid) {
  return kill(pid, 0) == 0;
}

TEST_F(HostTest, runs_a_program_and_sees_how_it_ended) {
  const RunEnded good = run_to_end(script("echo one; echo two >&2; exit 0"));
  EXPECT_EQ(good.exit, (wire::WorkloadExit{ExitKind::code, 0}));
  EXPECT_THAT(good.log, testing::UnorderedElementsAre("one", "two"));
  EXPECT_EQ(run_to_end(script("exit 7")).exit, (wire::WorkloadExit{ExitKind::code, 7}));
  EXPECT_EQ(run_to_end(script("kill -SEGV $$")).exit,
            (wire::WorkloadExit{ExitKind::signal, SIGSEGV}));
}

TEST_F(HostTest, says_why_a_program_cannot_be_started_and_nothing_else_suffers) {
  const RunKey other = start(process({"/bin/sleep", "100"}, 9));
  root.write("/text", "no program at all\n");
  const auto refused = [&](const wire::Assignment& one, const char* why) {
    const RunEnded end = run_to_end(one);
    EXPECT_EQ(end.exit.kind, ExitKind::none);
    EXPECT_THAT(end.reason, HasSubstr(why));
  };
  refused(process({"/nowhere/program"}), "execute /nowhere/program: No such file or directory");
  refused(process({"no-such-program"}), "execute no-such-program: No such file or directory");
  refused(process({root.at("/text")}), "Permission denied");
  chmod(root.at("/text").c_str(), 0755);
  refused(process({root.at("/text")}), "Exec format error (a program for another machine");
  auto one = script("true");
  one.spec.directory = "/nowhere";
  refused(one, "directory /nowhere: No such file");
  one = script("true");
  one.spec.user = "no-such-user";
  refused(one, "user no-such-user: there is none");
  one = script("true");
  one.spec.environment = {{"TOKEN", "", "absent"}};
  refused(one, "secret absent: No such file");
  wait_started(other);
  EXPECT_FALSE(ended(other));
}

TEST_F(HostTest, gives_it_the_environment_that_it_should_have_and_no_other) {
  root.write("/secrets/api", "s3cret\n");
  auto one = process({"env"});
  one.spec.environment = {
      {"MODE", "fast", ""}, {"TOKEN", "", "api"}, {"CUDA_VISIBLE_DEVICES", "7", ""}};
  one.spec.resources.gpu_millis = 2000;
  one.gpus = {"GPU-a", "GPU-b"};
  one.fencing_token = 12;
  EXPECT_THAT(run_to_end(one).log,
              testing::UnorderedElementsAre(
                  "MODE=fast", "TOKEN=s3cret", HasSubstr("PATH=/usr/local/sbin"),
                  "BELLWETHER_WORKLOAD=web", "BELLWETHER_REPLICA=0", "BELLWETHER_FENCING_TOKEN=12",
                  "CUDA_VISIBLE_DEVICES=GPU-a,GPU-b", "NVIDIA_VISIBLE_DEVICES=GPU-a,GPU-b"));
  auto none = process({"env"});
  EXPECT_THAT(run_to_end(none).log, testing::AllOf(testing::Contains("CUDA_VISIBLE_DEVICES="),
                                                   testing::Contains("NVIDIA_VISIBLE_DEVICES=void"),
                                                   testing::Not(testing::Contains("MODE=fast"))));
}

TEST_F(HostTest, gives_it_neither_descriptors_nor_signals_nor_a_shell_of_ours) {
  const RunEnded end =
      run_to_end(script("ls /proc/self/fd | tr '\\n' ' '; pwd; ulimit -c >/dev/null; "
                        "grep SigBlk /proc/self/status; umask"));
  EXPECT_THAT(end.log, ElementsAre("0 1 2 3 /", "SigBlk:\t0000000000000000", "0022"));
  const RunEnded literal = run_to_end(process({"/bin/echo", "$(id); `id`", "a  b"}));
  EXPECT_THAT(literal.log, ElementsAre("$(id); `id` a  b"));
}

TEST_F(HostTest, stops_with_the_signal_that_was_asked_for) {
  auto one = script("trap 'echo bye; exit 5' INT; echo ready; while :; do sleep 0.05; done");
  one.spec.stop_signal = SIGINT;
  const RunKey key = start(one);
  ASSERT_TRUE(until([&] { return has_line("ready"); }));
  host->stop(StopRun{key});
  const RunEnded end = end_of(key);
  EXPECT_EQ(end.exit, (wire::WorkloadExit{ExitKind::code, 5}));
  EXPECT_THAT(end.log, testing::Contains("bye"));
}

TEST_F(HostTest, kills_what_does_not_listen_and_all_that_it_began) {
  const RunKey key =
      start(script("trap '' TERM; (setsid sleep 1000 & echo child $!); setsid sh -c "
                   "'sleep 1000' & echo ready; while :; do sleep 0.05; done"));
  ASSERT_TRUE(until([&] { return has_line("ready"); }));
  host->stop(StopRun{key});
  loop.context().restart();
  loop.context().run_for(milliseconds{200});
  EXPECT_FALSE(ended(key));
  host->kill(KillRun{key});
  EXPECT_EQ(end_of(key).exit, (wire::WorkloadExit{ExitKind::signal, SIGKILL}));
  EXPECT_FALSE(is_alive(pid_of(key)));
}

TEST_F(HostTest, ends_what_a_program_leaves_behind_before_it_says_that_it_ended) {
  const RunEnded end = run_to_end(script("setsid sleep 1000 & echo $!; exec true"));
  ASSERT_EQ(end.log.size(), 1U);
  EXPECT_EQ(end.exit, (wire::WorkloadExit{ExitKind::code, 0}));
  EXPECT_FALSE(is_alive(std::stoi(end.log[0])));
}

TEST_F(HostTest, is_found_again_by_the_next_agent_and_told_of_its_end) {
  auto one = script("echo ready; read x < " + root.at("/gate") + "; exit 3");
  ASSERT_EQ(mkfifo(root.at("/gate").c_str(), 0600), 0);
  one.fencing_token = 8;
  one.spec.stop_grace_ms = 1234;
  const RunKey key = start(one);
  wait_started(key);
  const pid_t pid = pid_of(key);
  begin();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(is_alive(pid)) << "it outlives its agent";
  EXPECT_TRUE(found[0].is_alive);
  EXPECT_EQ(found[0].workload, "web");
  EXPECT_EQ(found[0].run, key.run);
  EXPECT_EQ(found[0].launch, wire::launch_id(one));
  EXPECT_EQ(found[0].spec_generation, 4U);
  EXPECT_EQ(found[0].fencing_token, 8U);
  EXPECT_EQ(found[0].failures, 2U);
  EXPECT_EQ(found[0].restarts, 3U);
  EXPECT_EQ(found[0].stop_grace, milliseconds{1234});
  EXPECT_EQ(found[0].handle, "pid " + std::to_string(pid));
  EXPECT_FALSE(found[0].rebooted);
  root.write("/gate", "go\n");
  EXPECT_EQ(end_of(key).exit, (wire::WorkloadExit{ExitKind::code, 3}));
}

TEST_F(HostTest, finds_how_ended_what_ended_while_no_agent_was_there) {
  ASSERT_EQ(mkfifo(root.at("/gate").c_str(), 0600), 0);
  const RunKey key = start(script("read x < " + root.at("/gate") + "; echo done; exit 3"));
  wait_started(key);
  host.reset();
  root.write("/gate", "go\n");
  const RunDirectory directory(root.at("/runs/web@0"));
  ASSERT_TRUE(until([&] { return !directory.holder(); }));
  begin();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FALSE(found[0].is_alive);
  EXPECT_FALSE(found[0].is_heard);
  EXPECT_EQ(found[0].exit, (wire::WorkloadExit{ExitKind::code, 3}));
  EXPECT_THAT(found[0].log, ElementsAre("done"));
  events.emplace_back(RunEnded{key, {}, "", {}});  // nobody will say so any more
}

TEST_F(HostTest, never_starts_a_second_copy_even_if_it_is_asked_to) {
  const auto one = script("echo ready; exec sleep 1000");
  const RunKey key = start(one);
  wait_started(key);
  EXPECT_THAT(run_to_end(one).reason, HasSubstr("a run of it has not ended"));
  // Nor does a next agent that has not looked.
  ProcessHostOptions options = host->options();
  std::vector<SupervisorEvent> told;
  ProcessHost blind(loop, options, [&](const SupervisorEvent& event) { told.push_back(event); });
  blind.start(StartRun{{"web/0", 99}, &one, 1, 0, 0});
  ASSERT_TRUE(until([&] { return !told.empty(); }));
  EXPECT_THAT(std::get<RunEnded>(told[0]).reason, HasSubstr("another copy of it runs"));
  EXPECT_EQ(RunDirectory(root.at("/runs/web@0")).record().value().run, key.run)
      << "what is known of the first is untouched";
}

TEST_F(HostTest, knows_a_run_whose_shim_was_killed_as_one_nobody_saw_the_end_of) {
  const RunKey key = start(script("echo ready; exec sleep 1000"));
  wait_started(key);
  const pid_t pid = pid_of(key);
  kill(*RunDirectory(root.at("/runs/web@0")).holder(), SIGKILL);
  EXPECT_EQ(end_of(key).exit.kind, ExitKind::unknown);
  EXPECT_TRUE(until([&] { return !is_alive(pid); })) << "it ends with its shim";
}

TEST_F(HostTest, ends_a_run_whose_file_was_damaged_like_any_that_is_not_wanted) {
  const RunKey key = start(script("echo ready; exec sleep 1000"));
  wait_started(key);
  root.write("/runs/web@0/run", "nonsense");
  begin();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].is_alive);
  EXPECT_EQ(found[0].launch, 0U);
  host->stop(StopRun{{"web/0", found[0].run}});
  ASSERT_TRUE(until([&] { return ended({"web/0", 0}).has_value(); }));
  events.emplace_back(RunEnded{key, {}, "", {}});
}

TEST_F(HostTest, forgets_what_is_over_and_nothing_that_is_not) {
  const RunKey key = start(script("echo ready; exec sleep 1000"));
  wait_started(key);
  host->forget(ForgetRun{"web/0"});
  EXPECT_EQ(access(root.at("/runs/web@0/run").c_str(), F_OK), 0);
  host->kill(KillRun{key});
  end_of(key);
  host->forget(ForgetRun{"web/0"});
  EXPECT_NE(access(root.at("/runs/web@0").c_str(), F_OK), 0);
}

TEST_F(HostTest, bounds_the_log_of_who_writes_without_end) {
  auto one = script(
      "i=0; while [ $i -lt 30 ]; do head -c 60000 /dev/zero | tr '\\0' x | fold; "
      "i=$((i+1)); done; echo; echo last");
  one.spec.log_bytes = 256U << 10;
  const RunEnded end = run_to_end(one);
  ASSERT_FALSE(end.log.empty());
  EXPECT_EQ(end.log.back(), "last");
  std::uintmax_t bytes = 0;
  for (const char* name : {"log", "log.1", "log.2", "log.3"}) {
    bytes += std::filesystem::file_size(root.at("/runs/web@0/" + std::string(name)));
  }
  EXPECT_GT(bytes, 150'000U);
  EXPECT_LE(bytes, 256U << 10);
}

TEST_F(HostTest, says_what_it_cannot_hold_a_run_to) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  GTEST_SKIP() << "the shim's own sanitizer finds no room within the limit";
#endif
#endif
  auto one = script("ulimit -d");
  one.spec.resources.memory_bytes = 64U << 20;
  one.spec.resources.cpu_millis = 500;
  const RunKey key = start(one);
  EXPECT_THAT(end_of(key).log, ElementsAre("65536"));
  EXPECT_THAT(started(key)->limits, HasSubstr("CPU share is not limited: no cgroup"));
  EXPECT_THAT(started(key)->limits, HasSubstr("for each process alone"));
}

TEST_F(HostTest, holds_a_run_to_its_memory_where_the_kernel_has_cgroups_v2) {
  std::ifstream in("/sys/fs/cgroup/cgroup.controllers");
  const std::string controllers{std::istreambuf_iterator<char>(in), {}};
  if (controllers.find("memory") == std::string::npos || geteuid() != 0) {
    GTEST_SKIP() << "no cgroup v2 with a memory controller here";
  }
  cgroup = "/sys/fs/cgroup/bellwether-test-" + std::to_string(getpid());
  begin();
  auto one = script("cat /proc/self/cgroup; head -c 300000000 /dev/zero | tail >/dev/null; exit 0");
  one.spec.resources.memory_bytes = 32U << 20;
  one.spec.resources.cpu_millis = 900;
  const RunKey key = start(one);
  const RunEnded end = end_of(key);
  EXPECT_EQ(end.exit, (wire::WorkloadExit{ExitKind::signal, SIGKILL}));
  EXPECT_THAT(end.log, testing::Contains(HasSubstr("/web@0")));
  ASSERT_TRUE(started(key));
  EXPECT_EQ(started(key)->limits, "");
  EXPECT_NE(access((cgroup + "/web@0").c_str(), F_OK), 0) << "it went with the run";
  host.reset();
  rmdir(cgroup.c_str());
}

TEST_F(HostTest, says_so_where_there_is_no_shim) {
  shim = "/nowhere/shim";
  begin();
  EXPECT_THAT(run_to_end(script("true")).reason, HasSubstr("the shim cannot be executed"));
}

TEST_F(HostTest, asks_for_health_by_a_command) {
  auto one = script("echo ready; exec sleep 1000");
  one.spec.environment = {{"MODE", "fast", ""}};
  one.spec.health.probe = wire::HealthProbe::exec;
  one.spec.health.timeout_ms = 20'000;
  one.spec.health.argv = {"/bin/sh", "-c", "[ $MODE = fast ]"};
  const RunKey key = start(one);
  wait_started(key);
  EXPECT_TRUE(probed(one, key).is_well);
  one.spec.health.argv = {"/bin/sh", "-c", "exit 4"};
  RunProbed bad = probed(one, key);
  EXPECT_FALSE(bad.is_well);
  EXPECT_EQ(bad.text, "its command exited with code 4");
  one.spec.health.argv = {"/nowhere/check"};
  EXPECT_THAT(probed(one, key).text, HasSubstr("No such file"));
  one.spec.health.argv = {"/bin/sleep", "1000"};
  one.spec.health.timeout_ms = 50;
  EXPECT_EQ(probed(one, key).text, "its command took over 50 ms");
  EXPECT_FALSE(ended(key));
}

TEST_F(HostTest, asks_for_health_over_the_network) {
  auto one = script("echo ready; exec sleep 1000");
  one.spec.health.probe = wire::HealthProbe::tcp;
  one.spec.health.port = 1;  // nobody listens there
  const RunKey key = start(one);
  wait_started(key);
  const RunProbed bad = probed(one, key);
  EXPECT_FALSE(bad.is_well);
  EXPECT_THAT(bad.text, HasSubstr("refused"));
}

TEST_F(HostTest, cannot_look_where_there_is_no_folder) {
  ProcessHostOptions options = host->options();
  options.directory = root.at("/a/file");
  ProcessHost blind(loop, options, [](const SupervisorEvent&) {});
  const auto scanned = blind.scan();
  ASSERT_FALSE(scanned);
  EXPECT_THAT(scanned.error().message, HasSubstr("No such file"));
}

}  // namespace
}  // namespace bw::agent
