#include "coordinator/cli/units.h"

#include <cmath>

#include <gtest/gtest.h>

namespace bw::cli {
namespace {

TEST(Units, BytesHaveThreeDigitsAndAUnit) {
  EXPECT_EQ(bytes_text(0.0), "0 B");
  EXPECT_EQ(bytes_text(973.0), "973 B");
  EXPECT_EQ(bytes_text(1024.0), "1.00 KiB");
  EXPECT_EQ(bytes_text(1.25 * 1024 * 1024), "1.25 MiB");
  EXPECT_EQ(bytes_text(12.34 * 1024), "12.3 KiB");
  EXPECT_EQ(bytes_text(123.4 * 1024), "123 KiB");
  EXPECT_EQ(bytes_text(64.0 * (1U << 30U)), "64.0 GiB");
  EXPECT_EQ(bytes_text(-2048.0), "-2.00 KiB");
}

TEST(Units, ANumberThatRoundsUpToTheNextUnitIsWrittenInIt) {
  EXPECT_EQ(bytes_text(1023.9), "1.00 KiB");
  EXPECT_EQ(number_text(999999.0), "1.00M");
}

TEST(Units, UnknownIsADash) {
  EXPECT_EQ(rate_text(std::nullopt), "-");
  EXPECT_EQ(percent_text(std::nullopt), "-");
  EXPECT_EQ(percent_text(NAN), "-");
  EXPECT_EQ(number_text(std::nullopt), "-");
  EXPECT_EQ(bytes_text(std::optional<double>{}), "-");
  EXPECT_EQ(value_text(NAN, "B"), "-");
  EXPECT_EQ(value_text(INFINITY, "%"), "-");
}

TEST(Units, NumbersAreShort) {
  EXPECT_EQ(number_text(0.0), "0");
  EXPECT_EQ(number_text(0.42), "0.42");
  EXPECT_EQ(number_text(12.34), "12.3");
  EXPECT_EQ(number_text(1234.0), "1234");
  EXPECT_EQ(number_text(12345.0), "12.3k");
  EXPECT_EQ(number_text(0.00001), "1.00e-05");
  EXPECT_EQ(percent_text(12.34), "12.3%");
}

TEST(Units, CountsAreGroupedByThousands) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1000), "1,000");
  EXPECT_EQ(count_text(1234567), "1,234,567");
  EXPECT_EQ(count_text(18446744073709551615U), "18,446,744,073,709,551,615");
}

TEST(Units, DurationsHaveTwoPartsAtMost) {
  EXPECT_EQ(duration_text(0), "0s");
  EXPECT_EQ(duration_text(59'999), "59s");
  EXPECT_EQ(duration_text(302'000), "5m 2s");
  EXPECT_EQ(duration_text(7'500'000), "2h 5m");
  EXPECT_EQ(duration_text(3 * 86'400'000 + 4 * 3'600'000), "3d 4h");
  EXPECT_EQ(duration_text(3'600'000), "1h");
  EXPECT_EQ(duration_text(-61'000), "-1m 1s");
}

TEST(Units, AValueIsWrittenInItsUnit) {
  EXPECT_EQ(value_text(2048, "B"), "2.00 KiB");
  EXPECT_EQ(value_text(2048, "B", true), "2.00 KiB/s");
  EXPECT_EQ(value_text(12.5, "%"), "12.5%");
  EXPECT_EQ(value_text(0.5, "ratio"), "50.0%");
  EXPECT_EQ(value_text(61.5, "C"), "61.5 °C");
  EXPECT_EQ(value_text(0.25, "s"), "250 ms");
  EXPECT_EQ(value_text(90, "s"), "1m 30s");
  EXPECT_EQ(value_text(1.5, "ms"), "1.50 ms");
  EXPECT_EQ(value_text(1500, "us"), "1.50 ms");
  EXPECT_EQ(value_text(3, "count"), "3");
  EXPECT_EQ(value_text(3, "count", true), "3/s");
  EXPECT_EQ(value_text(2048, "B/s"), "2.00 KiB/s");
  EXPECT_EQ(value_text(3, "count/s"), "3/s");
  EXPECT_EQ(value_text(7, "tasks"), "7 tasks");
  EXPECT_EQ(value_text(1e6, "bits/s"), "1.00M bits/s");
}

TEST(Units, TimeASecondIsAShare) {
  EXPECT_EQ(value_text(0.4, "s/s"), "40.0%");
  EXPECT_EQ(value_text(400, "ms/s"), "40.0%");
  EXPECT_EQ(value_text(400'000, "us/s"), "40.0%");
  EXPECT_EQ(value_text(0.4, "s", true), "40.0%");
}

}  // namespace
}  // namespace bw::cli
