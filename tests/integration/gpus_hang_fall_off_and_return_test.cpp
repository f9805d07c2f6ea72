// The agent with eight GPUs of a fake NVML: one hangs, one falls off the bus and returns, and its
// driver is exchanged; the ticks go on in time, and the other GPUs are measured.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/integration/harness.h"

namespace bw::integration {
namespace {

using std::chrono::seconds;

constexpr int kGpus = 8;

class GpusTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(root_);
    std::filesystem::create_directory_symlink("/proc", root_ + "/proc");
    for (int gpu = 0; gpu < kGpus; ++gpu) plug(gpu);
    script("");
    site_.start_broker();
    site_.start_coordinator();
    std::filesystem::create_directories(site_.agent_state);
    site_.agent.start(
        {program("bellwether-agent"), "--set", "node.id=" + site_.node, "--set",
         "broker.url=mqtt://127.0.0.1:" + std::to_string(site_.broker_port), "--set",
         "state.directory=" + site_.agent_state, "--set", "collect.period_ms=200", "--set",
         "collect.root=" + root_, "--set", "history.block_s=1", "--set", "history.first_block_s=1"},
        {{"LD_LIBRARY_PATH", BW_BINARY_DIR "/tests/fake_nvml/new"},
         {"BW_FAKE_NVML", site_.folder.path() + "/gpus"}});
  }

  static std::string pci(int gpu) {
    char address[16];
    std::snprintf(address, sizeof address, "0000:%02x:00.0", static_cast<unsigned>(gpu + 1));
    return address;
  }
  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
  }
  void plug(int gpu) {
    const std::string device = root_ + "/sys/bus/pci/devices/" + pci(gpu);
    write(device + "/vendor", "0x10de\n");
    write(device + "/class", "0x030200\n");
    write(device + "/power/runtime_status", "active\n");
    write(device + "/power_state", "D0\n");
  }
  // What the fake does from now on; GPU n works at `util` + n percent.
  void script(const std::string& lines, int util = 10) {
    const std::string path = site_.folder.path() + "/gpus";
    {
      std::ofstream file(path + ".new");
      file << "count " << kGpus << "\nvalue * field.186 250000\n";
      for (int gpu = 0; gpu < kGpus; ++gpu) {
        file << "value " << gpu << " util " << util + gpu << "\n";
      }
      file << lines;
    }
    std::filesystem::rename(path + ".new", path);
  }
  // The newest value of a series as the coordinator has it, "null" and "" (no such series) too.
  std::string newest(const std::string& name, int gpu = -1) {
    const std::string body =
        http_get(site_.api_port, "/api/v1/nodes/" + site_.node + "/series?metric=" + name).body;
    const std::string wanted =
        gpu < 0 ? "\"labels\":{}" : "\"labels\":{\"gpu\":\"" + std::to_string(gpu) + "\"";
    for (std::size_t at = body.find("\"name\":\"" + name + "\""); at != std::string::npos;
         at = body.find("\"name\":\"" + name + "\"", at + 1)) {
      const std::string series = body.substr(at, body.find('}', body.find("\"value\"", at)) - at);
      if (series.find(wanted) == std::string::npos) continue;
      return series.substr(series.find("\"value\":") + 8);
    }
    return "";
  }
  bool reads(int gpu, int util) { return newest("gpu.util", gpu) == std::to_string(util + gpu); }
  bool others_read(int util, int but_one, int and_another = -1) {
    const double late = std::atof(newest("self.tick_lateness").c_str());
    worst_lateness_us_ = std::max(worst_lateness_us_, late);
    for (int gpu = 0; gpu < kGpus; ++gpu) {
      if (gpu != but_one && gpu != and_another && !reads(gpu, util)) return false;
    }
    return true;
  }
  bool told(const std::string& kind) {
    return http_get(site_.api_port, "/api/v1/events?from=-1h&kind=" + kind)
               .body.find("\"kind\":\"" + kind + "\"") != std::string::npos;
  }

  Site site_;
  double worst_lateness_us_ = 0;
  std::string root_ = site_.folder.path() + "/root";
};

