// What the quickstart starts: a coordinator with a broker of its own, and an agent that knows
// nothing but its address.
#include <csignal>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/integration/harness.h"

namespace bw::integration {
namespace {

using std::chrono::seconds;

class OneBoxTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(site_.coordinator_state);
    site_.coordinator.start({program("bellwether-coordinator"), "--set",
                             "broker.port=" + std::to_string(site_.broker_port), "--set",
                             "api.listen=127.0.0.1:" + std::to_string(site_.api_port), "--set",
                             "state.directory=" + site_.coordinator_state});
  }
  bool broker_runs() {
    Process probe{site_.folder.path() + "/probe.log"};
    probe.start(
        {"/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(site_.broker_port)});
    return probe.wait(seconds{2}) == 0;
  }
  HttpAnswer get(const std::string& target) { return http_get(site_.api_port, target); }

  Site site_;
};

TEST_F(OneBoxTest, TelemetryArrivesCanBeAskedForAndAllGoesDownTogether) {
  site_.start_agent();
  ASSERT_TRUE(site_.live()) << site_.coordinator.log() << site_.agent.log();
  ASSERT_TRUE(eventually(seconds{10}, [&] {
    return get("/api/v1/query?metric=mem.total&from=-1m").body.find("\"points\":[[") !=
           std::string::npos;
  })) << get("/api/v1/query?metric=mem.total&from=-1m").body;
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_EQ(get("/readyz").status, 200);
  EXPECT_EQ(get("/api/v1/openapi.json").status, 200);
  EXPECT_NE(get("/api/v1/nodes").body.find("\"id\":\"" + site_.node + "\""), std::string::npos);

  const int agent_pid = site_.agent.pid();
  EXPECT_GT(agent_pid, 0);
  site_.agent.signal(SIGTERM);
  EXPECT_EQ(site_.agent.wait(seconds{2}), 0);
  EXPECT_TRUE(eventually(seconds{3}, [&] {
    return get("/api/v1/nodes/" + site_.node).body.find("\"offline\"") != std::string::npos;
  }));
  site_.coordinator.signal(SIGTERM);
  EXPECT_EQ(site_.coordinator.wait(seconds{2}), 0) << site_.coordinator.log();
  EXPECT_FALSE(broker_runs());
}

TEST_F(OneBoxTest, AKilledCoordinatorTakesItsBrokerWithItAndComesBackWithAll) {
  site_.start_agent();
  ASSERT_TRUE(site_.live());
  site_.coordinator.kill();
  EXPECT_TRUE(eventually(seconds{3}, [&] { return !broker_runs(); }));
  SetUp();
  EXPECT_TRUE(site_.live()) << site_.coordinator.log();
}

TEST_F(OneBoxTest, AbsurdQuestionsGetAReasonAndDoNoHarm) {
  ASSERT_TRUE(eventually(seconds{10}, [&] { return get("/healthz").status == 200; }));
  const std::vector<std::string> absurd{"/api/v1/query",
                                        "/api/v1/query?metric=" + std::string(5000, 'x'),
                                        "/api/v1/query?metric=cpu.util&step=0",
                                        "/api/v1/query?metric=cpu.util&step=-5s",
                                        "/api/v1/query?metric=cpu.util&step=1ms&from=-30d",
                                        "/api/v1/query?metric=cpu.util&from=99999999999999999999",
                                        "/api/v1/query?metric=cpu.util&from=now&to=-1h",
                                        "/api/v1/query?metric=cpu.util&from=1970-13-45T99:99:99Z",
                                        "/api/v1/query?metric=cpu.util&function=median",
                                        "/api/v1/query?metric=%ff%fe",
                                        "/api/v1/query?metric=%zz",
                                        "/api/v1/query?metirc=cpu.util",
                                        "/api/v1/events?limit=-1",
                                        "/api/v1/events?limit=999999999"};
  for (const std::string& target : absurd) {
    const auto answer = get(target);
    EXPECT_EQ(answer.status, 400) << target << "\n" << answer.body;
    EXPECT_NE(answer.body.find("\"detail\""), std::string::npos) << target;
  }
  EXPECT_EQ(get("/api/v1/nodes/nobody").status, 404);
  EXPECT_EQ(get("/api/v1/nothing").status, 404);
  EXPECT_EQ(get("/healthz").status, 200);
}

TEST_F(OneBoxTest, AnUnreadableSourceCostsOnlyItsOwnSeries) {
  // A fake root whose vmstat is a folder: it is there and can't be read.
  const std::string root = site_.folder.path() + "/root";
  std::filesystem::create_directories(root + "/proc/vmstat");
  for (const char* name : {"stat", "meminfo", "loadavg", "uptime"}) {
    std::ifstream from(std::string("/proc/") + name);
    std::ofstream(root + "/proc/" + name) << from.rdbuf();
  }
  site_.start_agent({"--set", "collect.root=" + root});
  ASSERT_TRUE(site_.live()) << site_.agent.log();
  EXPECT_NE(get("/api/v1/nodes/" + site_.node + "/series?metric=mem.total").body.find("mem.total"),
            std::string::npos);
  EXPECT_TRUE(eventually(seconds{5}, [&] {
    return site_.agent.log().find("vmstat") != std::string::npos;
  })) << site_.agent.log();
}

}  // namespace
}  // namespace bw::integration
