#include "coordinator/cli/top_columns.h"

#include <gtest/gtest.h>

namespace bw::cli {
namespace {

Node box() {
  Node node;
  node.id = "box-1";
  node.site = "paris";
  node.status = "online";
  node.last_seen_ms = 59'000;
  node.summary = {50.0, 0.25, 1.5, 3.0, 1.5 * 1024 * 1024, 100.0, 42.0, 61.4};
  return node;
}

std::string titles(std::size_t columns) {
  std::string text;
  for (const PlacedColumn& column : place_columns({box()}, columns)) {
    text.append(text.empty() ? "" : " ").append(column.title);
  }
  return text;
}

TEST(TopColumns, AWideScreenHasAllOfThem) {
  EXPECT_EQ(titles(200), "NODE SITE STATUS CPU MEM LOAD PSI DISK RX/s TX/s TEMP SEEN");
}

TEST(TopColumns, ANarrowScreenDropsTheLeastImportant) {
  EXPECT_EQ(titles(85), "NODE SITE STATUS CPU MEM LOAD DISK RX/s TX/s SEEN");
  EXPECT_EQ(titles(80), "NODE STATUS CPU MEM LOAD DISK RX/s TX/s SEEN");
  EXPECT_EQ(titles(60), "NODE STATUS CPU MEM LOAD RX/s SEEN");
  EXPECT_EQ(titles(40), "NODE STATUS CPU MEM");
  EXPECT_EQ(titles(20), "NODE CPU");
  EXPECT_EQ(titles(3), "NODE");
}

TEST(TopColumns, NoLineIsEverWiderThanTheScreen) {
  Node wide = box();
  wide.id = std::string(64, 'x');
  wide.site = std::string(64, 'y');
  for (std::size_t columns = 1; columns <= 250; ++columns) {
    const std::vector<Node> nodes = {box(), wide};
    const auto placed = place_columns(nodes, columns);
    for (const Node& node : nodes) {
      EXPECT_LE(display_width(node_line(node, placed, false, 60'000, {true, true})), columns);
    }
    EXPECT_LE(display_width(title_line(placed, {}, {true, true})), columns);
  }
}

TEST(TopColumns, AFleetWithoutSitesHasNoColumnForThem) {
  Node node = box();
  node.site = "";
  for (const PlacedColumn& column : place_columns({node}, 200)) {
    EXPECT_NE(column.column, TopColumn::site);
  }
}

TEST(TopColumns, ANodesLineShowsBarsWhereThereIsRoom) {
  const auto placed = place_columns({box()}, 120);
  EXPECT_EQ(
      node_line(box(), placed, false, 60'000, {false, true}),
      "box-1     paris   online     50.0% ████▌       25.0% ██▎          1.50    3.0%   42.0%   "
      "1.50M    100B    61°C       1s");
  const auto narrow = place_columns({box()}, 80);
  EXPECT_EQ(node_line(box(), narrow, false, 60'000, {}),
            "box-1     online     50.0%   25.0%    1.50   42.0%   1.50M    100B       1s");
}

TEST(TopColumns, UnknownValuesAreDashesWithoutABar) {
  Node node;
  node.id = "box-2";
  node.status = "offline";
  const std::string line = node_line(node, place_columns({node}, 120), false, 0, {false, true});
  EXPECT_EQ(line.find("█"), std::string::npos);
  EXPECT_NE(line.find("offline        -"), std::string::npos);
}

TEST(TopColumns, TheCursorsLineIsReversedAsAWhole) {
  const auto placed = place_columns({box()}, 80);
  const std::string line = node_line(box(), placed, true, 60'000, {true, true});
  EXPECT_EQ(line.find("\x1b[7m"), 0U);
  EXPECT_EQ(line.find("\x1b[", 4), line.size() - 4);
}

TEST(TopColumns, ASilentNodesValuesAreDim) {
  Node node = box();
  node.status = "silent";
  const auto placed = place_columns({node}, 80);
  const std::string line = node_line(node, placed, false, 60'000, {true, true});
  EXPECT_NE(line.find("\x1b[31msilent"), std::string::npos);
  EXPECT_NE(line.find("\x1b[2m 50.0%"), std::string::npos);
}

TEST(TopColumns, TheTitleSortedByHasAnArrow) {
  const auto placed = place_columns({box()}, 80);
  TopState state;
  EXPECT_NE(title_line(placed, state, {false, true}).find("CPU▼"), std::string::npos);
  EXPECT_NE(title_line(placed, state, {}).find("CPUv"), std::string::npos);
  state.reversed = true;
  EXPECT_NE(title_line(placed, state, {false, true}).find("CPU▲"), std::string::npos);
  state = {};
  state.sort = SortKey::name;
  EXPECT_NE(title_line(placed, state, {}).find("NODE^"), std::string::npos);
}

TEST(TopColumns, EachSortMarksItsColumn) {
  const auto placed = place_columns({box()}, 200);
  for (const auto& [sort, title] :
       std::vector<std::pair<SortKey, std::string>>{{SortKey::mem, "MEMv"},
                                                    {SortKey::load, "LOADv"},
                                                    {SortKey::net, "RX/sv"},
                                                    {SortKey::disk, "DISKv"},
                                                    {SortKey::temp, "TEMPv"},
                                                    {SortKey::status, "STATUSv"}}) {
    TopState state;
    state.sort = sort;
    EXPECT_NE(title_line(placed, state, {}).find(title), std::string::npos) << title;
  }
}

TEST(TopColumns, AServersEscapeSequencesNeverPass) {
  Node node = box();
  node.id = "a\x1b[2J";
  node.site = "\x07";
  node.status = "\x1b]0;x";
  const std::string line =
      node_line(node, place_columns({node}, 120), false, 60'000, {false, true});
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_EQ(line.find('\x07'), std::string::npos);
}

}  // namespace
}  // namespace bw::cli
