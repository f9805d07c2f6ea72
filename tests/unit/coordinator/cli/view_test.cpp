#include "coordinator/cli/view.h"

#include <gtest/gtest.h>

namespace bw::cli {
namespace {

TEST(View, LabelsStandBesideEachOther) {
  EXPECT_EQ(labels_text({{"role", "gpu"}, {"rack", "r1"}}), "role=gpu rack=r1");
  EXPECT_EQ(labels_text({}), "");
}

TEST(View, AStatusHasTheToneOfItsWorry) {
  EXPECT_EQ(tone_of_status("online"), Tone::good);
  EXPECT_EQ(tone_of_status("draining"), Tone::warning);
  EXPECT_EQ(tone_of_status("silent"), Tone::bad);
  EXPECT_EQ(tone_of_status("offline"), Tone::bad);
  EXPECT_EQ(tone_of_status("another"), Tone::plain);
}

TEST(View, UseTurnsFromGoodToBad) {
  EXPECT_EQ(tone_of_percent(69.9), Tone::good);
  EXPECT_EQ(tone_of_percent(70), Tone::warning);
  EXPECT_EQ(tone_of_percent(90), Tone::bad);
}

TEST(View, MemoryIsGivenInPercent) {
  NodeSummary summary;
  EXPECT_EQ(memory_percent(summary), std::nullopt);
  summary.mem_used_ratio = 0.25;
  EXPECT_EQ(memory_percent(summary), 25.0);
}

}  // namespace
}  // namespace bw::cli
