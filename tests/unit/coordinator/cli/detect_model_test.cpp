#include "coordinator/cli/detect_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "coordinator/cli/detect_file.h"
#include "tests/unit/coordinator/cli/scratch_folder.h"

namespace bw::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using Names = std::vector<std::string>;

class DetectModelTest : public ::testing::Test {
 protected:
  std::string trouble(const std::string& bytes) {
    const auto model = read_model(folder_.write("m.bwm", bytes));
    return model ? "" : model.error().message;
  }

  testing::ScratchFolder folder_;
};

TEST_F(DetectModelTest, ComesBackAsItWasWritten) {
  DetectOptions options;
  std::string text = "ts,v,w\n";
  for (int i = 0; i < 1000; ++i) {
    text += std::to_string(1'700'000'000 + i) + "," + std::to_string(i % 7) + "," +
            std::to_string(i % 11) + "\n";
  }
  options.csv = folder_.write("a.csv", text);
  options.save_model = folder_.path("m.bwm");
  ASSERT_TRUE(detect_file(options, {}));
  const auto model = read_model(options.save_model);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->metrics, (Names{"v", "w"}));
  EXPECT_EQ(model->from_ms, 1'700'000'000'000);
  EXPECT_EQ(model->to_ms, 1'700'000'999'000);
  ASSERT_TRUE(write_model(folder_.path("copy.bwm"), *model));
  EXPECT_EQ(folder_.read("copy.bwm"), folder_.read("m.bwm"));
}

TEST_F(DetectModelTest, WhatIsNoModelIsRefusedWithTheReason) {
  EXPECT_THAT(read_model(folder_.path("none")).error().message,
              EndsWith("none: No such file or directory"));
  EXPECT_THAT(read_model(folder_.path("")).error().message, EndsWith(": it is no file"));
  EXPECT_THAT(trouble(std::string(wire::kMaxModelPayload + 1, 'x')),
              HasSubstr("larger than any model"));
  EXPECT_THAT(trouble(""), HasSubstr("m.bwm: "));
  EXPECT_THAT(trouble(std::string(1000, 'x')), HasSubstr("m.bwm: "));
}

TEST_F(DetectModelTest, AFileThatCannotBeWrittenIsSaidAndLeavesNothing) {
  const wire::Model model;
  EXPECT_FALSE(write_model(folder_.path("none/m.bwm"), model));
  ASSERT_EQ(mkdir(folder_.path("taken").c_str(), 0700), 0);
  EXPECT_FALSE(write_model(folder_.path("taken"), model));
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator(folder_.path(""))) {
    ++files;
  }
  EXPECT_EQ(files, 1U) << "the folder that took the name";
}

TEST_F(DetectModelTest, WritingOneLeavesWhatLiesBesideIt) {
  folder_.write("m.bwm.new", "somebody's own");
  ASSERT_TRUE(write_model(folder_.path("m.bwm"), wire::Model{}));
  EXPECT_EQ(folder_.read("m.bwm.new"), "somebody's own");
  EXPECT_TRUE(read_model(folder_.path("m.bwm")));
}

TEST_F(DetectModelTest, MetricsStandWhereTheModelHasThem) {
  const auto places = place_metrics({"a", "b", "c"}, {"c", "x", "a"}, "m").value();
  EXPECT_EQ(places.names, (Names{"a", "b", "c", "x"}));
  EXPECT_EQ(places.of, (std::vector<std::size_t>{2, 3, 0}));
  EXPECT_EQ(places.missing, Names{"b"});
  const auto alone = place_metrics({}, {"x", "y"}, "").value();
  EXPECT_EQ(alone.of, (std::vector<std::size_t>{0, 1}));
}

TEST_F(DetectModelTest, MetricsThatDoNotFitTogetherAreRefused) {
  EXPECT_EQ(place_metrics({"a"}, {"x"}, "m").error().message,
            "m: it knows none of the file's metrics: it is of a and others");
  Names many = {"a"};
  for (int i = 0; i < 64; ++i) many.push_back("m" + std::to_string(i));
  EXPECT_THAT(place_metrics({"a"}, many, "m").error().message,
              HasSubstr("are more than 64 together"));
}

}  // namespace
}  // namespace bw::cli
