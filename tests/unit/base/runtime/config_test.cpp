#include "base/runtime/config.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace bw {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

struct Settings {
  std::string url = "default";
  std::int64_t period_ms = 1000;
  bool quiet = false;
  double share = 0.5;
  std::vector<std::string> skip = {"loop"};
  std::map<std::string, std::string> labels;
};

class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    std::string pattern = testing::TempDir() + "bw_config_XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    file_ = (directory_ / "agent.toml").string();
    keys_ = {{.name = "broker.url", .target = &s_.url, .text = "Where the broker is."},
             {.name = "collect.period_ms",
              .target = &s_.period_ms,
              .text = "Milliseconds between two samples, 100 to 60000.",
              .reloadable = true,
              .check =
                  [this] {
                    return s_.period_ms < 100 ? std::string("must be at least 100") : std::string{};
                  }},
             {.name = "log.quiet", .target = &s_.quiet, .text = "Whether to say little."},
             {.name = "collect.share", .target = &s_.share, .text = "Of one core."},
             {.name = "collect.skip", .target = &s_.skip, .text = "What is left out."},
             {.name = "node.labels", .target = &s_.labels, .text = "Shown with the node."}};
  }
  ~ConfigTest() override { fs::remove_all(directory_); }

  void write(const std::string& name, std::string_view text) const {
    fs::create_directories((directory_ / name).parent_path());
    std::ofstream(directory_ / name) << text;
  }

  Result<void> load(ConfigSources sources = {}) {
    sources.file = file_;
    s_ = {};
    return load_config(keys_, sources);
  }

  // The errors of a file, with its directory left out.
  std::string errors(std::string_view text, ConfigSources sources = {}) {
    write("agent.toml", text);
    const auto loaded = load(std::move(sources));
    if (loaded) return "";
    std::string message = loaded.error().message;
    const std::string prefix = directory_.string() + "/";
    for (auto at = message.find(prefix); at != std::string::npos; at = message.find(prefix)) {
      message.erase(at, prefix.size());
    }
    return message;
  }

  fs::path directory_;
  std::string file_;
  Settings s_;
  std::vector<ConfigKey> keys_;
};

TEST_F(ConfigTest, ReadsEveryKindOfValue) {
  EXPECT_EQ(errors("[broker]\nurl = 'mqtt://a'\n"
                   "[collect]\nperiod_ms = 2_000\nshare = 1\nskip = ['a', 'b']\n"
                   "[log]\nquiet = true\n"
                   "[node.labels]\nsite = 'north'\nrack = '7'\n"),
            "");
  EXPECT_EQ(s_.url, "mqtt://a");
  EXPECT_EQ(s_.period_ms, 2000);
  EXPECT_TRUE(s_.quiet);
  EXPECT_EQ(s_.share, 1.0);
  EXPECT_THAT(s_.skip, ElementsAre("a", "b"));
  EXPECT_THAT(s_.labels, ElementsAre(Pair("rack", "7"), Pair("site", "north")));
}

TEST_F(ConfigTest, ReadsDottedKeysAndInlineTablesAsWell) {
  EXPECT_EQ(errors("broker.url = 'x'\nnode = { labels = { a = 'b' } }\n"), "");
  EXPECT_EQ(s_.url, "x");
  EXPECT_THAT(s_.labels, ElementsAre(Pair("a", "b")));
}

TEST_F(ConfigTest, TakesTheLaterOfTwoSources) {
  struct Case {
    const char* name;
    int sources;  // how many of the order below are there
    const char* url;
  };
  const Case cases[] = {{"default", 0, "default"}, {"file", 1, "file"},
                        {"conf.d", 2, "10"},       {"a later name in conf.d", 3, "20"},
                        {"environment", 4, "env"}, {"override", 5, "flag"}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    fs::remove_all(directory_);
    fs::create_directory(directory_);
    ConfigSources sources;
    // Written backwards, so that no order of the disk helps.
    if (c.sources >= 3) write("agent.conf.d/20.toml", "broker.url = '20'");
    if (c.sources >= 2) write("agent.conf.d/10.toml", "broker.url = '10'");
    if (c.sources >= 1) write("agent.toml", "broker.url = 'file'");
    if (c.sources >= 4) sources.environment = {{"BELLWETHER_BROKER_URL", "env"}};
    if (c.sources >= 5) sources.overrides = {{"broker.url", "flag"}};
    const auto loaded = load(sources);
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ(s_.url, c.url);
    EXPECT_EQ(s_.period_ms, 1000);
  }
}

