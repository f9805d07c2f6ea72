#include "coordinator/core/export/batch.h"

#include <gtest/gtest.h>

#include "tests/unit/coordinator/core/export/blocks.h"
#include "tests/unit/coordinator/core/export/messages.h"

namespace bw::coordinator::exporting {
namespace {

class ExportBatchTest : public testing::Test {
 protected:
  ExportBatchTest() {
    std::vector<Block> blocks;
    blocks.push_back(make_block({gauge("cpu.util", "%"), counter("net.rx_bytes", "B"),
                                 gauge("sys.uptime", "s"), counter("self.cpu_time", "us")},
                                {100'000, 101'000}, {50, 7, 90, 3, 51, 8, 91, 4}));
    blocks.push_back(make_block({gauge("cpu.util", "%")}, {100'000}, {kNone}, "box-2"));
    blocks.push_back(blocks[0]);
    blocks[2].columns.clear();
    batch_ = Batch(std::move(blocks), {2, 1, 2}, MetricFilter({"!sys.*"}));
  }

  Batch batch_;
  BootTimes boots_;
};

TEST_F(ExportBatchTest, ShapesCountOnlyTheSeriesThatAreSent) {
  const auto shapes = batch_.shapes();
  ASSERT_EQ(shapes.size(), 3U);
  EXPECT_EQ(shapes[0].series, 3U);
  EXPECT_EQ(shapes[0].rows, 2U);
  EXPECT_EQ(shapes[0].end_ms, 101'000);
  EXPECT_EQ(shapes[1].node, "box-2");
}

TEST_F(ExportBatchTest, APieceIsSomeSeriesOfABlock) {
  const Piece pieces[] = {{0, 1, 3, 4}, {1, 0, 1, 1}};
  const auto request = batch_.encode(Protocol::remote_write, 0, pieces, boots_);
  EXPECT_EQ(request.samples, 4U);
  const auto series = Message::parse(request.bytes).messages(1);
  ASSERT_EQ(series.size(), 2U);
  EXPECT_EQ(series[0].messages(1)[0].text(2), "bw_net_rx_bytes_total");
  EXPECT_EQ(series[1].messages(1)[0].text(2), "bw_self_cpu_time_seconds_total");
}

TEST_F(ExportBatchTest, CountersOfTheKernelBeganAtBootAndTheAgentsOwnWithIt) {
  const Piece pieces[] = {{0, 0, 3, 6}};
  const auto request = batch_.encode(Protocol::otlp, 0, pieces, boots_);
  EXPECT_EQ(request.samples, 6U);
  const auto metrics = Message::parse(request.bytes).message(1).message(2).messages(2);
  ASSERT_EQ(metrics.size(), 3U);
  EXPECT_EQ(metrics[0].text(1), "bw.cpu.util");
  EXPECT_EQ(metrics[1].message(7).messages(1)[0].number(2), 10'000'000'000U);  // 101 s less 91 s
  EXPECT_EQ(metrics[2].message(7).messages(1)[0].number(2), 500'000'000U);
}

TEST_F(ExportBatchTest, ABlockThatCannotBeReadAddsNothing) {
  const Piece pieces[] = {{2, 0, 3, 6}};
  EXPECT_EQ(batch_.encode(Protocol::remote_write, 0, pieces, boots_).bytes, "");
  EXPECT_EQ(batch_.encode(Protocol::otlp, 0, pieces, boots_).samples, 0U);
}

TEST(ExportBatch, ABlockWhoseTableIsNotKnownIsLost) {
  std::vector<Block> blocks;
  blocks.push_back(make_block({gauge("cpu.util", "%")}, {100'000}, {1}));
  blocks.push_back(blocks[0]);
  blocks[1].series = nullptr;
  const Batch batch(std::move(blocks), {1, 1}, MetricFilter({"*"}));
  const auto shapes = batch.shapes();
  EXPECT_EQ(shapes[0].series, 1U);
  EXPECT_FALSE(shapes[0].is_lost);
  EXPECT_EQ(shapes[1].series, 0U);
  EXPECT_TRUE(shapes[1].is_lost);
}

}  // namespace
}  // namespace bw::coordinator::exporting