TEST_F(GpusTest, OneHangsOneFallsOffAndReturnsAndTheOthersAreMeasuredInTime) {
  ASSERT_TRUE(eventually(seconds{15}, [&] { return others_read(10, -1); })) << site_.agent.log();
  EXPECT_EQ(newest("gpu.nvml_state"), "0");
  EXPECT_EQ(newest("gpu.count"), "8");
  EXPECT_EQ(newest("gpu.power", 7), "250000");

  script("hang 2 nvmlDeviceGetUtilizationRates\nlost 5\n", 20);
  EXPECT_TRUE(eventually(seconds{15},
                         [&] {
                           return others_read(20, 2, 5) && newest("gpu.nvml_state") == "3" &&
                                  newest("gpu.hung", 2) == "1" && newest("gpu.lost", 5) == "1";
                         }))
      << newest("gpu.nvml_state") << site_.agent.log();
  EXPECT_EQ(newest("gpu.util", 2), "null");
  EXPECT_EQ(newest("gpu.util", 5), "null");
  EXPECT_EQ(newest("gpu.count"), "6");
  EXPECT_EQ(newest("gpu.count_expected"), "8");

  script("", 30);
  EXPECT_TRUE(eventually(seconds{25},
                         [&] { return others_read(30, -1) && newest("gpu.nvml_state") == "0"; }))
      << newest("gpu.nvml_state") << site_.agent.log();
  EXPECT_EQ(newest("gpu.count"), "8");
  EXPECT_LT(worst_lateness_us_, 1e6);  // a tick that had waited would have been 3 s late
  EXPECT_TRUE(eventually(seconds{10}, [&] {
    return told("gpu_hung") && told("gpu_lost") && told("gpu_returned") && told("nvml_state");
  }));

  // A call that hangs at the end is left behind, and nothing is torn down beside it.
  script("hang 2 nvmlDeviceGetUtilizationRates\n", 30);
  EXPECT_TRUE(eventually(seconds{15}, [&] { return newest("gpu.hung", 2) == "1"; }));
  site_.agent.signal(SIGTERM);
  EXPECT_EQ(site_.agent.wait(seconds{5}), 0);
  EXPECT_NE(site_.agent.log().find("does not return"), std::string::npos) << site_.agent.log();
}

// The root of this box has no kernel log.
TEST_F(GpusTest, XidsAndMemoryErrorsThatNvmlTellsAreEvents) {
  ASSERT_TRUE(eventually(seconds{15}, [&] { return others_read(10, -1); })) << site_.agent.log();
  script("event 3 8 79\nevent 4 2 0\n");
  EXPECT_TRUE(eventually(seconds{15}, [&] { return told("xid") && told("gpu_memory_error"); }))
      << site_.agent.log();
  // Counted too: a counter's newest value is its rate.
  EXPECT_TRUE(eventually(seconds{15}, [&] { return !newest("event.xid").empty(); }));
}

TEST_F(GpusTest, ADriverOfAnotherVersionIsToldAndTheNewOneFound) {
  ASSERT_TRUE(eventually(seconds{15}, [&] { return others_read(10, -1); })) << site_.agent.log();
  script("init 18\n");
  EXPECT_TRUE(eventually(seconds{15}, [&] { return newest("gpu.nvml_state") == "2"; }));
  EXPECT_TRUE(eventually(seconds{5}, [&] { return newest("gpu.util", 0) == "null"; }));
  script("driver 560.35.03\n", 40);
  EXPECT_TRUE(eventually(seconds{25}, [&] {
    return others_read(40, -1) && newest("gpu.nvml_state") == "0";
  })) << site_.agent.log();
  EXPECT_TRUE(eventually(seconds{10}, [&] { return told("nvml_state"); }));
  site_.agent.signal(SIGTERM);
  EXPECT_EQ(site_.agent.wait(seconds{5}), 0);
}

}  // namespace
}  // namespace bw::integration
