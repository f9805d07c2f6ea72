#include "agent/core/collect/scan.h"

#include <cmath>

#include <gtest/gtest.h>

namespace bw::agent {
namespace {

double whole(std::string_view text) {
  return Scanner(text).whole();
}
double decimal(std::string_view text) {
  return Scanner(text).decimal();
}
double hex(std::string_view text) {
  return Scanner(text).hex();
}

TEST(Scanner, ReadsWholeNumbersUpTo64Bits) {
  EXPECT_EQ(whole("0"), 0);
  EXPECT_EQ(whole("  42 7"), 42);
  EXPECT_EQ(whole("9999999999999999999\n"), 1e19);
  EXPECT_EQ(whole("18446744073709551615"), 0x1.0p64);
  EXPECT_EQ(whole("00000000000000000000000000000000000000000012"), 12);
}

TEST(Scanner, TakesNothingElseForANumber) {
  for (const auto* text : {"", " ", "\n", "-1", "12x", "x12", "1.5", "18446744073709551616",
                           "99999999999999999999", "123456789012345678901234567890", "0x10"}) {
    EXPECT_TRUE(std::isnan(whole(text))) << text;
  }
}

TEST(Scanner, GoesOnBehindAWordThatIsNoNumber) {
  Scanner scanner("abc -1 99999999999999999999 7\n8");
  EXPECT_TRUE(std::isnan(scanner.whole()));
  EXPECT_TRUE(std::isnan(scanner.whole()));
  EXPECT_TRUE(std::isnan(scanner.whole()));
  EXPECT_EQ(scanner.whole(), 7);
  EXPECT_TRUE(scanner.at_line_end());
}

TEST(Scanner, NeverLeavesItsLineButToTheNextOne) {
  Scanner scanner("1\n2\n");
  EXPECT_EQ(scanner.whole(), 1);
  EXPECT_TRUE(std::isnan(scanner.whole()));
  EXPECT_EQ(scanner.word(), "");
  scanner.skip_line();
  EXPECT_EQ(scanner.whole(), 2);
  scanner.skip_line();
  EXPECT_TRUE(scanner.done());
  scanner.skip_line();
  EXPECT_TRUE(scanner.done());
}

TEST(Scanner, ReadsDecimals) {
  EXPECT_EQ(decimal("0.52"), 0.52);
  EXPECT_EQ(decimal("-1500"), -1500);
  EXPECT_EQ(decimal("1626.02 9"), 1626.02);
  EXPECT_EQ(decimal("9223372036854775807"), 9223372036854775807.0);
  for (const auto* text : {"", "-", ".", "1.2.3", "1e3", "inf", "nan", "99999999999999999999"}) {
    EXPECT_TRUE(std::isnan(decimal(text))) << text;
  }
}

TEST(Scanner, ReadsHexadecimals) {
  EXPECT_EQ(hex("00000cce"), 0xcce);
  EXPECT_EQ(hex("ffffffff 1"), 4294967295.0);
  for (const auto* text : {"", "xyz", "-1", "0x10", "11111111111111111"}) {
    EXPECT_TRUE(std::isnan(hex(text))) << text;
  }
}

TEST(Scanner, ReadsUpToASignOfTheLine) {
  Scanner scanner("eth0:12\nlo");
  EXPECT_EQ(scanner.until(':'), "eth0");
  EXPECT_EQ(scanner.until(':'), "");
  EXPECT_EQ(scanner.whole(), 12);
}

TEST(Scanner, ReadsALineWithAndWithoutItsNewline) {
  Scanner scanner("one\n\nthree");
  EXPECT_EQ(scanner.line(), "one");
  EXPECT_EQ(scanner.line(), "");
  EXPECT_EQ(scanner.line(), "three");
  EXPECT_EQ(scanner.line(), "");
  EXPECT_EQ(Scanner(std::string_view{}).line(), "");
}

TEST(Scanner, SkipsOnlyWhatComesNext) {
  Scanner scanner("cpu0 1");
  EXPECT_FALSE(scanner.skip("cpu0 12"));
  EXPECT_FALSE(scanner.skip("cpu1"));
  EXPECT_TRUE(scanner.skip("cpu0 "));
  EXPECT_EQ(scanner.rest(), "1");
}

}  // namespace
}  // namespace bw::agent
