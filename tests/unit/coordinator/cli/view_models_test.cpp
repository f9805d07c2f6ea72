#include "coordinator/cli/view_models.h"

#include <cstdlib>
#include <ctime>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bw::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t kNowMs = 1'772'359'200'000;  // 2026-03-01 10:00

ModelInfo some_model() {
  setenv("TZ", "UTC", 1);
  tzset();
  ModelInfo model;
  model.id = "edge@3";
  model.node_class = "x86_64-8cpu-31gib";
  model.source = "box-1";
  model.created_ms = kNowMs - 3'600'000;
  model.from_ms = kNowMs - 90'000'000;
  model.to_ms = kNowMs - 3'600'000;
  model.rows = 86'400;
  model.metrics = 41;
  model.threshold = 31.5;
  model.bytes = 400'000;
  model.crc = "00000abc";
  model.note = "quiet week";
  model.running = 2;
  model.waiting = 1;
  model.drift = 0.5;
  model.rate = 1.5;
  return model;
}

TEST(ViewModels, ListsThem) {
  ModelInfo imported;
  imported.id = "lab@1";
  EXPECT_EQ(models_view({{some_model(), imported}, {{"edge", "edge@3"}}}, {{}, false, kNowMs}),
            "MODEL   LEARNT ON  DATA    ROWS  METRICS  RUNNING  WAITING  DRIFT  ANOMALIES/DAY  "
            "KEPT SINCE\n"
            "edge@3  box-1        1d  86,400       41        2        1   0.50           1.50  "
            "1h ago\n"
            "lab@1   imported      -       0        0        0        0      -              -  "
            "-\n"
            "new nodes of class edge begin with edge@3\n");
}

TEST(ViewModels, WideTellsMore) {
  const std::string text = models_view({{some_model()}, {}}, {{}, true, kNowMs});
  EXPECT_THAT(text, HasSubstr("x86_64-8cpu-31gib"));
  EXPECT_THAT(text, HasSubstr("quiet week\n"));
}

TEST(ViewModels, SaysHowToGetTheFirst) {
  EXPECT_THAT(models_view({}, {}), HasSubstr("bellwether model train NODE"));
}

TEST(ViewModels, ShowsOneInFull) {
  ModelDetail detail{some_model(), {"cpu.util", "disk.util{device=sda}"}, {}, false};
  detail.nodes.push_back(
      {"box-1", "online", "running", kNowMs - 60'000, "edge@2", "", 0.5, 1.5, 30.0});
  detail.nodes.push_back({"box-2", "online", "refused", kNowMs, "", "a\x1b[2J", {}, {}, {}});
  const std::string text = model_view(detail, {{}, false, kNowMs});
  EXPECT_THAT(text, HasSubstr("id             edge@3\n"));
  EXPECT_THAT(text, HasSubstr("data           2026-02-28 09:00:00 to 2026-03-01 09:00:00 (1d), "
                              "86,400 rows\n"));
  EXPECT_THAT(text, HasSubstr("note           quiet week\n"));
  EXPECT_THAT(text, HasSubstr("metrics  cpu.util\n         disk.util{device=sda}\n"));
  EXPECT_THAT(text, HasSubstr("box-1  online  running"));
  EXPECT_THAT(text, HasSubstr("1m ago  edge@2\n"));
  EXPECT_THAT(text, HasSubstr("a\\x1b[2J\n"));
  detail.truncated = true;
  EXPECT_THAT(model_view(detail, {{}, false, kNowMs}), HasSubstr("... and more\n"));
}

TEST(ViewModels, PaintsMuchDriftAndRefusals) {
  ModelDetail detail{some_model(), {}, {}, false};
  detail.nodes.push_back({"box-2", "online", "refused", kNowMs, "", "no", {}, {}, {}});
  const std::string text = model_view(detail, {{true, true}, false, kNowMs});
  EXPECT_THAT(text, HasSubstr("\x1b[33m0.50\x1b[0m"));
  EXPECT_THAT(text, HasSubstr("\x1b[31mrefused\x1b[0m"));
}

TEST(ViewModels, TellsWhatADeploymentChanged) {
  EXPECT_EQ(deployment_view({"edge@3",
                             "",
                             "",
                             1,
                             {{"a", "edge@3", "offline: gets it when it is back"},
                              {"b", "", "runs it already"}}},
                            {}),
            "NODE  MODEL\n"
            "a     edge@3     offline: gets it when it is back\n"
            "b     unchanged  runs it already\n"
            "1 node is to run another model now; 'bellwether model list' tells how far it got\n");
  EXPECT_EQ(deployment_view({"edge@3", "edge", "new nodes of this class begin with it", 0, {}}, {}),
            "new nodes of this class begin with it\n"
            "0 nodes are to run another model now\n");
}

TEST(ViewModels, ListsAFewOfManyNodesButAllThatAreOdd) {
  Deployment deployment{"edge@3", "", "", 100, {}};
  for (int i = 0; i < 100; ++i) deployment.nodes.push_back({"n" + std::to_string(i), "edge@3", ""});
  deployment.nodes.push_back({"odd", "", "there was no model before"});
  const std::string text = deployment_view(deployment, {});
  EXPECT_THAT(text, HasSubstr("n49"));
  EXPECT_THAT(text, Not(HasSubstr("n50")));
  EXPECT_THAT(text, HasSubstr("odd"));
  EXPECT_THAT(text, HasSubstr("... and 50 more\n"));
}

TEST(ViewModels, SaysWhatBecameOfACommand) {
  const auto text = [](const std::string& state, const std::string& words,
                       const std::string& model = "") {
    return command_text({"c1", "box-1", "train", state, words, model});
  };
  EXPECT_EQ(text("done", "stored as edge@3", "edge@3"), "what box-1 has learnt is kept as edge@3");
  EXPECT_EQ(text("done", "silent until 12:00"), "box-1: silent until 12:00");
  EXPECT_EQ(text("done", ""), "box-1 has done it");
  EXPECT_EQ(text("failed", "nothing is learnt yet"), "box-1 could not: nothing is learnt yet");
  EXPECT_EQ(text("refused", "no"), "box-1 refused: no");
  EXPECT_EQ(text("expired", ""), "it came too late for box-1");
  EXPECT_EQ(text("timed_out", ""), "no answer of box-1 came in time");
  EXPECT_EQ(text("sent", ""), "box-1 has not answered yet (command c1)");
}

}  // namespace
}  // namespace bw::cli
