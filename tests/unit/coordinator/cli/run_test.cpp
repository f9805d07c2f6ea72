#include "coordinator/cli/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/coordinator/cli/canned_server.h"
#include "tests/unit/coordinator/cli/pseudo_terminal.h"

namespace bw::cli {
namespace {

using testing::CannedServer;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using testing::Outcome;
using testing::PseudoTerminal;
using testing::run_program;
using testing::unused_url;

constexpr const char* kStatus = R"({"version":"0.1.0","uptime_s":5,
  "broker":{"connected":true,"url":"mqtt://b"},"store":{"ok":true,"reason":""},
  "nodes":{"online":1},"records":{},"refused_payloads":0})";
constexpr const char* kNodes = R"({"nodes":[{"id":"box-1","site":"paris","status":"online"},
  {"id":"box-2","status":"silent"}],"next":null})";
constexpr const char* kQuery = R"({"metric":"cpu.util","function":"avg","step_ms":1000,"series":[
  {"node":"box-1","name":"cpu.util","unit":"%","labels":{"cpu":"0"},"points":[[1000,12.5]]}]})";
constexpr const char* kEvents = R"({"events":[{"node":"box-1","epoch":5,"number":7,
  "time":"2026-11-21T08:00:00Z","kind":"gap","severity":"warning","text":"a\u001b[2J"}]})";
constexpr const char* kSeries =
    R"({"node":"box-1","series":[
  {"name":"cpu.util","unit":"%","labels":{"cpu":"0"},"value":12.5}]})";

class Run : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.answer("/api/v1/status", kStatus);
    server_.answer("/api/v1/nodes", kNodes);
    server_.answer("/api/v1/nodes/box-1", R"({"id":"box-1","status":"online"})");
    server_.answer("/api/v1/nodes/box-1/series", kSeries);
    server_.answer("/api/v1/query", kQuery);
    server_.answer("/api/v1/events", kEvents);
  }

  Outcome run(const std::vector<std::string>& arguments) {
    return run_program(arguments, {{"BELLWETHER_URL", server_.url()}});
  }
  // The output of a run that has to succeed.
  std::string out(const std::vector<std::string>& arguments) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    return outcome.out;
  }
  std::string last_target() { return server_.targets().back(); }

  CannedServer server_;
};

