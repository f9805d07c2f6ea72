#include "coordinator/cli/style.h"

#include <set>

#include <gtest/gtest.h>

namespace bw::cli {
namespace {

TEST(Style, WithoutColoursTextStaysAsItIs) {
  EXPECT_EQ((Style{false, true}.paint(Tone::bad, "silent")), "silent");
}

TEST(Style, APaintedTextEndsWithItsColour) {
  EXPECT_EQ((Style{true, true}.paint(Tone::bad, "silent")), "\x1b[31msilent\x1b[0m");
}

TEST(Style, PlainAndEmptyTextGetNoSequences) {
  EXPECT_EQ((Style{true, true}.paint(Tone::plain, "x")), "x");
  EXPECT_EQ((Style{true, true}.paint(Tone::good, "")), "");
}

TEST(Style, EachToneLooksDifferent) {
  std::set<std::string> looks;
  for (const Tone tone : {Tone::plain, Tone::strong, Tone::dim, Tone::good, Tone::warning,
                          Tone::bad, Tone::accent, Tone::selected}) {
    looks.insert(Style{true, true}.paint(tone, "x"));
  }
  EXPECT_EQ(looks.size(), 8U);
}

}  // namespace
}  // namespace bw::cli
