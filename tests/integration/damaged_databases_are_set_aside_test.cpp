#include <csignal>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/integration/harness.h"

namespace bw::integration {
namespace {

using std::chrono::seconds;

// Overwrites a database and its write-ahead log, which alone would make good the damage.
void damage(const std::string& database) {
  for (const std::string& path : {database, database + "-wal"}) {
    if (!std::filesystem::exists(path)) continue;
    const auto size = std::filesystem::file_size(path);
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    const std::string noise(4096, '\x5a');
    for (std::uintmax_t at = 0; at < size; at += noise.size()) file.write(noise.data(), 4096);
  }
}

int set_aside(const std::string& folder) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.find(".damaged-") != std::string::npos && name.find("-wal") == std::string::npos &&
        name.find("-shm") == std::string::npos) {
      ++count;
    }
  }
  return count;
}

class DamagedDatabaseTest : public testing::Test {
 protected:
  void SetUp() override {
    site_.start_broker();
    site_.start_coordinator();
    site_.start_agent();
    ASSERT_TRUE(site_.live());
    ASSERT_TRUE(eventually(seconds{10}, [&] { return !site_.stored_records().empty(); }));
  }
  Site site_;
};

TEST_F(DamagedDatabaseTest, TheCoordinatorsWhileItIsDown) {
  site_.coordinator.signal(SIGTERM);
  EXPECT_EQ(site_.coordinator.wait(seconds{2}), 0);
  damage(site_.coordinator_state + "/bellwether.db");
  site_.start_coordinator();
  EXPECT_TRUE(site_.live());
  EXPECT_EQ(set_aside(site_.coordinator_state), 1);
  EXPECT_NE(site_.coordinator.log().find("damaged"), std::string::npos) << site_.coordinator.log();
  EXPECT_TRUE(eventually(seconds{10}, [&] { return !site_.stored_records().empty(); }));
}

TEST_F(DamagedDatabaseTest, TheCoordinatorsWhileItRuns) {
  damage(site_.coordinator_state + "/bellwether.db");
  // Whatever reads the damaged pages first finds out: a write, or a question.
  EXPECT_TRUE(eventually(seconds{30}, [&] {
    http_get(site_.api_port, "/api/v1/query?metric=mem.total&from=-5m");
    return set_aside(site_.coordinator_state) == 1;
  })) << site_.coordinator.log();
  EXPECT_TRUE(eventually(seconds{1}, [&] {
    return site_.coordinator.log().find("damaged") != std::string::npos;
  })) << site_.coordinator.log();
  EXPECT_TRUE(site_.coordinator.running());
  EXPECT_TRUE(site_.live());
  EXPECT_TRUE(eventually(seconds{20}, [&] { return !site_.stored_records().empty(); }))
      << site_.coordinator.log();
}

TEST_F(DamagedDatabaseTest, TheAgentsWhileItIsDown) {
  site_.agent.kill();
  damage(site_.agent_state + "/outbox.db");
  site_.start_agent();
  EXPECT_TRUE(site_.live()) << site_.agent.log();
  EXPECT_EQ(set_aside(site_.agent_state), 1);
  EXPECT_NE(site_.agent.log().find("damaged"), std::string::npos) << site_.agent.log();
  const auto before = site_.stored_records().size();
  EXPECT_TRUE(eventually(seconds{10}, [&] { return site_.stored_records().size() >= before; }));
}

}  // namespace
}  // namespace bw::integration
