#include "coordinator/core/api/exposition.h"

#include <limits>

#include <gtest/gtest.h>

namespace bw::coordinator::api {
namespace {

TEST(Exposition, EscapesWhatTheFormatWouldMisread) {
  std::string out;
  append_label(out, '{', "path", "a\\b\"c\nd");
  EXPECT_EQ(out, "{path=\"a\\\\b\\\"c\\nd\"");
  out.clear();
  append_family(out, "m", "gauge", "Says \"hello\",\nthen C:\\.");
  EXPECT_EQ(out, "# HELP m Says \"hello\",\\nthen C:\\\\.\n# TYPE m gauge\n");
}

TEST(Exposition, WhatIsNoTextBecomesText) {
  std::string out;
  append_label(out, '{', "name", "\xff\"");
  EXPECT_EQ(out, "{name=\"\xef\xbf\xbd\\\"\"");
}

TEST(Exposition, ValuesAreTheShortestTextThatReadsBack) {
  std::string out;
  append_value(out, .1);
  append_value(out, 1e21);
  append_value(out, std::numeric_limits<double>::infinity());
  append_value(out, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(out, " 0.1 1e+21 +Inf -Inf");
}

TEST(Exposition, AFloatIsTheNumberThatItsDigitsSay) {
  EXPECT_EQ(shortest(.1F), .1);
  EXPECT_EQ(shortest(16777216.F), 16777216.);
  EXPECT_EQ(shortest(std::numeric_limits<float>::infinity()),
            std::numeric_limits<double>::infinity());
}

TEST(Exposition, SamplesBelongToTheFamilyBefore) {
  Exposition out;
  out.family("a", "counter", "A.");
  out.sample(1);
  out.sample(2, {{"x", "1"}, {"y", "2"}});
  out.single("b", "gauge", "B.", 3);
  EXPECT_EQ(out.take(),
            "# HELP a A.\n# TYPE a counter\na 1\na{x=\"1\",y=\"2\"} 2\n"
            "# HELP b B.\n# TYPE b gauge\nb 3\n");
}

}  // namespace
}  // namespace bw::coordinator::api
