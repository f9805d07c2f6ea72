// What the kernel log tells reaches the coordinator once, though the agent is killed in between and
// the log is read again from its beginning.
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/integration/harness.h"

namespace bw::integration {
namespace {

using std::chrono::seconds;

class KernelEvents : public testing::Test {
 protected:
  void append(std::string_view record) { std::ofstream(log_, std::ios::app) << record; }
  void start_agent() {
    site_.start_agent(
        {"--set", "kernel_log.path=" + log_, "--set", "watch.processes=ghost=no-such"});
  }
  std::string events() { return http_get(site_.api_port, "/api/v1/events?limit=500").body; }
  bool comes(const std::string& text) {
    return eventually(seconds{20}, [&] { return events().find(text) != std::string::npos; });
  }
  std::size_t times(const std::string& text) {
    const std::string all = events();
    std::size_t count = 0;
    for (std::size_t at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) {
      ++count;
    }
    return count;
  }
  Site site_;
  std::string log_ = site_.folder.path() + "/kmsg";
};

TEST_F(KernelEvents, AreStoredOnceThoughTheAgentIsKilled) {
  append("4,1,1000000,-;NVRM: Xid (PCI:0000:3b:00): 48, pid=7, name=train, DBE\n");
  append("4,2,1000000,-;something else\n12,3,1000000,-;Kernel panic - forged by a program\n");
  site_.start_broker();
  site_.start_coordinator();
  start_agent();
  ASSERT_TRUE(comes("\"kind\":\"xid\"")) << site_.agent.log();
  ASSERT_TRUE(comes("\"kind\":\"process_down\""));
  site_.agent.kill();
  append("3,4,2000000,-;Out of memory: Killed process 9 (py) total-vm:9kB, anon-rss:2048kB\n");
  start_agent();
  ASSERT_TRUE(comes("\"kind\":\"oom_kill\"")) << site_.agent.log();
  append("0,5,3000000,-;Kernel panic - not syncing: enough\n");
  ASSERT_TRUE(comes("\"kind\":\"kernel_panic\""));
  EXPECT_EQ(times("\"kind\":\"xid\""), 1U);
  EXPECT_EQ(times("\"kind\":\"oom_kill\""), 1U);
  EXPECT_EQ(times("\"kind\":\"kernel_panic\""), 1U);
  EXPECT_EQ(times("forged"), 0U);
  const std::string all = events();
  EXPECT_NE(all.find("\"pci\":\"0000:3b:00\""), std::string::npos) << all;
  EXPECT_NE(all.find("\"action\":\""), std::string::npos);
}

}  // namespace
}  // namespace bw::integration
