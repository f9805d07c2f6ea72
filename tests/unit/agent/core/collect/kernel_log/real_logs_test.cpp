// Lines of real kernel logs, where they are at hand: in the folder that BELLWETHER_KERNEL_LOGS
// names, or in shared/data/gpud_kmsg beside the source tree.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "agent/core/collect/kernel_log/kernel_log.h"
#include "tests/unit/agent/core/collect/kernel_log/lines.h"

namespace bw::agent {
namespace {

std::string folder() {
  const char* named = std::getenv("BELLWETHER_KERNEL_LOGS");
  return named != nullptr ? named : BW_SOURCE_DIR "/../shared/data/gpud_kmsg";
}

// The lines of a file as records, one a second, from one number on.
std::string records_of(const std::string& path) {
  std::ifstream file(path);
  std::string out;
  std::string line;
  std::uint64_t sequence = 1;
  while (std::getline(file, line)) {
    if (line.starts_with("[")) line.erase(0, line.find("] ") + 2);
    if (line.starts_with("kern  :")) line.erase(0, line.find("+00:00 ") + 7);
    const bool record = line.find(",-;") != std::string::npos;
    if (record) line.erase(0, line.find(';') + 1);
    out += "4," + std::to_string(sequence) + "," + std::to_string(sequence * 1'000'000) + ",-;" +
           line + "\n";
    ++sequence;
  }
  return out;
}

class RealLogsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::is_directory(folder())) {
      GTEST_SKIP() << "no real kernel logs here: name their folder in BELLWETHER_KERNEL_LOGS";
    }
  }
  // Messages by kind, told by themselves or counted; Xids and SXids by code too.
  std::map<std::string, double> counts(const std::string& name) {
    Sample sample;
    KernelLog log(sample);
    const std::string text = records_of(folder() + "/" + name);
    EXPECT_FALSE(text.empty()) << name;
    std::string_view rest = text;
    for (int tick = 0; tick < 1000 && !rest.empty(); ++tick) {
      std::vector<ToldEvent> events;
      log.read(KernelLogReading{.available = true, .text = rest, .boot_id = "b"}, Instant{},
               WallTime{}, events);
      rest.remove_prefix(log.taken());
      for (const ToldEvent& event : events) {
        EXPECT_FALSE(event.record.text.empty());
        if (event.record.severity == wire::Severity::info) continue;
        EXPECT_NE(detail(event.record.details, "action"), "-") << event.record.text;
      }
    }
    EXPECT_TRUE(rest.empty());
    std::map<std::string, double> out;
    for (std::size_t i = 0; i < sample.series().size(); ++i) {
      const auto& series = sample.series()[i];
      const double value = sample.values()[i];
      if (!(value > 0)) continue;
      out[series.name + (series.labels.empty() ? "" : " " + series.labels[0].value)] = value;
    }
    return out;
  }
  std::size_t lines_with(const std::string& name, std::string_view part) {
    std::ifstream file(folder() + "/" + name);
    std::string line;
    std::size_t count = 0;
    while (std::getline(file, line)) count += line.find(part) != std::string::npos ? 1 : 0;
    return count;
  }
};

TEST_F(RealLogsTest, EveryXidIsUnderstood) {
  auto told = counts("xid_lines.txt");
  EXPECT_EQ(told["event.xid"], lines_with("xid_lines.txt", "NVRM: Xid ("));
  for (const auto* code : {"13", "31", "43", "63", "64", "79", "94", "119", "144", "149", "154"}) {
    EXPECT_EQ(told["event.xid " + std::string(code)],
              lines_with("xid_lines.txt", "): " + std::string(code) + ","))
        << code;
  }
  EXPECT_EQ(told["event.gpu_fallen_off_bus"], lines_with("xid_lines.txt", "): 79,"));
}

TEST_F(RealLogsTest, EverySxidIsUnderstood) {
  auto told = counts("sxid_lines.txt");
  EXPECT_EQ(told["event.sxid"], lines_with("sxid_lines.txt", ": SXid (") -
                                    lines_with("sxid_lines.txt", ", Data {") -
                                    lines_with("sxid_lines.txt", ", Severity "));
}

TEST_F(RealLogsTest, WholeLogsTellWhatTheyShouldAndNothingElse) {
  auto told = counts("dmesg-with-xid-119.log");
  EXPECT_EQ(told["event.xid"], lines_with("dmesg-with-xid-119.log", "NVRM: Xid ("));
  EXPECT_EQ(told["event.kernel_oops"], 0);
  told = counts("dmesg.decode.iso.log");
  EXPECT_EQ(told["event.xid 13"] + told["event.xid 43"], lines_with("dmesg.decode.iso.log", "Xid"));
  EXPECT_EQ(told["event.oom_kill"], lines_with("dmesg.decode.iso.log", "Killed process"));
  told = counts("kmsg.1.log");
  for (const auto& [name, value] : told) {
    EXPECT_FALSE(name.starts_with("event.")) << name << " " << value;
  }
  told = counts("kmsg.2.peermem.log");
  EXPECT_EQ(told["event.gpu_driver_error"], lines_with("kmsg.2.peermem.log", "peermem"));
}

}  // namespace
}  // namespace bw::agent
