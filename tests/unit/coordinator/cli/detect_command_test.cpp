#include "coordinator/cli/detect_command.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/coordinator/cli/detect_rows.h"
#include "tests/unit/coordinator/cli/program.h"
#include "tests/unit/coordinator/cli/scratch_folder.h"

namespace bw::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::Outcome;
using ::testing::StartsWith;

class DetectCommand : public ::testing::Test {
 protected:
  DetectCommand() : csv_(folder_.write("a.csv", testing::detect_rows(1500, 1201))) {}

  Outcome run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "detect");
    return testing::run_program(arguments);
  }
  std::string out(const std::vector<std::string>& arguments) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    return outcome.out;
  }

  testing::ScratchFolder folder_;
  std::string csv_;
};

TEST_F(DetectCommand, PrintsWhatItFindsWithoutACoordinator) {
  EXPECT_THAT(out({"--csv", csv_}), HasSubstr("\nrow 1201  row 12"));
  EXPECT_THAT(out({"--csv", csv_, "-o", "wide"}), HasSubstr("IT IS"));
  EXPECT_EQ(out({"--csv", csv_, "-o", "name"}), "row 1201\n");
  EXPECT_THAT(out({"--csv", csv_, "-o", "json"}), HasSubstr("\"start_row\": 1201,"));
  EXPECT_THAT(out({"--csv", csv_, "-o", "yaml"}), HasSubstr("start_row: 1201\n"));
}

TEST_F(DetectCommand, WritesScoresToAFileOrInstead) {
  const std::string scores = folder_.path("s.csv");
  EXPECT_THAT(out({"--csv", csv_, "--scores", scores}), HasSubstr("row 1201"));
  EXPECT_THAT(folder_.read("s.csv"), StartsWith("row,time,score,threshold,anomaly\n1,,0,inf,0\n"));
  EXPECT_THAT(folder_.read("s.csv"), HasSubstr("\n1500,,"));
  const std::string printed = out({"--csv", csv_, "--scores", "-"});
  EXPECT_EQ(printed, folder_.read("s.csv"));
}

TEST_F(DetectCommand, KeepsAModelAndBeginsWithIt) {
  const std::string model = folder_.path("m.bwm");
  out({"--csv", csv_, "--save-model", model});
  const std::string next = folder_.write("b.csv", testing::detect_rows(100, 51));
  EXPECT_THAT(out({"--csv", next}), HasSubstr("too few rows"));
  EXPECT_THAT(out({"--csv", next, "--model", model}), HasSubstr("row 51 "));
}

TEST_F(DetectCommand, TakesEveryFlag) {
  EXPECT_THAT(out({"--csv", csv_, "--columns", "disk", "--columns", "c*", "--period", "5m",
                   "--window", "5", "--seed", "3", "--false-alarms-a-day", "2"}),
              HasSubstr("1,500 rows of 2 metrics, 5m apart"));
  EXPECT_THAT(out({"--csv", csv_, "--alert-threshold", "30"}), HasSubstr("at the end: 30\n"));
  EXPECT_THAT(out({"--csv", csv_, "--contamination", ".01", "--train-rows", "1100"}),
              HasSubstr("learnt from 1,100 rows before"));
}

TEST_F(DetectCommand, WrongFlagsAreTwoAndSayWhatIsRight) {
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{}, "detect needs --csv, like this"},
      {{"--csv", csv_, "--window", "1"}, "--window: '1' is not a whole number from 2 to 300"},
      {{"--csv", csv_, "--window", "x"}, "--window: 'x' is not"},
      {{"--csv", csv_, "--seed", "-1"}, "--seed: '-1' is not a whole number from 0"},
      {{"--csv", csv_, "--train-rows", "0"}, "--train-rows: '0' is not"},
      {{"--csv", csv_, "--false-alarms-a-day", "0"},
       "--false-alarms-a-day: '0' is not a number above 0, up to 10000"},
      {{"--csv", csv_, "--alert-threshold", "nan"}, "--alert-threshold: 'nan' is not"},
      {{"--csv", csv_, "--contamination", ".6"},
       "--contamination: '.6' is not a number above 0, up to 0.5"},
      {{"--csv", csv_, "--period", "x"}, "--period: 'x' is not a length of time"},
      {{"--csv", csv_, "--period", "31d"}, "--period: '31d' is not at most 30d"},
      {{"--csv", csv_, "--train", csv_, "--train-rows", "5"},
       "--train and --train-rows exclude each other"},
      {{"--csv", csv_, "--alert-threshold", "5", "--contamination", ".1"},
       "--alert-threshold and --contamination exclude each other"},
      {{"--csv", csv_, "--scores", csv_}, "--scores: it would overwrite the file of --csv"},
      {{"--csv", csv_, "--train", "t", "--save-model", "t"},
       "--save-model: it would overwrite the file of --train"}};
  for (const auto& [arguments, words] : cases) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 2) << words;
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr(words));
    EXPECT_THAT(outcome.err, HasSubstr("'bellwether --help' tells what there is.\n"));
  }
}

