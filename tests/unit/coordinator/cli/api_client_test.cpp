#include "coordinator/cli/api_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/coordinator/cli/canned_server.h"

namespace bw::cli {
namespace {

using testing::CannedServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::unused_url;

class ApiClientTest : public ::testing::Test {
 protected:
  CannedServer server_;
  HttpClient http_;
  ApiClient api_{server_.url() + "/", http_};
};

TEST_F(ApiClientTest, ParametersAreEscapedAndEmptyOnesLeftOut) {
  server_.answer("/api/v1/events", "{}");
  EXPECT_TRUE(api_.get("/api/v1/events", {{"node", "a b"}, {"kind", ""}, {"limit", "5"}}).ok());
  EXPECT_THAT(server_.targets(), ElementsAre("/api/v1/events?node=a%20b&limit=5"));
}

TEST_F(ApiClientTest, WhatIsAcceptedOrMadeIsAnAnswerToo) {
  server_.answer("POST /api/v1/x", "{}", 202);
  EXPECT_TRUE(api_.send("POST", "/api/v1/x", {{"a", "b"}}, "body").ok());
  EXPECT_THAT(server_.targets(), ElementsAre("/api/v1/x?a=b"));
  EXPECT_EQ(server_.last_body(), "body");
  server_.answer("POST /api/v1/x", R"({"title":"Conflict","detail":"not now"})", 409);
  const Answer refused = api_.send("POST", "/api/v1/x");
  EXPECT_FALSE(refused.ok());
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.error, HasSubstr("not now"));
}

TEST_F(ApiClientTest, PagesAreFollowedToTheEnd) {
  server_.answer("/api/v1/nodes?site=paris&limit=1000", R"({"nodes":[{"id":"a"}],"next":"a"})");
  server_.answer("/api/v1/nodes?site=paris&limit=1000&after=a",
                 R"({"nodes":[{"id":"b"}],"next":"b"})");
  server_.answer("/api/v1/nodes?site=paris&limit=1000&after=b",
                 R"({"nodes":[{"id":"c"}],"next":null})");
  const auto nodes = api_.nodes({{"site", "paris"}});
  ASSERT_TRUE(nodes.has_value()) << nodes.error().message;
  ASSERT_EQ(nodes.value().size(), 3U);
  EXPECT_EQ(nodes.value()[2].id, "c");
  EXPECT_EQ(api_.node_pages({{"site", "paris"}}).value().size(), 3U);
}

TEST_F(ApiClientTest, APageThatFailsFailsTheList) {
  server_.answer("/api/v1/nodes", R"({"nodes":[{"id":"a"}],"next":"a"})");
  server_.answer("/api/v1/nodes?limit=1000&after=a", "garbage");
  EXPECT_THAT(api_.nodes({}).error().message, HasSubstr("the answer is not JSON"));
  server_.answer("/api/v1/nodes?limit=1000&after=a", R"({"title":"Busy"})", 503);
  EXPECT_EQ(api_.nodes({}).error().message, "Busy");
  EXPECT_EQ(api_.node_pages({}).error().message, "Busy");
}

TEST_F(ApiClientTest, PagesInACircleEnd) {
  server_.answer("/api/v1/nodes", R"({"nodes":[],"next":"a"})");
  EXPECT_THAT(api_.nodes({}).error().message, HasSubstr("in a circle"));
}

TEST_F(ApiClientTest, AProblemDocumentIsTitleAndDetail) {
  server_.answer("/x", R"({"title":"Bad Request","detail":"step \u001b is 0"})", 400,
                 "application/problem+json");
  const Answer answer = api_.get("/x");
  EXPECT_FALSE(answer.ok());
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.error, "Bad Request: step \\x1b is 0");
}

TEST_F(ApiClientTest, AnErrorThatIsNoProblemDocumentNamesItsStatus) {
  server_.answer("/x", "<html>", 502, "text/html");
  EXPECT_EQ(api_.get("/x").error, server_.url() +
                                      " answered /x with HTTP status 502, not as a coordinator "
                                      "does: is this one?");
}

TEST_F(ApiClientTest, ACutAnswerSaysSo) {
  server_.answer_raw("/x", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{");
  EXPECT_EQ(api_.get("/x").error,
            "the coordinator at " + server_.url() + " gave no answer: its answer was cut short");
}

TEST(ApiClient, AnUnreachableCoordinatorSaysWhatToDo) {
  HttpClient http;
  const std::string url = unused_url();
  ApiClient api(url, http);
  const Answer answer = api.get("/x");
  EXPECT_EQ(answer.status, 0);
  EXPECT_THAT(answer.error, HasSubstr("no coordinator answers at " + url));
  EXPECT_THAT(answer.error, HasSubstr("Is it running there?"));
  EXPECT_THAT(answer.error, HasSubstr("--url or BELLWETHER_URL"));
}

TEST(ApiClient, AnAddressNeedsItsScheme) {
  EXPECT_TRUE(check_base_url("http://127.0.0.1:8420").has_value());
  EXPECT_TRUE(check_base_url("https://c.example/bw/").has_value());
  EXPECT_EQ(check_base_url("c:8420").error().message,
            "'c:8420' is no address of a coordinator: write http://c:8420");
  for (const char* url : {"", "ftp://c", "http://", "http:///x", "http://c?x", "http://a b",
                          "http://c#x", "http://c\n"}) {
    EXPECT_THAT(check_base_url(url).error().message, HasSubstr("write http://host:8420")) << url;
  }
}

}  // namespace
}  // namespace bw::cli
