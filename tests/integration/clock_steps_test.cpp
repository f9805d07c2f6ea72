// The wall clock of a running agent is set by an hour and back (libfaketime; the monotonic clock is
// left alone).
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/integration/harness.h"

namespace bw::integration {
namespace {

using std::chrono::seconds;

std::string faketime_library() {
  for (const char* path : {"/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
                           "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1"}) {
    if (std::filesystem::exists(path)) return path;
  }
  return "";
}

class ClockStepsTest : public testing::Test {
 protected:
  void set_clock(const std::string& offset) {
    std::ofstream(site_.folder.path() + "/clock") << offset << "\n";
  }
  long events(const std::string& words) {
    const std::string body =
        http_get(site_.api_port, "/api/v1/events?kind=clock_step&from=-1d&to=" +
                                     std::string("2100-01-01T00:00:00Z"))
            .body;
    long count = 0;
    for (std::size_t at = 0; (at = body.find(words, at)) != std::string::npos; ++at) ++count;
    return count;
  }
  Site site_;
};

TEST_F(ClockStepsTest, AnHourForwardAndBackLosesNothingAndIsTold) {
  if (faketime_library().empty()) GTEST_SKIP() << "needs libfaketime";
  set_clock("+0");
  site_.start_broker();
  site_.start_coordinator();
  // The agent as start_agent() has it, under the library.
  std::filesystem::create_directories(site_.agent_state);
  site_.agent.start(
      {program("bellwether-agent"), "--set", "node.id=" + site_.node, "--set",
       "broker.url=mqtt://127.0.0.1:" + std::to_string(site_.broker_port), "--set",
       "state.directory=" + site_.agent_state, "--set", "collect.period_ms=100", "--set",
       "history.block_s=1", "--set", "history.first_block_s=1", "--set", "log.level=debug"},
      {{"LD_PRELOAD", faketime_library()},
       {"FAKETIME_TIMESTAMP_FILE", site_.folder.path() + "/clock"},
       {"FAKETIME_NO_CACHE", "1"},
       {"FAKETIME_DONT_FAKE_MONOTONIC", "1"}});
  ASSERT_TRUE(site_.live()) << site_.agent.log();
  set_clock("+3600");
  EXPECT_TRUE(eventually(seconds{10}, [&] { return events("set forward by") == 1; }))
      << site_.agent.log() << http_get(site_.api_port, "/api/v1/events?kind=clock_step").body;
  EXPECT_TRUE(site_.live());
  set_clock("+0");
  EXPECT_TRUE(eventually(seconds{10}, [&] { return events("set back by") == 1; }));
  EXPECT_TRUE(site_.live());
  EXPECT_TRUE(eventually(seconds{20}, [&] {
    const auto stored = site_.stored_records();
    const auto recorded = site_.recorded_records();
    return !recorded.empty() && stored.size() == 1 && recorded.size() == 1 &&
           stored.begin()->second.size() >= recorded.begin()->second.size();
  }));
  EXPECT_EQ(site_.stored_gaps(), 0);
}

}  // namespace
}  // namespace bw::integration
