#include "coordinator/cli/document.h"

#include <gtest/gtest.h>

namespace bw::cli {
namespace {

TEST(Document, JsonKeepsItsOrder) {
  EXPECT_EQ(pretty_json(R"({"b":1,"a":[true,null]})").value(),
            "{\n  \"b\": 1,\n  \"a\": [\n    true,\n    null\n  ]\n}\n");
}

TEST(Document, JsonOfControlCharactersStaysEscaped) {
  EXPECT_EQ(pretty_json(R"("\u001b[2J\u009b")").value(), "\"\\u001b[2J\\u009b\"\n");
}

TEST(Document, GarbageIsSaidToBeSo) {
  EXPECT_EQ(pretty_json("<html>").error().message, "the answer is not JSON");
  EXPECT_EQ(to_yaml("{").error().message, "the answer is not JSON");
}

TEST(Document, DeepNestingIsRefusedBeforeItIsRead) {
  const std::string deep(100'000, '[');
  EXPECT_FALSE(is_shallow(deep));
  EXPECT_FALSE(to_yaml(deep).has_value());
  EXPECT_TRUE(is_shallow(std::string(kMaxJsonDepth, '[')));
  EXPECT_FALSE(is_shallow(std::string(kMaxJsonDepth + 1, '[')));
  EXPECT_TRUE(is_shallow("\"" + deep + "\\\"" + deep + "\""));
  EXPECT_TRUE(is_shallow("[[],[],[]]"));
}

TEST(Document, YamlHasBlocksOfMembersAndItems) {
  EXPECT_EQ(to_yaml(R"({"nodes":[{"id":"box-1","labels":{"role":"gpu"},"tags":["a","b"]},
                                 {"id":"box-2","labels":{},"tags":[]}],"next":null})")
                .value(),
            "nodes:\n"
            "  - id: box-1\n"
            "    labels:\n"
            "      role: gpu\n"
            "    tags:\n"
            "      - a\n"
            "      - b\n"
            "  - id: box-2\n"
            "    labels: {}\n"
            "    tags: []\n"
            "next: null\n");
}

TEST(Document, YamlQuotesStringsThatItWouldReadAsSomethingElse) {
  EXPECT_EQ(to_yaml(R"({"a":"true","b":"1.5","c":"","d":"x: y","e":"- x","f":"No","g":"~",
                        "h":"2026-01-01","i":"#x","j":"a b","k":"a ","l":"null","m":"x # y"})")
                .value(),
            "a: \"true\"\nb: \"1.5\"\nc: \"\"\nd: \"x: y\"\ne: \"- x\"\nf: \"No\"\ng: \"~\"\n"
            "h: \"2026-01-01\"\ni: \"#x\"\nj: a b\nk: \"a \"\nl: \"null\"\nm: \"x # y\"\n");
}

TEST(Document, YamlEscapesWhatATerminalWouldObey) {
  EXPECT_EQ(to_yaml(R"({"t":"a\nb\u001b","u":"é"})").value(),
            "t: \"a\\nb\\u001b\"\nu: \"\\u00e9\"\n");
}

TEST(Document, YamlOfKeysIsQuotedTooAndNestedListsWork) {
  EXPECT_EQ(to_yaml(R"({"a:b":[[1,2],[3]],"yes":1.5})").value(),
            "\"a:b\":\n  - - 1\n    - 2\n  - - 3\n\"yes\": 1.5\n");
}

TEST(Document, PagesBecomeOneList) {
  EXPECT_EQ(
      merge_pages({R"({"nodes":[{"id":"a"}],"next":"a"})", R"({"nodes":[{"id":"b"}]})"}, "nodes")
          .value(),
      R"({"nodes":[{"id":"a"},{"id":"b"}]})");
}

TEST(Document, APageWithoutTheListIsAnError) {
  EXPECT_EQ(merge_pages({R"({"x":[]})"}, "nodes").error().message,
            "the answer has no list \"nodes\"");
  EXPECT_FALSE(merge_pages({"[]"}, "nodes").has_value());
  EXPECT_FALSE(merge_pages({R"({"nodes":{}})"}, "nodes").has_value());
  EXPECT_FALSE(merge_pages({"x"}, "nodes").has_value());
}

}  // namespace
}  // namespace bw::cli
