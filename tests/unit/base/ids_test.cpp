#include "base/ids.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace bw {
namespace {

TEST(NodeId, TakesLettersDigitsDotsUnderscoresAndHyphens) {
  for (const char* text : {"a", "7", "box-3.shop_12", "A.b", "0", "n--", "x..."}) {
    const auto id = NodeId::parse(text);
    ASSERT_TRUE(id) << text << ": " << id.error().message;
    EXPECT_EQ(id->str(), text);
  }
}

TEST(NodeId, TakesSixtyFourCharactersButNotOneMore) {
  EXPECT_TRUE(NodeId::parse(std::string(64, 'x')));
  EXPECT_EQ(NodeId::parse(std::string(65, 'x')).error().message,
            "a node id has at most 64 characters, this one has 65");
  EXPECT_FALSE(NodeId::parse(std::string(300, 'x')));
}

TEST(NodeId, SaysWhichRuleIsBroken) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "a node id must not be empty"},
      {"a/b", "a node id may contain A-Z a-z 0-9 . _ - only, this one contains '/'"},
      {"a+", "a node id may contain A-Z a-z 0-9 . _ - only, this one contains '+'"},
      {"#", "a node id may contain A-Z a-z 0-9 . _ - only, this one contains '#'"},
      {"my box", "a node id may contain A-Z a-z 0-9 . _ - only, this one contains a space"},
      {std::string("a\0b", 3),
       "a node id may contain A-Z a-z 0-9 . _ - only, this one contains the byte 0x00"},
      {"b\xc3\xbcro",
       "a node id may contain A-Z a-z 0-9 . _ - only, this one contains the byte 0xc3"},
      {".hidden", "a node id begins with a letter or a digit"},
      {"-x", "a node id begins with a letter or a digit"},
      {"$SYS", "a node id may contain A-Z a-z 0-9 . _ - only, this one contains '$'"},
  };
  for (const auto& [text, reason] : cases) {
    const auto id = NodeId::parse(text);
    ASSERT_FALSE(id) << text;
    EXPECT_EQ(id.error().message, reason);
  }
}

TEST(NodeId, OrdersByItsText) {
  EXPECT_LT(*NodeId::parse("a"), *NodeId::parse("b"));
  EXPECT_EQ(*NodeId::parse("a"), *NodeId::parse("a"));
}

}  // namespace
}  // namespace bw
