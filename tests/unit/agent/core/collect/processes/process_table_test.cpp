#include "agent/core/collect/processes/process_table.h"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/unit/agent/core/collect/processes/stat_line.h"

namespace bw::agent {
namespace {

using std::chrono::seconds;

// A box whose processes' CPU times a test sets; it carries out what the table asks for.
class ProcessTableTest : public testing::Test {
 protected:
  std::vector<int> tick() {
    now_ += seconds{1};
    std::vector<int> pids;
    for (const auto& [pid, line] : box_) pids.push_back(pid);
    table_.list(pids);
    double machine = machine_;
    for (const auto& [pid, line] : box_) machine += static_cast<double>(line.cpu) / 100;
    table_.machine_cpu(machine);
    std::vector<int> read;
    asks_.clear();
    for (const ProcessAsk& ask : table_.plan(tick_++)) {
      asks_.push_back(ask);
      if (!ask.stat) continue;
      read.push_back(ask.pid);
      EXPECT_TRUE(table_.stat(ask.pid, stat_line(box_[ask.pid]), now_));
      if (ask.cmdline) table_.cmdline(ask.pid, commands_[ask.pid]);
    }
    return read;
  }
  void add(int pid, std::string_view name, std::uint64_t started = 100) {
    box_[pid] = StatLine{.pid = pid, .name = name, .started = started};
  }
  const Process& process(int pid) { return table_.processes().at(pid); }

