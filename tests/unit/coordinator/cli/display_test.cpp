#include "coordinator/cli/display.h"

#include <gtest/gtest.h>

namespace bw::cli {
namespace {

TEST(Display, ControlCharactersAreMadeVisible) {
  EXPECT_EQ(visible("a\nb\tc\rd"), "a\\nb\\tc\\rd");
  EXPECT_EQ(visible("\x1b[2J\a\x7f"), "\\x1b[2J\\x07\\x7f");
  EXPECT_EQ(visible(std::string_view("\0x", 2)), "\\x00x");
}

TEST(Display, C1ControlsAndDirectionMarksAreMadeVisibleToo) {
  EXPECT_EQ(visible("\xc2\x9b"
                    "31m"),
            "\\x9b31m");
  EXPECT_EQ(visible("a\xe2\x80\xae"
                    "b"),
            "a\\u{202e}b");
  EXPECT_EQ(visible("\xef\xbb\xbfx"), "\\u{feff}x");
}

TEST(Display, TextStaysAsItIs) {
  EXPECT_EQ(visible("Zürich – 東京 ✓ 🐑"), "Zürich – 東京 ✓ 🐑");
}

TEST(Display, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_EQ(visible("a\xff"), "a\xef\xbf\xbd");
  EXPECT_EQ(visible("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd");                  // overlong
  EXPECT_EQ(visible("\xe0\x80\x9b"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // overlong
  EXPECT_EQ(visible("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // surrogate
  EXPECT_EQ(visible("\xe6\x9d"), "\xef\xbf\xbd\xef\xbf\xbd");                  // cut off
  EXPECT_EQ(visible("\xe6(x"), "\xef\xbf\xbd(x");
}

TEST(Display, WidthCountsColumns) {
  EXPECT_EQ(display_width("box-1"), 5U);
  EXPECT_EQ(display_width("Zürich"), 6U);
  EXPECT_EQ(display_width("東京"), 4U);
  EXPECT_EQ(display_width("u\xcc\x88"), 1U);  // a combining diaeresis
  EXPECT_EQ(display_width("▁▂▃"), 3U);
  EXPECT_EQ(display_width("\x1b[31mred\x1b[0m"), 3U);
}

TEST(Display, FitCutsAndFillsToExactlyTheWidth) {
  EXPECT_EQ(fit("box", 5), "box  ");
  EXPECT_EQ(fit("box", 5, Align::right), "  box");
  EXPECT_EQ(fit("longer", 4), "lon~");
  EXPECT_EQ(fit("x", 0), "");
  EXPECT_EQ(fit("xy", 1), "~");
}

TEST(Display, AWideCharacterIsNeverCutInTwo) {
  EXPECT_EQ(fit("東京", 4), "東京");
  EXPECT_EQ(fit("東京", 3), "東~");
  EXPECT_EQ(fit("東京", 2), "~ ");
}

TEST(Display, PadNeverCuts) {
  EXPECT_EQ(pad("longer", 4), "longer");
  EXPECT_EQ(pad("ü", 3, Align::right), "  ü");
}

TEST(Display, TrailingSpacesGo) {
  EXPECT_EQ(without_trailing_spaces("a b  "), "a b");
  EXPECT_EQ(without_trailing_spaces("   "), "");
}

}  // namespace
}  // namespace bw::cli
