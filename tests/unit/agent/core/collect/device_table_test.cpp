#include "agent/core/collect/device_table.h"

#include <gtest/gtest.h>

namespace bw::agent {
namespace {

struct Device : KnownDevice {};
using Table = DeviceTable<Device>;

class DeviceTableTest : public testing::Test {
 protected:
  // Names of the devices that a pass over these lines found.
  std::vector<std::string> pass(const std::vector<std::string>& names) {
    std::vector<std::string> found;
    gone_.clear();
    for (const std::string& name : names) {
      Device* device = table_.next(
          name,
          [this](std::string_view) {
            ++judged_;
            return verdict_;
          },
          [](Device&) {});
      if (device != nullptr) found.push_back(device->name);
    }
    table_.end_pass([this](Device& device) { gone_.push_back(device.name); });
    return found;
  }

  Table table_{3};
  Table::Verdict verdict_ = Table::Verdict::follow;
  std::vector<std::string> gone_;
  int judged_ = 0;
};

TEST_F(DeviceTableTest, DevicesAreFoundInAnyOrder) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(pass({"a", "b"}), (Names{"a", "b"}));
  EXPECT_EQ(pass({"b", "a"}), (Names{"b", "a"}));
  EXPECT_EQ(pass({"c", "b", "a"}), (Names{"c", "b", "a"}));
  EXPECT_EQ(judged_, 3);
  EXPECT_TRUE(gone_.empty());
  EXPECT_EQ(table_.devices().size(), 3U);
}

TEST_F(DeviceTableTest, WhatIsGoneIsToldOnce) {
  pass({"a", "b"});
  pass({"b"});
  EXPECT_EQ(gone_, std::vector<std::string>{"a"});
  EXPECT_EQ(table_.present("a"), nullptr);
  EXPECT_NE(table_.present("b"), nullptr);
  pass({"b"});
  EXPECT_TRUE(gone_.empty());
  pass({"b", "a"});
  EXPECT_NE(table_.present("a"), nullptr);
}

TEST_F(DeviceTableTest, LosingAllTellsThoseThatWereThere) {
  pass({"a", "b"});
  pass({"b"});
  int lost = 0;
  table_.lose([&](Device&) { ++lost; });
  EXPECT_EQ(lost, 1);
  EXPECT_EQ(table_.present("b"), nullptr);
}

TEST_F(DeviceTableTest, DevicesBeyondTheBoundAreCounted) {
  EXPECT_EQ(pass({"a", "b", "c", "d", "e"}).size(), 3U);
  EXPECT_EQ(table_.ignored(), 2U);
  EXPECT_EQ(pass({"d", "c"}).size(), 1U);
  EXPECT_EQ(table_.ignored(), 1U);
}

TEST_F(DeviceTableTest, WhereThatIsAllowedThePlaceOfOneThatIsLongGoneIsGivenAway) {
  table_ = Table(3, true);
  pass({"a", "b", "c"});
  EXPECT_EQ(pass({"b", "c", "d"}).size(), 2U);
  for (std::uint64_t i = 2; i < Table::kLeastGone; ++i) {
    EXPECT_EQ(pass({"b", "c", "d"}).size(), 2U) << "a may come back";
    EXPECT_EQ(table_.ignored(), 1U);
  }
  using Names = std::vector<std::string>;
  EXPECT_EQ(pass({"b", "c", "d"}), (Names{"b", "c", "d"}));
  EXPECT_EQ(table_.ignored(), 0U);
  EXPECT_EQ(table_.devices().size(), 3U);
  EXPECT_EQ(pass({"a", "b", "c"}), (Names{"b", "c"})) << "a has lost its place";
  EXPECT_EQ(gone_, Names{"d"});
}

TEST_F(DeviceTableTest, SkippedOnesAreNotCountedAndIgnoredOnesAre) {
  verdict_ = Table::Verdict::skip;
  EXPECT_TRUE(pass({"a"}).empty());
  EXPECT_EQ(table_.ignored(), 0U);
  verdict_ = Table::Verdict::ignore;
  EXPECT_TRUE(pass({"b"}).empty());
  EXPECT_EQ(table_.ignored(), 1U);
}

TEST_F(DeviceTableTest, LinesBeyondTheBoundAreCounted) {
  std::vector<std::string> names(Table::kMaxLines + 7, "a");
  EXPECT_EQ(pass(names).size(), Table::kMaxLines);
  EXPECT_EQ(table_.ignored(), 7U);
}

}  // namespace
}  // namespace bw::agent