TEST_F(ConfigTest, ReplacesListsAndMergesTablesOfStrings) {
  write("agent.toml", "collect.skip = ['a']\nnode.labels = { site = 'n', rack = '1' }\n");
  write("agent.conf.d/x.toml", "collect.skip = ['b']\nnode.labels = { rack = '2' }\n");
  ASSERT_TRUE(load());
  EXPECT_THAT(s_.skip, ElementsAre("b"));
  EXPECT_THAT(s_.labels, ElementsAre(Pair("rack", "2"), Pair("site", "n")));
}

TEST_F(ConfigTest, ReadsOnlyTomlFilesOfTheDirectory) {
  write("agent.conf.d/x.toml.bak", "nonsense");
  write("agent.conf.d/README", "nonsense");
  EXPECT_TRUE(load());
}

TEST_F(ConfigTest, ReadsEveryKindOfValueFromTheEnvironment) {
  ASSERT_TRUE(load({.environment = {{"BELLWETHER_COLLECT_PERIOD_MS", "500"},
                                    {"BELLWETHER_LOG_QUIET", "true"},
                                    {"BELLWETHER_COLLECT_SHARE", "0.25"},
                                    {"BELLWETHER_COLLECT_SKIP", "a,b"},
                                    {"BELLWETHER_NODE_LABELS", "site=n,rack=7=8"}}}));
  EXPECT_EQ(s_.period_ms, 500);
  EXPECT_TRUE(s_.quiet);
  EXPECT_EQ(s_.share, 0.25);
  EXPECT_THAT(s_.skip, ElementsAre("a", "b"));
  EXPECT_THAT(s_.labels, ElementsAre(Pair("rack", "7=8"), Pair("site", "n")));
}

TEST_F(ConfigTest, TakesOneEntryOfATableFromAFlag) {
  ASSERT_TRUE(load({.overrides = {{"node.labels.rack", "7"}}}));
  EXPECT_THAT(s_.labels, ElementsAre(Pair("rack", "7")));
}

TEST_F(ConfigTest, DoesWithoutAFileUnlessItIsRequired) {
  EXPECT_TRUE(load());
  const auto missing = load({.file_required = true});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, file_ + ": No such file or directory");
}

TEST_F(ConfigTest, SaysThatADirectoryIsNoFile) {
  fs::create_directory(file_);
  EXPECT_EQ(load().error().message, file_ + ": Is a directory");
}

