#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/integration/harness.h"

namespace bw::integration {
namespace {

using std::chrono::seconds;

const std::vector<std::string> kDaemons{"agent", "coordinator"};
const std::vector<std::string> kPrograms{"bellwether-agent", "bellwether-coordinator",
                                         "bellwether"};

struct Ended {
  std::optional<int> code;
  std::string said;
};

Ended run(const std::string& name, const std::vector<std::string>& arguments) {
  TemporaryFolder folder;
  Process process{folder.path() + "/log"};
  std::vector<std::string> argv{program(name)};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  process.start(argv);
  const auto code = process.wait(seconds{5});
  return {code, process.log()};
}

TEST(BadStartsTest, NodeIdsThatAreNoTopicLevelAreRefused) {
  const std::pair<std::string, std::string> cases[] = {{"a/b", "'/'"},
                                                       {"a+b", "'+'"},
                                                       {"a#b", "'#'"},
                                                       {"a b", "a space"},
                                                       {std::string(300, 'a'), "300"},
                                                       {"-a", "begins with"},
                                                       {"caf\xc3\xa9", "0xc3"}};
  for (const auto& [id, reason] : cases) {
    const Ended ended = run("bellwether-agent", {"--set", "node.id=" + id, "--check"});
    EXPECT_EQ(ended.code, 2) << id;
    EXPECT_NE(ended.said.find(reason), std::string::npos) << ended.said;
    EXPECT_NE(ended.said.find("node.id"), std::string::npos) << ended.said;
  }
}

TEST(BadStartsTest, AMistypedKeyIsNamedWithFileLineAndTheNearestRightOne) {
  TemporaryFolder folder;
  for (const std::string& name : kDaemons) {
    const std::string file = folder.path() + "/" + name + ".toml";
    std::ofstream(file)
        << "# a comment\n[broker]\nurll = \"mqtt://127.0.0.1:1883\"\n[log]\nlevel = 7\n";
    const Ended ended = run("bellwether-" + name, {"--config", file, "--check"});
    EXPECT_EQ(ended.code, 2);
    EXPECT_NE(ended.said.find(name + ".toml:3"), std::string::npos) << ended.said;
    EXPECT_NE(ended.said.find("broker.urll"), std::string::npos) << ended.said;
    EXPECT_NE(ended.said.find("broker.url'"), std::string::npos) << ended.said;
    EXPECT_NE(ended.said.find(name + ".toml:5"), std::string::npos) << "all errors at once";
  }
}

TEST(BadStartsTest, TheExampleFilesAreAccepted) {
  for (const std::string& name : kDaemons) {
    const Ended ended =
        run("bellwether-" + name,
            {"--config", std::string(BW_SOURCE_DIR) + "/deploy/" + name + ".toml", "--check"});
    EXPECT_EQ(ended.code, 0) << ended.said;
  }
}

TEST(BadStartsTest, AFileThatIsNotThereOrNotTomlIsAnError) {
  TemporaryFolder folder;
  std::ofstream(folder.path() + "/broken.toml") << "[broker\nurl = ";
  const std::vector<std::string> files{folder.path() + "/none.toml", folder.path() + "/broken.toml",
                                       folder.path()};
  for (const std::string& file : files) {
    const Ended ended = run("bellwether-agent", {"--config", file, "--check"});
    EXPECT_EQ(ended.code, 2) << file << ended.said;
    EXPECT_NE(ended.said.find(file), std::string::npos) << ended.said;
  }
}

TEST(BadStartsTest, AnUnknownFlagIsWrongUsage) {
  for (const std::string& name : kPrograms) {
    const Ended ended = run(name, {"--chekc"});
    EXPECT_EQ(ended.code, 2) << name;
    EXPECT_FALSE(ended.said.empty());
  }
}

TEST(BadStartsTest, APortThatIsTakenEndsTheCoordinatorWithItsName) {
  Site site;
  site.start_broker();
  site.start_coordinator();
  ASSERT_TRUE(
      eventually(seconds{10}, [&] { return http_get(site.api_port, "/healthz").status == 200; }));
  const std::string other = site.folder.path() + "/other";
  std::filesystem::create_directories(other);
  const Ended ended = run("bellwether-coordinator",
                          {"--set", "state.directory=" + other, "--set",
                           "api.listen=127.0.0.1:" + std::to_string(site.api_port), "--set",
                           "broker.url=mqtt://127.0.0.1:" + std::to_string(site.broker_port)});
  EXPECT_EQ(ended.code, 1);
  EXPECT_NE(ended.said.find("api.listen"), std::string::npos) << ended.said;
}

}  // namespace
}  // namespace bw::integration
