#include "coordinator/cli/json_reader.h"

#include <gtest/gtest.h>

namespace bw::cli {
namespace {

// What `read` says of a document, "ok" where nothing is wrong.
std::string trouble(std::string_view json, const std::function<void(JsonReader&)>& read) {
  const auto done = read_json(json, read);
  return done ? "ok" : done.error().message;
}

TEST(JsonReader, ReadsMembersOfEachKind) {
  const auto done = read_json(
      R"({"t":"x","i":18446744073709551615,"j":"7","n":1.5,"c":3,"f":true,
          "at":"1970-01-01T00:00:01Z","ms":5,"l":{"a":"b","n":1},"w":["u",1,"v"],"k":{"x":2},
          "p":[[1,2.5],[2,null]],"o":{"in":"side"}})",
      [](JsonReader& in) {
        EXPECT_TRUE(in.has("t"));
        EXPECT_FALSE(in.has("u"));
        EXPECT_EQ(in.text("t"), "x");
        EXPECT_EQ(in.id("i"), "18446744073709551615");
        EXPECT_EQ(in.id("j"), "7");
        EXPECT_EQ(in.number("n"), 1.5);
        EXPECT_EQ(in.count("c"), 3U);
        EXPECT_TRUE(in.flag("f"));
        EXPECT_EQ(in.time("at"), 1000);
        EXPECT_EQ(in.time("ms"), 5);
        EXPECT_EQ(in.labels("l"), (Labels{{"a", "b"}, {"n", "1"}}));
        EXPECT_EQ(in.texts("w"), (std::vector<std::string>{"u", "v"}));
        EXPECT_EQ(in.counts("k")[0].second, 2U);
        EXPECT_EQ(in.points("p")[0].value, 2.5);
        EXPECT_EQ(in.points("p")[1].value, std::nullopt);
        EXPECT_EQ(in.object("o").text("in"), "side");
      });
  EXPECT_TRUE(done) << done.error().message;
}

TEST(JsonReader, WhatIsMissingOrNullIsUnknown) {
  EXPECT_EQ(trouble(R"({"n":null})",
                    [](JsonReader& in) {
                      EXPECT_FALSE(in.has("n"));
                      EXPECT_EQ(in.text("n"), "");
                      EXPECT_EQ(in.id("n"), "");
                      EXPECT_EQ(in.number("n"), std::nullopt);
                      EXPECT_EQ(in.count("x"), std::nullopt);
                      EXPECT_FALSE(in.flag("n"));
                      EXPECT_EQ(in.time("n"), std::nullopt);
                      EXPECT_TRUE(in.labels("n").empty());
                      EXPECT_TRUE(in.texts("n").empty());
                      EXPECT_TRUE(in.counts("n").empty());
                      EXPECT_EQ(in.object("n").text("x"), "");
                      in.list("n", false, [](const JsonReader&) { FAIL(); });
                    }),
            "ok");
}

TEST(JsonReader, TheFirstMemberOfAWrongTypeIsNamedWithItsPlace) {
  const std::string whole = "the answer is not the coordinator's: ";
  EXPECT_EQ(trouble(R"({"t":1,"n":"x"})",
                    [](JsonReader& in) {
                      in.text("t");
                      in.number("n");
                    }),
            whole + "t is not a string");
  EXPECT_EQ(trouble(R"({"l":[{"n":1},{"n":"x"}]})",
                    [](JsonReader& in) {
                      in.list("l", true, [](JsonReader item) { item.number("n"); });
                    }),
            whole + "l[1].n is not a number");
  EXPECT_EQ(trouble(R"({"o":{"c":-1}})", [](JsonReader& in) { in.object("o").count("c"); }),
            whole + "o.c is not a count");
  EXPECT_EQ(trouble("{}", [](JsonReader& in) { in.require("x"); }), whole + "x is not given");
  EXPECT_EQ(trouble("{}", [](JsonReader& in) { in.list("x", true, [](const JsonReader&) {}); }),
            whole + "x is not a list");
  EXPECT_EQ(trouble("{}", [](JsonReader& in) { in.points("x"); }), whole + "x is not a list");
  EXPECT_EQ(trouble("[]", [](JsonReader&) {}), whole + "it is not an object");
}

TEST(JsonReader, EachKindOfMemberKnowsWhatItIsNot) {
  const char* json = R"({"a":[1],"o":{},"s":"x","p":[[1]]})";
  const std::pair<const char*, std::function<void(JsonReader&)>> cases[] = {
      {"true or false", [](JsonReader& in) { in.flag("s"); }},
      {"a time", [](JsonReader& in) { in.time("s"); }},
      {"an object", [](JsonReader& in) { in.labels("a"); }},
      {"an object", [](JsonReader& in) { in.counts("a"); }},
      {"an object", [](JsonReader& in) { in.object("s"); }},
      {"a list", [](JsonReader& in) { in.texts("o"); }},
      {"a list", [](JsonReader& in) { in.list("o", false, [](const JsonReader&) {}); }},
      {"a list of [time, value]", [](JsonReader& in) { in.points("p"); }}};
  for (const auto& [expected, read] : cases) {
    EXPECT_NE(trouble(json, read).find(std::string(" is not ") + expected), std::string::npos)
        << trouble(json, read);
  }
}

TEST(JsonReader, WhatIsNoJsonOrTooDeepIsRefused) {
  EXPECT_EQ(trouble("<html>", [](JsonReader&) {}),
            "the answer is not JSON: is this a coordinator?");
  EXPECT_EQ(trouble(std::string(1000, '['), [](JsonReader&) {}),
            "the answer nests too deep to be the coordinator's");
}

}  // namespace
}  // namespace bw::cli
