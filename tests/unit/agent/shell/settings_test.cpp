#include "agent/shell/settings.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/shell/hardware.h"
#include "tests/unit/agent/shell/fake_root.h"

namespace bw::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Overrides = std::vector<std::pair<std::string, std::string>>;

Result<Settings> with(Overrides overrides) {
  ConfigSources sources;
  sources.overrides = std::move(overrides);
  return load_settings(sources);
}

std::string reason(Overrides overrides) {
  const auto settings = with(std::move(overrides));
  return settings ? "accepted" : settings.error().message;
}

TEST(Settings, AreTheDefaultsWhereNothingIsSet) {
  const auto settings = with({});
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->node, short_host_name());
  EXPECT_EQ(settings->site, "default");
  EXPECT_EQ(settings->broker_url, "mqtt://127.0.0.1:1883");
  EXPECT_EQ(settings->state_directory, "/var/lib/bellwether-agent");
  EXPECT_EQ(settings->period_ms, 1000);
  EXPECT_EQ(settings->block_s, 60);
}

TEST(Settings, AreReadFromAFile) {
  const FakeRoot root;
  root.write("/agent.toml",
             "[node]\nid = \"web3\"\nsite = \"shop\"\n[node.labels]\nrack = \"b\"\nfloor = \"2\"\n"
             "[collect]\nperiod_ms = 250\n");
  ConfigSources sources;
  sources.file = root.at("/agent.toml");
  const auto settings = load_settings(sources);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->node, "web3");
  EXPECT_EQ(settings->period_ms, 250);
  EXPECT_THAT(label_list(*settings),
              ElementsAre(wire::Label{"floor", "2"}, wire::Label{"rack", "b"}));
}

TEST(Settings, RefuseNodeIdsThatAreNoTopicLevel) {
  for (const char* id : {"a/b", "a+b", "a#b", "a b", "-a", "Ä"}) {
    EXPECT_THAT(reason({{"node.id", id}}), HasSubstr("node.id")) << id;
  }
  EXPECT_THAT(reason({{"node.id", std::string(300, 'a')}}), HasSubstr("64"));
  EXPECT_EQ(reason({{"node.id", std::string(64, 'a')}}), "accepted");
}

TEST(Settings, RefuseNumbersBeyondTheirBounds) {
  const std::vector<std::tuple<std::string, std::int64_t, std::int64_t>> bounds{
      {"broker.keep_alive_s", 4, 600}, {"outbox.max_mb", 1, 100'000},
      {"outbox.max_age_h", 1, 87'600}, {"collect.period_ms", 100, 60'000},
      {"history.block_s", 1, 600},     {"history.first_block_s", 1, 600},
  };
  for (const auto& [key, least, most] : bounds) {
    for (const std::int64_t value : {least - 1, most + 1}) {
      EXPECT_THAT(reason({{key, std::to_string(value)}}),
                  HasSubstr("not within " + std::to_string(least) + " and " + std::to_string(most)))
          << key;
    }
  }
}

TEST(Settings, RefuseBlocksOfMoreRowsThanAReaderTakes) {
  EXPECT_EQ(reason({{"collect.period_ms", "100"}, {"history.block_s", "60"}}), "accepted");
  EXPECT_THAT(reason({{"collect.period_ms", "100"}, {"history.block_s", "61"}}),
              HasSubstr("610 rows a block; at most 600"));
  EXPECT_THAT(reason({{"collect.period_ms", "60000"},
                      {"history.block_s", "30"},
                      {"history.first_block_s", "30"}}),
              HasSubstr("shorter than collect.period_ms"));
  EXPECT_THAT(reason({{"history.block_s", "9"}}), HasSubstr("longer than history.block_s"));
}

TEST(Settings, RefuseTextsThatMeanNothing) {
  EXPECT_THAT(reason({{"node.site", ""}}), HasSubstr("must not be empty"));
  EXPECT_THAT(reason({{"node.site", std::string(2000, 's')}}), HasSubstr("longer than 1024"));
  EXPECT_THAT(reason({{"broker.url", "http://there"}}), HasSubstr("broker.url"));
  EXPECT_THAT(reason({{"broker.url", "mqtt://there:99999"}}), HasSubstr("broker.url"));
  EXPECT_THAT(reason({{"state.directory", "here"}}), HasSubstr("absolute path"));
  EXPECT_THAT(reason({{"collect.root", ""}}), HasSubstr("absolute path"));
  EXPECT_THAT(reason({{"collect.root", "/nowhere/at/all"}}), HasSubstr("not a directory"));
  EXPECT_THAT(reason({{"log.level", "loud"}}), HasSubstr("debug, info, warning or error"));
}

TEST(Settings, TakeNvidiasLibraryByItsNameByAPathOrNotAtAll) {
  for (const char* nvml : {"auto", "off", "/opt/nvidia/libnvidia-ml.so.1"}) {
    EXPECT_EQ(reason({{"gpu.nvml", nvml}}), "accepted") << nvml;
  }
  for (const char* nvml : {"", "on", "libnvidia-ml.so.1"}) {
    EXPECT_THAT(reason({{"gpu.nvml", nvml}}), HasSubstr("auto, off or an absolute path")) << nvml;
  }
}

TEST(Settings, RefuseLabelsThatTheWireWouldNotTake) {
  const FakeRoot root;
  ConfigSources sources;
  sources.file = root.at("/agent.toml");
  const auto with_labels = [&](const std::string& labels) {
    root.write("/agent.toml", "[node.labels]\n" + labels);
    const auto settings = load_settings(sources);
    return settings ? "accepted" : settings.error().message;
  };
  std::string many;
  for (int i = 0; i < 33; ++i) many += "l" + std::to_string(i) + " = \"x\"\n";
  EXPECT_THAT(with_labels(many), HasSubstr("more than 32 labels"));
  EXPECT_THAT(with_labels("\"\" = \"x\"\n"), HasSubstr("a name must not be empty"));
  EXPECT_THAT(with_labels("a = \"" + std::string(2000, 'x') + "\"\n"),
              HasSubstr("the value of 'a' is longer than 1024"));
  EXPECT_EQ(with_labels("a = \"\"\n"), "accepted");
}

TEST(Settings, RefuseToWatchWhatCanNotBe) {
  EXPECT_THAT(reason({{"watch.units", "sshd"}}), HasSubstr("'sshd' is no name of a unit"));
  EXPECT_THAT(reason({{"watch.processes", "=x"}}), HasSubstr("watch.processes"));
  EXPECT_THAT(reason({{"kernel_log.path", "kmsg"}}), HasSubstr("absolute"));
  std::string units;
  std::string processes;
  for (int i = 0; i < 17; ++i) {
    units += (i == 0 ? "u" : ",u") + std::to_string(i) + ".service";
    processes += (i == 0 ? "p" : ",p") + std::to_string(i) + "=x";
  }
  EXPECT_THAT(reason({{"watch.units", units}}), HasSubstr("more than 16 units"));
  EXPECT_THAT(reason({{"watch.processes", processes}}), HasSubstr("more than 16 processes"));
  EXPECT_EQ(reason({{"watch.units", "sshd.service"}, {"watch.processes", "db=postgres"}}),
            "accepted");
}

TEST(Settings, OfTheDetectorAreBounded) {
  for (const auto& [key, value] : Overrides{{"detect.window", "2"},
                                            {"detect.window", "61"},
                                            {"detect.false_alarms_a_day", "0"},
                                            {"detect.false_alarms_a_day", "101"},
                                            {"detect.alert_threshold", "-1"},
                                            {"detect.alert_threshold", "nan"},
                                            {"detect.contamination", "0.6"},
                                            {"detect.contamination", "0.0001"},
                                            {"detect.contamination", "-0.1"}}) {
    EXPECT_THAT(reason({{key, value}}), HasSubstr(key)) << value;
  }
  EXPECT_THAT(reason({{"detect.exclude", std::string(2000, 'x')}}), HasSubstr("detect.exclude"));
  std::string many = "x";
  for (int i = 0; i < 40; ++i) many += ",x" + std::to_string(i);
  EXPECT_THAT(reason({{"detect.include", many}}), HasSubstr("more than 32 patterns"));
  const auto settings = with({{"detect.contamination", "0.01"}, {"detect.include", "fs.*,a{b=*}"}});
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->contamination, 0.01);
  EXPECT_THAT(settings->detect_include, ElementsAre("fs.*", "a{b=*}"));
}

