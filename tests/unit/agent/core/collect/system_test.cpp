#include "agent/core/collect/system.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/box.h"

namespace bw::agent {
namespace {

constexpr std::string_view kUptime = "/proc/uptime";
constexpr std::string_view kFiles = "/proc/sys/fs/file-nr";

TEST(System, UptimeFilesAndEntropyAreTold) {
  Box box;
  box.set(kUptime, "1626.02 3142.03\n").set(kFiles, "594\t0\t9223372036854775807\n");
  box.set("/proc/sys/kernel/random/entropy_avail", "256\n").tick();
  EXPECT_EQ(box.value("sys.uptime"), 1626.02);
  EXPECT_EQ(box.value("sys.fds_allocated"), 594);
  EXPECT_EQ(box.value("sys.fds_max"), 9223372036854775807.0);
  EXPECT_EQ(box.value("sys.entropy"), 256);
}

TEST(System, WhatIsMissingHasNoValue) {
  Box box;
  box.set(kFiles, "594\t0\t1000\n").tick();
  box.set(kFiles, "595").ticks(10);
  EXPECT_EQ(box.value("sys.fds_allocated"), 595);
  EXPECT_TRUE(std::isnan(box.value("sys.fds_max")));
  EXPECT_EQ(box.trouble("file_nr"), "");
}

TEST(System, GarbageIsTrouble) {
  Box box;
  box.set(kUptime, "1626.02 3142.03\n").tick();
  for (const auto* text : {"", "\n", "up 5\n"}) {
    box.set(kUptime, text).tick();
    EXPECT_EQ(box.trouble("uptime"), "/proc/uptime: not understood") << text;
    EXPECT_TRUE(std::isnan(box.value("sys.uptime"))) << text;
  }
  box.set(kUptime, "1627.02 3142.03\n").tick();
  EXPECT_EQ(box.value("sys.uptime"), 1627.02);
  EXPECT_EQ(box.trouble("uptime"), "");
}

TEST(System, TrackedConnectionsAreTold) {
  Box box;
  box.set("/proc/sys/net/netfilter/nf_conntrack_count", "1204\n");
  box.set("/proc/sys/net/netfilter/nf_conntrack_max", "262144\n").tick();
  EXPECT_EQ(box.value("conntrack.count"), 1204);
  EXPECT_EQ(box.value("conntrack.max"), 262144);
}

}  // namespace
}  // namespace bw::agent
