// OTLP/HTTP to a collector of the test's own, which reads what it is sent by a parser of its own,
// and is in trouble now and then.
#include <set>

#include <gtest/gtest.h>

#include "tests/integration/harness.h"
#include "tests/integration/told_history.h"
#include "tests/unit/coordinator/core/export/messages.h"
#include "tests/unit/coordinator/shell/receiver.h"

namespace bw::integration {
namespace {

using coordinator::Receiver;
using coordinator::exporting::Message;
using std::chrono::seconds;

// Every data point of every request that was taken, as "node metric interface time value".
std::multiset<std::string> points_of(const std::vector<Receiver::Post>& posts,
                                     std::size_t refused) {
  std::multiset<std::string> points;
  for (std::size_t i = refused; i < posts.size(); ++i) {
    const Message request = Message::parse(posts[i].body);
    EXPECT_TRUE(request.is_whole);
    for (const Message& resource : request.messages(1)) {
      std::string node;
      for (const Message& attribute : resource.message(1).messages(1)) {
        if (attribute.text(1) == "bw.node") node = attribute.message(2).text(1);
      }
      for (const Message& metric : resource.message(2).messages(2)) {
        const bool is_sum = metric.count(7) > 0;
        if (is_sum) {
          EXPECT_EQ(metric.message(7).number(2), 2U);
          EXPECT_EQ(metric.message(7).number(3), 1U);
        }
        for (const Message& point : metric.message(is_sum ? 7 : 5).messages(1)) {
          points.insert(node + " " + metric.text(1) + " " + point.message(7).message(2).text(1) +
                        " " + std::to_string(point.number(3) / 1'000'000) + " " +
                        std::to_string(point.real(4)));
        }
      }
    }
  }
  return points;
}

TEST(HistoryReachesACollectorTest, EverySampleComesOnceAlthoughItWasInTrouble) {
  Site site;
  Receiver collector;
  collector.answer_next({503, "", "Retry-After: 1\r\n"});
  collector.answer_next({429, "slowly", ""});
  site.start_broker();
  const std::string key = "export.otlp.collector.";
  site.start_coordinator({"--set", key + "url=" + collector.url("/v1/metrics"), "--set",
                          key + "interval_s=1", "--set", key + "compress=false", "--set",
                          key + "backfill=true"});
  ASSERT_TRUE(eventually(seconds{20}, [&] { return site.metric("bw_broker_connected") == 1; }))
      << site.coordinator.log();
  Publisher publisher(site.broker_port);
  const ToldHistory told;
  told.announce(publisher);
  for (int minute = 0; minute < 3; ++minute) told.tell(publisher, minute);
  const std::string taken = "bw_export_samples_total{target=\"otlp/collector\"}";
  ASSERT_TRUE(eventually(seconds{60}, [&] { return site.metric(taken) >= 1080; }))
      << site.coordinator.log();
  EXPECT_EQ(site.metric("bw_export_retries_total{target=\"otlp/collector\"}"), 2);

  std::multiset<std::string> expected;
  for (int node = 0; node < ToldHistory::kNodes; ++node) {
    for (int series = 0; series < ToldHistory::kSeries; ++series) {
      for (int second = 0; second < 180; ++second) {
        const double value = ToldHistory::value(node, series, second);
        const std::string metric = series == 0 ? "bw.cpu.util " : "bw.net.rx_bytes eth";
        expected.insert(ToldHistory::node(node) + " " + metric +
                        (series == 0 ? "" : std::to_string(series - 1)) + " " +
                        std::to_string(told.begin_ms() + second * 1000) + " " +
                        std::to_string(series == 0 ? value / 100 : value));
      }
    }
  }
  EXPECT_EQ(points_of(collector.posts(), 2), expected);
}

}  // namespace
}  // namespace bw::integration
