#include "agent/core/collect/clock.h"

#include <chrono>

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/box.h"

namespace bw::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Clock, WhatItsSynchroniserKnowsIsTold) {
  Box box;
  box.tick();
  EXPECT_FALSE(box.has("clock.synced"));
  box.clock = ClockReading{.offset_ns = -15400, .max_error_us = 2500, .synchronised = true};
  box.tick();
  EXPECT_EQ(box.value("clock.offset"), -15400);
  EXPECT_EQ(box.value("clock.maxerror"), 2'500'000);
  EXPECT_EQ(box.value("clock.synced"), 1);
  box.clock->synchronised = false;
  box.tick();
  EXPECT_EQ(box.value("clock.synced"), 0);
}

TEST(Clock, AStepIsToldAtItsTickOnly) {
  Box box;
  box.ticks(2);
  EXPECT_EQ(box.value("clock.step"), 0);
  box.wall_offset += seconds{90};
  box.tick();
  EXPECT_EQ(box.value("clock.step"), 90'000);
  box.tick();
  EXPECT_EQ(box.value("clock.step"), 0);
  box.wall_offset -= milliseconds{250};
  box.tick();
  EXPECT_EQ(box.value("clock.step"), -250);
}

TEST(Clock, SlewingAndSleepingAreNoSteps) {
  Box box;
  box.tick();
  for (int i = 0; i < 5; ++i) {
    box.wall_offset += milliseconds{5};
    box.tick();
    EXPECT_EQ(box.value("clock.step"), 0);
  }
  // The machine slept for an hour: the wall clock went on, and so did the time since boot.
  box.wall_offset += seconds{3600};
  box.suspended += seconds{3600};
  box.tick();
  EXPECT_EQ(box.value("clock.step"), 0);
}

}  // namespace
}  // namespace bw::agent
