// A box behaves, its agent learns that and is restarted; then the box misbehaves, and the API says
// so at once, with the metrics at fault.
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/rng.h"
#include "tests/integration/harness.h"

namespace bw::integration {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// A file of /proc, written over in place in one call and always as long: nobody reads half of it.
class ProcFile {
 public:
  explicit ProcFile(const std::string& path) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  }
  ~ProcFile() { close(file_); }
  ProcFile(const ProcFile&) = delete;
  ProcFile& operator=(const ProcFile&) = delete;

  template <typename... Values>
  void write(const char* form, Values... values) {
    char text[512];
    const int size = std::snprintf(text, sizeof text, form, values...);
    EXPECT_EQ(pwrite(file_, text, static_cast<std::size_t>(size), 0), size);
  }

 private:
  int file_;
};

// A box under a root of its own, whose counters go on by the clock for as long as it lives.
class FakeBox {
 public:
  explicit FakeBox(std::string root) : root_(std::move(root)), thread_([this] { run(); }) {}
  ~FakeBox() {
    ending_ = true;
    thread_.join();
  }
  void misbehave(bool on) { broken_ = on; }

 private:
  void run() {
    ProcFile stat(root_ + "/proc/stat");
    ProcFile load(root_ + "/proc/loadavg");
    ProcFile disks(root_ + "/proc/diskstats");
    Rng rng(1);
    auto last = steady_clock::now();
    double busy = 1e5;
    double idle = 1e6;
    double read = 1e6;
    double io = 1e5;
    while (!ending_) {
      const auto now = steady_clock::now();
      const double s = std::chrono::duration<double>(now - last).count();
      last = now;
      const double share = broken_ ? 0.99 : 0.25 + 0.1 * rng.unit();
      // Finer than the kernel's: a tick of a tenth of a second has its share in whole numbers.
      busy += 100'000 * s * share;
      idle += 100'000 * s * (1 - share);
      read += s * (broken_ ? 400'000 : 4000 + 1000 * rng.unit());
      io += 1000 * s * (broken_ ? 0.98 : 0.1 + 0.05 * rng.unit());
      stat.write("cpu %015.0f 0 0 %015.0f 0 0 0 0 0 0\n", busy, idle);
      load.write("%05.2f 1.00 1.00 1/200 4242\n", broken_ ? 9.5 : 1 + rng.unit() / 2);
      disks.write("8 0 sda 100 0 %015.0f 50 9 0 72 5 0 %015.0f 55\n", read, io);
      std::this_thread::sleep_for(milliseconds{10});
    }
  }

  std::string root_;
  std::atomic<bool> broken_ = false;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

class Anomalies : public testing::Test {
 protected:
  void start_agent() {
    site_.start_agent({"--set", "collect.root=" + root_, "--set", "kernel_log.enabled=false",
                       "--set", "gpu.nvml=off", "--set", "detect.alert_threshold=35"});
  }
  static std::string prepared(const std::string& root) {
    std::filesystem::create_directories(root + "/proc");
    return root;
  }
  nlohmann::json events(const std::string& kind) {
    const auto answer = http_get(site_.api_port, "/api/v1/events?limit=500&kind=" + kind);
    auto parsed = nlohmann::json::parse(answer.body, nullptr, false);
    return parsed.is_object() && parsed.contains("events") ? parsed["events"]
                                                           : nlohmann::json::array();
  }
  bool comes(const std::string& kind, const std::string& text) {
    return eventually(seconds{60}, [&] {
      for (const auto& event : events(kind)) {
        if (event.dump().find(text) != std::string::npos) return true;
      }
      return false;
    });
  }
  double live(const std::string& metric) {
    const auto answer = http_get(site_.api_port, "/api/v1/nodes/" + site_.node + "/series");
    const auto parsed = nlohmann::json::parse(answer.body, nullptr, false);
    if (!parsed.is_object() || !parsed.contains("series")) return -1;
    for (const auto& series : parsed["series"]) {
      if (series.value("name", "") != metric || !series.contains("value")) continue;
      return series["value"].is_number() ? series["value"].get<double>() : -1;
    }
    return -1;
  }

  Site site_;
  std::string root_ = prepared(site_.folder.path() + "/root");
  FakeBox box_{root_};
};

TEST_F(Anomalies, AreToldByAnAgentThatLearntBeforeItWasRestarted) {
  site_.start_broker();
  site_.start_coordinator();
  start_agent();
  ASSERT_TRUE(eventually(seconds{120}, [&] { return live("self.model_rows") >= 120; }))
      << site_.agent.log() << http_get(site_.api_port, "/api/v1/nodes/box-1/series").body;
  site_.agent.signal(SIGTERM);
  ASSERT_EQ(site_.agent.wait(seconds{20}), 0) << site_.agent.log();
  start_agent();
  ASSERT_TRUE(eventually(seconds{60}, [&] {
    return site_.agent.log().find("goes on from what was learnt of") != std::string::npos &&
           live("self.anomaly_silenced") == 0 && live("self.model_rows") >= 130;
  })) << site_.agent.log();

  box_.misbehave(true);
  // Should a slow machine have made it stumble before, this is told as the same episode.
  const bool told = comes("anomaly", "{device=sda}") || comes("anomaly_update", "{device=sda}");
  EXPECT_TRUE(told) << events("anomaly").dump(1) << site_.agent.log();
  const auto anomalies = http_get(site_.api_port, "/api/v1/anomalies").body;
  EXPECT_NE(anomalies.find("disk."), std::string::npos) << anomalies;
  box_.misbehave(false);
  EXPECT_TRUE(comes("anomaly_end", "as usual again")) << events("anomaly_end").dump(1);
}

}  // namespace
}  // namespace bw::integration
