#include "agent/core/collect/memory.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/box.h"

namespace bw::agent {
namespace {

constexpr std::string_view kPath = "/proc/meminfo";

TEST(Memory, UsedIsWhatCanNotBeHad) {
  Box box = Box::fixture("proc_jetson");
  box.tick();
  EXPECT_EQ(box.value("mem.total"), 7802016.0 * 1024);
  EXPECT_EQ(box.value("mem.available"), 5120016.0 * 1024);
  EXPECT_EQ(box.value("mem.used"), 2682000.0 * 1024);
  EXPECT_NEAR(box.value("mem.util"), 34.38, 0.0001);
  EXPECT_EQ(box.value("swap.used"), 100000.0 * 1024);
  EXPECT_EQ(box.value("mem.cma_free"), 120012.0 * 1024);
  EXPECT_EQ(box.value("mem.huge_pages_total"), 0);
}

TEST(Memory, ABoxWithoutSwapHasNoneInUse) {
  Box box = Box::fixture("proc_two_cores");
  box.tick();
  EXPECT_EQ(box.value("swap.total"), 0);
  EXPECT_EQ(box.value("swap.used"), 0);
}

TEST(Memory, A32BitKernelOfOldTellsWhatItKnows) {
  Box box = Box::fixture("proc_armv7");
  box.tick();
  EXPECT_EQ(box.value("mem.high_free"), 120012.0 * 1024);
  EXPECT_EQ(box.value("mem.low_total"), 760076.0 * 1024);
  // Neither MemAvailable nor swap.
  EXPECT_TRUE(std::isnan(box.value("mem.used")));
  EXPECT_TRUE(std::isnan(box.value("mem.util")));
  EXPECT_TRUE(std::isnan(box.value("swap.used")));
}

TEST(Memory, NothingUsedIsEverNegative) {
  Box box;
  box.set(kPath, "MemTotal: 100 kB\nMemAvailable: 120 kB\nSwapTotal: 5 kB\nSwapFree: 6 kB\n")
      .tick();
  EXPECT_EQ(box.value("mem.used"), 0);
  EXPECT_EQ(box.value("mem.util"), 0);
  EXPECT_EQ(box.value("swap.used"), 0);
  box.set(kPath, "MemTotal: 0 kB\nMemAvailable: 0 kB\n").tick();
  EXPECT_TRUE(std::isnan(box.value("mem.util")));
}

TEST(Memory, WhatIsDerivedIsLostWithWhatItComesFrom) {
  Box box;
  box.set(kPath, "MemTotal: 100 kB\nMemAvailable: 60 kB\n").tick();
  EXPECT_EQ(box.value("mem.util"), 40);
  box.fail(kPath, EIO).tick();
  EXPECT_TRUE(std::isnan(box.value("mem.total")));
  EXPECT_TRUE(std::isnan(box.value("mem.util")));
  EXPECT_EQ(box.trouble("meminfo"), "/proc/meminfo: Input/output error");
}

TEST(Memory, EventsOfVmstatAreCountersAndLevelsGauges) {
  Box box = Box::fixture("proc_two_cores");
  box.tick();
  box.replace("/proc/vmstat", "oom_kill 0", "oom_kill 2").tick();
  EXPECT_EQ(box.value("vm.oom_kill"), 2);
  EXPECT_EQ(box.live("vm.oom_kill"), 2);
  EXPECT_GT(box.value("vm.pgfault"), 1e6);
  EXPECT_EQ(box.live("vm.pgfault"), 0);
  EXPECT_GT(box.live("vm.dirty_threshold"), 1e5);
  EXPECT_TRUE(box.has("swap.in"));
}

TEST(Memory, CountersOfA32BitKernelWrap) {
  Box box = Box::fixture("proc_armv7");
  box.tick();
  box.replace("/proc/vmstat", "pgfault 4294967290", "pgfault 4294967294").tick();
  EXPECT_EQ(box.live("vm.pgfault"), 4);
  box.replace("/proc/vmstat", "pgfault 4294967294", "pgfault 3").tick();
  EXPECT_EQ(box.live("vm.pgfault"), 5);
}

constexpr std::string_view kBuddies = "/proc/buddyinfo";

TEST(Fragmentation, TheLargestFreeBlockOfAnyZoneIsTold) {
  Box box;
  box.set(kBuddies,
          "Node 0, zone      DMA      1      0      0\n"
          "Node 0, zone   Normal   3420    212      3\n"
          "Node 1, zone   Normal      0      7      4\n");
  box.page_size = 16384;
  box.tick();
  EXPECT_EQ(box.value("mem.largest_free_block"), 4 * 16384);
  EXPECT_EQ(box.value("mem.largest_free_blocks"), 7);
  box.set(kBuddies, "Node 0, zone   Normal   3420    0      0\n").ticks(10);
  EXPECT_EQ(box.value("mem.largest_free_block"), 16384);
  EXPECT_EQ(box.value("mem.largest_free_blocks"), 3420);
  box.set(kBuddies, "Node 0, zone   Normal   0    0      0\n").ticks(10);
  EXPECT_EQ(box.value("mem.largest_free_block"), 0);
}

TEST(Fragmentation, NonsenseIsNoValue) {
  Box box;
  box.set(kBuddies, "Node 0, zone   Normal   1\n").tick();
  for (const char* text : {"", "nothing\n", "Node 0, zone Normal x y\n", "Node"}) {
    box.set(kBuddies, text).ticks(10);
    EXPECT_TRUE(std::isnan(box.value("mem.largest_free_block"))) << text;
    EXPECT_EQ(box.trouble("buddyinfo"), "/proc/buddyinfo: not understood");
  }
}

}  // namespace
}  // namespace bw::agent
