#include "agent/core/supervise/supervisor.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/unit/agent/core/supervise/supervised_node.h"

namespace bw::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using wire::ExitKind;
using wire::WorkloadPhase;

TEST(Supervisor, does_nothing_before_it_knows_what_runs) {
  SupervisedNode node;
  node.step(DesiredReceived{{1, 1, {assignment("web")}}});
  EXPECT_TRUE(node.effects.empty());
  node.step(HostScanned{});
  EXPECT_EQ(node.count<KeepDesired>(), 0U) << "what is on disk may be newer";
  node.step(DesiredRestored{});
  ASSERT_TRUE(node.keeping.has_value());
  EXPECT_EQ(node.count<StartRun>(), 0U) << "on disk before it is obeyed";
  node.kept();
  EXPECT_EQ(node.count<StartRun>(), 1U);
}

TEST(Supervisor, stops_nothing_before_it_knows_what_should_run) {
  SupervisedNode node;
  node.start_empty();
  node.desire({assignment("web")});
  node.started("web/0");
  node.disk.reset();  // the file is damaged
  node.restart_agent();
  node.pass(std::chrono::hours{24});
  EXPECT_FALSE(node.runs.at("web/0").stop_asked);
  EXPECT_EQ(node.phase("web/0"), WorkloadPhase::running);
  EXPECT_EQ(node.supervisor->report().generation, 0U);
  node.desire({});
  EXPECT_TRUE(node.runs.at("web/0").stop_asked);
}

TEST(Supervisor, runs_the_last_desired_state_after_a_reboot_without_anyone) {
  SupervisedNode node;
  node.start_empty();
  node.desire({assignment("web"), job("train", 1), job("once")});
  for (const char* id : {"web/0", "train/0", "once/0"}) node.started(id);
  node.reboot();
  EXPECT_FALSE(node.is_alive("train/0")) << "that was one of its retries, so it backs off";
  EXPECT_EQ(node.phase("web/0"), WorkloadPhase::starting);
  EXPECT_EQ(node.phase("once/0"), WorkloadPhase::lost) << "it has none";
  node.pass(seconds{2});
  EXPECT_TRUE(node.is_alive("train/0"));
  EXPECT_FALSE(node.is_alive("once/0"));
}

TEST(Supervisor, adopts_what_runs_as_it_should) {
  SupervisedNode node;
  node.start_empty();
  node.desire({assignment("web"), assignment("db")});
  node.started("web/0");
  node.pass(seconds{100});
  const auto runs_before = node.count<StartRun>();
  node.restart_agent();
  EXPECT_EQ(node.count<StartRun>(), runs_before);
  EXPECT_EQ(node.phase("web/0"), WorkloadPhase::running);
  EXPECT_EQ(node.phase("db/0"), WorkloadPhase::running) << "its start was on its way";
  node.exits("web/0", 1);
  EXPECT_EQ(node.phase("web/0"), WorkloadPhase::backing_off);
}

TEST(Supervisor, keeps_counting_failures_over_restarts_of_the_agent) {
  SupervisedNode node;
  node.start_empty();
  node.desire({job("bad", 2)});
  for (int attempt = 0; attempt < 3; ++attempt) {
    node.started("bad/0");
    node.exits("bad/0", 1);
    node.restart_agent();
    node.pass(seconds{10});
  }
  EXPECT_EQ(node.phase("bad/0"), WorkloadPhase::failed);
  EXPECT_EQ(node.count<StartRun>(), 3U);
}

TEST(Supervisor, never_runs_a_job_again_that_succeeded) {
  SupervisedNode node;
  node.start_empty();
  node.desire({job("train", 3)});
  node.started("train/0");
  node.exits("train/0", 0);
  const std::size_t told = node.count<TellWorkload>();
  node.restart_agent();
  node.reboot();
  node.pass(std::chrono::hours{1});
  EXPECT_EQ(node.count<StartRun>(), 1U);
  EXPECT_EQ(node.phase("train/0"), WorkloadPhase::succeeded);
  EXPECT_EQ(node.count<TellWorkload>(), told) << "nor tells of it again";
}

