#include "coordinator/core/schedule/yardstick.h"

#include "tests/unit/coordinator/core/schedule/fleets.h"

namespace bw::coordinator::schedule {
namespace {

Expectations mix_of(std::vector<MixItem> mix) {
  Expectations expected;
  expected.mix = std::move(mix);
  return expected;
}

TEST(Yardstick, WhatTheNextRequestCannotUseIsFragment) {
  Rooms rooms(std::vector<Node>{node("n", 8000, 2)});
  rooms.take(0, rooms.ask_of(share(700)), 1);  // 300 and 1000 left
  Yardstick yardstick(rooms, mix_of({{gpus(1), 1}}), {});
  EXPECT_DOUBLE_EQ(yardstick.fragments(rooms[0]), 300);
  Yardstick both(rooms, mix_of({{gpus(1), 1}, {gpus(2), 1}}), {});
  EXPECT_DOUBLE_EQ(both.fragments(rooms[0]), 0.5 * 300 + 0.5 * 1300);
}

TEST(Yardstick, WithoutCpuAllIsFragment) {
  Rooms rooms(std::vector<Node>{node("n", 500, 2)});
  Yardstick yardstick(rooms, mix_of({{gpus(1), 1}}), {});
  EXPECT_DOUBLE_EQ(yardstick.fragments(rooms[0]), 2000);
}

TEST(Yardstick, KeepsWhatItComputedByTheRoomItIsFor) {
  Rooms rooms(std::vector<Node>{node("n", 8000, 2)});
  Yardstick yardstick(rooms, mix_of({{share(400), 1}, {gpus(1, 4000), 3}}), {});
  const double empty = yardstick.fragments(rooms[0]);
  rooms.take(0, rooms.ask_of(share(700, 5000)), 1);
  const double taken = yardstick.fragments(rooms[0]);
  EXPECT_NE(empty, taken);
  rooms.give(0, rooms.ask_of(share(700, 5000)), 1);
  EXPECT_EQ(yardstick.fragments(rooms[0]), empty);
}

TEST(Yardstick, CountsCpuThatNoGpuWillUse) {
  Rooms rooms(std::vector<Node>{node("n", 8000, 1)});
  Yardstick yardstick(rooms, mix_of({{gpus(1, 2000), 1}}), {});  // 2000 milli a GPU
  EXPECT_DOUBLE_EQ(yardstick.stranded_cpu(rooms[0]), 3000);
  EXPECT_DOUBLE_EQ(yardstick.stranded_gpus(rooms[0]), 0);
  Yardstick hungry(rooms, mix_of({{gpus(1, 16000), 1}}), {});
  EXPECT_DOUBLE_EQ(hungry.stranded_cpu(rooms[0]), 0);
  EXPECT_DOUBLE_EQ(hungry.stranded_gpus(rooms[0]), 500);
}

TEST(Yardstick, WithoutAMixNothingIsStranded) {
  Rooms rooms(std::vector<Node>{node("n", 8000, 1)});
  Yardstick yardstick(rooms, {}, {});
  EXPECT_EQ(yardstick.stranded_cpu(rooms[0]) + yardstick.stranded_gpus(rooms[0]), 0);
  EXPECT_EQ(yardstick.fragments(rooms[0]), 0);
}

TEST(Yardstick, TakesResidualsFromTheTable) {
  Rooms rooms(std::vector<Node>{node("n", 8000, 2)});
  Expectations expected;
  expected.residuals[300] = 250;
  rooms.take(0, rooms.ask_of(share(700)), 1);
  EXPECT_DOUBLE_EQ(Yardstick(rooms, expected, {}).residuals(rooms[0]), 250);
}

TEST(Yardstick, GpusThatAreAskedForByNameAreScarce) {
  const Rooms rooms(std::vector<Node>{node("a", 8000, 1, "T4"), node("b", 8000, 1, "A10")});
  Resources named = gpus(1);
  named.gpu_models = {"A10"};
  const Yardstick yardstick(rooms, mix_of({{gpus(1), 3}, {named, 1}}), {});
  EXPECT_DOUBLE_EQ(yardstick.scarcity(0, 0), 0);
  EXPECT_DOUBLE_EQ(yardstick.scarcity(1, 0), 0.5);  // a quarter of the work, half of the GPUs
}

}  // namespace
}  // namespace bw::coordinator::schedule