TEST_F(Run, EveryCommandPrintsItsTable) {
  EXPECT_THAT(out({"status"}), HasSubstr("coordinator  well"));
  EXPECT_THAT(out({"nodes"}), HasSubstr("box-1  paris  online"));
  EXPECT_THAT(out({"node", "show", "box-1"}), HasSubstr("  id              box-1\n"));
  EXPECT_THAT(out({"node", "show", "box-1", "--series"}), HasSubstr("cpu.util  cpu=0   12.5%"));
  EXPECT_THAT(out({"query", "cpu.util"}), HasSubstr("1970-01-01 00:00:01  box-1  cpu=0   12.5%"));
  EXPECT_THAT(out({"events"}), HasSubstr("warning   box-1  gap   a\\x1b[2J"));
  EXPECT_THAT(out({"version"}), MatchesRegex("bellwether [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST_F(Run, JsonAndYamlAreTheDocument) {
  EXPECT_THAT(out({"status", "-o", "json"}), HasSubstr("\"uptime_s\": 5,\n"));
  EXPECT_THAT(out({"nodes", "-o", "json"}), HasSubstr("      \"id\": \"box-1\",\n"));
  EXPECT_THAT(out({"nodes", "-o", "yaml"}), HasSubstr("nodes:\n  - id: box-1\n    site: paris\n"));
  EXPECT_EQ(out({"node", "show", "box-1", "-o", "yaml"}), "id: box-1\nstatus: online\n");
  EXPECT_THAT(out({"node", "show", "box-1", "--series", "-o", "yaml"}), HasSubstr("node: box-1\n"));
  EXPECT_THAT(out({"query", "cpu.util", "-o", "yaml"}), HasSubstr("metric: cpu.util\n"));
  EXPECT_THAT(out({"events", "-o", "json"}), HasSubstr("a\\u001b[2J"));
  EXPECT_THAT(out({"version", "-o", "yaml"}), HasSubstr("name: bellwether\n"));
}

TEST_F(Run, NamesAreOneALine) {
  EXPECT_EQ(out({"nodes", "-o", "name"}), "box-1\nbox-2\n");
  EXPECT_EQ(out({"node", "show", "box-1", "-o", "name"}), "box-1\n");
  EXPECT_EQ(out({"node", "show", "box-1", "--series", "-o", "name"}), "cpu.util{cpu=0}\n");
  EXPECT_EQ(out({"query", "cpu.util", "-o", "name"}), "box-1/cpu.util{cpu=0}\n");
  EXPECT_EQ(out({"events", "-o", "name"}), "box-1/5/7\n");
  EXPECT_EQ(out({"status", "-o", "name"}), server_.url() + "\n");
  EXPECT_THAT(out({"version", "-o", "name"}), MatchesRegex("[0-9.]+\n"));
}

TEST_F(Run, MetricsAsksTheCoordinatorOnlyForANode) {
  EXPECT_THAT(out({"metrics", "cpu.load?"}), HasSubstr("cpu.load5"));
  EXPECT_TRUE(server_.targets().empty());
  EXPECT_EQ(out({"metrics", "--node", "box-1", "-o", "name"}), "cpu.util\n");
  EXPECT_EQ(last_target(), "/api/v1/nodes/box-1/series");
  EXPECT_THAT(out({"metrics", "cpu.util", "-o", "json"}), HasSubstr("\"bw_cpu_util_ratio\""));
  EXPECT_THAT(out({"metrics", "cpu.util", "-o", "yaml"}),
              HasSubstr("prometheus: bw_cpu_util_ratio"));
}

TEST_F(Run, MetricsSaysWhatIsNotThere) {
  const Outcome none = run({"metrics", "nothing.of.it"});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("no metric is called 'nothing.of.it'"));
  const Outcome not_had = run({"metrics", "mem.*", "--node", "box-1"});
  EXPECT_EQ(not_had.code, 1);
  EXPECT_THAT(not_had.err, HasSubstr("no metric of this node is called 'mem.*'"));
  EXPECT_THAT(run({"metrics", "--node", "box-9"}).err, HasSubstr("no node is called 'box-9'"));
  server_.answer("/api/v1/nodes/box-1/series", "garbage");
  EXPECT_EQ(run({"metrics", "--node", "box-1"}).code, 1);
  server_.answer("/api/v1/nodes/box-1/series", "{}", 500);
  EXPECT_EQ(run({"metrics", "--node", "box-1"}).code, 1);
}

TEST_F(Run, FlagsBecomeParameters) {
  out({"nodes", "--site", "a b", "--status", "silent", "--label", "x=1", "--label", "y=2"});
  EXPECT_EQ(last_target(),
            "/api/v1/nodes?label=x%3D1&label=y%3D2&site=a%20b&status=silent&limit=1000");
  out({"query",    "cpu.util",
       "--node",   "box-1",
       "--from",   "2026-11-21T08:00:00Z",
       "--to",     "2026-11-21 09:00",
       "--step",   "1m",
       "--func",   "max",
       "--by",     "node",
       "--by",     "cpu",
       "--across", "sum",
       "--label",  "cpu=0"});
  EXPECT_EQ(last_target(),
            "/api/v1/"
            "query?label=cpu%3D0&metric=cpu.util&node=box-1&function=max&group_by=node&group_by="
            "cpu&across=sum&"
            "from=2026-11-21T08%3A00%3A00.000Z&to=2026-11-21T09%3A00%3A00.000Z&step=60000ms");
  out({"query", "cpu.util"});
  EXPECT_THAT(last_target(), HasSubstr("metric=cpu.util&from=20"));
  out({"events", "--kind", "gap", "--severity", "warning", "--limit", "5"});
  EXPECT_EQ(last_target(), "/api/v1/events?kind=gap&severity=warning&limit=5");
}

TEST_F(Run, TheFlagGoesBeforeTheVariable) {
  const Outcome outcome =
      run_program({"nodes", "--url", server_.url()}, {{"BELLWETHER_URL", unused_url()}});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST_F(Run, WrongUsageIsTwoAndSaysWhatIsRight) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"nodess"}, "unknown command 'nodess'. Did you mean nodes?"},
      {{"nodes", "--sit", "x"}, "Did you mean --site?"},
      {{"nodes", "-o", "jsn"}, "Did you mean json?"},
      {{"nodes", "--label", "x"}, "'x' is no label: write --label name=value"},
      {{"query", "m", "--label", "=x"}, "'=x' is no label"},
      {{"query", "m", "--from", "yesterday"}, "--from: 'yesterday' is not a time"},
      {{"query", "m", "--to", "x"}, "--to: 'x' is not a time"},
      {{"query", "m", "--step", "x"}, "--step: 'x' is not a length of time"},
      {{"events", "--from", "x"}, "--from: 'x' is not a time"},
      {{"events", "--limit", "x"}, "--limit: 'x' is no number of events"},
      {{"events", "--limit", "0"}, "--limit: '0' is no number of events"},
      {{"nodes", "--url", "c:8420"}, "write http://c:8420"},
      {{}, "which command?"}};
  for (const auto& [arguments, words] : cases) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 2) << words;
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("bellwether: "));
    EXPECT_THAT(outcome.err, HasSubstr(words));
    EXPECT_THAT(outcome.err, HasSubstr("'bellwether --help' tells what there is.\n"));
  }
  EXPECT_TRUE(server_.targets().empty());
}

