#include "agent/core/collect/self.h"

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/box.h"

namespace bw::agent {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST(Self, TheAgentsOwnNumbersAreSeries) {
  Box box;
  box.self = {.cpu_time = milliseconds{12},
              .lateness = microseconds{250},
              .missed_ticks = 3,
              .bytes_sent = 1000,
              .connected = true};
  box.tick();
  box.self.cpu_time += microseconds{400};
  box.self.bytes_sent += 500;
  box.tick();
  EXPECT_EQ(box.value("self.cpu_time"), 12400);
  EXPECT_EQ(box.live("self.cpu_time"), 400);
  EXPECT_EQ(box.value("self.tick_lateness"), 250);
  EXPECT_EQ(box.value("self.missed_ticks"), 3);
  EXPECT_EQ(box.live("self.bytes_sent"), 500);
  EXPECT_EQ(box.value("self.connected"), 1);
  EXPECT_EQ(box.value("self.series"), static_cast<double>(box.sample().series().size()));
  EXPECT_EQ(box.value("self.series_refused"), 0);
  box.self.connected = false;
  box.tick();
  EXPECT_EQ(box.value("self.connected"), 0);
}

TEST(Self, ErrorsAreCountedAndFailingSourcesToo) {
  Box box;
  box.fail("/proc/stat", EIO).fail("/proc/meminfo", EACCES).ticks(3);
  EXPECT_EQ(box.value("self.source_errors"), 6);
  EXPECT_EQ(box.live("self.source_errors"), 2);
  EXPECT_EQ(box.value("self.sources_failing"), 2);
  box.set("/proc/meminfo", "MemTotal: 1 kB\n").tick();
  EXPECT_EQ(box.value("self.source_errors"), 7);
  EXPECT_EQ(box.value("self.sources_failing"), 1);
}

TEST(Self, MemoryThreadsAndWakeUpsComeFromItsStatus) {
  Box box = Box::fixture("proc_two_cores");
  box.tick();
  EXPECT_EQ(box.value("self.rss"), 1720 * 1024);
  EXPECT_EQ(box.value("self.rss_peak"), 1720 * 1024);
  EXPECT_EQ(box.value("self.swapped"), 0);
  EXPECT_EQ(box.value("self.threads"), 1);
  EXPECT_EQ(box.value("self.ctx_switches"), 0);
}

}  // namespace
}  // namespace bw::agent
