#include "coordinator/core/export/remote_write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/coordinator/core/export/blocks.h"
#include "tests/unit/coordinator/core/export/messages.h"

namespace bw::coordinator::exporting {
namespace {

using testing::ElementsAre;
using testing::Pair;

std::vector<std::pair<std::string, std::string>> labels_of(const Message& series) {
  std::vector<std::pair<std::string, std::string>> labels;
  for (const Message& label : series.messages(1)) labels.emplace_back(label.text(1), label.text(2));
  return labels;
}

TEST(RemoteWrite, ASeriesHasItsLabelsSortedAndItsSamplesInMilliseconds) {
  const Block block = make_block({gauge("a", "1")}, {1}, {1});
  RemoteWriteEncoder encoder;
  const std::vector<std::int64_t> times = {1'700'000'000'000, 1'700'000'001'000};
  const std::vector<double> values = {1500, 2500};
  encoder.add(block, counter("disk.read_time", "ms", {{"device", "sda"}}), times, values);
  const Message request = Message::parse(encoder.take());
  ASSERT_TRUE(request.is_whole);
  ASSERT_EQ(request.count(1), 1U);
  const Message series = request.message(1);
  EXPECT_THAT(labels_of(series),
              ElementsAre(Pair("__name__", "bw_disk_read_time_seconds_total"),
                          Pair("device", "sda"), Pair("node", "box-1"), Pair("site", "paris")));
  const auto samples = series.messages(2);
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].real(1), 1.5);
  EXPECT_EQ(samples[0].number(2), 1'700'000'000'000U);
  EXPECT_EQ(samples[1].real(1), 2.5);
  EXPECT_EQ(samples[1].number(2), 1'700'000'001'000U);
}

TEST(RemoteWrite, LabelsOfOursAreNotTakenByTheSeries) {
  Block block = make_block({gauge("a", "1")}, {1}, {1});
  block.site.clear();
  RemoteWriteEncoder encoder;
  const std::vector<std::int64_t> times = {1};
  const std::vector<double> values = {1};
  encoder.add(block,
              gauge("mem.free", "B",
                    {{"node", "0"},
                     {"exported_node", "x"},
                     {"__name__", "y"},
                     {"k8s.io/a", "z\xff"},
                     {"empty", ""}}),
              times, values);
  EXPECT_THAT(labels_of(Message::parse(encoder.take()).message(1)),
              ElementsAre(Pair("__name__", "bw_mem_free_bytes"), Pair("exported___name__", "y"),
                          Pair("exported_exported_node", "x"), Pair("exported_node", "0"),
                          Pair("k8s_io_a", "z\xef\xbf\xbd"), Pair("node", "box-1")));
}

TEST(RemoteWrite, ASeriesWithoutSamplesIsLeftOut) {
  const Block block = make_block({gauge("a", "1")}, {1}, {1});
  RemoteWriteEncoder encoder;
  encoder.add(block, gauge("a", "1"), {}, {});
  EXPECT_EQ(encoder.bytes(), 0U);
  EXPECT_EQ(encoder.take(), "");
}

TEST(RemoteWrite, MetadataTellsTypeAndHelpOfEveryMetricAdmitted) {
  RemoteWriteEncoder encoder;
  encoder.add_metadata(MetricFilter({"cpu.util", "cpu.user"}));
  const Message request = Message::parse(encoder.take());
  EXPECT_EQ(request.count(1), 0U);
  const auto metadata = request.messages(3);
  ASSERT_EQ(metadata.size(), 2U);
  EXPECT_EQ(metadata[0].text(2), "bw_cpu_util_ratio");
  EXPECT_EQ(metadata[0].number(1), 2U);
  EXPECT_FALSE(metadata[0].text(4).empty());
  EXPECT_EQ(metadata[1].text(2), "bw_cpu_user_seconds_total");
  EXPECT_EQ(metadata[1].number(1), 1U);
}

}  // namespace
}  // namespace bw::coordinator::exporting
