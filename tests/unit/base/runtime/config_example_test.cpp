#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/runtime/config.h"
#include "base/runtime/config_names.h"

namespace bw {
namespace {

using testing::Contains;
using testing::Pair;

constexpr const char* kLong =
    "A sentence that is longer than a line of the file may be, so that it has to be wrapped at the "
    "last space that fits.";

struct Example {
  std::string url = "mqtt://\"quoted\"\\ \n\x01";
  std::string top;
  std::int64_t period_ms = 1000;
  bool quiet = true;
  double share = 0.5;
  std::vector<std::string> skip = {"loop", "r\"am"};
  std::map<std::string, std::string> labels = {{"a b", "c"}, {"d", "e"}};

  std::vector<ConfigKey> keys() {
    return {{.name = "broker.url", .target = &url, .text = "Where."},
            {.name = "collect.period_ms",
             .target = &period_ms,
             .text = "Milliseconds between two samples.",
             .reloadable = true},
            {.name = "top", .target = &top, .text = "In no table."},
            {.name = "collect.share", .target = &share, .text = kLong},
            {.name = "log.quiet", .target = &quiet, .text = "One.\nTwo."},
            {.name = "collect.skip", .target = &skip, .text = ""},
            {.name = "node.labels", .target = &labels, .text = "Shown."}};
  }
};

TEST(ExampleConfig, IsWhatAnOperatorReads) {
  Example example;
  example.url = "mqtt://127.0.0.1:1883";
  EXPECT_EQ(example_config(example.keys(), "The agent.\nEvery key with its default."),
            "# The agent.\n"
            "# Every key with its default.\n"
            "\n"
            "# In no table.\n"
            "#top = \"\"\n"
            "\n"
            "[broker]\n"
            "\n"
            "# Where.\n"
            "#url = \"mqtt://127.0.0.1:1883\"\n"
            "\n"
            "[collect]\n"
            "\n"
            "# Milliseconds between two samples. Re-read on SIGHUP.\n"
            "#period_ms = 1000\n"
            "\n"
            "# A sentence that is longer than a line of the file may be, so that it has to be "
            "wrapped at the last\n"
            "# space that fits.\n"
            "#share = 0.5\n"
            "\n"
            "#skip = [\"loop\", \"r\\\"am\"]\n"
            "\n"
            "[log]\n"
            "\n"
            "# One.\n"
            "# Two.\n"
            "#quiet = true\n"
            "\n"
            "[node]\n"
            "\n"
            "# Shown.\n"
            "#labels = { \"a b\" = \"c\", \"d\" = \"e\" }\n");
}

TEST(ExampleConfig, LoadsToTheDefaultsWithEveryKeyUncommented) {
  Example example;
  std::istringstream commented(example_config(example.keys(), "Heading"));
  std::string file = testing::TempDir() + "bw_example_" + std::to_string(::getpid()) + ".toml";
  {
    std::ofstream out(file);
    for (std::string line; std::getline(commented, line);) {
      if (line.size() > 1 && line[0] == '#' && line[1] != ' ') line.erase(0, 1);
      out << line << "\n";
    }
  }
  Example loaded;
  loaded = {
      .url = "", .top = "x", .period_ms = 0, .quiet = false, .share = 0, .skip = {}, .labels = {}};
  const auto result = load_config(loaded.keys(), {.file = file, .file_required = true});
  std::filesystem::remove(file);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(loaded.url, example.url);
  EXPECT_EQ(loaded.top, example.top);
  EXPECT_EQ(loaded.period_ms, example.period_ms);
  EXPECT_EQ(loaded.quiet, example.quiet);
  EXPECT_EQ(loaded.share, example.share);
  EXPECT_EQ(loaded.skip, example.skip);
  EXPECT_EQ(loaded.labels, example.labels);
}

TEST(ExampleConfig, LoadsAsItIsToo) {
  Example example;
  const std::string file =
      testing::TempDir() + "bw_example_as_is_" + std::to_string(::getpid()) + ".toml";
  std::ofstream(file) << example_config(example.keys(), "Heading");
  const auto result = load_config(example.keys(), {.file = file, .file_required = true});
  std::filesystem::remove(file);
  EXPECT_TRUE(result) << result.error().message;
}

TEST(ConfigNames, AreUpperCaseWithUnderscoresInTheEnvironment) {
  EXPECT_EQ(environment_name("collect.period_ms"), "BELLWETHER_COLLECT_PERIOD_MS");
}

TEST(Environment, HoldsOurVariablesAndNoOthers) {
  ::setenv("BELLWETHER_BROKER_URL", "a=b", 1);
  const auto found = bellwether_environment();
  ::unsetenv("BELLWETHER_BROKER_URL");
  EXPECT_THAT(found, Contains(Pair("BELLWETHER_BROKER_URL", "a=b")));
  for (const auto& [name, value] : found) EXPECT_TRUE(name.starts_with("BELLWETHER_")) << name;
}

}  // namespace
}  // namespace bw