  std::map<int, StatLine> box_;
  std::map<int, std::string> commands_;
  double machine_ = 50;  // used by what is no process any more
  ProcessTable table_{{{"web", "nginx: master*-g"}, {"sshd", ""}}, 100, 4096};
  Instant now_ = Instant{} + seconds{1000};
  std::uint64_t tick_ = 0;
  std::vector<ProcessAsk> asks_;
};

TEST_F(ProcessTableTest, WhatHasBegunSinceTheListIsFollowedBesideIt) {
  table_.list(std::vector<int>{1, 2});
  table_.begun(std::vector<int>{2, 7});
  EXPECT_EQ(table_.total(), 3U);
  EXPECT_EQ(table_.plan(0).size(), 3U);
  table_.gone(1);
  EXPECT_EQ(table_.total(), 2U);
  table_.list(std::vector<int>{7});
  EXPECT_EQ(table_.total(), 1U);
  EXPECT_EQ(table_.processes().size(), 1U);
}

TEST_F(ProcessTableTest, ALineIsTakenToPieces) {
  ASSERT_NO_FATAL_FAILURE(add(7, "a) (b c", 4200));
  box_[7].state = 'D';
  box_[7].threads = 5;
  box_[7].rss = 300;
  tick();
  EXPECT_EQ(process(7).name, "a) (b c");
  EXPECT_EQ(process(7).state, 'D');
  EXPECT_EQ(process(7).threads, 5U);
  EXPECT_EQ(process(7).rss, 300U * 4096);
  EXPECT_EQ(process(7).started, 4200U);
}

TEST_F(ProcessTableTest, UseOfTheCpuIsAShareOfOne) {
  add(7, "busy");
  tick();
  box_[7].cpu += 25;
  tick();
  EXPECT_DOUBLE_EQ(process(7).cpu_share, 25);
  now_ += seconds{1};
  box_[7].cpu += 300;
  tick();
  EXPECT_DOUBLE_EQ(process(7).cpu_share, 150);
  box_[7].cpu = 0;  // never falls; and if it does, nothing follows from it
  tick();
  EXPECT_DOUBLE_EQ(process(7).cpu_share, 0);
}

TEST_F(ProcessTableTest, ANewProcessHasTheShareOfItsWholeLife) {
  add(7, "x", 90'100);  // at 1001 s it is 100 s old
  box_[7].cpu = 5000;
  tick();
  EXPECT_DOUBLE_EQ(process(7).cpu_share, 50);
}

TEST_F(ProcessTableTest, BusyProcessesAreReadEachTickAndIdleOnesInTurn) {
  for (int pid = 1; pid <= 100; ++pid) add(pid, "idle");
  EXPECT_EQ(tick().size(), 100U) << "new ones at once";
  for (int i = 0; i < 3; ++i) {
    box_[42].cpu += 5;
    tick();
  }
  std::map<int, int> reads;
  for (int i = 0; i < 20; ++i) {
    box_[42].cpu += 5;
    for (const int pid : tick()) ++reads[pid];
  }
  for (int pid = 1; pid <= 100; ++pid) {
    EXPECT_GE(reads[pid], pid == 42 ? 19 : 2) << pid;
    EXPECT_LE(reads[pid], pid == 42 ? 20 : 3) << pid;
  }
}

TEST_F(ProcessTableTest, AnIdleOneThatBecomesBusyIsFoundByTheTimeItUses) {
  for (int pid = 1; pid <= 100; ++pid) add(pid, "idle");
  for (int i = 0; i < 15; ++i) tick();
  // Not one whose turn it is.
  const int pid = 1 + static_cast<int>((tick_ + 4) % 10);
  box_[pid].cpu += 50;
  EXPECT_EQ(tick().size(), 100U);
  EXPECT_GT(process(pid).cpu_share, 0);
  EXPECT_LT(tick().size(), 20U);
}

TEST_F(ProcessTableTest, OneThatUsesNextToNothingIsReadInTurnToo) {
  for (int pid = 1; pid <= 100; ++pid) add(pid, "daemon");
  std::size_t reads = 0;
  for (int i = 0; i < 60; ++i) {
    for (int pid = 1; pid <= 100; ++pid) {
      if (i % 10 == pid % 10) ++box_[pid].cpu;  // a tenth of a percent
    }
    const std::size_t read = tick().size();
    if (i >= 30) reads += read;
  }
  EXPECT_LE(reads, 30U * 15);
}

TEST_F(ProcessTableTest, TimeThatNobodyAccountsForIsLookedForNowAndThenOnly) {
  for (int pid = 1; pid <= 100; ++pid) add(pid, "idle");
  for (int i = 0; i < 15; ++i) tick();
  std::size_t full = 0;
  for (int i = 0; i < 20; ++i) {
    machine_ += 0.5;  // by processes that live for less than a tick
    full += tick().size() == 100 ? 1 : 0;
  }
  EXPECT_EQ(full, 2U);
}

TEST_F(ProcessTableTest, ProcessesThatAreGoneAreForgotten) {
  add(1, "a");
  add(2, "b");
  tick();
  box_.erase(2);
  tick();
  EXPECT_EQ(table_.processes().size(), 1U);
  EXPECT_EQ(table_.total(), 1U);
  table_.gone(1);
  EXPECT_EQ(table_.total(), 0U);
  table_.gone(1);
  EXPECT_EQ(table_.total(), 0U);
}

TEST_F(ProcessTableTest, AnotherProcessUnderTheSameNumberBeginsAnew) {
  add(7, "old", 100);
  box_[7].cpu = 10'000;
  tick();
  table_.io(7, "read_bytes: 500\nwrite_bytes: 600\n");
  add(7, "new", 90'000);
  tick();
  EXPECT_EQ(process(7).name, "new");
  EXPECT_EQ(process(7).read_bytes, Process::kUnknown);
  EXPECT_LT(process(7).cpu_share, 100);
}

TEST_F(ProcessTableTest, WatchedProcessesAreKnownByNameOrCommandLine) {
  add(1, "sshd");
  add(2, "nginx");
  add(3, "nginx");
  commands_[2] = std::string("nginx: master process\0-g\0daemon off;\0", 36);
  commands_[3] = "nginx: worker process";
  tick();
  EXPECT_EQ(process(1).watches, 2U);
  EXPECT_EQ(process(2).watches, 1U);
  EXPECT_EQ(process(3).watches, 0U);
  for (int i = 0; i < 10; ++i) tick();
  EXPECT_EQ(std::ranges::count(tick(), 2), 1) << "each tick, idle as it is";
}

TEST_F(ProcessTableTest, AProcessThatBecomesAnotherProgramIsLookedAtAgain) {
  add(2, "sh");
  commands_[2] = "sh -c nginx";
  for (int i = 0; i < 5; ++i) tick();
  EXPECT_EQ(process(2).watches, 0U);
  box_[2].name = "nginx";
  box_[2].cpu += 1;
  commands_[2] = "nginx: master -g";
  for (int i = 0; i < 12; ++i) tick();
  EXPECT_EQ(process(2).watches, 1U);
}

TEST_F(ProcessTableTest, ReadsAndWritesRiseAgainstTheLastReading) {
  add(7, "x");
  tick();
  EXPECT_TRUE(table_.io(7, "rchar: 1\nread_bytes: 500\nwrite_bytes: 600\n"));
  EXPECT_EQ(process(7).read_rise, 0U);
  EXPECT_TRUE(table_.io(7, "read_bytes: 700\nwrite_bytes: 650\ncancelled_write_bytes: 9\n"));
  EXPECT_EQ(process(7).read_rise, 200U);
  EXPECT_EQ(process(7).write_rise, 50U);
  EXPECT_FALSE(table_.io(7, "read_bytes: x\n"));
  EXPECT_FALSE(table_.io(8, "read_bytes: 700\nwrite_bytes: 650\n"));
}

TEST_F(ProcessTableTest, DetailsAreAskedForWhereTheyAreWanted) {
  add(7, "x");
  tick();
  table_.processes().at(7).detailed = true;
  int fds = 0;
  int io = 0;
  for (int i = 0; i < 20; ++i) {
    tick();
    for (const ProcessAsk& ask : asks_) {
      fds += ask.fds ? 1 : 0;
      io += ask.io ? 1 : 0;
    }
  }
  EXPECT_EQ(fds, 2);
  EXPECT_EQ(io, 2);
  table_.io_refused(7);
  for (int i = 0; i < 70; ++i) {
    tick();
    for (const ProcessAsk& ask : asks_) EXPECT_FALSE(ask.io);
  }
}

TEST_F(ProcessTableTest, TheMemoryOfOneProcessIsWalkedATick) {
  for (int pid = 1; pid <= 5; ++pid) add(pid, "x");
  tick();
  for (auto& [pid, process] : table_.processes()) process.pss_wanted = true;
  for (int i = 1; i <= 6; ++i) {
    tick();
    const auto walked = std::ranges::count_if(asks_, [](const ProcessAsk& ask) { return ask.pss; });
    EXPECT_EQ(walked, i <= 5 ? 1 : 0);
  }
  EXPECT_TRUE(table_.pss(3, "55d0-7ffd ---p 0 00:00 0 [rollup]\nRss: 9 kB\nPss:    12 kB\n"));
  EXPECT_EQ(process(3).pss, 12U * 1024);
  EXPECT_FALSE(table_.pss(3, "SwapPss: 9 kB\n"));
}

TEST_F(ProcessTableTest, BeyondTheBoundProcessesAreCountedOnly) {
  std::vector<int> pids(ProcessTable::kMaxProcesses + 10);
  for (std::size_t i = 0; i < pids.size(); ++i) pids[i] = static_cast<int>(i) + 1;
  table_.list(pids);
  EXPECT_EQ(table_.processes().size(), ProcessTable::kMaxProcesses);
  EXPECT_EQ(table_.total(), pids.size());
}

TEST_F(ProcessTableTest, NoGarbageIsTakenForAProcess) {
  add(7, "x");
  tick();
  for (const auto* bad :
       {"", "7", "7 (x", "7 )x( S 1", "7 (x) S", "7 (x) SS 1 1 1", "7 (x) S 1 a"}) {
    EXPECT_FALSE(table_.stat(7, bad, now_)) << bad;
  }
  EXPECT_FALSE(table_.stat(8, stat_line({.pid = 8}), now_));
  Rng rng(3);
  const std::string good = stat_line(box_[7]);
  for (int i = 0; i < 3000; ++i) {
    std::string text = good.substr(0, rng.below(good.size() + 1));
    for (std::uint64_t n = rng.below(5); n > 0 && !text.empty(); --n) {
      text[rng.below(text.size())] = static_cast<char>(rng.below(256));
    }
    table_.stat(7, text, now_);
    ASSERT_LE(process(7).name.size(), 15U);
  }
}

TEST(HoldsPattern, AsterisksStandForAnything) {
  EXPECT_TRUE(holds_pattern("nginx: master process -g daemon", "nginx: master"));
  EXPECT_TRUE(holds_pattern("/usr/bin/python3 /opt/serve.py --port 1", "python*serve.py"));
  EXPECT_TRUE(holds_pattern("anything", "*"));
  EXPECT_TRUE(holds_pattern("anything", ""));
  EXPECT_FALSE(holds_pattern("serve.py python", "python*serve.py"));
  EXPECT_FALSE(holds_pattern("", "x"));
  EXPECT_FALSE(holds_pattern("aba", "ab*ba"));
}

TEST(MachineCpuSeconds, AreWhatProcessesCanUse) {
  EXPECT_DOUBLE_EQ(machine_cpu_seconds("cpu  100 20 30 4000 5 6 7\ncpu0 1 2 3\n", 100), 1.5);
  EXPECT_EQ(machine_cpu_seconds("cpu 1 x 3", 100), 0);
  EXPECT_EQ(machine_cpu_seconds("", 100), 0);
}

}  // namespace
}  // namespace bw::agent
