#include "coordinator/core/schedule/rooms.h"

#include "tests/unit/coordinator/core/schedule/fleets.h"

namespace bw::coordinator::schedule {
namespace {

TEST(Rooms, AGpuThatOthersUseHasLessLeft) {
  Node made = node("n", 8000, 4);
  made.gpus[1].foreign_bytes = 4 * kGiB;  // a quarter
  made.gpus[2].foreign_bytes = kGiB / 4;  // a display's
  made.gpus[3].is_healthy = false;
  const Rooms rooms(std::vector<Node>{made});
  EXPECT_EQ(rooms[0].gpu[0], 1000);
  EXPECT_EQ(rooms[0].gpu[1], 750);
  EXPECT_EQ(rooms[0].gpu[2], 1000);
  EXPECT_EQ(rooms[0].gpu[3], 0);
}

TEST(Rooms, AGpuThatOthersFillIsFull) {
  Node made = node("n", 8000, 1);
  made.gpus[0].foreign_bytes = 20 * kGiB;
  EXPECT_EQ(Rooms(std::vector<Node>{made})[0].gpu[0], 0);
}

TEST(Rooms, GivesBackWhatWasTaken) {
  Rooms rooms(std::vector<Node>{node("n", 8000, 2)});
  const Room before = rooms[0];
  const Ask ask = rooms.ask_of(share(300));
  rooms.take(0, ask, 2);
  EXPECT_EQ(rooms[0].gpu[1], 700);
  EXPECT_EQ(rooms[0].cpu, 7000);
  rooms.give(0, ask, 2);
  EXPECT_EQ(rooms[0], before);
}

TEST(Rooms, AShareIsAsLargeAsItsMemory) {
  const Rooms rooms(std::vector<Node>{node("n", 8000, 1)});
  Resources asked = share(100);
  asked.gpu_memory_bytes = 4 * kGiB;  // of 16
  EXPECT_EQ(rooms.ask_of(asked).need[0][0], 250);
  asked.gpu_memory_bytes = 17 * kGiB;
  EXPECT_EQ(rooms.ask_of(asked).need[0][0], kNoShare);
}

TEST(Rooms, AMigInstanceServesThoseWhoAskForItsProfile) {
  Node made = node("n", 8000, 2, "A100");
  made.gpus[1].mig_profile = "1g.5gb";
  const Rooms rooms(std::vector<Node>{made});
  Resources asked = gpus(1);
  EXPECT_EQ(rooms.ask_of(asked).need[0][1], kNoShare);
  asked.mig_profile = "1g.5gb";
  EXPECT_EQ(rooms.ask_of(asked).need[0][0], kNoShare);
  EXPECT_EQ(rooms.ask_of(asked).need[0][1], kWholeGpu);
}

TEST(Rooms, WhatAsksForNothingIsNotKeptAwayByALack) {
  Rooms rooms(std::vector<Node>{node("n", 0)});
  rooms.take(0, rooms.ask_of(cpus(1000)), 0);  // the node shrank under what runs
  EXPECT_LT(rooms[0].cpu, 0);
  EXPECT_FALSE(has_room(rooms[0], rooms.ask_of(cpus(1))));
  Resources nothing;
  EXPECT_TRUE(has_room(rooms[0], rooms.ask_of(nothing)));
}

TEST(Rooms, OffersEqualDevicesOnce) {
  Rooms rooms(std::vector<Node>{node("n", 8000, 4)});
  rooms.take(0, rooms.ask_of(share(500)), 4);
  const Ask ask = rooms.ask_of(share(300));
  std::vector<Devices> ways;
  for_each_way(rooms[0], ask, rooms.kinds()[0],
               [&](const Room&, Devices devices) { ways.push_back(devices); });
  EXPECT_EQ(ways, (std::vector<Devices>{1, 4}));
}

TEST(Rooms, ForgetsChangesWithANewEpoch) {
  Rooms rooms(std::vector<Node>{node("n")});
  const Ask ask = rooms.ask_of(cpus(1));
  for (int i = 0; i < 2000; ++i) rooms.take(0, ask, 0);
  EXPECT_GT(rooms.epoch(), 0U);
  EXPECT_LT(rooms.changes().size(), 1100U);
}

}  // namespace
}  // namespace bw::coordinator::schedule
