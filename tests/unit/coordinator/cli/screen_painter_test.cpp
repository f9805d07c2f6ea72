#include "coordinator/cli/screen_painter.h"

#include <gtest/gtest.h>

namespace bw::cli {
namespace {

// Between the marks of a synchronized update.
std::string framed(std::string_view changes) {
  std::string text = "\x1b[?2026h";
  text.append(changes).append("\x1b[?2026l");
  return text;
}

TEST(ScreenPainter, TheFirstFrameIsWrittenInFull) {
  ScreenPainter painter;
  EXPECT_EQ(painter.update({"one", "two"}, {10, 3}),
            framed("\x1b[2J\x1b[1;1Hone\x1b[K\x1b[2;1Htwo\x1b[K"));
}

TEST(ScreenPainter, OnlyWhatChangedIsWrittenAgain) {
  ScreenPainter painter;
  painter.update({"one", "two"}, {10, 3});
  EXPECT_EQ(painter.update({"one", "2"}, {10, 3}), framed("\x1b[2;1H2\x1b[K"));
  EXPECT_EQ(painter.update({"one", "2"}, {10, 3}), "");
  EXPECT_EQ(painter.update({"one"}, {10, 3}), framed("\x1b[2;1H\x1b[K"));
}

TEST(ScreenPainter, AFullLineIsNotErasedAtItsEnd) {
  ScreenPainter painter;
  EXPECT_EQ(painter.update({"full"}, {4, 1}), framed("\x1b[2J\x1b[1;1Hfull"));
}

TEST(ScreenPainter, ANewSizeOrForgettingWritesAllAgain) {
  ScreenPainter painter;
  painter.update({"one"}, {10, 3});
  EXPECT_NE(painter.update({"one"}, {11, 3}).find("\x1b[2J\x1b[1;1Hone"), std::string::npos);
  painter.forget();
  EXPECT_NE(painter.update({"one"}, {11, 3}).find("\x1b[2J\x1b[1;1Hone"), std::string::npos);
}

TEST(ScreenPainter, LinesBelowTheScreenAreLeftOut) {
  ScreenPainter painter;
  EXPECT_EQ(painter.update({"one", "two"}, {10, 1}).find("two"), std::string::npos);
}

}  // namespace
}  // namespace bw::cli
