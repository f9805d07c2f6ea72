#include "agent/shell/box_reader.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/agent/shell/fake_root.h"

namespace bw::agent {
namespace {

TEST(BoxReader, ReadsFilesAndFileSystemsOfOneTick) {
  const FakeRoot root;
  root.write("/proc/loadavg", "0.10 0.20 0.30 1/100 4242\n");
  Settings settings;
  settings.root = root.path();
  BoxReader reader(settings);
  const std::vector<std::string> mounts = {"/", "/nowhere"};
  const Readings readings = reader.read(7, mounts);
  EXPECT_EQ(readings.tick, 7U);
  const auto load = std::find_if(readings.texts.begin(), readings.texts.end(),
                                 [](const auto& text) { return text.source == SourceId::loadavg; });
  ASSERT_NE(load, readings.texts.end());
  EXPECT_EQ(load->text, "0.10 0.20 0.30 1/100 4242\n");
  ASSERT_EQ(readings.file_systems.size(), 2U);
  EXPECT_GT(readings.file_systems[0].blocks, 0U);
  EXPECT_NE(readings.file_systems[1].error, 0);
}

}  // namespace
}  // namespace bw::agent
