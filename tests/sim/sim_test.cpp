// The simulator as a test: a few hundred seeds, and canaries it must find. One seed alone, with
// what happened in it: bw_sim --seed 17. More of them: bw_sim --seeds 100000.
#include <cstdio>
#include <cstring>
#include <string>

#include <gtest/gtest.h>

#include "tests/sim/simulation.h"

namespace bw::sim {
namespace {

constexpr std::uint64_t kSeeds = BW_SIM_SEEDS;
constexpr std::uint64_t kCanarySeeds = 100;

int report(std::uint64_t seed, const Outcome& outcome) {
  if (outcome.faults.empty()) return 0;
  std::printf("seed %llu breaks a promise; run it again with --seed %llu\n",
              static_cast<unsigned long long>(seed), static_cast<unsigned long long>(seed));
  for (const auto& fault : outcome.faults) std::printf("  %s\n", fault.c_str());
  return 1;
}

TEST(SimTest, HundredsOfSeedsLoseNothingAndStoreNothingTwice) {
  std::size_t records = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Outcome outcome = simulate(seed);
    records += outcome.records_stored;
    EXPECT_EQ(report(seed, outcome), 0);
  }
  EXPECT_GT(records, kSeeds * 50) << "the worlds must have something to lose";
}

TEST(SimTest, TheSameSeedRunsTheSameWay) {
  const Outcome once = simulate(42);
  const Outcome again = simulate(42);
  EXPECT_EQ(once.history, again.history);
  EXPECT_EQ(once.records_made, again.records_made);
  EXPECT_EQ(once.records_stored, again.records_stored);
  EXPECT_NE(once.history, simulate(43).history);
}

TEST(SimTest, AnAcknowledgementBeforeTheCommitIsFoundOut) {
  std::uint64_t seed = 1;
  while (seed <= kCanarySeeds && simulate(seed, Canary::acknowledge_before_commit).faults.empty()) {
    ++seed;
  }
  EXPECT_LE(seed, kCanarySeeds) << "the simulator is blind";
}

int run_seed(std::uint64_t seed) {
  const Outcome outcome = simulate(seed);
  std::printf("%s%zu records made, %zu stored\n", outcome.history.c_str(), outcome.records_made,
              outcome.records_stored);
  return report(seed, outcome);
}

int run_seeds(std::uint64_t count) {
  int failed = 0;
  for (std::uint64_t seed = 1; seed <= count; ++seed) failed += report(seed, simulate(seed));
  std::printf("%llu seeds, %d failed\n", static_cast<unsigned long long>(count), failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace bw::sim

int main(int argc, char** argv) {
  if (argc == 3 && std::strcmp(argv[1], "--seed") == 0) {
    return bw::sim::run_seed(std::stoull(argv[2]));
  }
  if (argc == 3 && std::strcmp(argv[1], "--seeds") == 0) {
    return bw::sim::run_seeds(std::stoull(argv[2]));
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
