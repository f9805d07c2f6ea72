#include "coordinator/core/api/problem.h"

#include "tests/unit/coordinator/core/api/harness.h"

namespace bw::coordinator::api {
namespace {

TEST(Problem, IsADocumentAfterRfc9457) {
  const Response response = problem(400, "a \"bad\" one", "/x", "limit");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.content_type, "application/problem+json");
  EXPECT_EQ(Json::parse(response.body), (Json{{"type", "about:blank"},
                                              {"title", "Bad Request"},
                                              {"status", 400},
                                              {"detail", "a \"bad\" one"},
                                              {"instance", "/x"},
                                              {"parameter", "limit"}}));
}

TEST(Problem, NamesNoParameterWhereNoneIsToBlame) {
  EXPECT_FALSE(Json::parse(problem(503, "x", "/x").body).contains("parameter"));
}

TEST(Problem, StaysJsonWhateverWasAskedFor) {
  const Response response = problem(404, "\xff\x01", "/\"\\\n\xc3");
  EXPECT_FALSE(Json::parse(response.body, nullptr, false).is_discarded()) << response.body;
}

TEST(Problem, HasTheTitleOfItsStatus) {
  EXPECT_EQ(title_of(400), "Bad Request");
  EXPECT_EQ(title_of(404), "Not Found");
  EXPECT_EQ(title_of(405), "Method Not Allowed");
  EXPECT_EQ(title_of(414), "URI Too Long");
  EXPECT_EQ(title_of(500), "Internal Server Error");
  EXPECT_EQ(title_of(503), "Service Unavailable");
  EXPECT_EQ(title_of(418), "Error");
}

}  // namespace
}  // namespace bw::coordinator::api
