#include "coordinator/core/api/target.h"

#include <gtest/gtest.h>

namespace bw::coordinator::api {
namespace {

using Segments = std::vector<std::string>;

Target target_of(std::string_view text) {
  auto target = parse_target(text);
  EXPECT_TRUE(target) << text;
  return target ? *std::move(target) : Target{};
}

std::string error_of(std::string_view text) {
  const auto target = parse_target(text);
  return target ? "" : target.error().message;
}

TEST(Target, TakesPathAndParametersApart) {
  const Target target = target_of("/api/v1/nodes/a%2Fb?limit=10&label=k%3Dv&label=x=y&flag");
  EXPECT_EQ(target.path, "/api/v1/nodes/a%2Fb");
  EXPECT_EQ(target.segments, (Segments{"api", "v1", "nodes", "a/b"}));
  ASSERT_EQ(target.parameters.size(), 4U);
  EXPECT_EQ(target.parameters[1].second, "k=v");
  EXPECT_EQ(target.parameters[2].second, "x=y");
  EXPECT_EQ(target.parameters[3].first, "flag");
  EXPECT_EQ(target.get("limit"), "10");
}

TEST(Target, GivesNothingForMissingAndEmptyParameters) {
  const Target target = target_of("/a?b=&c");
  EXPECT_EQ(target.get("b"), std::nullopt);
  EXPECT_EQ(target.get("c"), std::nullopt);
  EXPECT_EQ(target.get("d"), std::nullopt);
}

TEST(Target, TakesAPlusForASpaceInParametersOnly) {
  const Target target = target_of("/a+b?c=d+e%2Bf");
  EXPECT_EQ(target.segments, (Segments{"a+b"}));
  EXPECT_EQ(target.get("c"), "d e+f");
}

TEST(Target, IgnoresEmptyParametersAndAFragment) {
  EXPECT_EQ(target_of("/a?&&b=1&#c=2").parameters.size(), 1U);
}

TEST(Target, HasNoSegmentForASlashAtTheEnd) {
  EXPECT_EQ(target_of("/a/").segments, (Segments{"a"}));
  EXPECT_EQ(target_of("/").segments, Segments{});
  EXPECT_EQ(target_of("//a").segments, (Segments{"", "a"}));
}

TEST(Target, RefusesBrokenEscapes) {
  for (const std::string_view bad : {"/%", "/%2", "/%zz", "/a?b=%4", "/a?%=1", "/a?b=%g0"}) {
    EXPECT_NE(error_of(bad).find("hexadecimal"), std::string::npos) << bad;
  }
  EXPECT_EQ(target_of("/%41").segments, (Segments{"A"}));
}

TEST(Target, RefusesZeroBytes) {
  EXPECT_NE(error_of("/a%00b").find("zero byte"), std::string::npos);
  EXPECT_NE(error_of("/a?b=%00").find("zero byte"), std::string::npos);
}

TEST(Target, RefusesAPathThatDoesNotBeginWithASlash) {
  EXPECT_NE(error_of("").find("'/'"), std::string::npos);
  EXPECT_NE(error_of("http://x/").find("'/'"), std::string::npos);
}

TEST(Target, RefusesMoreParametersThanItsBound) {
  std::string text = "/a?";
  for (std::size_t i = 0; i < kMaxParameters; ++i) text += "b=1&";
  EXPECT_TRUE(parse_target(text));
  EXPECT_NE(error_of(text + "b=1").find("parameters"), std::string::npos);
}

}  // namespace
}  // namespace bw::coordinator::api
