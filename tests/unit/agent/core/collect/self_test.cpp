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
              .connected = true,
              .publish_latency = microseconds{1500},
              .in_flight = 2,
              .reconnects = 4};
  box.record = {.depth = 3,
                .bytes = 9000,
                .oldest_age = milliseconds{61'900},
                .dropped = 7,
                .samples_sent = 100'000};
  box.tick();
  box.self.cpu_time += microseconds{4000};
  box.self.bytes_sent += 5000;
  box.ticks(10);
  EXPECT_EQ(box.value("self.cpu_time"), 16000);
  EXPECT_EQ(box.live("self.cpu_time"), 400);
  EXPECT_EQ(box.value("self.mqtt_publish_latency"), 1.5);
  EXPECT_EQ(box.value("self.mqtt_in_flight"), 2);
  EXPECT_EQ(box.value("self.mqtt_reconnects"), 4);
  EXPECT_EQ(box.value("self.spool_depth"), 3);
  EXPECT_EQ(box.value("self.spool_bytes"), 9000);
  EXPECT_EQ(box.value("self.spool_oldest_age"), 61);
  EXPECT_EQ(box.value("self.spool_dropped"), 7);
  EXPECT_EQ(box.value("self.samples_sent"), 100'000);
  EXPECT_EQ(box.value("self.tick_lateness"), 250);
  EXPECT_EQ(box.value("self.missed_ticks"), 3);
  EXPECT_EQ(box.live("self.bytes_sent"), 500);
  EXPECT_EQ(box.value("self.mqtt_connected"), 1);
  EXPECT_EQ(box.value("self.series"), static_cast<double>(box.sample().series().size()));
  EXPECT_EQ(box.value("self.series_refused"), 0);
  box.self.connected = false;
  box.ticks(10);
  EXPECT_EQ(box.value("self.mqtt_connected"), 0);
}

TEST(Self, ErrorsAreCountedAndFailingSourcesToo) {
  Box box;
  box.fail("/proc/stat", EIO).fail("/proc/meminfo", EACCES).ticks(11);
  EXPECT_EQ(box.value("self.source_errors"), 22);
  EXPECT_EQ(box.live("self.source_errors"), 2);
  EXPECT_EQ(box.value("self.sources_failing"), 2);
  box.set("/proc/meminfo", "MemTotal: 1 kB\n").ticks(10);
  EXPECT_EQ(box.value("self.source_errors"), 32);
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

TEST(Self, ItsOwnNumbersAreToldEveryTenthTickAlsoWhereThatWasMissed) {
  Box box;
  box.ticks(10);
  box.self.cpu_time = milliseconds{5};
  box.skip_ticks(3);
  box.tick();
  EXPECT_EQ(box.value("self.cpu_time"), 5000);
  box.self.cpu_time = milliseconds{6};
  box.ticks(6);
  EXPECT_EQ(box.value("self.cpu_time"), 5000);
  box.tick();
  EXPECT_EQ(box.value("self.cpu_time"), 6000);
}

TEST(Self, WhatItWritesToDiskIsTold) {
  Box box;
  box.set("/proc/self/io", "rchar: 1\nsyscw: 2\nread_bytes: 0\nwrite_bytes: 81920\n").tick();
  EXPECT_EQ(box.value("self.disk_written"), 81920);
}

}  // namespace
}  // namespace bw::agent
