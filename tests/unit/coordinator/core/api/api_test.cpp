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

TEST_F(ApiTest, ChangesNothingForAPageOfAnotherOrigin) {
  Request request{"POST", "/api/v1/nodes/n1/train"};
  request.host = "192.0.2.7:8420";
  const auto status = [&] {
    const Answer answer = api.handle(++last_id, request, fleet, service);
    const auto* const response = std::get_if<Response>(&answer);
    return response == nullptr ? 0 : response->status;
  };
  EXPECT_EQ(status(), 0) << "a program";
  for (const char* own : {"http://192.0.2.7:8420", "https://192.0.2.7:8420"}) {
    request.origin = own;
    EXPECT_EQ(status(), 0) << own;
  }
  for (const char* other : {"http://evil.example", "http://192.0.2.7", "http://192.0.2.7:8421",
                            "null", "http://192.0.2.7:8420.evil.example", "192.0.2.7:8420"}) {
    request.origin = other;
    EXPECT_EQ(status(), 403) << other;
  }
  request.origin = "http://192.0.2.7:8420";
  request.host = "";
  EXPECT_EQ(status(), 403);
  request.host = "192.0.2.7:8420";
  request.origin = "";
  for (const char* site : {"cross-site", "same-site", "else"}) {
    request.fetch_site = site;
    EXPECT_EQ(status(), 403) << site;
  }
  for (const char* site : {"same-origin", "none"}) {
    request.fetch_site = site;
    EXPECT_EQ(status(), 0) << site;
  }
  // Reading is as it was: what a page of another origin may not see, its browser keeps from it.
  Request reading{"GET", "/healthz"};
  reading.origin = "http://evil.example";
  reading.fetch_site = "cross-site";
  EXPECT_EQ(std::get<Response>(api.handle(++last_id, reading, fleet, service)).status, 200);
}

TEST_F(ApiTest, ChangesNothingForAPageThatReachedItByAName) {
  Request request{"POST", "/api/v1/nodes/n1/train"};
  const auto status = [&](const std::string& host) {
    request.host = host;
    request.origin = "http://" + host;
    request.fetch_site = "same-origin";
    const Answer answer = api.handle(++last_id, request, fleet, service);
    const auto* const response = std::get_if<Response>(&answer);
    return response == nullptr ? 0 : response->status;
  };
  for (const char* host : {"localhost:8420", "LOCALHOST", "127.0.0.1:8420", "[::1]:8420"}) {
    EXPECT_EQ(status(host), 0) << host;
  }
  // Each may be made to lead to our address, and its pages are of the same origin then.
  for (const char* host : {"evil.example:8420", "box", "localhost.evil.example", "127.0.0.1.evil",
                           "127.0.0", "1.2.3.4.5", "1..2.3", "1234.1.1.1", ""}) {
    EXPECT_EQ(status(host), 403) << host;
  }
  request.origin.clear();
  request.host = "evil.example";
  const Answer answer = api.handle(++last_id, request, fleet, service);
  EXPECT_EQ(std::get<Response>(answer).status, 403) << "a browser that tells no origin";
}

TEST_F(ApiTest, TakesABodyOnlyWhereOneIsMeant) {
  const Request request{"POST", "/api/v1/nodes/n1/train", "something"};
  const auto answer = api.handle(1, request, fleet, service);
  EXPECT_EQ(std::get<Response>(answer).status, 400);
}

TEST_F(ApiTest, AnswersARequestOnceItIsDone) {
  wanted<RemoveRequest>("/api/v1/models/edge@1", "DELETE");
  EXPECT_FALSE(api.finish(last_id, EventResult{}, fleet)) << "the store was not asked";
  const Response response = done(RequestRefused{409, "it runs on n1"});
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(Json::parse(response.body)["instance"], "/api/v1/models/edge@1");
  EXPECT_FALSE(api.finish_request(last_id, ModelRemoved{"edge@1"}));
  question<EventQuery>("/api/v1/events");
  EXPECT_FALSE(api.finish_request(last_id, ModelRemoved{"edge@1"}));
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
