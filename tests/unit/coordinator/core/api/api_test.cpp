#include "coordinator/core/api/api.h"

#include "tests/unit/coordinator/core/api/harness.h"

namespace bw::coordinator::api {
namespace {

TEST_F(ApiTest, AnswersWhatIsNotThereWithAProblemThatNamesTheNearestPath) {
  const Json problem = problem_of("/api/v1/node", 404);
  EXPECT_EQ(problem["type"], "about:blank");
  EXPECT_EQ(problem["title"], "Not Found");
  EXPECT_EQ(problem["instance"], "/api/v1/node");
  EXPECT_NE(problem["detail"].get<std::string>().find("/api/v1/nodes"), std::string::npos);
  problem_of("/", 404);
  problem_of("/api/v1/nodes/a/b/c", 404);
}

TEST_F(ApiTest, AnswersAnotherMethodWithThoseThatAreAllowed) {
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "get"}) {
    const Response response = get("/api/v1/nodes", method);
    EXPECT_EQ(response.status, 405) << method;
    ASSERT_EQ(response.headers.size(), 1U);
    EXPECT_EQ(response.headers[0].first, "Allow");
    EXPECT_EQ(response.headers[0].second, "GET, HEAD");
  }
  EXPECT_EQ(get("/nowhere", "POST").status, 404);
}

TEST_F(ApiTest, AnswersHeadLikeGet) {
  EXPECT_EQ(get("/healthz", "HEAD").body, get("/healthz").body);
}

TEST_F(ApiTest, RefusesATargetThatIsTooLong) {
  EXPECT_EQ(get("/healthz?" + std::string(kMaxTarget, 'x')).status, 414);
}

TEST_F(ApiTest, RefusesABrokenTarget) {
  EXPECT_EQ(problem_of("/healthz%zz?a=1")["instance"], "/healthz%zz");
}

TEST_F(ApiTest, RefusesUnknownParametersNamingTheNearest) {
  const Json problem = problem_of("/api/v1/query?metrc=a");
  EXPECT_EQ(problem["parameter"], "metrc");
  EXPECT_NE(problem["detail"].get<std::string>().find("'metric'"), std::string::npos);
  EXPECT_EQ(problem_of("/healthz?a=1")["parameter"], "a");
}

TEST_F(ApiTest, RefusesAParameterGivenTwiceUnlessItMayBe) {
  EXPECT_EQ(problem_of("/api/v1/nodes?limit=1&limit=2")["parameter"], "limit");
  get_json("/api/v1/nodes?label=a=1&label=b=2");
}

TEST_F(ApiTest, RefusesARequestWithoutAParameterThatItNeeds) {
  EXPECT_EQ(problem_of("/api/v1/query")["parameter"], "metric");
  EXPECT_EQ(problem_of("/api/v1/query?metric=")["parameter"], "metric");
}

TEST_F(ApiTest, LetsABoundedNumberOfRequestsWaitForTheStore) {
  for (std::size_t i = 0; i < Api::kMaxWaiting; ++i) question<EventQuery>("/api/v1/events");
  const Response response = get("/api/v1/events");
  EXPECT_EQ(response.status, 503);
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(response.headers[0].first, "Retry-After");
  last_id = 1;
  finish(EventResult{});
  last_id = 1000;
  question<EventQuery>("/api/v1/events");
}

TEST_F(ApiTest, AnswersNothingTwice) {
  question<EventQuery>("/api/v1/events");
  finish(EventResult{});
  EXPECT_FALSE(api.finish(last_id, EventResult{}, fleet));
  EXPECT_EQ(api.waiting(), 0U);
}

TEST_F(ApiTest, SaysWhyTheStoreCouldNotAnswer) {
  question<EventQuery>("/api/v1/events?limit=3");
  const Json problem = finish(QueryError{"disk on fire"}, 503);
  EXPECT_EQ(problem["instance"], "/api/v1/events");
  EXPECT_NE(problem["detail"].get<std::string>().find("disk on fire"), std::string::npos);
}

TEST_F(ApiTest, DoesNotTakeAnAnswerForThatToAnotherQuestion) {
  question<EventQuery>("/api/v1/events");
  finish(RangeResult{}, 500);
  question<RangeQuery>("/api/v1/query?metric=a");
  finish(EventResult{}, 500);
}

}  // namespace
}  // namespace bw::coordinator::api
