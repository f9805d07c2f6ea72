#include "coordinator/cli/keys.h"

#include <gtest/gtest.h>

namespace bw::cli {
namespace {

using Kind = Key::Kind;

std::vector<Kind> kinds(std::string_view bytes) {
  KeyDecoder decoder;
  std::vector<Kind> found;
  for (const Key& key : decoder.feed(bytes)) found.push_back(key.kind);
  return found;
}

TEST(Keys, LettersAreCharacters) {
  KeyDecoder decoder;
  EXPECT_EQ(decoder.feed("qé"), (std::vector<Key>{{Kind::character, "q"}, {Kind::character, "é"}}));
}

TEST(Keys, ArrowsComeInBothForms) {
  EXPECT_EQ(kinds("\x1b[A\x1b[B\x1bOA\x1bOB"),
            (std::vector{Kind::up, Kind::down, Kind::up, Kind::down}));
  EXPECT_EQ(kinds("\x1b[1;5A"), std::vector{Kind::up});
}

TEST(Keys, PagesAndEndsAreKnown) {
  EXPECT_EQ(
      kinds("\x1b[5~\x1b[6~\x1b[H\x1b[F\x1b[1~\x1b[4~"),
      (std::vector{Kind::page_up, Kind::page_down, Kind::home, Kind::end, Kind::home, Kind::end}));
}

TEST(Keys, ControlKeysAreKnown) {
  EXPECT_EQ(kinds("\r\n\x7f\b\x03\x0c\x01"),
            (std::vector{Kind::enter, Kind::enter, Kind::backspace, Kind::backspace,
                         Kind::interrupt, Kind::redraw, Kind::other}));
}

TEST(Keys, UnknownSequencesAreOneKey) {
  EXPECT_EQ(kinds("\x1b[23~\x1b[200q"), (std::vector{Kind::other, Kind::other}));
}

TEST(Keys, ASequenceMayComeInPieces) {
  KeyDecoder decoder;
  EXPECT_TRUE(decoder.feed("\x1b").empty());
  EXPECT_TRUE(decoder.is_waiting());
  EXPECT_TRUE(decoder.feed("[").empty());
  EXPECT_EQ(decoder.feed("A"), (std::vector<Key>{{Kind::up}}));
  EXPECT_FALSE(decoder.is_waiting());
  EXPECT_TRUE(decoder.feed("\xc3").empty());
  EXPECT_EQ(decoder.feed("\xa9"), (std::vector<Key>{{Kind::character, "é"}}));
}

TEST(Keys, ALoneEscapeIsAKeyOnceNothingFollows) {
  KeyDecoder decoder;
  EXPECT_TRUE(decoder.feed("\x1b").empty());
  EXPECT_EQ(decoder.flush(), (std::vector<Key>{{Kind::escape}}));
  EXPECT_FALSE(decoder.is_waiting());
  EXPECT_TRUE(decoder.flush().empty());
  EXPECT_EQ(kinds("\x1bq"), (std::vector{Kind::escape, Kind::character}));
}

TEST(Keys, AnEndlessSequenceIsDropped) {
  KeyDecoder decoder;
  EXPECT_TRUE(decoder.feed("\x1b[" + std::string(1000, '1')).empty());
  EXPECT_FALSE(decoder.is_waiting());
}

}  // namespace
}  // namespace bw::cli
