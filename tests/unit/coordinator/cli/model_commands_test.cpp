#include "coordinator/cli/model_commands.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/coordinator/cli/canned_server.h"
#include "tests/unit/coordinator/cli/program.h"

namespace bw::cli {
namespace {

using testing::CannedServer;
using ::testing::HasSubstr;
using testing::Outcome;
using testing::run_program;

constexpr const char* kModels = R"({"models":[{"id":"edge@3","rows":900}],"classes":[],"most":64})";
constexpr const char* kModel = R"({"id":"edge@3","rows":900,"metric_names":["cpu.util"],
  "nodes":[]})";
constexpr const char* kSent = R"({"id":"c1","node":"box-1","kind":"train","state":"sent",
  "text":"","model":null})";
constexpr const char* kStored = R"({"id":"c1","node":"box-1","kind":"train","state":"done",
  "text":"stored as edge@3","model":"edge@3"})";
constexpr const char* kDeployed = R"({"model":"edge@3","class":null,"class_text":"","changed":1,
  "nodes":[{"node":"box-1","model":"edge@3","text":""},
  {"node":"box-2","model":null,"text":"runs it already"}]})";

class ModelCommands : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/bw-models-XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    folder_ = pattern;
    server_.answer("/api/v1/nodes", R"({"nodes":[{"id":"box-1"}],"next":null})");
    server_.answer("GET /api/v1/models", kModels);
    server_.answer("/api/v1/models/edge%403", kModel);
    server_.answer("POST /api/v1/models/edge%403/deploy", kDeployed, 202);
    server_.answer("POST /api/v1/rollback", kDeployed, 202);
    server_.answer("DELETE /api/v1/models/edge%403", R"({"removed":"edge@3"})");
    server_.answer("POST /api/v1/models", kModel, 201);
    server_.answer("POST /api/v1/nodes/box-1/train", kSent, 202);
    server_.answer("POST /api/v1/nodes/box-1/silence", kSent, 202);
    server_.answer("/api/v1/commands/c1", kStored);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Outcome run(const std::vector<std::string>& arguments) {
    return run_program(arguments, {{"BELLWETHER_URL", server_.url()}});
  }
  std::string out(const std::vector<std::string>& arguments) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    return outcome.out;
  }
  // What is said of a command line that is refused before anything is asked.
  std::string wrong(const std::vector<std::string>& arguments) {
    const std::size_t asked = server_.targets().size();
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 2) << outcome.out;
    EXPECT_EQ(server_.targets().size(), asked);
    return outcome.err;
  }
  std::string last_target() { return server_.targets().back(); }
  std::string write_file(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << bytes;
    return folder_ + "/" + name;
  }

  CannedServer server_;
  std::string folder_;
};

TEST_F(ModelCommands, ListAndShow) {
  EXPECT_THAT(out({"model", "list"}), HasSubstr("edge@3  imported"));
  EXPECT_EQ(out({"model", "list", "-o", "name"}), "edge@3\n");
  EXPECT_THAT(out({"model", "list", "-o", "json"}), HasSubstr("\"most\": 64"));
  EXPECT_THAT(out({"model", "show", "edge@3"}), HasSubstr("metrics  cpu.util\n"));
  EXPECT_THAT(out({"model", "show", "edge@3", "-o", "yaml"}), HasSubstr("id: \"edge@3\"\n"));
  EXPECT_EQ(out({"model", "show", "edge@3", "-o", "name"}), "edge@3\n");
  EXPECT_THAT(run({"model", "show", "edge@9"}).err, HasSubstr("nothing is here"));
  EXPECT_EQ(run({"model", "show", "edge@9"}).code, 1);
}

TEST_F(ModelCommands, TrainWaitsForWhatBecameOfIt) {
  EXPECT_EQ(out({"model", "train", "box-1", "--name", "edge", "--note", "a b"}),
            "what box-1 has learnt is kept as edge@3\n");
  EXPECT_EQ(server_.targets().at(0), "/api/v1/nodes/box-1/train?name=edge&note=a%20b");
  EXPECT_EQ(last_target(), "/api/v1/commands/c1");
  EXPECT_EQ(out({"model", "train", "box-1", "-o", "name"}), "edge@3\n");
  EXPECT_THAT(out({"model", "train", "box-1", "-o", "json"}), HasSubstr("\"state\": \"done\""));
  out({"model", "train", "box-1", "--fresh"});
  EXPECT_THAT(server_.targets(), ::testing::Contains("/api/v1/nodes/box-1/train?fresh=true"));
}

TEST_F(ModelCommands, TrainSaysWhyNothingCameOfIt) {
  server_.answer("/api/v1/commands/c1", R"({"id":"c1","node":"box-1","state":"failed",
    "text":"nothing is learnt yet"})");
  Outcome outcome = run({"model", "train", "box-1"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "bellwether: box-1 could not: nothing is learnt yet\n");
  server_.answer("/api/v1/commands/c1", R"({"title":"Not Found"})", 404);
  EXPECT_THAT(run({"model", "train", "box-1"}).err, HasSubstr("it was restarted meanwhile"));
  server_.answer("POST /api/v1/nodes/box-1/train",
                 R"({"title":"Conflict","detail":"node box-1 is offline: it can't be asked now"})",
                 409);
  outcome = run({"model", "train", "box-1"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("node box-1 is offline"));
  EXPECT_THAT(run({"model", "train", "box-9"}).err, HasSubstr("near to it: box-1"));
  server_.answer("POST /api/v1/nodes/box-1/train", "{}", 202);
  EXPECT_EQ(run({"model", "train", "box-1"}).code, 1);
}

TEST_F(ModelCommands, SilenceNeedsALengthOrAnEnd) {
  server_.answer("/api/v1/commands/c1", R"({"id":"c1","node":"box-1","state":"done",
    "text":"silent"})");
  EXPECT_EQ(out({"node", "silence", "box-1", "--for", "2h", "--why", "new disks"}),
            "box-1: silent\n");
  EXPECT_EQ(server_.targets().at(0), "/api/v1/nodes/box-1/silence?for=7200000ms&why=new%20disks");
  out({"node", "silence", "box-1", "--end"});
  EXPECT_THAT(server_.targets(), ::testing::Contains("/api/v1/nodes/box-1/silence?for=0s"));
  EXPECT_THAT(wrong({"node", "silence", "box-1"}), HasSubstr("--for 2h"));
  wrong({"node", "silence", "box-1", "--for", "2h", "--end"});
  EXPECT_THAT(wrong({"node", "silence", "box-1", "--for", "soon"}), HasSubstr("--for"));
}