TEST_F(ConfigTest, SaysFileLineKeyAndWhatWouldBeRight) {
  const std::pair<const char*, const char*> cases[] = {
      {"# one\n[brokr]\nurl = 'x'\n",
       "agent.toml:3: unknown key 'brokr.url', did you mean 'broker.url'?"},
      {"[collect]\n\nperiod_ms = '5'\n",
       "agent.toml:3: collect.period_ms must be a whole number, not a string"},
      {"collect.period_ms = 1.5",
       "agent.toml:1: collect.period_ms must be a whole number, not a "
       "fraction"},
      {"collect.period_ms = 99999999999999999999",
       "agent.toml:1: collect.period_ms must be a whole number, not a number of more than 64 bits"},
      {"log.quiet = 1", "agent.toml:1: log.quiet must be true or false, not a whole number"},
      {"broker.url = 1979-05-27", "agent.toml:1: broker.url must be a string, not a date or time"},
      {"collect.share = true", "agent.toml:1: collect.share must be a number, not true or false"},
      {"collect.skip = 'a'", "agent.toml:1: collect.skip must be a list of strings, not a string"},
      {"collect.skip = ['a', 1]",
       "agent.toml:1: collect.skip must be a list of strings, not a list with a whole number"},
      {"node.labels = 'a'", "agent.toml:1: node.labels must be a table of strings, not a string"},
      {"node.labels.x = 1",
       "agent.toml:1: node.labels must be a table of strings, not a table whose 'x' is a whole "
       "number"},
      {"[broker.url]\nx = 1\n", "agent.toml:1: broker.url must be a string, not a table"},
      {"broker = 'x'", "agent.toml:1: 'broker' is a table of keys, not a string"},
      {"[[broker]]\nurl = 'x'\n", "agent.toml:1: 'broker' is a table of keys, not a list"},
      {"[something]", "agent.toml:1: unknown table 'something'"},
      {"colour = 1", "agent.toml:1: unknown key 'colour'"},
      {"collect.period_ms = 5", "agent.toml:1: collect.period_ms: must be at least 100"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(errors(text), expected) << text;
}

TEST_F(ConfigTest, SaysTheLineOfWhatIsNoToml) {
  const std::pair<const char*, const char*> cases[] = {
      {"\n[broker]\nurl = 'a'\nurl = 'b'\n", "agent.toml:4: 'url' is set twice"},
      {"[broker]\nurl = 'a'\n[broker]\n", "agent.toml:3: 'broker' is set twice"},
      {"\nbroker.url = mqtt://x\n", "agent.toml:2: "},
      {"broker.url =\n", "agent.toml:1: "},
      {"[broker\n", "agent.toml:1: "},
      {"broker.url = 'open\n", "agent.toml:1: "},
      {"\xff\xfe = 1\n", "agent.toml:1: "},
      {"x = [[[", "agent.toml:"},
  };
  for (const auto& [text, expected] : cases) {
    const auto message = errors(text);
    EXPECT_THAT(message, testing::StartsWith(expected)) << text;
    EXPECT_THAT(message, testing::Not(HasSubstr("toml::"))) << "the library stays unseen";
    EXPECT_THAT(message, testing::Not(HasSubstr("\n"))) << "an error is one line";
  }
}

TEST_F(ConfigTest, SaysAllThatIsWrongInTheOrderOfTheLines) {
  write("agent.conf.d/x.toml", "log.quite = true\n");
  EXPECT_EQ(errors("[node]\nid = 1\n[collect]\nshare = 'x'\nperiod_ms = 1\nskip = 2\n",
                   {.overrides = {{"brokr.url", "x"}, {"collect.share", "much"}},
                    .environment = {{"BELLWETHER_LOG_QUIET", "yes"}}}),
            "agent.toml:2: unknown key 'node.id'\n"
            "agent.toml:4: collect.share must be a number, not a string\n"
            "agent.toml:6: collect.skip must be a list of strings, not a whole number\n"
            "agent.conf.d/x.toml:1: unknown key 'log.quite', did you mean 'log.quiet'?\n"
            "BELLWETHER_LOG_QUIET: log.quiet must be true or false, not 'yes'\n"
            "--set: unknown key 'brokr.url', did you mean 'broker.url'?\n"
            "--set collect.share: collect.share must be a number, not 'much'\n"
            "agent.toml:5: collect.period_ms: must be at least 100");
}

TEST_F(ConfigTest, ChecksTheValueOfTheLastSourceOnly) {
  EXPECT_EQ(errors("collect.period_ms = 5", {.overrides = {{"collect.period_ms", "200"}}}), "");
  EXPECT_EQ(errors("collect.period_ms = 500", {.overrides = {{"collect.period_ms", "7"}}}),
            "--set collect.period_ms: collect.period_ms: must be at least 100");
}

TEST_F(ConfigTest, ChecksDefaultsToo) {
  keys_.push_back({.name = "node.id", .target = &s_.url, .text = "", .check = [] {
                     return std::string("must be set");
                   }});
  EXPECT_EQ(errors(""), "node.id: must be set");
}

TEST_F(ConfigTest, LeavesVariablesOfOtherProgramsAloneButNotMistypedOnes) {
  EXPECT_EQ(errors("", {.environment = {{"BELLWETHER_SOMETHING_ELSE_ENTIRELY", "x"}}}), "");
  EXPECT_EQ(errors("", {.environment = {{"BELLWETHER_BROKR_URL", "x"}}}),
            "BELLWETHER_BROKR_URL: unknown variable, did you mean 'BELLWETHER_BROKER_URL'?");
}

TEST_F(ConfigTest, RefusesNumbersWithAnythingBehindThem) {
  for (const char* text : {"", "5s", " 5", "0x10", "1e3", "99999999999999999999"}) {
    EXPECT_EQ(errors("", {.overrides = {{"collect.period_ms", text}}}),
              "--set collect.period_ms: collect.period_ms must be a whole number, not '" +
                  std::string(text) + "'");
  }
}

TEST_F(ConfigTest, RefusesATableEntryWithoutAName) {
  EXPECT_EQ(errors("", {.overrides = {{"node.labels", "a=b,c"}}}),
            "--set node.labels: node.labels must be a table of strings, not 'a=b,c'");
}

// Tables whose names the user chooses.
class ConfigGroupTest : public ConfigTest {
 protected:
  std::string errors_with_groups(const std::string& text, ConfigSources sources = {}) {
    std::ofstream(file_) << text;
    sources.file = file_;
    members_.clear();
    const ConfigGroup group{
        "export.write", "Where to.", [this](const std::string& name) {
          Settings& member = members_[name];
          const std::string prefix = "export.write." + name + ".";
          const auto must = [&member] {
            return member.url == "default" ? std::string("must be given") : std::string{};
          };
          return std::vector<ConfigKey>{{prefix + "url", &member.url, "Where.", false, must},
                                        {prefix + "headers", &member.labels, "Headers."}};
        }};
    const auto loaded = load_config(keys_, sources, {group});
    return loaded ? "" : loaded.error().message;
  }

  std::map<std::string, Settings> members_;
};

TEST_F(ConfigGroupTest, EachTableOfAGroupHasItsOwnValues) {
  EXPECT_EQ(
      errors_with_groups("[export.write.main]\nurl = 'a'\n[export.write.second-1]\nurl = 'b'\n"
                         "headers = { X = '1' }\n"),
      "");
  ASSERT_EQ(members_.size(), 2U);
  EXPECT_EQ(members_["main"].url, "a");
  EXPECT_EQ(members_["second-1"].url, "b");
  EXPECT_THAT(members_["second-1"].labels, ElementsAre(Pair("X", "1")));
}

TEST_F(ConfigGroupTest, FlagsMakeATableToo) {
  EXPECT_EQ(errors_with_groups("", {.overrides = {{"export.write.main.url", "a"},
                                                  {"export.write.main.headers.X", "1"}}}),
            "");
  EXPECT_EQ(members_["main"].url, "a");
  EXPECT_THAT(members_["main"].labels, ElementsAre(Pair("X", "1")));
}

TEST_F(ConfigGroupTest, TheEnvironmentReachesATableThatTheFileNames) {
  EXPECT_EQ(errors_with_groups("[export.write.main]\nurl = 'a'\n",
                               {.environment = {{"BELLWETHER_EXPORT_WRITE_MAIN_URL", "b"}}}),
            "");
  EXPECT_EQ(members_["main"].url, "b");
}

TEST_F(ConfigGroupTest, ErrorsSayTheLine) {
  EXPECT_THAT(errors_with_groups("\n[export.write.main]\nurll = 'a'\n"),
              AllOf(HasSubstr("agent.toml:3: unknown key 'export.write.main.urll', did you mean "
                              "'export.write.main.url'?"),
                    HasSubstr("agent.toml:2: export.write.main.url: must be given")));
  EXPECT_THAT(errors_with_groups("[export.write.main]\nurl = 7\n"),
              HasSubstr("agent.toml:2: export.write.main.url must be a string"));
  EXPECT_THAT(errors_with_groups("[export.write.'Not so']\nurl = 'a'\n"),
              HasSubstr("agent.toml:1: 'Not so' is no name for a table of export.write"));
  EXPECT_THAT(errors_with_groups("[[export.write]]\nurl = 'a'\n"),
              HasSubstr("agent.toml:1: 'export.write' is a table of keys, not a list"));
  EXPECT_THAT(errors_with_groups("", {.overrides = {{"export.write", "a"}}}),
              HasSubstr("--set: unknown key 'export.write'"));
}

TEST_F(ConfigGroupTest, TheExampleShowsOneTableAsAComment) {
  Settings member;
  const ConfigGroup group{
      "export.write", "Where to.", [&member](const std::string& name) {
        return std::vector<ConfigKey>{{"export.write." + name + ".url", &member.url, "Where."}};
      }};
  EXPECT_THAT(example_config(keys_, "Heading", {group}),
              testing::EndsWith("\n# Where to.\n#[export.write.NAME]\n\n# Where.\n#url = "
                                "\"default\"\n"));
}

}  // namespace
}  // namespace bw
