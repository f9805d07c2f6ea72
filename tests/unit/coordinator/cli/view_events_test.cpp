#include "coordinator/cli/view_events.h"

#include <cstdlib>
#include <ctime>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bw::cli {
namespace {

std::vector<EventRow> newest_first() {
  setenv("TZ", "UTC", 1);
  tzset();
  return {{"b", "5", "3", 2000, "gap", "critical", "three\nlines", {}},
          {"b", "5", "2", 1000, "gap", "warning", "two", {}},
          {"box-1", "5", "1", 1000, "clock_step", "info", "one", {{"by", "3 s"}}}};
}

TEST(ViewEvents, TheNewestIsTheLastAndOneTimeKeepsItsOrder) {
  EXPECT_EQ(events_view(newest_first(), {}),
            "TIME                 SEVERITY  NODE   KIND        TEXT\n"
            "1970-01-01 00:00:01  info      box-1  clock_step  one\n"
            "1970-01-01 00:00:01  warning   b      gap         two\n"
            "1970-01-01 00:00:02  critical  b      gap         three\\nlines\n");
}

TEST(ViewEvents, SeverityHasItsColour) {
  const std::string text = events_view(newest_first(), {{true, true}, false, 0});
  EXPECT_THAT(text, ::testing::HasSubstr("\x1b[31mcritical\x1b[0m"));
  EXPECT_THAT(text, ::testing::HasSubstr("\x1b[33mwarning\x1b[0m"));
}

TEST(ViewEvents, WideTellsNumbersAndDetails) {
  EXPECT_THAT(events_view(newest_first(), {{}, true, 0}), ::testing::HasSubstr("1  by=3 s\n"));
}

TEST(ViewEvents, WhatToDoHasAColumnOfItsOwn) {
  const std::string text = events_view(
      {{"a", "5", "1", 1000, "xid", "critical", "lost", {{"action", "reset it"}, {"code", "79"}}}},
      {{}, true, 0});
  EXPECT_THAT(text, ::testing::HasSubstr("TEXT  ACTION    EPOCH  NUMBER  DETAILS\n"));
  EXPECT_THAT(text, ::testing::HasSubstr("lost  reset it  5           1  code=79\n"));
}

TEST(ViewEvents, NoEventsAreSaidToBeNone) {
  EXPECT_EQ(events_view({}, {}), "no events in that time\n");
}

}  // namespace
}  // namespace bw::cli
