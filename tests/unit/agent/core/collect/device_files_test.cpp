#include "agent/core/collect/device_files.h"

#include <cerrno>
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

DeviceFileSource::Rules speed_rules(std::size_t most) {
  return {.metrics = {&metrics::metric("hwmon.temp_crit"), 1},
          .most = most,
          .device = &file_name,
          .parse = &parse_positive};
}

TextReading text(std::string_view path, std::string_view what, int error = 0) {
  return {.source = SourceId::net_speed, .path = path, .text = what, .error = error};
}

TEST(Paths, AreTakenApart) {
  EXPECT_EQ(directory_above("/sys/class/net/eth0/speed", 1), "eth0");
  EXPECT_EQ(directory_above("/sys/class/net/eth0/speed", 2), "net");
  EXPECT_EQ(file_name("/sys/class/nvme/nvme0"), "nvme0");
  EXPECT_EQ(sibling("/a/b/temp1_input", "name"), "/a/b/name");
}

TEST(Parsers, NumbersAreReadAndNothingElse) {
  DeviceFileSource::Values values;
  values.fill(Sample::kNoValue);
  EXPECT_TRUE(parse_number("-40\n", values));
  EXPECT_EQ(values[0], -40);
  EXPECT_FALSE(parse_number("cold\n", values));
  values.fill(Sample::kNoValue);
  EXPECT_TRUE(parse_positive("-1\n", values));
  EXPECT_TRUE(std::isnan(values[0]));
  EXPECT_FALSE(parse_positive("", values));
  EXPECT_TRUE(parse_hex("0x03 0x0b\n", values));
  EXPECT_EQ(values[0], 3);
  EXPECT_EQ(values[1], 11);
  EXPECT_TRUE(parse_hex("0x01\n", values));
  EXPECT_TRUE(std::isnan(values[1]));
  EXPECT_FALSE(parse_hex("0xzz\n", values));
}

TEST(DeviceFiles, ADeviceIsDeclaredOnceItHasAValueAndKeepsItsPlace) {
  Sample sample;
  DeviceFileSource source(sample, speed_rules(8));
  EXPECT_TRUE(source.read(text("/a", "-1\n"), {}));
  source.finish();
  EXPECT_EQ(sample.series().size(), 0U);
  EXPECT_TRUE(source.read(text("/a", "45500\n"), {}));
  EXPECT_TRUE(source.read(text("/b", "1\n"), {}));
  source.finish();
  ASSERT_EQ(sample.series().size(), 2U);
  EXPECT_EQ(sample.value(0), 45.5);
  EXPECT_EQ(sample.series()[0].labels, (std::vector<wire::Label>{{"chip", "a"}}));
  EXPECT_TRUE(source.read(text("/b", "2000\n"), {}));
  source.finish();
  EXPECT_TRUE(std::isnan(sample.value(0)));
  EXPECT_EQ(sample.value(1), 2);
}

TEST(DeviceFiles, WhatCanNotBeReadLosesItsValueAndSomeOfThatIsNoTrouble) {
  Sample sample;
  DeviceFileSource source(sample, speed_rules(8));
  for (const int error : {EAGAIN, ENODATA, EINVAL, ENODEV, EACCES, EPERM}) {
    EXPECT_TRUE(source.read(text("/a", "1\n"), {}));
    EXPECT_FALSE(std::isnan(sample.value(0)));
    EXPECT_TRUE(source.refused(text("/a", "", error))) << error;
    EXPECT_TRUE(std::isnan(sample.value(0)));
    source.finish();
  }
  EXPECT_FALSE(source.refused(text("/a", "", EIO)));
  source.lose();
  EXPECT_FALSE(source.read(text("/a", "?"), {}));
}

TEST(DeviceFiles, DevicesBeyondTheBoundAreIgnoredAndCounted) {
  Sample sample;
  DeviceFileSource source(sample, speed_rules(1));
  EXPECT_TRUE(source.read(text("/a", "1\n"), {}));
  EXPECT_TRUE(source.read(text("/b", "1\n"), {}));
  source.finish();
  EXPECT_EQ(sample.series().size(), 1U);
  EXPECT_EQ(source.ignored(), 1U);
}

class DeviceNames : public testing::Test {
 protected:
  void names(std::string_view told) {
    names_.read(text("/chip/name", told), {});
    names_.finish();
  }
  void pass(std::string_view told) {
    source_.read(text("/chip/temp", told), {});
    source_.finish();
  }
  std::vector<wire::Label> labels() const { return sample_.series().at(0).labels; }
  static std::vector<wire::Label> chip(std::string_view name) {
    return {{"chip", "temp"}, {"sensor", std::string(name)}};
  }
  Sample sample_;
  NameSource names_{sample_};
  DeviceFileSource source_{sample_, speed_rules(8), &names_, "name"};
};

TEST_F(DeviceNames, AnotherDeviceUnderTheSameNumberGetsItsOwnName) {
  names("first\n");
  pass("1000\n");
  EXPECT_EQ(labels(), chip("first"));
  names("first\n");
  pass("2000\n");
  EXPECT_EQ(labels(), chip("first"));
  names("second\n");
  pass("3000\n");
  EXPECT_EQ(labels(), chip("second"));
  EXPECT_EQ(sample_.value(0), 3);
  EXPECT_EQ(sample_.series().size(), 1U);
}

TEST_F(DeviceNames, OneThatWasGoneIsNamedAgain) {
  names("first\n");
  pass("1000\n");
  source_.finish();
  EXPECT_TRUE(std::isnan(sample_.value(0)));
  names("second\n");
  pass("1000\n");
  EXPECT_EQ(labels(), chip("second"));
  EXPECT_EQ(sample_.value(0), 1);
}

TEST(Names, AreKeptByPathUpToABound) {
  Sample sample;
  NameSource names(sample);
  for (std::size_t i = 0; i < NameSource::kMaxNames + 2; ++i) {
    EXPECT_TRUE(names.read(text("/" + std::to_string(i), "chip " + std::to_string(i) + "\n"), {}));
  }
  ASSERT_NE(names.find("/7"), nullptr);
  EXPECT_EQ(*names.find("/7"), "chip 7");
  EXPECT_EQ(names.find("/" + std::to_string(NameSource::kMaxNames)), nullptr);
  EXPECT_FALSE(names.refused(text("/7", "", EIO)));
  EXPECT_EQ(*names.find("/7"), "");
  EXPECT_TRUE(names.read(text("/3", "another\n"), {}));
  EXPECT_EQ(*names.find("/3"), "another");
}

}  // namespace
}  // namespace bw::agent
