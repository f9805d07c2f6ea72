// What one node learnt is kept, runs on another, and is taken back; over a restart of the
// coordinator.
#include <filesystem>

#include <gtest/gtest.h>

#include "tests/integration/harness.h"

namespace bw::integration {
namespace {

using std::chrono::seconds;

class ModelsTest : public testing::Test {
 protected:
  ModelsTest() {
    site_.start_broker();
    site_.start_coordinator();
    site_.start_agent();
    start_other("other");
  }

  void start_other(const std::string& folder) {
    const std::string state = site_.folder.path() + "/" + folder;
    std::filesystem::create_directories(state);
    other_.start({program("bellwether-agent"), "--set", "node.id=box-2", "--set",
                  "broker.url=mqtt://127.0.0.1:" + std::to_string(site_.broker_port), "--set",
                  "state.directory=" + state, "--set", "collect.period_ms=100"});
  }
  // What the command line says; empty where it fails.
  std::string cli(const std::vector<std::string>& arguments) {
    Process process{site_.folder.path() + "/cli" + std::to_string(++runs_) + ".log"};
    std::vector<std::string> argv{program("bellwether"), "--url",
                                  "http://127.0.0.1:" + std::to_string(site_.api_port)};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    process.start(argv);
    const auto code = process.wait(seconds{40});
    last_output_ = process.log();
    return code == 0 ? last_output_ : "";
  }
  bool has(const std::string& target, const std::string& text) {
    return http_get(site_.api_port, target).body.find(text) != std::string::npos;
  }
  bool runs(const std::string& model, seconds most = seconds{30}) {
    return eventually(most, [&] {
      return has("/api/v1/models/" + model,
                 R"("node":"box-2","status":"online","state":"running")");
    });
  }

  Site site_;
  Process other_{site_.folder.path() + "/other.log"};
  int runs_ = 0;
  std::string last_output_;
};

TEST_F(ModelsTest, TrainDeployRestartAndRollBack) {
  ASSERT_TRUE(site_.live());
  // As soon as the node has learnt something.
  ASSERT_TRUE(eventually(seconds{60}, [&] {
    return !cli({"model", "train", "box-1", "--name", "edge"}).empty();
  })) << last_output_;
  EXPECT_NE(last_output_.find("is kept as edge@1"), std::string::npos) << last_output_;
  ASSERT_FALSE(cli({"model", "train", "box-1", "--name", "edge"}).empty()) << last_output_;
  EXPECT_NE(cli({"model", "list", "-o", "name"}).find("edge@1\nedge@2\n"), std::string::npos)
      << last_output_;

  ASSERT_TRUE(eventually(seconds{20}, [&] { return has("/api/v1/nodes/box-2", "online"); }));
  ASSERT_FALSE(cli({"model", "deploy", "edge@1", "--node", "box-2"}).empty()) << last_output_;
  EXPECT_TRUE(runs("edge@1")) << site_.coordinator.log() << other_.log();

  // A wish that waits is kept over a kill of the coordinator.
  other_.kill();
  ASSERT_FALSE(cli({"model", "deploy", "edge@2", "--node", "box-2"}).empty()) << last_output_;
  site_.coordinator.kill();
  site_.start_coordinator();
  start_other("other");
  EXPECT_TRUE(runs("edge@2")) << site_.coordinator.log() << other_.log();

  EXPECT_TRUE(cli({"model", "rm", "edge@2"}).empty());
  EXPECT_NE(last_output_.find("runs on, or is wished of, box-2"), std::string::npos);
  ASSERT_FALSE(cli({"model", "rollback", "--node", "box-2"}).empty()) << last_output_;
  EXPECT_TRUE(runs("edge@1")) << site_.coordinator.log() << other_.log();
  EXPECT_FALSE(cli({"model", "rm", "edge@2"}).empty()) << last_output_;

  // The node has it from its own disk after a restart: it is not sent again.
  other_.kill();
  const std::string logged = site_.coordinator.log();
  start_other("other");
  EXPECT_TRUE(eventually(seconds{20}, [&] {
    return site_.coordinator.log().substr(logged.size()).find("node box-2 is now") !=
           std::string::npos;
  }));
  EXPECT_TRUE(runs("edge@1"));
  EXPECT_EQ(site_.coordinator.log().find("no longer runs"), std::string::npos)
      << site_.coordinator.log();

  // One that came over a file is the same, and so is its refusal where it is none.
  const std::string file = site_.folder.path() + "/edge.bwmodel";
  ASSERT_FALSE(cli({"model", "export", "edge@1", "--file", file}).empty()) << last_output_;
  EXPECT_NE(cli({"model", "import", file, "--name", "lab"}).find("lab@1"), std::string::npos)
      << last_output_;
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);
  EXPECT_TRUE(cli({"model", "import", file, "--name", "lab"}).empty());
  EXPECT_NE(last_output_.find("truncated or damaged"), std::string::npos) << last_output_;

  EXPECT_FALSE(cli({"node", "silence", "box-1", "--for", "1h", "--why", "a test"}).empty())
      << last_output_;
  EXPECT_FALSE(cli({"node", "silence", "box-1", "--end"}).empty()) << last_output_;
}

}  // namespace
}  // namespace bw::integration
