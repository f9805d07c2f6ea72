#include "coordinator/cli/anomaly_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/coordinator/cli/anomaly_answers.h"
#include "tests/unit/coordinator/cli/canned_server.h"
#include "tests/unit/coordinator/cli/program.h"

namespace bw::cli {
namespace {

using testing::CannedServer;
using ::testing::HasSubstr;
using testing::Outcome;
using testing::run_program;

class AnomalyCommands : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string one = testing::kAnomaly;
    server_.answer("/api/v1/anomalies",
                   "{\"anomalies\":[" + one + "],\"truncated\":false,\"damaged\":0}");
    server_.answer("/api/v1/anomalies/box-1", one.substr(0, one.size() - 1) + ",\"events\":[]}");
    server_.answer("/api/v1/nodes/box-1/health", testing::kHealth);
    server_.answer("/api/v1/nodes/box-2/health",
                   R"({"node":"box-2","verdict":"well","reasons":[]})");
    server_.answer("/api/v1/nodes", R"({"nodes":[{"id":"box-1"}],"next":null})");
  }

  Outcome run(const std::vector<std::string>& arguments) {
    return run_program(arguments, {{"BELLWETHER_URL", server_.url()}});
  }
  std::string out(const std::vector<std::string>& arguments, int code = 0) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    return outcome.out;
  }

  CannedServer server_;
};

TEST_F(AnomalyCommands, EveryFormatHasItsForm) {
  EXPECT_THAT(out({"anomalies"}), HasSubstr("2026-11-21 03:00:00  box-1:00f3a2c4d5e6b701:3"));
  EXPECT_THAT(out({"anomalies", "-o", "wide"}), HasSubstr("THRESHOLD"));
  EXPECT_EQ(out({"anomalies", "-o", "name"}), "box-1:00f3a2c4d5e6b701:3\n");
  EXPECT_THAT(out({"anomalies", "-o", "json"}), HasSubstr("\"damaged\": 0\n"));
  EXPECT_THAT(out({"anomalies", "-o", "yaml"}), HasSubstr("damaged: 0\n"));
  EXPECT_THAT(out({"anomaly", "show", "box-1"}), HasSubstr("METRIC"));
  EXPECT_EQ(out({"anomaly", "show", "box-1", "-o", "name"}), "box-1:00f3a2c4d5e6b701:3\n");
  EXPECT_THAT(out({"anomaly", "show", "box-1", "-o", "yaml"}), HasSubstr("level: major\n"));
  EXPECT_EQ(out({"node", "health", "box-2", "-o", "name"}), "well\n");
  EXPECT_THAT(out({"node", "health", "box-2", "-o", "json"}), HasSubstr("\"verdict\": \"well\""));
}

TEST_F(AnomalyCommands, ANodeThatIsNotWellIsShownAndFails) {
  EXPECT_THAT(out({"node", "health", "box-1"}, 1), HasSubstr("box-1 is unwell\n"));
  EXPECT_THAT(out({"node", "health", "box-1", "-o", "json"}, 1), HasSubstr("unwell"));
  EXPECT_EQ(out({"node", "health", "box-1", "-o", "name"}, 1), "unwell\n");
  EXPECT_THAT(out({"node", "health", "box-2"}), HasSubstr("box-2 is well\n"));
}

TEST_F(AnomalyCommands, FlagsBecomeParameters) {
  out({"anomalies"});
  EXPECT_EQ(server_.targets().back(), "/api/v1/anomalies");
  out({"anomalies", "--node", "box-1", "--site", "a b", "--severity", "major", "--active", "--from",
       "2026-11-21T08:00:00Z", "--to", "2026-11-21 09:00", "--limit", "5"});
  EXPECT_EQ(server_.targets().back(),
            "/api/v1/anomalies?node=box-1&site=a%20b&severity=major&active=true&"
            "from=2026-11-21T08%3A00%3A00.000Z&to=2026-11-21T09%3A00%3A00.000Z&limit=5");
  run({"anomaly", "show", "a/b:3"});
  EXPECT_EQ(server_.targets().back(), "/api/v1/anomalies/a%2Fb%3A3");
}

TEST_F(AnomalyCommands, WrongFlagsAreTwoAndAskNothing) {
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"anomalies", "--from", "x"}, "--from: 'x' is not a time"},
      {{"anomalies", "--to", "x"}, "--to: 'x' is not a time"},
      {{"anomalies", "--from", "-1h", "--to", "-2h"}, "--to: it is not later than --from"},
      {{"anomalies", "--limit", "0"}, "--limit: '0' is no number of anomalies"},
      {{"anomalies", "--severity", "warning"}, "'warning' is no value of --severity"},
      {{"anomaly", "show"}, "anomaly show needs ID"},
      {{"anomaly"}, "'anomaly' needs one word more: show"},
      {{"node", "health"}, "node health needs ID"}};
  for (const auto& [arguments, words] : cases) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 2) << words;
    EXPECT_THAT(outcome.err, HasSubstr(words));
    EXPECT_THAT(outcome.err, HasSubstr("'bellwether --help' tells what there is.\n"));
  }
  EXPECT_TRUE(server_.targets().empty());
}

TEST_F(AnomalyCommands, WhatIsNotThereFailsInTheCoordinatorsWords) {
  const char* problem = R"({"title":"Not Found","detail":"node box-1 has told of no anomaly 9"})";
  server_.answer("/api/v1/anomalies/box-1%3A9", problem, 404, "application/problem+json");
  const Outcome missing = run({"anomaly", "show", "box-1:9"});
  EXPECT_EQ(missing.code, 1);
  EXPECT_EQ(missing.err, "bellwether: Not Found: node box-1 has told of no anomaly 9\n");
  server_.answer("/api/v1/anomalies/-", R"({"title":"Bad Request","detail":"as in box-1:3"})", 400,
                 "application/problem+json");
  const Outcome malformed = run({"anomaly", "show", "--", "-"});
  EXPECT_EQ(malformed.code, 2);
  EXPECT_EQ(malformed.err, "bellwether: Bad Request: as in box-1:3\n");
  const Outcome unknown = run({"node", "health", "box-3"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_EQ(unknown.err, "bellwether: no node is called 'box-3'; near to it: box-1\n");
}

TEST_F(AnomalyCommands, AServerThatIsNoneFailsInWords) {
  server_.answer("/api/v1/nodes/box-1/health", "{}", 500);
  for (const char* path : {"anomalies", "anomalies/box-1", "nodes/box-2/health"}) {
    server_.answer(std::string("/api/v1/") + path, "<html>\x1b[2J");
  }
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"anomalies"}, {"anomaly", "show", "box-1"}, {"node", "health", "box-2"}}) {
    const Outcome outcome = run(command);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.err, "bellwether: " + server_.url() +
                               ": the answer is not JSON: is this a coordinator?\n");
    std::vector<std::string> nowhere = command;
    nowhere.insert(nowhere.end(), {"--url", testing::unused_url()});
    EXPECT_EQ(run(nowhere).code, 1);
  }
  EXPECT_EQ(run({"node", "health", "box-1"}).code, 1);
}

}  // namespace
}  // namespace bw::cli
