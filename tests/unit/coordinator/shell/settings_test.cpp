#include "coordinator/shell/settings.h"

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/coordinator/shell/temporary_folder.h"

namespace bw::coordinator {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<Settings> with(const std::string& key, const std::string& value) {
  ConfigSources sources;
  sources.overrides = {{key, value}};
  return load_settings(sources);
}

std::string reason(const std::string& key, const std::string& value) {
  const auto settings = with(key, value);
  return settings ? "accepted" : settings.error().message;
}

TEST(CoordinatorSettings, AreTheDefaultsWhereNothingIsSet) {
  const auto settings = load_settings({});
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->broker_url, "");
  EXPECT_EQ(settings->broker_port, 1883);
  EXPECT_EQ(settings->api_listen, "127.0.0.1:8420");
  EXPECT_EQ(settings->state_directory, "/var/lib/bellwether-coordinator");
  EXPECT_EQ(settings->live_timeout_s, 5);
  EXPECT_EQ(settings->log_level, "info");
}

TEST(CoordinatorSettings, AreReadFromAFile) {
  const TemporaryFolder folder;
  std::ofstream(folder / "c.toml") << "[broker]\nport = 2883\n[fleet]\nlive_timeout_s = 9\n";
  ConfigSources sources;
  sources.file = folder / "c.toml";
  const auto settings = load_settings(sources);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->broker_port, 2883);
  EXPECT_EQ(settings->live_timeout_s, 9);
}

TEST(CoordinatorSettings, AMistypedKeyIsAnErrorWithFileLineAndTheNearestRightOne) {
  const TemporaryFolder folder;
  std::ofstream(folder / "c.toml") << "[broker]\nprot = 2883\n";
  ConfigSources sources;
  sources.file = folder / "c.toml";
  const auto settings = load_settings(sources);
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error().message, HasSubstr("c.toml:2"));
  EXPECT_THAT(settings.error().message, HasSubstr("broker.port"));
}

TEST(CoordinatorSettings, RefuseNumbersBeyondTheirBounds) {
  EXPECT_EQ(reason("broker.port", "65535"), "accepted");
  EXPECT_THAT(reason("broker.port", "0"), HasSubstr("0 is not within 1 and 65535"));
  EXPECT_THAT(reason("broker.port", "65536"), HasSubstr("not within"));
  EXPECT_THAT(reason("fleet.live_timeout_s", "0"), HasSubstr("not within 1 and 3600"));
  EXPECT_THAT(reason("fleet.live_timeout_s", "3601"), HasSubstr("not within"));
}

TEST(CoordinatorSettings, RefuseWhatIsNoBrokerAddressPathOrLevel) {
  EXPECT_EQ(reason("broker.url", "mqtt://broker.lan:1883"), "accepted");
  EXPECT_THAT(reason("broker.url", "http://broker"), HasSubstr("broker.url"));
  EXPECT_THAT(reason("state.directory", "here"), HasSubstr("absolute path"));
  EXPECT_THAT(reason("state.directory", "/a\nlistener 1"), HasSubstr("control characters"));
  EXPECT_EQ(reason("broker.executable", ""), "accepted");
  EXPECT_THAT(reason("broker.executable", "mosquitto"), HasSubstr("absolute path"));
  EXPECT_THAT(reason("log.level", "loud"), HasSubstr("log.level"));
}

TEST(CoordinatorSettings, TheApiListensOnLoopbackOfBothKinds) {
  const auto v4 = parse_listen("127.0.0.1:8420");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->address, "127.0.0.1");
  EXPECT_EQ(v4->port, 8420);
  const auto v6 = parse_listen("[::1]:0");
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->address, "::1");
  EXPECT_EQ(v6->port, 0);
  EXPECT_TRUE(parse_listen("127.8.9.1:1"));
}

TEST(CoordinatorSettings, AnAddressThatOthersCanReachIsRefusedWithTheReason) {
  for (const char* text : {"0.0.0.0:8420", "192.168.1.4:8420", "[::]:8420", "[fe80::1]:1"}) {
    EXPECT_THAT(reason("api.listen", text), HasSubstr("no encryption and no log-in")) << text;
  }
}

TEST(CoordinatorSettings, WhatIsNoAddressAndPortIsRefusedWithTheForm) {
  for (const char* text :
       {"", "8420", "localhost:8420", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536",
        "127.0.0.1:80 ", "::1:8420", "[127.0.0.1]:8420", "[::1:8420", "[]:1"}) {
    EXPECT_THAT(reason("api.listen", text), HasSubstr("must have the form")) << text;
  }
}

TEST(CoordinatorSettings, TheExampleNamesEveryKeyAndIsItselfAccepted) {
  const TemporaryFolder folder;
  const std::string example = example_settings();
  Settings settings;
  for (const ConfigKey& key : settings_keys(settings)) {
    EXPECT_THAT(example, HasSubstr(key.name.substr(key.name.rfind('.') + 1) + " ="));
  }
  std::ofstream(folder / "c.toml") << example;
  ConfigSources sources;
  sources.file = folder / "c.toml";
  const auto loaded = load_settings(sources);
  EXPECT_TRUE(loaded) << loaded.error().message;
}

TEST(CoordinatorSettings, KeysThatNeedARestartAreNamed) {
  Settings before;
  Settings after = before;
  after.log_level = "debug";
  EXPECT_TRUE(changed_until_restart(before, after).empty());
  after.broker_port = 2;
  after.live_timeout_s = 7;
  EXPECT_THAT(changed_until_restart(before, after),
              ElementsAre("broker.port", "fleet.live_timeout_s"));
}

}  // namespace
}  // namespace bw::coordinator
