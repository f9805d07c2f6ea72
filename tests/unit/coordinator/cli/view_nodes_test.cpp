#include "coordinator/cli/view_nodes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bw::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Node box() {
  Node node;
  node.id = "box-1";
  node.site = "paris";
  node.status = "online";
  node.since_ms = 0;
  node.last_seen_ms = 59'000;
  node.labels = {{"role", "gpu"}};
  node.agent_version = "0.1.0";
  node.arch = "x86_64";
  node.os = "Debian 12";
  node.kernel = "6.1";
  node.cpu_model = "EPYC";
  node.cpus = 16;
  node.memory_bytes = 64ULL << 30U;
  node.series = 412;
  node.summary.cpu_util = 12.5;
  node.summary.mem_used_ratio = 0.25;
  node.summary.load1 = 1.5;
  return node;
}

constexpr std::int64_t kNow = 60'000;

TEST(ViewNodes, OneNodeALine) {
  Node other;
  other.id = "b";
  other.status = "silent";
  EXPECT_EQ(nodes_view({box(), other}, {{}, false, kNow}),
            "NODE   SITE   STATUS    CPU    MEM  LOAD    SEEN\n"
            "box-1  paris  online  12.5%  25.0%  1.50  1s ago\n"
            "b      -      silent      -      -     -       -\n");
}

TEST(ViewNodes, WideTellsOfHardwareAndLabels) {
  const std::string text = nodes_view({box()}, {{}, true, kNow});
  EXPECT_THAT(text, HasSubstr("16  64.0 GiB     -     412  0.1.0  x86_64  Debian 12  6.1"));
  EXPECT_THAT(text, HasSubstr("role=gpu"));
}

TEST(ViewNodes, NoNodesAreSaidToBeNone) {
  EXPECT_EQ(nodes_view({}, {}), "no nodes\n");
}

TEST(ViewNodes, ANodeInFullHasItsSections) {
  NodeDetail detail;
  detail.node = box();
  detail.epoch = "42";
  detail.period_ms = 1000;
  detail.capabilities = {"a", "b"};
  detail.node_class = "edge";
  detail.stored = 1000;
  detail.refused = {{"bad_crc", 3}, {"too_big", 0}};
  detail.clock_offset_ms = -12.5;
  const std::string text = node_view(detail, {{}, false, kNow});
  EXPECT_THAT(text, HasSubstr("node\n"
                              "  id              box-1\n"
                              "  site            paris\n"
                              "  status          online\n"));
  EXPECT_THAT(text, HasSubstr("(1s ago)\n  labels          role=gpu\nnow\n"));
  EXPECT_THAT(text, HasSubstr("  cpu             12.5%\n  memory          25.0%\n"));
  EXPECT_THAT(text, HasSubstr("  cpu             16 x EPYC\n  memory          64.0 GiB\n"));
  EXPECT_THAT(text, HasSubstr("  period          1.00 s\n"));
  EXPECT_THAT(text, HasSubstr("  capabilities    a, b\n"));
  EXPECT_THAT(text, HasSubstr("  class           edge\n  model           its own\n"));
  EXPECT_THAT(text, HasSubstr("  stored          1,000\n"));
  EXPECT_THAT(text, HasSubstr("  refused         3 bad_crc\n"));
  EXPECT_THAT(text, HasSubstr("  clock offset    -12.5 ms\n"));
  EXPECT_THAT(text, Not(HasSubstr("epoch")));
  EXPECT_THAT(node_view(detail, {{}, true, kNow}), HasSubstr("  epoch           42\n"));
  detail.model = "edge@3";
  EXPECT_THAT(node_view(detail, {}), HasSubstr("  model           edge@3\n"));
}

TEST(ViewNodes, SeriesAreSortedByNameWithTheirUnits) {
  NodeSeries series;
  series.series = {{"net.rx_bytes", "B/s", "counter", {{"interface", "eth0"}}, 2048.0},
                   {"cpu.util", "%", "gauge", {}, 12.5},
                   {"temp", "C", "gauge", {}, std::nullopt}};
  EXPECT_EQ(series_view(series, {}),
            "SERIES        LABELS               VALUE\n"
            "cpu.util                           12.5%\n"
            "net.rx_bytes  interface=eth0  2.00 KiB/s\n"
            "temp                                   -\n");
  EXPECT_THAT(series_view(series, {{}, true, 0}), HasSubstr("counter  B/s\n"));
  EXPECT_EQ(series_view({}, {}), "no series\n");
}

}  // namespace
}  // namespace bw::cli