TEST_F(ModelCommands, DeployTellsEachNode) {
  const std::string text = out({"model", "deploy", "edge@3", "--node", "box-1", "--node", "box-2"});
  EXPECT_THAT(text, HasSubstr("box-1  edge@3\n"));
  EXPECT_THAT(text, HasSubstr("box-2  unchanged  runs it already\n"));
  EXPECT_EQ(last_target(), "/api/v1/models/edge%403/deploy?node=box-1&node=box-2");
  EXPECT_EQ(server_.last_method(), "POST");
  out({"model", "deploy", "edge@3", "--class", "c", "--site", "s", "--label", "a=b"});
  EXPECT_EQ(last_target(), "/api/v1/models/edge%403/deploy?class=c&site=s&label=a%3Db");
  EXPECT_EQ(out({"model", "deploy", "edge@3", "--all", "-o", "name"}), "box-1\n");
  EXPECT_EQ(last_target(), "/api/v1/models/edge%403/deploy?all=true");
  EXPECT_THAT(wrong({"model", "deploy", "edge@3"}), HasSubstr("which nodes?"));
  EXPECT_THAT(wrong({"model", "deploy", "edge@3", "--all", "--site", "s"}), HasSubstr("--all"));
  EXPECT_THAT(wrong({"model", "deploy", "edge@3", "--label", "x"}), HasSubstr("is no label"));
}

TEST_F(ModelCommands, RollbackAndRemove) {
  EXPECT_THAT(out({"model", "rollback", "--class", "edge"}), HasSubstr("box-1  edge@3\n"));
  EXPECT_EQ(last_target(), "/api/v1/rollback?class=edge");
  EXPECT_EQ(out({"model", "rm", "edge@3"}), "edge@3 is removed\n");
  EXPECT_EQ(server_.last_method(), "DELETE");
  server_.answer("DELETE /api/v1/models/edge%403",
                 R"({"title":"Conflict","detail":"edge@3 runs on, or is wished of, n1"})", 409);
  EXPECT_THAT(run({"model", "rm", "edge@3"}).err, HasSubstr("runs on, or is wished of, n1"));
}

TEST_F(ModelCommands, ImportSendsTheFileAsItIs) {
  const std::string bytes("a\0b\r\n\r\nc", 9);
  EXPECT_EQ(out({"model", "import", write_file("m", bytes), "--name", "edge"}),
            "it is kept as edge@3\n");
  EXPECT_EQ(server_.last_body(), bytes);
  EXPECT_EQ(last_target(), "/api/v1/models?name=edge");
  const std::string large(2U << 20, 'x');
  out({"model", "import", write_file("large", large), "--name", "edge"});
  EXPECT_EQ(server_.last_body(), large);
}

TEST_F(ModelCommands, ImportRefusesWhatIsNoFileOfAModel) {
  const std::string file = write_file("m", "x");
  EXPECT_THAT(wrong({"model", "import", file}), HasSubstr("--name edge"));
  EXPECT_THAT(wrong({"model", "import", folder_ + "/none", "--name", "a"}),
              HasSubstr("No such file"));
  EXPECT_THAT(wrong({"model", "import", folder_, "--name", "a"}), HasSubstr("it is a folder"));
  EXPECT_THAT(wrong({"model", "import", write_file("e", ""), "--name", "a"}),
              HasSubstr("it is empty"));
  EXPECT_THAT(
      wrong({"model", "import", write_file("l", std::string((4U << 20) + 1, 'x')), "--name", "a"}),
      HasSubstr("4 MiB"));
  server_.answer("POST /api/v1/models",
                 R"({"title":"Unprocessable Content","detail":"model refused: it is no model"})",
                 422);
  const Outcome outcome = run({"model", "import", file, "--name", "a"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("it is no model"));
}

TEST_F(ModelCommands, ExportWritesTheFileButOverNone) {
  server_.answer("/api/v1/models/edge%403/download", std::string("a\0b", 3), 200,
                 "application/octet-stream");
  const std::string file = folder_ + "/out";
  EXPECT_THAT(out({"model", "export", "edge@3", "--file", file}), HasSubstr("edge@3 is in "));
  std::ifstream in(file, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), std::string("a\0b", 3));
  EXPECT_THAT(wrong({"model", "export", "edge@3", "--file", file}), HasSubstr("is there already"));
  EXPECT_THAT(wrong({"model", "export", "edge@3"}), HasSubstr("--file"));
  EXPECT_EQ(run({"model", "export", "edge@3", "--file", folder_ + "/no/where"}).code, 1);
  EXPECT_EQ(run({"model", "export", "edge@9", "--file", folder_ + "/x"}).code, 1);
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/x"));
}

}  // namespace
}  // namespace bw::cli