TEST(Supervisor, judges_what_ended_while_no_agent_looked) {
  SupervisedNode node;
  node.start_empty();
  node.desire({job("train"), assignment("web")});
  node.started("train/0");
  node.started("web/0");
  node.runs.at("train/0").is_alive = false;
  node.runs.at("train/0").exit = {ExitKind::code, 0};
  node.runs.at("web/0").is_alive = false;
  node.runs.at("web/0").exit = {ExitKind::signal, 11};
  node.restart_agent();
  EXPECT_FALSE(node.is_alive("web/0")) << "it backs off";
  EXPECT_EQ(node.phase("train/0"), WorkloadPhase::succeeded);
  node.pass(seconds{1});
  EXPECT_TRUE(node.is_alive("web/0"));
  EXPECT_EQ(node.state("web/0").exit, (wire::WorkloadExit{ExitKind::signal, 11}));
}

TEST(Supervisor, replaces_an_adopted_run_of_another_version) {
  SupervisedNode node;
  node.start_empty();
  node.desire({assignment("web")});
  node.started("web/0");
  auto next = assignment("web", 0, 2);
  next.spec.argv = {"/bin/other"};
  node.disk->assignments = {next};
  node.restart_agent();
  EXPECT_EQ(node.phase("web/0"), WorkloadPhase::stopping);
  node.exits("web/0", 0);
  EXPECT_EQ(node.runs.at("web/0").assignment, next);
}

TEST(Supervisor, stops_and_forgets_leftovers_that_nobody_wants) {
  SupervisedNode node;
  node.start_empty();
  node.desire({assignment("web"), assignment("db")});
  node.started("web/0");
  node.started("db/0");
  node.runs.at("db/0").is_alive = false;
  node.disk->assignments.clear();
  node.restart_agent();
  EXPECT_TRUE(node.runs.at("web/0").stop_asked);
  EXPECT_FALSE(node.runs.contains("db/0")) << "it had ended: only its files were left";
  node.pass(seconds{6});
  EXPECT_TRUE(node.runs.at("web/0").kill_asked) << "after the grace it was started with";
  node.ended("web/0", {ExitKind::signal, 9});
  EXPECT_EQ(node.supervisor->size(), 0U);
}

TEST(Supervisor, ignores_generations_that_are_older_or_known) {
  SupervisedNode node;
  node.start_empty();
  node.generation = 10;
  node.desire({assignment("web")});
  node.step(DesiredReceived{{1, 11, {}}});
  node.step(DesiredReceived{{1, 9, {}}});
  EXPECT_EQ(node.supervisor->stale(), 2U);
  EXPECT_EQ(node.supervisor->generation(), 11U);
  EXPECT_TRUE(node.is_alive("web/0"));
  EXPECT_FALSE(node.runs.at("web/0").stop_asked);
}

TEST(Supervisor, follows_a_store_that_began_anew) {
  SupervisedNode node;
  node.start_empty();
  node.generation = 10;
  node.desire({assignment("web")});
  node.generation = 0;
  node.desire({assignment("web"), assignment("db")}, 2);
  EXPECT_EQ(node.supervisor->lineage(), 2U);
  EXPECT_EQ(node.supervisor->generation(), 1U);
  EXPECT_FALSE(node.runs.at("web/0").stop_asked) << "and restarts nothing";
  EXPECT_TRUE(node.is_alive("db/0"));
}

TEST(Supervisor, refuses_a_state_with_one_id_twice_as_a_whole) {
  SupervisedNode node;
  node.start_empty();
  node.desire({assignment("web")});
  node.step(DesiredReceived{{1, 9, {assignment("db"), assignment("x"), assignment("db")}}});
  node.pass(seconds{1});
  EXPECT_THAT(node.supervisor->report().refused, HasSubstr("generation 9: db/0 is there twice"));
  EXPECT_EQ(node.supervisor->generation(), 1U);
  EXPECT_TRUE(node.is_alive("web/0"));
  node.generation = 9;
  node.desire({});
  node.pass(seconds{1});
  EXPECT_EQ(node.supervisor->report().refused, "");
}

TEST(Supervisor, obeys_the_newest_of_what_came_while_the_disk_was_slow) {
  SupervisedNode node;
  node.start_empty();
  node.keeps = false;
  node.desire({assignment("a")});
  node.desire({assignment("b")});
  node.desire({assignment("c")});
  node.kept();
  EXPECT_TRUE(node.is_alive("a/0"));
  EXPECT_EQ(node.keeping->generation, 3U);
  node.step(DesiredKept{1, 2, ""});  // of none that is on its way
  EXPECT_EQ(node.supervisor->generation(), 1U);
  node.kept();
  EXPECT_TRUE(node.is_alive("c/0"));
  EXPECT_FALSE(node.is_alive("b/0"));
}

