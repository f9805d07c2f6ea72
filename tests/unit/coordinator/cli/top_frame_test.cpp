#include "coordinator/cli/top_frame.h"

#include <cstdlib>
#include <ctime>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coordinator/cli/display.h"

namespace bw::cli {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TopModel model() {
  setenv("TZ", "UTC", 1);
  tzset();
  TopModel made;
  made.url = "http://c:8420";
  made.has_nodes = true;
  made.now_ms = 60'000;
  made.fetched_ms = 60'000;
  for (const char* id : {"box-1", "box-2", "box-3"}) {
    Node node;
    node.id = id;
    node.status = made.nodes.size() == 2 ? "silent" : "online";
    node.last_seen_ms = 59'000;
    node.os = "Debian 12";
    node.arch = "x86_64";
    node.cpus = 4;
    node.cpu_model = "EPYC";
    node.memory_bytes = 1ULL << 30U;
    node.summary.cpu_util = 10.0 * static_cast<double>(made.nodes.size() + 1);
    made.nodes.push_back(node);
  }
  return made;
}

std::vector<std::string> plain(const TopModel& made, TopState state, TopSize size) {
  settle(state, made, size);
  auto lines = top_frame(made, state, size, {});
  for (std::string& line : lines) line = without_trailing_spaces(line);
  return lines;
}

TEST(TopFrame, TheListReadsLikeThis) {
  EXPECT_THAT(plain(model(), {}, {52, 9}),
              ElementsAre("bellwether top  http://c:8420               00:01:00",
                          "3 nodes: 2 online, 1 silent", "",
                          "NODE      STATUS      CPUv     MEM    LOAD     SEEN",
                          "box-2     online     20.0%       -       -       1s",
                          "box-1     online     10.0%       -       -       1s",
                          "box-3     silent     30.0%       -       -       1s", "",
                          "q leave  Enter node  r turn round  sort: c cpu"));
}

TEST(TopFrame, AShortScreenSaysWhichNodesItShows) {
  const auto lines = plain(model(), {}, {60, 7});
  EXPECT_EQ(lines.size(), 7U);
  EXPECT_THAT(lines[1], HasSubstr("1-2 of 3"));
}

TEST(TopFrame, BeforeTheFirstAnswerItSaysSo) {
  TopModel made;
  made.url = "http://c:8420";
  EXPECT_THAT(plain(made, {}, {80, 10}), Contains("waiting for the first answer"));
}

TEST(TopFrame, ATroubleIsOneLineAndTheLastNodesStay) {
  TopModel made = model();
  made.trouble = "no coordinator answers at http://c:8420: refused\n  Is it running?";
  made.now_ms += 12'000;
  const auto lines = plain(made, {}, {120, 10});
  EXPECT_EQ(lines[2],
            "trying again (last answer 12s ago): no coordinator answers at http://c:8420: refused");
  EXPECT_THAT(lines, Contains(StartsWith("box-2")));
}

TopState detail_of(const std::string& id) {
  TopState state;
  state.detail = true;
  state.selected = id;
  return state;
}

TopModel with_series() {
  TopModel made = model();
  made.series.node = "box-2";
  made.series.series = {{"cpu.util", "%", "gauge", {{"cpu", "0"}}, 50.0},
                        {"net.rx_bytes", "B/s", "counter", {}, 2048.0},
                        {"evil\x1b[2J", "", "gauge", {}, 1.0}};
  return made;
}

TEST(TopFrame, OneNodeReadsLikeThis) {
  EXPECT_THAT(
      plain(with_series(), detail_of("box-2"), {70, 14}),
      ElementsAre(StartsWith("bellwether top  http://c:8420"), "box-2  online  seen 1s ago",
                  "Debian 12  x86_64  4 x EPYC  1.00 GiB", "", StartsWith("NEWEST VALUES"), "cpu",
                  "  cpu.util      cpu=0       50.0%  ##########..........", "evil\\x1b[2J",
                  "  evil\\x1b[2J                   1", "net", "  net.rx_bytes         2.00 KiB/s",
                  "", "", "q back  / filter  up, down, page up, page down  Ctrl-C leave"));
}

TEST(TopFrame, TheFilterIsShownWhileItIsTyped) {
  TopState state = detail_of("box-2");
  state.filter = "net";
  state.typing = true;
  const auto lines = plain(with_series(), state, {70, 12});
  EXPECT_THAT(lines[4], StartsWith("NEWEST VALUES  with 'net_'"));
  EXPECT_THAT(lines[4], HasSubstr("2 of 2"));
  EXPECT_THAT(lines.back(), HasSubstr("Esc no filter"));
}

TEST(TopFrame, ANodeThatIsGoneIsSaidToBe) {
  EXPECT_THAT(plain(model(), detail_of("box-9"), {70, 12})[1], HasSubstr("is no longer there"));
}

TEST(TopFrame, SeriesThatCanNotBeHadSayWhy) {
  TopModel made = model();
  EXPECT_THAT(plain(made, detail_of("box-1"), {70, 12})[4], HasSubstr("asking"));
  made.series_trouble = "Not Found: no such node";
  EXPECT_THAT(plain(made, detail_of("box-1"), {120, 12})[3],
              "trying again (last answer 0s ago): Not Found: no such node");
}

TEST(TopFrame, EverySizeIsKept) {
  TopModel made = with_series();
  made.trouble = std::string(300, 'x');
  made.nodes[0].id = std::string(64, 'y');
  for (const bool detail : {false, true}) {
    for (std::size_t rows = 0; rows <= 12; ++rows) {
      for (const std::size_t columns : {1U, 2U, 7U, 20U, 60U, 100U, 300U}) {
        TopState state = detail ? detail_of("box-2") : TopState{};
        settle(state, made, {columns, rows});
        const auto lines = top_frame(made, state, {columns, rows}, {true, true});
        EXPECT_LE(lines.size(), rows);
        for (const std::string& line : lines) EXPECT_LE(display_width(line), columns) << line;
      }
    }
  }
}

TEST(TopFrame, OnceIsPlainTextWithAllNodes) {
  EXPECT_EQ(top_once(model(), SortKey::name, 52, false),
            "bellwether top  http://c:8420               00:01:00\n"
            "3 nodes: 2 online, 1 silent\n"
            "\n"
            "NODE^     STATUS       CPU     MEM    LOAD     SEEN\n"
            "box-1     online     10.0%       -       -       1s\n"
            "box-2     online     20.0%       -       -       1s\n"
            "box-3     silent     30.0%       -       -       1s\n");
}

}  // namespace
}  // namespace bw::cli