TEST(Settings, RefuseTwoThingsThatSetTheThreshold) {
  EXPECT_THAT(reason({{"detect.contamination", "0.01"}, {"detect.alert_threshold", "30"}}),
              HasSubstr("only one of them"));
}

TEST(Settings, WatchedProcessesHaveANameAndAPattern) {
  Settings settings;
  settings.watch_processes = {{"db", "postgres*-D"}, {"sshd", ""}};
  const auto watched = watched_processes(settings);
  ASSERT_EQ(watched.size(), 2U);
  EXPECT_EQ(watched[0].name, "db");
  EXPECT_EQ(watched[0].pattern, "postgres*-D");
}

TEST(Settings, NameTheNearestKeyToAMistypedOne) {
  EXPECT_THAT(reason({{"brokr.url", "mqtt://there"}}), HasSubstr("broker.url"));
}

TEST(Settings, KnowWhichChangesNeedARestart) {
  const auto settings = with({});
  ASSERT_TRUE(settings);
  const Settings before = *settings;
  Settings after = before;
  EXPECT_THAT(changed_until_restart(before, after), IsEmpty());
  after.site = "elsewhere";
  after.labels = {{"a", "b"}};
  after.log_level = "debug";
  EXPECT_THAT(changed_until_restart(before, after), IsEmpty());
  after.node = "another";
  after.period_ms = 500;
  EXPECT_THAT(changed_until_restart(before, after), ElementsAre("node.id", "collect.period_ms"));
}

TEST(Settings, ExampleHoldsEveryKeyWithItsDefaultAndIsAcceptedItself) {
  const std::string example = example_settings();
  Settings defaults;
  std::set<std::string> names;
  for (const ConfigKey& key : settings_keys(defaults)) {
    EXPECT_THAT(example, HasSubstr("#" + key.name.substr(key.name.rfind('.') + 1) + " = "));
    EXPECT_FALSE(key.text.empty()) << key.name;
    EXPECT_TRUE(names.insert(key.name).second) << key.name;
  }
  const FakeRoot root;
  root.write("/agent.toml", example);
  ConfigSources sources;
  sources.file = root.at("/agent.toml");
  sources.file_required = true;
  EXPECT_TRUE(load_settings(sources));
}

TEST(Settings, ExampleUnderDeployIsTheOneThatTheProgramPrints) {
  std::ifstream file(BW_SOURCE_DIR "/deploy/agent.toml");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(text, example_settings());
}

}  // namespace
}  // namespace bw::agent