TEST(Supervisor, obeys_what_the_disk_could_not_keep) {
  SupervisedNode node;
  node.start_empty();
  node.keeps = false;
  node.desire({assignment("web")});
  node.kept("No space left on device");
  EXPECT_TRUE(node.is_alive("web/0"));
}

TEST(Supervisor, says_at_once_what_this_node_cannot_run) {
  SupervisedNode node;
  node.start_empty();
  auto one = assignment("box");
  one.spec.runtime = wire::WorkloadRuntime::container;
  one.spec.image = "web:1";
  node.desire({one});
  EXPECT_EQ(node.phase("box/0"), WorkloadPhase::failed);
  EXPECT_EQ(node.state("box/0").reason, "this node has no runtime 'container'");
  // What runs is stopped for it all the same: it is not what is wanted.
  node.desire({assignment("box")});
  node.started("box/0");
  one.spec_generation = 2;
  node.desire({one});
  node.exits("box/0", 0);
  EXPECT_EQ(node.phase("box/0"), WorkloadPhase::failed);
  EXPECT_FALSE(node.is_alive("box/0"));
}

TEST(Supervisor, gives_a_gpu_to_the_next_only_when_the_last_has_left_it) {
  SupervisedNode node;
  node.start_empty();
  auto old = assignment("old");
  old.spec.resources.gpu_millis = 1000;
  old.gpus = {"GPU-1"};
  auto next = old;
  next.workload = "next";
  auto other = old;
  other.workload = "other";
  other.gpus = {"GPU-2"};
  node.desire({old});
  node.started("old/0");
  node.desire({next, other});
  EXPECT_TRUE(node.is_alive("other/0"));
  EXPECT_FALSE(node.is_alive("next/0"));
  EXPECT_EQ(node.phase("next/0"), WorkloadPhase::pending);
  EXPECT_EQ(node.state("next/0").reason, "waits for old/0 to give back a GPU");
  node.exits("old/0", 0);
  EXPECT_TRUE(node.is_alive("next/0"));
}

TEST(Supervisor, starts_a_few_at_a_time_and_all_in_the_end) {
  SupervisedNode node;
  node.start_empty();
  std::vector<wire::Assignment> many;
  for (std::uint32_t i = 0; i < wire::kMaxAssignments; ++i) many.push_back(assignment("w", i));
  node.desire(many);
  EXPECT_EQ(node.count<StartRun>(), Supervisor::kMaxStarting);
  for (std::uint32_t i = 0; i < wire::kMaxAssignments; ++i) {
    for (auto& [id, run] : node.runs) {
      if (!run.is_started) {
        node.started(id);
        break;
      }
    }
  }
  EXPECT_EQ(node.count<StartRun>(), wire::kMaxAssignments);
}

TEST(Supervisor, has_never_more_alive_than_may_be_desired) {
  SupervisedNode node;
  node.start_empty();
  for (const char* name : {"a", "b", "c", "d"}) {
    std::vector<wire::Assignment> many;
    for (std::uint32_t i = 0; i < wire::kMaxAssignments; ++i) many.push_back(assignment(name, i));
    node.desire(many);
    for (int round = 0; round < 300; ++round) {
      for (auto& [id, run] : node.runs) {
        if (run.is_alive && !run.is_started) {
          node.started(id);
          break;
        }
      }
    }
    EXPECT_LE(node.supervisor->live(), Supervisor::kMaxLive);
    EXPECT_LE(node.supervisor->size(), wire::kMaxReported);
  }
  EXPECT_EQ(node.phase("d/0"), WorkloadPhase::pending);
  EXPECT_EQ(node.state("d/0").reason, "waits for others to end");
}

TEST(Supervisor, leaves_a_second_find_of_one_id_alone_and_says_so) {
  SupervisedNode node;
  RunFound found;
  found.workload = "web";
  found.is_alive = true;
  found.run = 4;
  node.step(HostScanned{{found, found}});
  EXPECT_EQ(node.count<TellWorkload>(), 1U);
  EXPECT_EQ(node.supervisor->size(), 1U);
}

TEST(Supervisor, hears_only_once_what_a_start_is_told) {
  SupervisedNode node;
  node.start_empty();
  node.desire({assignment("web")});
  node.step(HostScanned{});
  node.step(DesiredRestored{wire::DesiredState{1, 99, {}}});
  EXPECT_EQ(node.supervisor->generation(), 1U);
  node.step(RunEnded{{"web/0", 77}, {ExitKind::code, 0}, "", {}});
  node.step(RunEnded{{"nobody/0", 1}, {ExitKind::code, 0}, "", {}});
  EXPECT_EQ(node.phase("web/0"), WorkloadPhase::starting);
}

