#include "base/text.h"

#include <gtest/gtest.h>

namespace bw {
namespace {

constexpr std::string_view kKeys[] = {"broker.url", "broker.keep_alive_s", "collect.period_ms",
                                      "node.id"};

TEST(Nearest, FindsWhatWasMeant) {
  EXPECT_EQ(nearest("brokr.url", kKeys), "broker.url");    // a letter missing
  EXPECT_EQ(nearest("brokerr.url", kKeys), "broker.url");  // one too many
  EXPECT_EQ(nearest("broker.irl", kKeys), "broker.url");   // a wrong one
  EXPECT_EQ(nearest("borker.url", kKeys), "broker.url");   // two exchanged
  EXPECT_EQ(nearest("collect.periode_sm", kKeys), "collect.period_ms");
  EXPECT_EQ(nearest("node.name", kKeys), "");  // four edits of nine
}

TEST(Nearest, IsEmptyWhereNothingIsNear) {
  EXPECT_EQ(nearest("colour", kKeys), "");
  EXPECT_EQ(nearest("broker.url", {}), "");
}

TEST(Nearest, AllowsTwoEditsOfAShortWord) {
  constexpr std::string_view kWords[] = {"top"};
  EXPECT_EQ(nearest("pot", kWords), "top");
  EXPECT_EQ(nearest("t", kWords), "top");
  EXPECT_EQ(nearest("abc", kWords), "");
}

TEST(Nearest, CountsAnExchangeOfNeighboursAsOneEdit) {
  constexpr std::string_view kWords[] = {"abXX", "ba"};
  EXPECT_EQ(nearest("ab", kWords), "ba");
}

TEST(Nearest, PrefersTheEarlierOfTwoEquallyNear) {
  constexpr std::string_view kWords[] = {"cat", "bat"};
  EXPECT_EQ(nearest("hat", kWords), "cat");
}

TEST(Nearest, SpendsNothingOnWhatIsFarTooLong) {
  const std::string text(129, 'x');
  const std::string same = text;
  const std::string_view candidates[] = {same};
  EXPECT_EQ(nearest(text, candidates), "");
}

TEST(Glob, StarsTakeAnyNumberOfCharactersAndQuestionMarksOne) {
  EXPECT_TRUE(glob_matches("cpu.*", "cpu.util"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_TRUE(glob_matches("cpu.load?", "cpu.load5"));
  EXPECT_TRUE(glob_matches("*.rx_*s", "net.rx_packets"));
  EXPECT_TRUE(glob_matches("a*b*c", "aXbXbXc"));
  EXPECT_TRUE(glob_matches("cpu.util", "cpu.util"));
  EXPECT_FALSE(glob_matches("cpu.load?", "cpu.load"));
  EXPECT_FALSE(glob_matches("cpu.*", "gpu.util"));
  EXPECT_FALSE(glob_matches("cpu", "cpu.util"));
  EXPECT_FALSE(glob_matches("a*b*c", "aXbXb"));
  EXPECT_FALSE(glob_matches("", "x"));
}

TEST(Glob, ManyStarsTakeNoLongTime) {
  EXPECT_FALSE(glob_matches("*a*a*a*a*a*a*a*a*a*a*b", std::string(1000, 'a')));
}

TEST(Utf8, ValidTextStaysAndEachByteThatIsNoneIsReplaced) {
  for (const char* valid : {"", "plain", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
    EXPECT_TRUE(is_utf8(valid)) << valid;
    EXPECT_EQ(to_utf8(valid), valid);
  }
  EXPECT_FALSE(is_utf8("a\xff"));
  EXPECT_EQ(to_utf8("a\xff"
                    "b"),
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(to_utf8("\xc3"), "\xef\xbf\xbd");  // cut within a character
  EXPECT_EQ(to_utf8("a\xc3", BadByte::escaped), "a\\xc3");
  EXPECT_FALSE(is_utf8("\xc0\xaf"));          // longer than need be
  EXPECT_FALSE(is_utf8("\xed\xa0\x80"));      // half of a pair
  EXPECT_FALSE(is_utf8("\xf4\x90\x80\x80"));  // beyond the last character
}

TEST(Utf8, WhatDoesNotFitAsAWholeIsLeftOutWithAllBehindIt) {
  EXPECT_EQ(to_utf8("ab\xc3\xa9"
                    "c",
                    BadByte::replaced, 3),
            "ab");
  EXPECT_EQ(to_utf8("ab\xff"
                    "c",
                    BadByte::escaped, 5),
            "ab");
  EXPECT_EQ(to_utf8("abc", BadByte::escaped, 3), "abc");
  EXPECT_EQ(to_utf8("abc", BadByte::escaped, 0), "");
}

}  // namespace
}  // namespace bw
