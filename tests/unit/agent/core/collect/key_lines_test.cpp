#include "agent/core/collect/key_lines.h"

#include <cmath>

#include <gtest/gtest.h>

#include "schemas/metrics/metric_table.h"
#include "tests/unit/agent/core/collect/box.h"

namespace bw::agent {
namespace {

class KeyLinesTest : public testing::Test {
 protected:
  bool read(std::string_view text) { return lines_.read(text); }
  double value(const metrics::MetricInfo& info) { return sample_.value(sample_.declare(info)); }
  double total() { return value(metrics::metric("mem.total")); }
  double free() { return value(metrics::metric("mem.free")); }

  Sample sample_;
  KeyLines lines_{SourceId::meminfo, sample_};
};

TEST_F(KeyLinesTest, KnownKeysHaveTheirValuesInTheMetricsUnit) {
  EXPECT_TRUE(read("MemTotal:     100 kB\nOther:  7 kB\nMemFree:       40 kB\n"));
  EXPECT_EQ(total(), 102400);
  EXPECT_EQ(free(), 40960);
  EXPECT_EQ(sample_.series().size(), 2U);
  EXPECT_TRUE(read("MemTotal:     100 kB\nOther: 18 kB\nMemFree:      140 kB\n"));
  EXPECT_EQ(free(), 143360);
}

TEST_F(KeyLinesTest, ALineMoreOrLessOrElsewhereIsLearntAnew) {
  read("MemTotal: 100 kB\nMemFree: 40 kB\n");
  EXPECT_TRUE(read("MemTotal: 101 kB\nNew: 5 kB\nMemFree: 41 kB\n"));
  EXPECT_EQ(free(), 41 * 1024);
  EXPECT_TRUE(read("MemFree: 42 kB\nMemTotal: 102 kB\n"));
  EXPECT_EQ(free(), 42 * 1024);
  EXPECT_EQ(total(), 102 * 1024);
  EXPECT_TRUE(read("MemFree: 43 kB\nMemTotal: 103 kB\nDirty: 1 kB\n"));
  EXPECT_EQ(value(metrics::metric("mem.dirty")), 1024);
  EXPECT_EQ(free(), 43 * 1024);
}

TEST_F(KeyLinesTest, AKeyThatIsGoneLosesItsValueUntilItIsBack) {
  read("MemTotal: 100 kB\nMemFree: 40 kB\n");
  EXPECT_TRUE(read("MemTotal: 100 kB\n"));
  EXPECT_TRUE(std::isnan(free()));
  EXPECT_EQ(total(), 102400);
  EXPECT_TRUE(read("MemTotal: 100 kB\nMemFree: 41 kB\n"));
  EXPECT_EQ(free(), 41 * 1024);
}

TEST_F(KeyLinesTest, AKeyIsNotTakenForALongerOne) {
  read("MemFree: 40 kB\n");
  EXPECT_FALSE(read("MemFreed: 41 kB\n"));
  EXPECT_TRUE(std::isnan(free()));
}

TEST_F(KeyLinesTest, AnUnreadableValueCostsOnlyItsOwnSeries) {
  read("MemTotal: 100 kB\nMemFree: 40 kB\n");
  EXPECT_TRUE(read("MemTotal: abc kB\nMemFree: 41 kB\n"));
  EXPECT_TRUE(std::isnan(total()));
  EXPECT_EQ(free(), 41 * 1024);
  EXPECT_TRUE(read("MemTotal: 99999999999999999999 kB\nMemFree: 42 kB\n"));
  EXPECT_TRUE(std::isnan(total()));
  EXPECT_EQ(free(), 42 * 1024);
}

TEST_F(KeyLinesTest, TruncatedTextsGiveWhatIsWhole) {
  const std::string_view text = "MemTotal: 100 kB\nMemFree: 40 kB\n";
  read(text);
  for (std::size_t size = 0; size < text.size(); ++size) {
    const bool understood = read(text.substr(0, size));
    const bool has_total = size > text.find("1");
    EXPECT_EQ(understood, has_total) << size;
    EXPECT_EQ(std::isnan(total()), !has_total) << size;
  }
  EXPECT_TRUE(read(text));
  EXPECT_EQ(free(), 40960);
}

TEST_F(KeyLinesTest, NothingIsUnderstoodOfGarbage) {
  EXPECT_FALSE(read(""));
  EXPECT_FALSE(read("\n\n\n"));
  EXPECT_FALSE(read(repeated(5000, 'x')));
  EXPECT_FALSE(read(std::string_view("\0\1\2\n\0 5\n", 8)));
  EXPECT_TRUE(read("MemTotal: 100 kB\n"));
  EXPECT_EQ(total(), 102400);
}

TEST_F(KeyLinesTest, AnEmptyLineLearntDoesNotHideWhatComesInItsPlace) {
  EXPECT_TRUE(read("MemTotal: 100 kB\n\nMemFree: 40 kB\n"));
  EXPECT_TRUE(read("MemTotal: 100 kB\nDirty: 1 kB\nMemFree: 40 kB\n"));
  EXPECT_EQ(value(metrics::metric("mem.dirty")), 1024);
  EXPECT_TRUE(read("MemTotal:\nDirty: 1 kB\nMemFree: 40 kB\n"));
  EXPECT_TRUE(std::isnan(total()));
  EXPECT_TRUE(read("MemTotal: 100 kB\nDirty: 1 kB\nMemFree: 40 kB\n"));
  EXPECT_EQ(total(), 102400);
}

TEST_F(KeyLinesTest, LinesBeyondTheBoundAreNotLookedAt) {
  std::string text = "MemTotal: 100 kB\n";
  for (std::size_t i = 1; i < KeyLines::kMaxLines; ++i) text += "Other: 1 kB\n";
  text += "MemFree: 40 kB\n";
  EXPECT_TRUE(read(text));
  EXPECT_TRUE(read(text));
  EXPECT_EQ(total(), 102400);
  EXPECT_TRUE(std::isnan(free()));
}

TEST_F(KeyLinesTest, AKeyOfAbsurdLengthIsPassedOver) {
  const std::string text = repeated(100'000, 'k') + " 5\nMemFree: 40 kB\n";
  EXPECT_TRUE(read(text));
  EXPECT_TRUE(read(text));
  EXPECT_EQ(free(), 40960);
}

TEST_F(KeyLinesTest, LosesEverythingWhenTold) {
  read("MemTotal: 100 kB\nMemFree: 40 kB\n");
  lines_.lose();
  EXPECT_TRUE(std::isnan(total()));
  EXPECT_TRUE(std::isnan(free()));
}

}  // namespace
}  // namespace bw::agent
