#include "coordinator/core/schedule/scorers.h"

#include "tests/unit/coordinator/core/schedule/fleets.h"

namespace bw::coordinator::schedule {
namespace {

Ask nothing() {
  return Rooms(std::vector<Node>{}).ask_of({});
}

TEST(Scorers, EachHasANameAWordAndOneFunction) {
  for (const Scorer& scorer : kScorerTable) {
    EXPECT_FALSE(scorer.name.empty() || scorer.text.empty());
    EXPECT_NE(scorer.points == nullptr, scorer.potential == nullptr) << scorer.name;
  }
}

TEST(Scorers, PoliciesAreFoundByName) {
  for (const Policy& policy : kPolicyTable) {
    ASSERT_NE(policy_of(policy.name), nullptr);
    EXPECT_EQ(policy_of(policy.name)->text, policy.text);
  }
  EXPECT_EQ(policy_of("none"), nullptr);
}

TEST(Scorers, LatencyOfASiteThatWasNotMeasuredIsTheWorst) {
  Node made = node("n");
  made.latency_ms["y"] = 4;
  const Rooms rooms(std::vector<Node>{made});
  Yardstick yardstick(rooms, {}, {});
  const Ask ask = nothing();
  const auto latency_to = [&](const std::string& site) {
    const Trial trial{made, rooms[0], rooms[0], rooms[0], ask, site};
    const auto& scorer = kScorerTable[static_cast<std::size_t>(ScorerId::latency)];
    return scorer.points(trial, yardstick);
  };
  EXPECT_EQ(latency_to("y"), -4);
  EXPECT_EQ(latency_to("x"), 0);
  EXPECT_EQ(latency_to(""), 0);
  EXPECT_LT(latency_to("z"), -1000);
}

TEST(Scorers, OnlyAnEmptyNodesHourCosts) {
  Node made = node("n");
  made.cost = 2.5;
  Rooms rooms(std::vector<Node>{made});
  Yardstick yardstick(rooms, {}, {});
  const Ask ask = nothing();
  const std::string nowhere;
  const auto& scorer = kScorerTable[static_cast<std::size_t>(ScorerId::cost)];
  EXPECT_EQ(scorer.points({made, rooms.whole(0), rooms[0], rooms[0], ask, nowhere}, yardstick),
            -2.5);
  rooms.take(0, rooms.ask_of(cpus(1)), 0);
  EXPECT_EQ(scorer.points({made, rooms.whole(0), rooms[0], rooms[0], ask, nowhere}, yardstick), 0);
}

}  // namespace
}  // namespace bw::coordinator::schedule
