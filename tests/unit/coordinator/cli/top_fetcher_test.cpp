#include "coordinator/cli/top_fetcher.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include "tests/unit/coordinator/cli/canned_server.h"

namespace bw::cli {
namespace {

using testing::CannedServer;
using ::testing::HasSubstr;

constexpr const char* kNodes = R"({"nodes":[{"id":"box-1"}],"next":null})";
constexpr const char* kSeries = R"({"series":[{"name":"cpu.util","value":1}]})";

// The next news, however long the machine takes for it.
TopNews next(TopFetcher& fetcher) {
  pollfd ready{fetcher.fd(), POLLIN, 0};
  EXPECT_EQ(poll(&ready, 1, 20'000), 1);
  auto news = fetcher.take();
  EXPECT_TRUE(news.has_value());
  return news.value_or(TopNews{});
}

TEST(TopFetcher, BringsTheNodesAgainAndAgain) {
  CannedServer server;
  server.answer("/api/v1/nodes", kNodes);
  TopFetcher fetcher(server.url());
  const TopNews news = next(fetcher);
  ASSERT_EQ(news.nodes.size(), 1U);
  EXPECT_EQ(news.trouble, "");
  EXPECT_GT(news.when_ms, 0);
  EXPECT_EQ(next(fetcher).nodes.size(), 1U);
}

TEST(TopFetcher, NewsIsTakenOnce) {
  CannedServer server;
  server.answer("/api/v1/nodes", kNodes);
  TopFetcher fetcher(server.url());
  next(fetcher);
  EXPECT_FALSE(fetcher.take().has_value());
}

TEST(TopFetcher, BringsTheSeriesOfTheNodeThatIsWanted) {
  CannedServer server;
  server.answer("/api/v1/nodes", kNodes);
  server.answer("/api/v1/nodes/box-1/series", kSeries);
  TopFetcher fetcher(server.url());
  EXPECT_EQ(next(fetcher).series.node, "");
  fetcher.want_series("box-1");
  TopNews news = next(fetcher);
  EXPECT_EQ(news.series.node, "box-1");
  EXPECT_EQ(news.series.series.size(), 1U);
}

TEST(TopFetcher, SeriesThatFailLeaveTheNodes) {
  CannedServer server;
  server.answer("/api/v1/nodes", kNodes);
  HttpClient http;
  ApiClient api(server.url(), http);
  const TopNews missing = TopFetcher::fetch(api, "box-1");
  EXPECT_EQ(missing.nodes.size(), 1U);
  EXPECT_THAT(missing.series_trouble, HasSubstr("nothing is here"));
  server.answer("/api/v1/nodes/box-1/series", "garbage");
  EXPECT_THAT(TopFetcher::fetch(api, "box-1").series_trouble, HasSubstr("not JSON"));
}

TEST(TopFetcher, ATroubleIsNewsToo) {
  TopFetcher fetcher(testing::unused_url());
  EXPECT_THAT(next(fetcher).trouble, HasSubstr("no coordinator answers"));
}

TEST(TopFetcher, EndsWhileAnAnswerIsOutstanding) {
  CannedServer server;
  server.stay_silent("/api/v1/nodes");
  TopFetcher fetcher(server.url());
  while (server.targets().empty()) std::this_thread::yield();
}

}  // namespace
}  // namespace bw::cli