TEST_F(DetectCommand, WrongFilesAreTwoAndNameThePlace) {
  const std::string bad = folder_.write("bad.csv", "a,b\n1,2\n3,x\n");
  const Outcome cell = run({"--csv", bad});
  EXPECT_EQ(cell.code, 2);
  EXPECT_EQ(cell.out, "");
  EXPECT_EQ(cell.err, "bellwether: " + bad +
                          ":3: column 2 (b): 'x' is no number; --columns chooses others\n");
  EXPECT_EQ(run({"--csv", folder_.path("")}).code, 2);
  EXPECT_EQ(run({"--csv", folder_.path("none")}).code, 2);
  EXPECT_EQ(run({"--csv", csv_, "--model", bad}).code, 2);
  EXPECT_EQ(run({"--csv", csv_, "--labels", bad}).code, 2);
}

TEST_F(DetectCommand, OverwritesNoInputByAnotherPath) {
  const std::string model = folder_.path("m.bwm");
  out({"--csv", csv_, "--save-model", model});
  const std::string kept = folder_.read("m.bwm");
  const std::string rows = folder_.read("a.csv");
  std::filesystem::create_symlink(csv_, folder_.path("link.csv"));
  std::filesystem::create_hard_link(csv_, folder_.path("hard.csv"));
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"--csv", csv_, "--scores", folder_.path("./a.csv")}, "overwrite the file of --csv"},
      {{"--csv", csv_, "--scores", folder_.path("link.csv")}, "overwrite the file of --csv"},
      {{"--csv", csv_, "--save-model", folder_.path("hard.csv")}, "overwrite the file of --csv"},
      {{"--csv", csv_, "--model", model, "--scores", model}, "overwrite the file of --model"},
      {{"--csv", csv_, "--save-model", model, "--scores", model},
       "overwrite the file of --save-model"}};
  for (const auto& [arguments, words] : cases) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 2) << words;
    EXPECT_THAT(outcome.err, HasSubstr(words));
  }
  EXPECT_EQ(folder_.read("a.csv"), rows);
  EXPECT_EQ(folder_.read("m.bwm"), kept);
  out({"--csv", csv_, "--model", model, "--save-model", model});
}

TEST_F(DetectCommand, LeavesTheScoresOfBeforeWhereTheInputIsNone) {
  folder_.write("s.csv", "before");
  EXPECT_EQ(run({"--csv", folder_.path("none"), "--scores", folder_.path("s.csv")}).code, 2);
  const std::string bad = folder_.write("bad.csv", "a,b\n1,x\n");
  EXPECT_EQ(run({"--csv", bad, "--scores", folder_.path("s.csv")}).code, 2);
  EXPECT_EQ(folder_.read("s.csv"), "before");
}

TEST_F(DetectCommand, WhatCannotBeWrittenIsOne) {
  const Outcome folder = run({"--csv", csv_, "--scores", folder_.path("none/s.csv")});
  EXPECT_EQ(folder.code, 1);
  EXPECT_THAT(folder.err, HasSubstr("none/s.csv: No such file or directory"));
  EXPECT_THAT(folder.err, Not(HasSubstr("--help")));
  const Outcome full = run({"--csv", csv_, "--scores", "/dev/full"});
  EXPECT_EQ(full.code, 1);
  EXPECT_THAT(full.err, HasSubstr("the scores could not be written"));
}

}  // namespace
}  // namespace bw::cli
