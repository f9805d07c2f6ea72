#include "coordinator/core/models.h"

#include <gtest/gtest.h>

namespace bw::coordinator {
namespace {

wire::NodeBirth box() {
  wire::NodeBirth birth;
  birth.hardware.arch = "x86_64";
  birth.hardware.cpus = 8;
  birth.hardware.memory_bytes = 33'300'000'000;  // 31.01 GiB
  return birth;
}

wire::SeriesInfo gpu(const std::string& name) {
  return {"gpu.info", "1", wire::SeriesKind::gauge, {{"gpu", "0"}, {"name", name}}};
}

TEST(Models, HaveIdsOfNameAndVersion) {
  const auto id = parse_model_id("edge-1.b_C@12");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->name, "edge-1.b_C");
  EXPECT_EQ(id->version, 12U);
  EXPECT_EQ(id->text(), "edge-1.b_C@12");
  for (const char* wrong : {"", "edge", "edge@", "@1", "edge@0", "edge@01", "edge@-1", "edge@1x",
                            "ed ge@1", "a@b@1", "edge@99999999999", "ed/ge@1"}) {
    EXPECT_FALSE(parse_model_id(wrong)) << wrong;
  }
}

TEST(Models, HaveNamesOfAFewLetters) {
  EXPECT_TRUE(parse_model_name(std::string(64, 'a')));
  for (const std::string& wrong : {std::string(), std::string(65, 'a'), std::string("a b"),
                                   std::string("a@b"), std::string("\xc3\xa4")}) {
    EXPECT_FALSE(parse_model_name(wrong)) << wrong;
  }
}

TEST(NodeClasses, AreWhatTheLabelSays) {
  wire::NodeBirth birth = box();
  birth.labels = {{"rack", "3"}, {"class", "Edge box/2"}};
  EXPECT_EQ(NodeClasses().of(birth, nullptr), "Edge-box-2");
}

TEST(NodeClasses, AreElseMadeOfTheHardware) {
  EXPECT_EQ(NodeClasses().of(box(), nullptr), "x86_64-8cpu-31gib");
  wire::NodeBirth birth = box();
  birth.labels = {{"class", "///"}};
  EXPECT_EQ(NodeClasses().of(birth, nullptr), "x86_64-8cpu-31gib");
  EXPECT_EQ(NodeClasses().of({}, nullptr), "unknown-0cpu-0gib");
}

TEST(NodeClasses, TellGpusWhateverTheirOrder) {
  const std::vector<wire::SeriesInfo> series = {gpu("NVIDIA L4"), gpu("NVIDIA H200")};
  const std::vector<wire::SeriesInfo> swapped = {series[1], series[0]};
  NodeClasses classes;
  EXPECT_EQ(classes.of(box(), &series), "x86_64-8cpu-31gib-2xnvidia-h200");
  EXPECT_EQ(classes.of(box(), &swapped), classes.of(box(), &series));
  const std::vector<wire::SeriesInfo> nameless = {{"gpu.info", "1", wire::SeriesKind::gauge, {}}};
  EXPECT_EQ(classes.of(box(), &nameless), "x86_64-8cpu-31gib-1xgpu");
}

TEST(NodeClasses, AreNamesOfModelsHoweverLong) {
  const std::vector<wire::SeriesInfo> series = {gpu(std::string(100, 'x'))};
  EXPECT_TRUE(parse_model_name(NodeClasses().of(box(), &series)));
}

TEST(Models, HaveStatesWithNames) {
  EXPECT_EQ(name_of(WishState::refused), "refused");
  EXPECT_EQ(name_of(WishState::ended), "ended");
  EXPECT_EQ(name_of(CommandState::sent), "sent");
  EXPECT_EQ(name_of(CommandState::timed_out), "timed_out");
}

}  // namespace
}  // namespace bw::coordinator
