#include "coordinator/cli/top_state.h"

#include <gtest/gtest.h>

namespace bw::cli {
namespace {

Node node(const std::string& id, std::optional<double> cpu, const std::string& status = "online") {
  Node made;
  made.id = id;
  made.status = status;
  made.summary.cpu_util = cpu;
  return made;
}

TopModel three() {
  TopModel model;
  model.has_nodes = true;
  model.nodes = {node("a", 10), node("b", 90), node("c", 50)};
  return model;
}

TopModel many(int count) {
  TopModel model;
  model.has_nodes = true;
  for (int i = 0; i < count; ++i) model.nodes.push_back(node(std::to_string(1000 + i), 0));
  return model;
}

std::string order(const TopModel& model, const TopState& state) {
  std::string ids;
  for (const std::size_t index : sorted_nodes(model, state)) ids += model.nodes[index].id;
  return ids;
}

Key character(const char* text) {
  return {Key::Kind::character, text};
}

constexpr TopSize kSize{80, 15};  // ten lines of nodes

TEST(TopState, NumbersSortFromTheHighestAndTurnRound) {
  TopState state;
  EXPECT_EQ(order(three(), state), "bca");
  state.reversed = true;
  EXPECT_EQ(order(three(), state), "acb");
}

TEST(TopState, UnknownValuesComeLastEitherWay) {
  TopModel model = three();
  model.nodes.push_back(node("d", std::nullopt));
  model.nodes.push_back(node("e", 99, "silent"));  // what it was is not what it is
  TopState state;
  EXPECT_EQ(order(model, state), "bcade");
  state.reversed = true;
  EXPECT_EQ(order(model, state), "acbde");
}

TEST(TopState, EachKeySortsByItsColumn) {
  TopModel model = three();
  NodeSummary& a = model.nodes[0].summary;
  a.mem_used_ratio = 1;
  a.load1 = 1;
  a.net_tx = 1;
  a.disk_util = 1;
  a.temperature = 1;
  model.nodes[0].status = "online";
  for (const char* key : {"m", "l", "n", "d", "t", "a"}) {
    TopState state;
    press(state, character(key), model, kSize);
    EXPECT_EQ(order(model, state).front(), 'a') << key;
  }
  TopState state;
  press(state, character("m"), model, kSize);
  press(state, character("c"), model, kSize);
  EXPECT_EQ(order(model, state), "bca");
}

TEST(TopState, StatusShowsFirstWhatNeedsALook) {
  TopModel model;
  model.nodes = {node("a", 1), node("b", 1, "draining"), node("c", 1, "silent"),
                 node("d", 1, "offline")};
  TopState state;
  press(state, character("s"), model, kSize);
  EXPECT_EQ(order(model, state), "cdba");
}

TEST(TopState, NamesSortFromA) {
  TopState state;
  state.sort = SortKey::name;
  EXPECT_EQ(order(three(), state), "abc");
  press(state, character("r"), three(), kSize);
  EXPECT_EQ(order(three(), state), "cba");
}

TEST(TopState, SortNamesAreThoseOfTheFlag) {
  EXPECT_EQ(sort_key_of("temp"), SortKey::temp);
  EXPECT_EQ(sort_key_of("name"), SortKey::name);
  EXPECT_EQ(sort_key_of("x"), std::nullopt);
}

TEST(TopState, TheCursorStaysOnTopUntilItIsMoved) {
  TopModel model = three();
  TopState state;
  settle(state, model, kSize);
  EXPECT_EQ(state.selected, "b");
  model.nodes[0].summary.cpu_util = 100;
  settle(state, model, kSize);
  EXPECT_EQ(state.selected, "a");
}

TEST(TopState, TheCursorFollowsItsNodeOnceMoved) {
  TopModel model = three();
  TopState state;
  settle(state, model, kSize);
  press(state, {Key::Kind::down}, model, kSize);
  EXPECT_EQ(state.selected, "c");
  model.nodes[2].summary.cpu_util = 1;
  settle(state, model, kSize);
  EXPECT_EQ(state.selected, "c");
  press(state, {Key::Kind::home}, model, kSize);
  EXPECT_EQ(state.selected, "b");
  EXPECT_FALSE(state.follows);
}

TEST(TopState, ACursorWhoseNodeIsGoneGoesToTheTop) {
  TopModel model = three();
  TopState state;
  settle(state, model, kSize);
  press(state, {Key::Kind::end}, model, kSize);
  EXPECT_EQ(state.selected, "a");
  model.nodes.erase(model.nodes.begin());
  settle(state, model, kSize);
  EXPECT_EQ(state.selected, "b");
  model.nodes.clear();
  settle(state, model, kSize);
  EXPECT_EQ(state.selected, "");
}

TEST(TopState, TheListScrollsWithTheCursorAndEnds) {
  const TopModel model = many(25);
  TopState state;
  settle(state, model, kSize);
  for (int i = 0; i < 9; ++i) press(state, {Key::Kind::down}, model, kSize);
  EXPECT_EQ(state.offset, 0U);
  press(state, {Key::Kind::down}, model, kSize);
  EXPECT_EQ(state.offset, 1U);
  press(state, {Key::Kind::page_down}, model, kSize);
  EXPECT_EQ(state.selected, "1020");
  EXPECT_EQ(state.offset, 11U);
  press(state, {Key::Kind::page_down}, model, kSize);
  EXPECT_EQ(state.selected, "1024");
  EXPECT_EQ(state.offset, 15U);
  press(state, {Key::Kind::page_up}, model, kSize);
  EXPECT_EQ(state.selected, "1014");
  EXPECT_EQ(state.offset, 14U);
  press(state, {Key::Kind::up}, model, kSize);
  EXPECT_EQ(state.selected, "1013");
}

TEST(TopState, ALargerScreenLeavesNoEmptyLines) {
  const TopModel model = many(25);
  TopState state;
  settle(state, model, kSize);
  press(state, {Key::Kind::end}, model, kSize);
  EXPECT_EQ(state.offset, 15U);
  settle(state, model, {80, 25});
  EXPECT_EQ(state.offset, 5U);
  settle(state, model, {80, 100});
  EXPECT_EQ(state.offset, 0U);
}

TEST(TopState, AScreenWithoutRoomIsNoProblem) {
  const TopModel model = many(3);
  TopState state;
  for (const std::size_t rows : {0U, 1U, 5U}) {
    settle(state, model, {1, rows});
    press(state, {Key::Kind::page_down}, model, {1, rows});
    EXPECT_EQ(body_rows(state, {1, rows}), 0U);
  }
}

TopModel with_series() {
  TopModel model = three();
  model.series.node = "b";
  model.series.series = {{"net.rx", "B", "counter", {{"interface", "eth0"}}, 1.0},
                         {"cpu.util", "%", "gauge", {{"cpu", "0"}}, 1.0},
                         {"cpu.user", "s", "counter", {{"cpu", "0"}}, 1.0}};
  return model;
}

std::string names(const TopModel& model, const TopState& state) {
  std::string text;
  for (const DetailRow& row : detail_rows(model, state)) {
    text += row.series == nullptr ? "[" + row.group + "] " : row.series->name + " ";
  }
  return text;
}

TopState in_detail(const TopModel& model) {
  TopState state;
  settle(state, model, kSize);
  press(state, {Key::Kind::enter}, model, kSize);
  return state;
}

TEST(TopState, EnterShowsTheSeriesOfTheNodeGroupedByName) {
  const TopModel model = with_series();
  const TopState state = in_detail(model);
  EXPECT_TRUE(state.detail);
  EXPECT_EQ(names(model, state), "[cpu] cpu.user cpu.util [net] net.rx ");
}

TEST(TopState, WithoutNodesThereIsNothingToEnter) {
  TopState state;
  press(state, {Key::Kind::enter}, TopModel{}, kSize);
  EXPECT_FALSE(state.detail);
}

TEST(TopState, SeriesOfAnotherNodeAreNotShown) {
  TopModel model = with_series();
  model.series.node = "a";
  EXPECT_EQ(names(model, in_detail(model)), "");
}

TEST(TopState, TheFilterTakesLettersUntilEnter) {
  const TopModel model = with_series();
  TopState state = in_detail(model);
  press(state, character("/"), model, kSize);
  for (const char* letter : {"e", "t", "h", "q"}) press(state, character(letter), model, kSize);
  press(state, {Key::Kind::backspace}, model, kSize);
  EXPECT_EQ(state.filter, "eth");
  EXPECT_TRUE(state.typing);
  EXPECT_EQ(names(model, state), "[net] net.rx ");
  press(state, {Key::Kind::enter}, model, kSize);
  EXPECT_FALSE(state.typing);
  EXPECT_FALSE(state.quit);
  press(state, character("/"), model, kSize);
  press(state, {Key::Kind::escape}, model, kSize);
  EXPECT_EQ(state.filter, "");
}

TEST(TopState, BackspaceTakesAWholeCharacter) {
  const TopModel model = with_series();
  TopState state = in_detail(model);
  press(state, character("/"), model, kSize);
  press(state, character("é"), model, kSize);
  press(state, {Key::Kind::backspace}, model, kSize);
  EXPECT_EQ(state.filter, "");
  press(state, {Key::Kind::backspace}, model, kSize);
  EXPECT_EQ(state.filter, "");
}

TEST(TopState, TheFilterIsBounded) {
  const TopModel model = with_series();
  TopState state = in_detail(model);
  press(state, character("/"), model, kSize);
  for (int i = 0; i < 500; ++i) press(state, character("x"), model, kSize);
  EXPECT_EQ(state.filter.size(), 100U);
}

TEST(TopState, TheSeriesScrollAndEnd) {
  TopModel model = three();
  model.series.node = "b";
  for (int i = 0; i < 30; ++i) {
    model.series.series.push_back({"m." + std::to_string(i), "", "gauge", {}, 1.0});
  }
  TopState state = in_detail(model);  // nine lines of 31
  press(state, {Key::Kind::down}, model, kSize);
  EXPECT_EQ(state.detail_offset, 1U);
  press(state, {Key::Kind::page_down}, model, kSize);
  EXPECT_EQ(state.detail_offset, 10U);
  press(state, {Key::Kind::end}, model, kSize);
  EXPECT_EQ(state.detail_offset, 22U);
  press(state, {Key::Kind::home}, model, kSize);
  EXPECT_EQ(state.detail_offset, 0U);
  press(state, {Key::Kind::up}, model, kSize);
  EXPECT_EQ(state.detail_offset, 0U);
}

TEST(TopState, QLeavesTheNodeThenTheView) {
  const TopModel model = with_series();
  TopState state = in_detail(model);
  press(state, character("q"), model, kSize);
  EXPECT_FALSE(state.detail);
  EXPECT_FALSE(state.quit);
  press(state, character("q"), model, kSize);
  EXPECT_TRUE(state.quit);
}

TEST(TopState, EscapeLeavesTheNodeButNotTheView) {
  const TopModel model = with_series();
  TopState state = in_detail(model);
  press(state, {Key::Kind::escape}, model, kSize);
  EXPECT_FALSE(state.detail);
  press(state, {Key::Kind::escape}, model, kSize);
  EXPECT_FALSE(state.quit);
}

TEST(TopState, CtrlCLeavesFromEverywhere) {
  const TopModel model = with_series();
  TopState state = in_detail(model);
  press(state, character("/"), model, kSize);
  press(state, {Key::Kind::interrupt}, model, kSize);
  EXPECT_TRUE(state.quit);
}

}  // namespace
}  // namespace bw::cli
