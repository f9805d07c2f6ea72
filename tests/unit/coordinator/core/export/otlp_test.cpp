#include "coordinator/core/export/otlp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/core/export/protobuf.h"
#include "tests/unit/coordinator/core/export/blocks.h"
#include "tests/unit/coordinator/core/export/messages.h"

namespace bw::coordinator::exporting {
namespace {

using testing::ElementsAre;
using testing::Pair;

std::vector<std::pair<std::string, std::string>> attributes(const Message& of,
                                                            std::uint32_t field) {
  std::vector<std::pair<std::string, std::string>> found;
  for (const Message& one : of.messages(field))
    found.emplace_back(one.text(1), one.message(2).text(1));
  return found;
}

class OtlpTest : public testing::Test {
 protected:
  const Block block_ = make_block({gauge("a", "1")}, {1}, {1});
  const std::vector<std::int64_t> times_ = {2000, 3000};
  const std::vector<double> values_ = {10, 20};
  OtlpEncoder encoder_;
};

TEST_F(OtlpTest, ANodeIsAResource) {
  encoder_.begin_node(block_);
  encoder_.add(gauge("cpu.util", "%"), 0, times_, values_);
  const Message request = Message::parse(encoder_.take());
  ASSERT_TRUE(request.is_whole);
  ASSERT_EQ(request.count(1), 1U);
  EXPECT_THAT(
      attributes(request.message(1).message(1), 1),
      ElementsAre(Pair("service.name", "bellwether-agent"), Pair("service.instance.id", "box-1"),
                  Pair("host.name", "host-1"), Pair("bw.node", "box-1"), Pair("bw.site", "paris")));
  const Message scope = request.message(1).message(2);
  EXPECT_EQ(scope.message(1).text(1), "bellwether");
  const Message metric = scope.message(2);
  EXPECT_EQ(metric.text(1), "bw.cpu.util");
  EXPECT_FALSE(metric.text(2).empty());
  EXPECT_EQ(metric.text(3), "1");
  EXPECT_EQ(metric.count(7), 0U);
  const auto points = metric.message(5).messages(1);
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].number(3), 2'000'000'000U);
  EXPECT_EQ(points[0].real(4), .1);
  EXPECT_EQ(points[0].count(2), 0U);
  EXPECT_EQ(points[1].number(3), 3'000'000'000U);
}

TEST_F(OtlpTest, WhatIsNoTextBecomesText) {
  Block block = block_;
  block.hostname = "a\xff";
  encoder_.begin_node(block);
  encoder_.add(gauge("cpu.util", "%"), 0, times_, values_);
  const Message request = Message::parse(encoder_.take());
  EXPECT_THAT(attributes(request.message(1).message(1), 1),
              testing::Contains(Pair("host.name", "a\xef\xbf\xbd")));
}

TEST_F(OtlpTest, ACounterIsACumulativeMonotonicSumWithItsStart) {
  encoder_.begin_node(block_);
  encoder_.add(counter("net.rx_bytes", "B", {{"interface", "eth0"}}), 1000, times_, values_);
  const Message metric = Message::parse(encoder_.take()).message(1).message(2).message(2);
  EXPECT_EQ(metric.text(3), "By");
  EXPECT_EQ(metric.count(5), 0U);
  const Message sum = metric.message(7);
  EXPECT_EQ(sum.number(2), 2U);
  EXPECT_EQ(sum.number(3), 1U);
  const Message point = sum.messages(1)[0];
  EXPECT_EQ(point.number(2), 1'000'000'000U);
  EXPECT_EQ(point.real(4), 10);
  EXPECT_THAT(attributes(point, 7), ElementsAre(Pair("interface", "eth0")));
}

TEST_F(OtlpTest, AStartThatLiesBehindTheSampleIsLeftOut) {
  encoder_.begin_node(block_);
  encoder_.add(counter("net.rx_bytes", "B"), 2500, times_, values_);
  const auto points =
      Message::parse(encoder_.take()).message(1).message(2).message(2).message(7).messages(1);
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].count(2), 0U);
  EXPECT_EQ(points[1].number(2), 2'500'000'000U);
}

TEST_F(OtlpTest, SeriesOfAMetricShareOneMetricAndNodesDoNot) {
  encoder_.begin_node(block_);
  encoder_.add(gauge("a", "1", {{"x", "1"}}), 0, times_, values_);
  encoder_.add(gauge("a", "1", {{"x", "2"}}), 0, times_, values_);
  encoder_.add(gauge("b", "1"), 0, times_, values_);
  Block other = block_;
  other.node = "box-2";
  encoder_.begin_node(other);
  encoder_.add(gauge("b", "1"), 0, times_, values_);
  encoder_.begin_node(block_);  // adds nothing: nothing remains of it
  const Message request = Message::parse(encoder_.take());
  ASSERT_EQ(request.count(1), 2U);
  const auto first = request.messages(1)[0].message(2).messages(2);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].message(5).count(1), 4U);
  EXPECT_EQ(first[1].message(5).count(1), 2U);
  const auto second = request.messages(1)[1].message(2).messages(2);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].message(5).count(1), 2U);
}

TEST_F(OtlpTest, NothingAddedIsNothingSent) {
  encoder_.begin_node(block_);
  encoder_.add(gauge("a", "1"), 0, {}, {});
  EXPECT_EQ(encoder_.take(), "");
}

TEST(PartialSuccess, TellsHowManyPointsWereRejectedAndWhy) {
  std::string answer;
  ProtobufWriter writer(answer);
  writer.message(1, [&] {
    writer.varint(1, 12);
    writer.bytes(2, "too old");
  });
  const auto partial = read_partial_success(answer);
  ASSERT_TRUE(partial);
  EXPECT_EQ(partial->rejected, 12U);
  EXPECT_EQ(partial->message, "too old");
}

TEST(PartialSuccess, IsNoneWhereNothingIsSaid) {
  EXPECT_FALSE(read_partial_success(""));
  EXPECT_FALSE(read_partial_success("\x0a\x00"));
  EXPECT_FALSE(read_partial_success("{\"partialSuccess\":{}}"));
  EXPECT_FALSE(read_partial_success("\x0a\x05\x08"));
}

}  // namespace
}  // namespace bw::coordinator::exporting