TEST(Supervisor, tells_changes_together_and_at_once_the_first) {
  SupervisedNode node;
  node.start_empty();
  const std::size_t before = node.count<PublishReport>();
  node.pass(seconds{10});
  EXPECT_EQ(node.count<PublishReport>(), before) << "nothing changed";
  node.desire({assignment("a"), assignment("b")});
  EXPECT_EQ(node.count<PublishReport>(), before + 1);
  node.started("a/0");
  node.started("b/0");
  EXPECT_EQ(node.count<PublishReport>(), before + 1);
  node.pass(Supervisor::kReportEvery);
  EXPECT_EQ(node.count<PublishReport>(), before + 2);
  EXPECT_EQ(node.supervisor->report().epoch, 3U);
  EXPECT_EQ(node.supervisor->report().generation, 1U);
}

// Random desired states, starts, crashes, lost agents and reboots; the host asserts that there is
// never a second copy. Then nothing fails any more.
struct RandomLife {
  using Run = SupervisedNode::Run;

  explicit RandomLife(std::uint64_t the_seed) : seed(the_seed), rng(seed), node(seed) {
    node.start_empty();
  }

  std::vector<wire::Assignment> draw_state() {
    std::vector<wire::Assignment> some;
    for (std::uint32_t i = 0; i < 6; ++i) {
      if (rng.chance(0.4)) continue;
      auto one = assignment("w", i, 1 + rng.below(2));
      if (rng.chance(0.3)) one.spec.argv.emplace_back("x");
      if (rng.chance(0.3)) {
        one.spec.resources.gpu_millis = 1000;
        one.gpus = {"GPU-" + std::to_string(i / 2)};
      }
      some.push_back(one);
    }
    return some;
  }

  template <typename Wanted>
  std::string pick(Wanted wanted) {
    std::vector<std::string> ids;
    for (const auto& [id, run] : node.runs) {
      if (wanted(run)) ids.push_back(id);
    }
    return ids.empty() ? "" : ids[rng.below(ids.size())];
  }
  static bool is_alive(const Run& run) { return run.is_alive; }
  static bool is_beginning(const Run& run) { return run.is_alive && !run.is_started; }
  static bool is_ending(const Run& run) {
    return run.is_alive && (run.stop_asked || run.kill_asked);
  }

  void move() {
    const std::uint64_t kind = rng.below(9);
    if (kind == 0) return node.desire(draw_state());
    if (kind == 1) return node.restart_agent();
    if (kind == 2 && rng.chance(0.2)) return node.reboot();
    const std::string id = kind < 5 ? pick(is_alive) : pick(is_beginning);
    if (id.empty() || kind > 6) return node.pass(milliseconds{rng.below(9000)});
    if (kind == 3) return node.exits(id, static_cast<int>(rng.below(2)));
    if (kind == 4) return node.ended(id, {ExitKind::unknown, 0});
    if (kind > 4) node.started(id);
  }

  void settle() {
    for (int round = 0; round < 100; ++round) {
      if (const auto id = pick(is_ending); !id.empty()) {
        node.ended(id, {ExitKind::signal, 15});
      } else if (const auto other = pick(is_beginning); !other.empty()) {
        node.started(other);
      }
      node.pass(seconds{1});
    }
  }

  void check(const std::vector<wire::Assignment>& last) const {
    std::set<std::string> wanted;
    for (const auto& one : last) {
      const std::string id = wire::workload_id(one.workload, one.replica);
      wanted.insert(id);
      ASSERT_TRUE(node.is_alive(id)) << id << " of seed " << seed;
      EXPECT_EQ(wire::launch_id(node.runs.at(id).assignment), wire::launch_id(one)) << seed;
    }
    for (const auto& [id, run] : node.runs) {
      EXPECT_TRUE(wanted.contains(id)) << id << " of seed " << seed;
    }
  }

  std::uint64_t seed;
  Rng rng;
  SupervisedNode node;
};

TEST(Supervisor, makes_it_so_in_the_end_whatever_happened_before) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    RandomLife life(seed);
    for (int move = 0; move < 120; ++move) life.move();
    const auto last = life.draw_state();
    life.node.desire(last);
    life.settle();
    life.check(last);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace bw::agent
