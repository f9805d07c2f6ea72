// Broker, coordinator and agent are killed and started again in every order; afterwards each record
// that the agent had on disk is in the coordinator's database, once.
#include <algorithm>
#include <array>
#include <csignal>
#include <thread>

#include <gtest/gtest.h>

#include "tests/integration/harness.h"

namespace bw::integration {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Every record that was on disk is stored, and no number is missing between those that are. What
// the agent wrote at its stop may wait in its outbox: on a busy machine its goodbye ends first.
void expect_nothing_lost(Site& site, std::size_t at_least) {
  const auto stored = site.stored_records();
  auto waiting = site.waiting_records();
  std::size_t checked = 0;
  std::size_t unsent = 0;
  for (const auto& [epoch, numbers] : site.recorded_records()) {
    const auto found = stored.find(epoch);
    ASSERT_NE(found, stored.end()) << "nothing of epoch " << epoch;
    for (const long number : numbers) {
      ++checked;
      if (found->second.contains(number)) continue;
      ++unsent;
      EXPECT_TRUE(waiting[epoch].contains(number))
          << "record " << epoch << "/" << number << " is lost";
    }
  }
  EXPECT_LE(unsent, 2U) << "a block, and an event beside it: the others had their time";
  for (const auto& [epoch, numbers] : stored) {
    EXPECT_EQ(*numbers.begin(), 1) << epoch;
    EXPECT_EQ(*numbers.rbegin(), static_cast<long>(numbers.size())) << epoch << " has holes";
  }
  EXPECT_EQ(site.stored_gaps(), 0);
  std::printf("%zu records of %zu runs, all stored once but %zu that wait\n", checked,
              stored.size(), unsent);
  EXPECT_GE(checked, at_least) << "there must be something to lose";
}

void stop_agent_and_settle(Site& site) {
  ASSERT_TRUE(site.live()) << site.agent.log().substr(
      site.agent.log().size() > 2000 ? site.agent.log().size() - 2000 : 0);
  EXPECT_TRUE(eventually(
      seconds{60},
      [&] {
        const auto stored = site.stored_records();
        const auto recorded = site.recorded_records();
        return std::all_of(recorded.begin(), recorded.end(), [&](const auto& entry) {
          const auto found = stored.find(entry.first);
          return found != stored.end() && std::includes(found->second.begin(), found->second.end(),
                                                        entry.second.begin(), entry.second.end());
        });
      }))
      << site.agent.log() << site.coordinator.log();
  site.agent.signal(SIGTERM);
  EXPECT_EQ(site.agent.wait(seconds{2}), 0);
  eventually(seconds{5}, [&] {
    const auto recorded = site.recorded_records();
    const auto stored = site.stored_records();
    return std::all_of(recorded.begin(), recorded.end(), [&](const auto& entry) {
      return stored.contains(entry.first) && stored.at(entry.first).size() >= entry.second.size();
    });
  });
}

TEST(RestartsTest, KillingBrokerCoordinatorAndAgentInEveryOrderLosesNothing) {
  Site site;
  const std::array<std::function<void()>, 3> kill{
      [&] { site.broker.kill(); }, [&] { site.coordinator.kill(); }, [&] { site.agent.kill(); }};
  const std::array<std::function<void()>, 3> start{
      [&] { site.start_broker(); }, [&] { site.start_coordinator(); }, [&] { site.start_agent(); }};
  for (const auto& it : start) it();
  ASSERT_TRUE(site.live()) << site.coordinator.log() << site.agent.log();

  std::array<int, 3> deaths{0, 1, 2};
  int round = 0;
  do {
    std::array<int, 3> births{0, 1, 2};
    do {
      // Times between deaths and births differ from round to round, so that they hit different
      // moments.
      const milliseconds pause{40 + 70 * (round++ % 5)};
      for (const int which : deaths) {
        kill[static_cast<std::size_t>(which)]();
        std::this_thread::sleep_for(pause);
      }
      for (const int which : births) {
        start[static_cast<std::size_t>(which)]();
        std::this_thread::sleep_for(pause);
      }
      std::this_thread::sleep_for(milliseconds{1300});
    } while (std::next_permutation(births.begin(), births.end()));
  } while (std::next_permutation(deaths.begin(), deaths.end()));
  EXPECT_EQ(round, 36);

  stop_agent_and_settle(site);
  expect_nothing_lost(site, 36);
}

TEST(RestartsTest, EachAloneMayDieAndTheOthersGoOn) {
  Site site;
  site.start_broker();
  site.start_coordinator();
  site.start_agent();
  ASSERT_TRUE(site.live());
  for (int round = 0; round < 3; ++round) {
    site.broker.kill();
    std::this_thread::sleep_for(seconds{1});
    EXPECT_TRUE(site.coordinator.running());
    EXPECT_TRUE(site.agent.running());
    site.start_broker();
    EXPECT_TRUE(site.live());
    site.coordinator.kill();
    std::this_thread::sleep_for(seconds{1});
    EXPECT_TRUE(site.agent.running());
    site.start_coordinator();
    EXPECT_TRUE(site.live());
    site.agent.kill();
    EXPECT_TRUE(eventually(seconds{5}, [&] {
      return http_get(site.api_port, "/api/v1/nodes/" + site.node).body.find("\"offline\"") !=
             std::string::npos;
    })) << "the Last Will says so";
    site.start_agent();
    EXPECT_TRUE(site.live());
  }
  stop_agent_and_settle(site);
  expect_nothing_lost(site, 8);
}

TEST(RestartsTest, WithTheBrokerGoneTheAgentStillStopsInTimeAndItsRecordsComeLater) {
  Site site;
  site.start_broker();
  site.start_coordinator();
  site.start_agent();
  ASSERT_TRUE(site.live());
  site.broker.kill();
  std::this_thread::sleep_for(seconds{2});
  site.agent.signal(SIGTERM);
  EXPECT_EQ(site.agent.wait(seconds{2}), 0);
  site.coordinator.signal(SIGTERM);
  EXPECT_EQ(site.coordinator.wait(seconds{3}), 0) << site.coordinator.log();
  site.start_broker();
  site.start_coordinator();
  site.start_agent();
  stop_agent_and_settle(site);
  expect_nothing_lost(site, 3);
}

}  // namespace
}  // namespace bw::integration
