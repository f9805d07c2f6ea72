#include "agent/shell/box_reader.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/runtime/clock.h"
#include "tests/unit/agent/shell/fake_root.h"
#include "tests/unit/agent/shell/gpu/fake_gpus.h"

namespace bw::agent {
namespace {

const TextReading* find(const Readings& readings, SourceId source) {
  const auto found = std::find_if(readings.texts.begin(), readings.texts.end(),
                                  [&](const auto& text) { return text.source == source; });
  return found == readings.texts.end() ? nullptr : &*found;
}

TEST(BoxReader, ReadsFilesAndFileSystemsOfOneTick) {
  const FakeRoot root;
  root.write("/proc/loadavg", "0.10 0.20 0.30 1/100 4242\n");
  Settings settings;
  settings.root = root.path();
  BoxReader reader(settings);
  const std::vector<MountPoint> mounts = {{"/", false}, {"/nowhere", false}};
  Readings readings = reader.read(0, monotonic_now(), mounts);
  EXPECT_EQ(readings.tick, 0U);
  EXPECT_GE(readings.page_size, 4096U);
  const TextReading* load = find(readings, SourceId::loadavg);
  ASSERT_NE(load, nullptr);
  EXPECT_EQ(load->text, "0.10 0.20 0.30 1/100 4242\n");
  EXPECT_GT(load->took, Duration{0});
  // They answer a moment later.
  const Instant until = monotonic_now() + std::chrono::seconds{20};
  std::uint64_t tick = 1;
  while (readings.file_systems.empty() && monotonic_now() < until) {
    readings = reader.read(tick++, monotonic_now(), mounts);
  }
  ASSERT_EQ(readings.file_systems.size(), 2U);
  EXPECT_GT(readings.file_systems[0].blocks, 0U);
  EXPECT_NE(readings.file_systems[1].error, 0);
}

TEST(BoxReader, WhatIsSlowIsInTheFirstTickAllTheSame) {
  const FakeRoot root;
  root.write("/sys/class/thermal/thermal_zone0/temp", "40000\n");
  Settings settings;
  settings.root = root.path();
  BoxReader reader(settings);
  // A loaded machine may not manage it within the little that the first tick waits.
  const Instant until = monotonic_now() + std::chrono::seconds{20};
  Readings readings = reader.read(0, monotonic_now(), {});
  std::uint64_t tick = 1;
  while (find(readings, SourceId::thermal_temp) == nullptr && monotonic_now() < until) {
    readings = reader.read(tick++, monotonic_now(), {});
  }
  const TextReading* zone = find(readings, SourceId::thermal_temp);
  ASSERT_NE(zone, nullptr);
  EXPECT_EQ(zone->text, "40000\n");
}

TEST(BoxReader, AsksTheClockAtEveryTenthTick) {
  const FakeRoot root;
  Settings settings;
  settings.root = root.path();
  BoxReader reader(settings);
  if (!reader.read(0, monotonic_now(), {}).clock) GTEST_SKIP() << "adjtimex is not allowed here";
  EXPECT_FALSE(reader.read(1, monotonic_now(), {}).clock);
  EXPECT_TRUE(reader.read(12, monotonic_now(), {}).clock);
  EXPECT_FALSE(reader.read(19, monotonic_now(), {}).clock);
  EXPECT_TRUE(reader.read(20, monotonic_now(), {}).clock);
}

TEST(BoxReader, GpusAreReadThroughTheLibraryThatTheSettingsName) {
  const FakeGpus gpus(1);
  gpus.script("value 0 util 42\n");
  Settings settings;
  settings.root = gpus.root().path();
  settings.nvml = fake_nvml();
  BoxReader reader(settings);
  const Instant until = monotonic_now() + std::chrono::seconds{20};
  double util = 0;
  for (std::uint64_t tick = 0; util != 42 && monotonic_now() < until; ++tick) {
    const Readings readings = reader.read(tick, monotonic_now(), {});
    if (readings.gpus == nullptr || readings.gpus->gpus.empty()) continue;
    util = readings.gpus->gpus[0][GpuValue::util];
  }
  EXPECT_EQ(util, 42);
}

TEST(BoxReader, GpusCanBeLeftAlone) {
  const FakeGpus gpus(1);
  Settings settings;
  settings.root = gpus.root().path();
  settings.nvml = kNvmlOff;
  BoxReader reader(settings);
  const Instant until = monotonic_now() + std::chrono::milliseconds{300};
  for (std::uint64_t tick = 0; monotonic_now() < until; ++tick) {
    EXPECT_EQ(reader.read(tick, monotonic_now(), {}).gpus, nullptr);
  }
}

}  // namespace
}  // namespace bw::agent
