#include "coordinator/core/api/parameters.h"

#include "coordinator/core/api/route.h"
#include "tests/unit/coordinator/core/api/harness.h"

namespace bw::coordinator::api {
namespace {

class ParametersTest : public testing::Test {
 protected:
  // Reads `text` as the parameters of a request.
  Parameters& read(const std::string& text) {
    target = *parse_target("/x?" + text);
    in.emplace(target, 1'700'000'000'000);
    return *in;
  }
  // What is wrong: the parameter's name and the detail.
  std::string culprit() {
    const auto response = in->problem();
    return response ? Json::parse(response->body)["parameter"].get<std::string>() : "";
  }
  std::string detail() {
    const auto response = in->problem();
    return response ? Json::parse(response->body)["detail"].get<std::string>() : "";
  }
  Target target;
  std::optional<Parameters> in;
};

TEST_F(ParametersTest, ReadIntegersWithinTheirBounds) {
  EXPECT_EQ(read("n=5").integer("n", 1, 0, 10), 5);
  EXPECT_EQ(read("").integer("n", 1, 0, 10), 1);
  EXPECT_EQ(culprit(), "");
  for (const char* bad : {"11", "-1", "5x", "x", "5.0", "+5", "99999999999999999999", "0x1"}) {
    read(std::string("n=") + bad).integer("n", 1, 0, 10);
    EXPECT_EQ(culprit(), "n") << bad;
  }
}

TEST_F(ParametersTest, ReadOneOfTheChoices) {
  constexpr std::string_view kChoices[] = {"a", "b"};
  EXPECT_EQ(read("c=b").choice("c", kChoices), 1U);
  EXPECT_EQ(read("").choice("c", kChoices), std::nullopt);
  EXPECT_EQ(read("c=d").choice("c", kChoices), std::nullopt);
  EXPECT_EQ(detail(), "'d' is none of a, b");
}

TEST_F(ParametersTest, ReadTimesAndDurations) {
  EXPECT_EQ(read("t=-1s").time("t", "now"), 1'699'999'999'000);
  EXPECT_EQ(read("").time("t", "now"), 1'700'000'000'000);
  EXPECT_EQ(read("d=2s").duration("d"), 2000);
  EXPECT_EQ(read("").duration("d"), std::nullopt);
  read("t=x").time("t", "now");
  EXPECT_EQ(culprit(), "t");
  read("d=x").duration("d");
  EXPECT_EQ(culprit(), "d");
}

TEST_F(ParametersTest, ReadNodesAndNames) {
  EXPECT_EQ(read("n=edge-1").node("n"), "edge-1");
  EXPECT_EQ(read("m=net.rx_bytes").metric("m"), "net.rx_bytes");
  read("n=a%2Fb").node("n");
  EXPECT_NE(detail().find("'/'"), std::string::npos);
  read("m=a%09b").metric("m");
  EXPECT_EQ(culprit(), "m");
  read("m=" + std::string(Parameters::kMaxName + 1, 'a')).metric("m");
  EXPECT_EQ(culprit(), "m");
  read("s=" + std::string(Parameters::kMaxValue + 1, 'a')).text("s");
  EXPECT_EQ(culprit(), "s");
}

TEST_F(ParametersTest, ReadEveryLabelInItsOrder) {
  EXPECT_EQ(read("l=a=1&x=y&l=b=").labels("l"), (std::vector<wire::Label>{{"a", "1"}, {"b", ""}}));
  EXPECT_EQ(culprit(), "");
  read("l=").labels("l");
  EXPECT_EQ(culprit(), "l");
}

TEST_F(ParametersTest, BlameTheFirstThatIsWrong) {
  read("a=x&b=x");
  in->integer("a", 0, 0, 1);
  in->integer("b", 0, 0, 1);
  EXPECT_EQ(culprit(), "a");
}

TEST_F(ParametersTest, QuoteNoMoreThanABitOfWhatWasSent) {
  read("n=" + std::string(4000, 'x')).integer("n", 0, 0, 1);
  EXPECT_LT(detail().size(), 200U);
}

TEST_F(ParametersTest, ExpectOnlyWhatTheRouteKnows) {
  constexpr Parameter kKnown[] = {{"limit", "integer", ""}, {"label", "string", "", false, true}};
  read("limit=1&label=a&label=b").expect_only(kKnown);
  EXPECT_EQ(culprit(), "");
  read("limt=1").expect_only(kKnown);
  EXPECT_EQ(detail(), "there is no parameter 'limt', did you mean 'limit'?");
  read("zzzzzz=1").expect_only(kKnown);
  EXPECT_EQ(detail(), "there is no parameter 'zzzzzz'");
  read("limit=1&limit=1").expect_only(kKnown);
  EXPECT_EQ(detail(), "'limit' can be given once only");
}

TEST_F(ParametersTest, MissWhatTheRouteNeeds) {
  constexpr Parameter kKnown[] = {{"metric", "string", "", true}};
  read("").expect_only(kKnown);
  EXPECT_EQ(detail(), "'metric' is missing");
  read("metric=a").expect_only(kKnown);
  EXPECT_EQ(culprit(), "");
}

}  // namespace
}  // namespace bw::coordinator::api
