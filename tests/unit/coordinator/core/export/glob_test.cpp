#include "coordinator/core/export/glob.h"

#include <gtest/gtest.h>

namespace bw::coordinator::exporting {
namespace {

TEST(MetricFilter, WithoutPatternsEverythingPasses) {
  EXPECT_TRUE(MetricFilter().admits("cpu.util"));
  EXPECT_TRUE(MetricFilter({"!self.*"}).admits("cpu.util"));
  EXPECT_FALSE(MetricFilter({"!self.*"}).admits("self.rss"));
}

TEST(MetricFilter, WhatIsLeftOutStaysOutWhateverElseMatches) {
  const MetricFilter filter({"cpu.*", "!cpu.guest*", "mem.util"});
  EXPECT_TRUE(filter.admits("cpu.user"));
  EXPECT_TRUE(filter.admits("mem.util"));
  EXPECT_FALSE(filter.admits("cpu.guest_nice"));
  EXPECT_FALSE(filter.admits("mem.total"));
}

TEST(MetricFilter, WrongPatternsAreToldInWords) {
  EXPECT_EQ(check_patterns({"cpu.*", "!gpu.?", "a-b:c/d"}), "");
  EXPECT_NE(check_patterns({""}).find("is empty"), std::string::npos);
  EXPECT_NE(check_patterns({"!"}).find("is empty"), std::string::npos);
  EXPECT_NE(check_patterns({"cpu[0]"}).find("'cpu[0]' is no pattern"), std::string::npos);
  EXPECT_NE(check_patterns(std::vector<std::string>(101, "a")).find("at most 100"),
            std::string::npos);
}

}  // namespace
}  // namespace bw::coordinator::exporting
