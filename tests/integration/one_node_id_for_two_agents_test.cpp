#include <filesystem>

#include <gtest/gtest.h>

#include "tests/integration/harness.h"

namespace bw::integration {
namespace {

using std::chrono::seconds;

TEST(TwoAgentsTest, TheSecondIsRefusedAndBothSidesSaySo) {
  Site site;
  site.start_broker();
  site.start_coordinator();
  site.start_agent();
  ASSERT_TRUE(site.live());
  ASSERT_TRUE(eventually(seconds{10}, [&] { return !site.stored_records().empty(); }));

  Process second{site.folder.path() + "/second.log"};
  const std::string state = site.folder.path() + "/second";
  std::filesystem::create_directories(state);
  second.start({program("bellwether-agent"), "--set", "node.id=" + site.node, "--set",
                "broker.url=mqtt://127.0.0.1:" + std::to_string(site.broker_port), "--set",
                "state.directory=" + state});
  EXPECT_EQ(second.wait(seconds{10}), 3) << second.log();
  EXPECT_NE(second.log().find("refused by the coordinator"), std::string::npos) << second.log();
  EXPECT_NE(second.log().find(site.node), std::string::npos);
  EXPECT_NE(site.coordinator.log().find(site.node), std::string::npos) << site.coordinator.log();
  EXPECT_GE(site.metric("bw_node_conflicts_total"), 1);
  EXPECT_TRUE(site.agent.running());
  EXPECT_TRUE(site.live()) << "the first goes on";
  EXPECT_EQ(site.stored_records().size(), 1U) << "nothing of the second was taken";
}

TEST(TwoAgentsTest, TwoThatRanBeforeTheCoordinatorAreToldApartToo) {
  Site site;
  site.start_broker();
  site.start_agent();
  Process second{site.folder.path() + "/second.log"};
  const std::string state = site.folder.path() + "/second";
  std::filesystem::create_directories(state);
  second.start({program("bellwether-agent"), "--set", "node.id=" + site.node, "--set",
                "broker.url=mqtt://127.0.0.1:" + std::to_string(site.broker_port), "--set",
                "state.directory=" + state});
  ASSERT_TRUE(eventually(seconds{10}, [&] {
    return second.log().find("connected to") != std::string::npos &&
           site.agent.log().find("connected to") != std::string::npos;
  }));
  site.start_coordinator();
  EXPECT_TRUE(eventually(seconds{30}, [&] { return site.agent.running() != second.running(); }))
      << "one of them, and one only, stays\n"
      << site.coordinator.log();
  EXPECT_GE(site.metric("bw_node_conflicts_total"), 1);
  EXPECT_TRUE(site.live());
}

TEST(TwoAgentsTest, TwoAgentsInOneStateDirectoryAreRefusedBeforeTheyStart) {
  Site site;
  site.start_broker();
  site.start_agent();
  ASSERT_TRUE(eventually(seconds{5},
                         [&] { return std::filesystem::exists(site.agent_state + "/outbox.db"); }));
  Process second{site.folder.path() + "/second.log"};
  second.start({program("bellwether-agent"), "--set", "node.id=other", "--set",
                "state.directory=" + site.agent_state});
  EXPECT_EQ(second.wait(seconds{5}), 3) << second.log();
  EXPECT_NE(second.log().find(std::to_string(site.agent.pid())), std::string::npos) << second.log();
}

TEST(TwoAgentsTest, AnAgentThatWasKilledComesBackUnderItsNameAtOnce) {
  Site site;
  site.start_broker();
  site.start_coordinator();
  site.start_agent();
  ASSERT_TRUE(site.live());
  for (int i = 0; i < 5; ++i) {
    site.agent.kill();
    site.start_agent();
    EXPECT_TRUE(site.live()) << site.agent.log();
    EXPECT_TRUE(site.agent.running());
  }
}

}  // namespace
}  // namespace bw::integration