TEST_F(Run, HelpGoesToStdoutAndIsDone) {
  EXPECT_THAT(out({"--help"}), HasSubstr("Commands:"));
  EXPECT_THAT(out({"query", "--help"}), HasSubstr("Examples:\n  bellwether query cpu.util"));
}

TEST_F(Run, AnUnreachableCoordinatorFailsWithWhatToDo) {
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"status"},
                                             {"nodes"},
                                             {"nodes", "-o", "json"},
                                             {"node", "show", "x"},
                                             {"query", "m"},
                                             {"events"}}) {
    std::vector<std::string> arguments = command;
    const std::string url = unused_url();
    arguments.insert(arguments.end(), {"--url", url});
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("no coordinator answers at " + url));
    EXPECT_THAT(outcome.err, HasSubstr("Is it running"));
  }
}

TEST_F(Run, GarbageFailsInWords) {
  for (const char* path :
       {"status", "nodes", "nodes/box-1", "nodes/box-1/series", "query", "events"}) {
    server_.answer(std::string("/api/v1/") + path, "<html>\x1b[2J");
  }
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"status"},
                                             {"nodes"},
                                             {"nodes", "-o", "yaml"},
                                             {"node", "show", "box-1"},
                                             {"node", "show", "box-1", "--series"},
                                             {"query", "m"},
                                             {"events"}}) {
    const Outcome outcome = run(command);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err, "bellwether: " + server_.url() +
                               ": the answer is not JSON: is this a coordinator?\n");
  }
}

TEST_F(Run, ATruncatedBodyFailsInWords) {
  server_.answer_raw("/api/v1/status", "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{\"a\":");
  const Outcome outcome = run({"status"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("its answer was cut short"));
}

TEST_F(Run, AProblemDocumentIsPrintedAsTitleAndDetail) {
  server_.answer("/api/v1/query", R"({"title":"Bad Request","detail":"step is too small"})", 400,
                 "application/problem+json");
  const Outcome outcome = run({"query", "cpu.util"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "bellwether: Bad Request: step is too small\n");
}

TEST_F(Run, ANodeThatIsNotThereGetsTheNearestIds) {
  const Outcome outcome = run({"node", "show", "box-3"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.err, "bellwether: no node is called 'box-3'; near to it: box-1, box-2\n");
  EXPECT_EQ(run({"node", "show", "something-else"}).err,
            "bellwether: no node is called 'something-else'; 'bellwether nodes' lists all 2\n");
  server_.answer("/api/v1/nodes", "{}", 500);
  EXPECT_EQ(run({"node", "show", "box-3"}).err, "bellwether: Not Found: nothing is here\n");
}

TEST_F(Run, AnUnwellCoordinatorIsShownAndFails) {
  server_.answer("/api/v1/status", R"({"broker":{"connected":false,"url":"mqtt://b"},
    "store":{"ok":false,"reason":"disk full"}})");
  for (const char* format : {"table", "json", "name"}) {
    const Outcome outcome = run({"status", "-o", format});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_NE(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("no connection to the broker at mqtt://b"));
    EXPECT_THAT(outcome.err, HasSubstr("the store is failing: disk full"));
  }
}

TEST_F(Run, ColoursAreForTerminalsThatWantThem) {
  EXPECT_THAT(out({"nodes"}), Not(HasSubstr("\x1b")));
  const testing::Variables at_server = {{"BELLWETHER_URL", server_.url()}};
  PseudoTerminal coloured({"nodes"}, at_server);
  EXPECT_EQ(coloured.wait_until_ended(), 0);
  EXPECT_THAT(coloured.output(), HasSubstr("\x1b[32monline"));
  PseudoTerminal by_flag({"nodes", "--no-color"}, at_server);
  EXPECT_EQ(by_flag.wait_until_ended(), 0);
  EXPECT_THAT(by_flag.output(), Not(HasSubstr("\x1b")));
  PseudoTerminal by_variable({"nodes"}, {{"BELLWETHER_URL", server_.url()}, {"NO_COLOR", "1"}});
  EXPECT_EQ(by_variable.wait_until_ended(), 0);
  EXPECT_THAT(by_variable.output(), Not(HasSubstr("\x1b")));
}

TEST_F(Run, AQueryOnATerminalDrawsItsSeries) {
  PseudoTerminal terminal({"query", "cpu.util"}, {{"BELLWETHER_URL", server_.url()}});
  EXPECT_EQ(terminal.wait_until_ended(), 0);
  EXPECT_THAT(terminal.output(), HasSubstr("MEAN"));
  EXPECT_THAT(out({"query", "cpu.util"}), Not(HasSubstr("MEAN")));
}

TEST_F(Run, OutputThatCanNotBeWrittenFails) {
  const auto outcome = testing::run_command(
      {"sh", "-c", "exec \"$0\" version > /dev/full", testing::program_path()});
  EXPECT_EQ(outcome.code, 1);
}

}  // namespace
}  // namespace bw::cli
