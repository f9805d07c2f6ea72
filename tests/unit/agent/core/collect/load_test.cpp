#include "agent/core/collect/load.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/box.h"

namespace bw::agent {
namespace {

constexpr std::string_view kPath = "/proc/loadavg";

TEST(Load, AveragesAndTasksAreTold) {
  Box box = Box::fixture("proc_jetson");
  box.tick();
  EXPECT_EQ(box.value("cpu.load1"), 1.52);
  EXPECT_EQ(box.value("cpu.load5"), 1.20);
  EXPECT_EQ(box.value("cpu.load15"), 0.98);
  EXPECT_EQ(box.value("sched.tasks_runnable"), 3);
  EXPECT_EQ(box.value("sys.procs"), 512);
}

TEST(Load, WhatIsMissingHasNoValue) {
  Box box;
  box.set(kPath, "0.20 0.18 0.12 1/80 11206\n").tick();
  box.set(kPath, "0.21 0.19").tick();
  EXPECT_EQ(box.value("cpu.load5"), 0.19);
  EXPECT_TRUE(std::isnan(box.value("cpu.load15")));
  EXPECT_TRUE(std::isnan(box.value("sys.procs")));
  EXPECT_EQ(box.trouble("loadavg"), "");
  box.set(kPath, "0.21 0.19 0.12 80").tick();
  EXPECT_EQ(box.value("sched.tasks_runnable"), 80);
  EXPECT_TRUE(std::isnan(box.value("sys.procs")));
}

TEST(Load, GarbageIsTroubleAndNoValue) {
  Box box;
  box.set(kPath, "").tick();
  EXPECT_EQ(box.trouble("loadavg"), "/proc/loadavg: not understood");
  EXPECT_FALSE(box.has("cpu.load1"));
  box.set(kPath, "0.20 0.18 0.12 1/80 11206\n").tick();
  box.set(kPath, "/// /\n").tick();
  EXPECT_EQ(box.trouble("loadavg"), "/proc/loadavg: not understood");
  EXPECT_TRUE(std::isnan(box.value("cpu.load1")));
  box.fail(kPath, EACCES).tick();
  EXPECT_EQ(box.trouble("loadavg"), "/proc/loadavg: Permission denied");
}

}  // namespace
}  // namespace bw::agent
