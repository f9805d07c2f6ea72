#include "coordinator/cli/view_query.h"

#include <cstdlib>
#include <ctime>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bw::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

QueryAnswer answer() {
  setenv("TZ", "UTC", 1);
  tzset();
  QueryAnswer made;
  made.metric = "cpu.util";
  made.function = "avg";
  made.step_ms = 60'000;
  made.series = {{"box-1", "cpu.util", "%", {{"cpu", "0"}}, {{0, 10.0}, {60'000, 20.0}}},
                 {"b", "cpu.util", "%", {}, {{0, std::nullopt}, {60'000, 40.0}}}};
  return made;
}

TEST(ViewQuery, OneRowAPointAndSeries) {
  EXPECT_EQ(query_view(answer(), false, {}),
            "TIME                 NODE   LABELS  VALUE\n"
            "1970-01-01 00:00:00  box-1  cpu=0   10.0%\n"
            "1970-01-01 00:01:00  box-1  cpu=0   20.0%\n"
            "1970-01-01 00:00:00  b                  -\n"
            "1970-01-01 00:01:00  b              40.0%\n");
}

TEST(ViewQuery, TheSummaryDrawsEachSeries) {
  EXPECT_THAT(query_view(answer(), true, {{false, true}, false, 0}),
              HasSubstr("\n\nNODE   LABELS        MIN   MEAN    MAX   LAST\n"
                        "box-1  cpu=0   ▁█  10.0%  15.0%  20.0%  20.0%\n"
                        "b               ▁  40.0%  40.0%  40.0%  40.0%\n"));
}

TEST(ViewQuery, ASeriesWithoutAValueHasNoSummary) {
  QueryAnswer made = answer();
  made.series = {{"b", "cpu.util", "%", {}, {{0, std::nullopt}}}};
  EXPECT_THAT(query_view(made, true, {}), HasSubstr("b                  -     -    -     -\n"));
}

TEST(ViewQuery, ValuesAreInTheUnitOfTheAnswer) {
  QueryAnswer made = answer();
  made.series = {{"b", "net.rx_bytes", "B/s", {}, {{0, 2048.0}}}};
  EXPECT_THAT(query_view(made, false, {}), HasSubstr(" 2.00 KiB/s\n"));
  made.series[0].unit = "count";
  EXPECT_THAT(query_view(made, false, {}), HasSubstr(" 2048\n"));
}

TEST(ViewQuery, FineStepsShowMilliseconds) {
  QueryAnswer made = answer();
  made.step_ms = 500;
  made.series = {{"b", "x", "%", {}, {{1500, 1.0}}}};
  EXPECT_THAT(query_view(made, false, {}), HasSubstr("1970-01-01 00:00:01.500  b"));
}

TEST(ViewQuery, NothingFoundIsSaid) {
  QueryAnswer made;
  made.metric = "cpu.utl\x1b";
  EXPECT_EQ(query_view(made, true, {}), "no points of cpu.utl\\x1b in that time\n");
}

TEST(ViewQuery, WhatIsLeftOutIsSaid) {
  QueryAnswer made = answer();
  EXPECT_THAT(query_view(made, false, {}), Not(HasSubstr("There is more")));
  made.truncated = true;
  EXPECT_THAT(query_view(made, false, {}),
              HasSubstr("There is more: narrow it with --node or --label.\n"));
}

TEST(ViewQuery, WideNamesSeriesAndUnit) {
  EXPECT_THAT(query_view(answer(), false, {{}, true, 0}), HasSubstr("10.0%  cpu.util  %\n"));
}

TEST(ViewQuery, ASeriesHasAName) {
  EXPECT_EQ(series_name({"box-1", "cpu.util", "", {{"cpu", "0"}}, {}}), "box-1/cpu.util{cpu=0}");
  EXPECT_EQ(series_name({"", "x", "", {}, {}}), "x");
}

}  // namespace
}  // namespace bw::cli
