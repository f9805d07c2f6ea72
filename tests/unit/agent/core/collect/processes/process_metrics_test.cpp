#include "agent/core/collect/processes/process_metrics.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/allocations.h"
#include "tests/unit/agent/core/collect/processes/stat_line.h"

namespace bw::agent {
namespace {

using std::chrono::seconds;

class ProcessMetricsTest : public testing::Test {
 protected:
  // Every process is read at every tick.
  std::vector<ToldEvent> tick() {
    now_ += seconds{1};
    std::vector<int> pids;
    for (const auto& [pid, line] : box_) pids.push_back(pid);
    table_.list(pids);
    (void)table_.plan(tick_);
    for (const auto& [pid, line] : box_) table_.stat(pid, stat_line(line), now_);
    std::vector<ToldEvent> events;
    metrics_.read(table_, tick_++, wall_from_ms(5000), events);
    sample_.finish(now_);
    return events;
  }
  void add(int pid, std::string_view name, std::uint64_t rss = 10, std::uint64_t started = 100) {
    box_[pid] = StatLine{.pid = pid, .name = name, .started = started, .rss = rss};
  }
  double value(std::string_view metric, std::string_view label = {}) const {
    for (std::size_t i = 0; i < sample_.series().size(); ++i) {
      const auto& series = sample_.series()[i];
      if (series.name != metric) continue;
      if (label.empty() ? series.labels.empty()
                        : !series.labels.empty() && series.labels[0].value == label) {
        return sample_.values()[i];
      }
    }
    return std::nan("");
  }
  std::size_t series(std::string_view metric) const {
    std::size_t count = 0;
    for (const auto& one : sample_.series()) count += one.name == metric ? 1 : 0;
    return count;
  }

  std::map<int, StatLine> box_;
  Sample sample_;
  ProcessMetrics metrics_{sample_};
  ProcessTable table_{{{"db", ""}}, 100, 4096};
  Instant now_ = Instant{} + seconds{1000};
  std::uint64_t tick_ = 0;
};

TEST_F(ProcessMetricsTest, TotalsAreOfAllProcesses) {
  add(1, "a");
  add(2, "b");
  add(3, "c");
  box_[1].threads = 5;
  box_[2].state = 'Z';
  box_[3].state = 'D';
  tick();
  EXPECT_EQ(value("sys.procs_total"), 3);
  EXPECT_EQ(value("sys.procs_threads"), 7);
  EXPECT_EQ(value("sys.procs_zombies"), 1);
  EXPECT_EQ(value("sys.procs_dstate"), 1);
  EXPECT_EQ(value("proc.ignored"), 0);
}

TEST_F(ProcessMetricsTest, ProcessesOfOneNameAreAddedUp) {
  add(1, "python3", 1000);
  add(2, "python3", 500);
  add(3, "init");
  tick();
  box_[1].cpu += 30;
  box_[2].cpu += 12;
  table_.io(1, "read_bytes: 100\nwrite_bytes: 0\n");
  tick();
  table_.io(1, "read_bytes: 400\nwrite_bytes: 50\n");
  table_.fds(1, 7);
  table_.fds(2, 8);
  tick();
  EXPECT_EQ(value("proc.top.count", "python3"), 2);
  EXPECT_EQ(value("proc.top.rss", "python3"), 1500 * 4096);
  EXPECT_EQ(value("proc.top.threads", "python3"), 2);
  EXPECT_EQ(value("proc.top.fds", "python3"), 15);
  EXPECT_EQ(value("proc.top.read_bytes", "python3"), 300);
  EXPECT_EQ(value("proc.top.write_bytes", "python3"), 50);
  EXPECT_TRUE(std::isnan(value("proc.top.fds", "init")));
  EXPECT_TRUE(std::isnan(value("proc.top.read_bytes", "init")));
  EXPECT_TRUE(std::isnan(value("proc.top.pss", "python3")));
  table_.pss(1, "Pss: 1 kB\n");
  table_.pss(2, "Pss: 2 kB\n");
  box_[1].cpu += 30;
  tick();
  EXPECT_EQ(value("proc.top.pss", "python3"), 3 * 1024);
  EXPECT_EQ(value("proc.top.cpu", "python3"), 30);
}

TEST_F(ProcessMetricsTest, TheNamesThatNeedMostHaveTheSlots) {
  static const char* const kNames[] = {"n00", "n01", "n02", "n03", "n04", "n05", "n06", "n07",
                                       "n08", "n09", "n10", "n11", "n12", "n13", "n14", "n15"};
  for (int i = 0; i < 16; ++i) add(i + 1, kNames[i], 100 + static_cast<std::uint64_t>(i));
  tick();
  EXPECT_EQ(series("proc.top.rss"), ProcessMetrics::kSlots);
  EXPECT_TRUE(std::isnan(value("proc.top.rss", "n03")));
  EXPECT_EQ(value("proc.top.rss", "n04"), 104 * 4096);
  const std::uint64_t table = sample_.table_id();
  // A little more is not clearly more.
  box_[1].rss = 130;
  std::size_t changes = 0;
  std::uint64_t last = table;
  const auto ticks = [&](std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      tick();
      changes += sample_.table_id() != last ? 1 : 0;
      last = sample_.table_id();
    }
  };
  ticks(2 * ProcessMetrics::kChooseTicks);
  EXPECT_EQ(changes, 0U);
  // Much more for a minute is a compiler that passes by.
  box_[1].rss = 400;
  ticks(60);
  box_[1].rss = 130;
  ticks(ProcessMetrics::kChooseTicks);
  EXPECT_EQ(changes, 0U);
  // Four times as much and lasting is: the slot of the least goes, and begins without a past.
  box_[1].rss = 400;
  ticks(ProcessMetrics::kChooseTicks);
  EXPECT_EQ(changes, 1U);
  EXPECT_EQ(value("proc.top.rss", "n00"), 400 * 4096);
  EXPECT_TRUE(std::isnan(value("proc.top.rss", "n04")));
  EXPECT_EQ(series("proc.top.rss"), ProcessMetrics::kSlots);
  EXPECT_EQ(sample_.table_id(), wire::series_table_id(sample_.series()));
}

TEST_F(ProcessMetricsTest, ANameThatIsGoneKeepsItsSlotUntilAnotherNeedsIt) {
  add(1, "a", 100);
  add(2, "b", 100);
  tick();
  const std::uint64_t table = sample_.table_id();
  box_.erase(1);
  for (int i = 0; i < 70; ++i) tick();
  EXPECT_EQ(value("proc.top.count", "a"), 0);
  EXPECT_EQ(value("proc.top.rss", "a"), 0);
  EXPECT_EQ(sample_.table_id(), table);
}

TEST_F(ProcessMetricsTest, TheLargestOfTheChosenAreReadInDetail) {
  for (int pid = 1; pid <= 100; ++pid) add(pid, "many", static_cast<std::uint64_t>(pid));
  tick();
  std::size_t detailed = 0;
  std::size_t walked = 0;
  for (const auto& [pid, process] : table_.processes()) {
    detailed += process.detailed ? 1 : 0;
    walked += process.pss_wanted ? 1 : 0;
  }
  EXPECT_EQ(detailed, ProcessMetrics::kMaxDetailed);
  EXPECT_EQ(walked, ProcessMetrics::kPssProcesses);
  EXPECT_TRUE(table_.processes().at(100).detailed);
  EXPECT_FALSE(table_.processes().at(1).detailed);
}

TEST_F(ProcessMetricsTest, TheMemoryOfALargeProcessIsNotWalked) {
  add(1, "large", ProcessMetrics::kMaxPssRss / 4096 + 1);
  add(2, "small", ProcessMetrics::kMaxPssRss / 4096);
  tick();
  EXPECT_FALSE(table_.processes().at(1).pss_wanted);
  EXPECT_TRUE(table_.processes().at(2).pss_wanted);
}

TEST_F(ProcessMetricsTest, MoreNamesThanAreComparedDoNoHarm) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < ProcessMetrics::kMaxNames + 100; ++i) {
    names.push_back("p" + std::to_string(i));
  }
  for (std::size_t i = 0; i < names.size(); ++i) add(static_cast<int>(i) + 1, names[i]);
  tick();
  EXPECT_EQ(value("sys.procs_total"), static_cast<double>(names.size()));
  EXPECT_EQ(series("proc.top.rss"), ProcessMetrics::kSlots);
}

TEST_F(ProcessMetricsTest, AWatchedProcessThatDoesNotRunIsToldAtOnce) {
  add(1, "init");
  const auto events = tick();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].record.kind, "process_down");
  EXPECT_EQ(events[0].record.severity, wire::Severity::critical);
  EXPECT_EQ(events[0].record.text, "watched process db does not run");
  EXPECT_EQ(events[0].record.time_ms, 5000);
  EXPECT_TRUE(tick().empty());
  EXPECT_EQ(value("proc.watched.up", "db"), 0);
  EXPECT_EQ(value("proc.watched.rss", "db"), 0);
}

TEST_F(ProcessMetricsTest, GoingDownComingUpAndBeingReplacedAreEvents) {
  add(5, "db", 7, 200);
  EXPECT_TRUE(tick().empty());
  EXPECT_EQ(value("proc.watched.up", "db"), 1);
  EXPECT_EQ(value("proc.watched.count", "db"), 1);
  EXPECT_EQ(value("proc.watched.rss", "db"), 7 * 4096);
  EXPECT_EQ(value("proc.watched.restarts", "db"), 0);
  box_.erase(5);
  auto events = tick();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].record.kind, "process_down");
  EXPECT_EQ(events[0].record.text, "watched process db is gone");
  add(9, "db", 7, 300);
  events = tick();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].record.kind, "process_up");
  EXPECT_EQ(value("proc.watched.restarts", "db"), 1);
  box_.erase(9);
  add(11, "db", 7, 400);
  events = tick();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].record.kind, "process_restart");
  EXPECT_EQ(value("proc.watched.restarts", "db"), 2);
  // A second one beside it changes nothing; a zombie does not run.
  add(12, "db", 7, 500);
  EXPECT_TRUE(tick().empty());
  EXPECT_EQ(value("proc.watched.count", "db"), 2);
  box_[11].state = box_[12].state = 'Z';
  EXPECT_EQ(tick().size(), 1U);
}

TEST_F(ProcessMetricsTest, OneOfSeveralThatEndsOrComesIsNoRestart) {
  add(1, "db", 10, 100);
  add(2, "db", 10, 150);
  tick();
  box_.erase(1);  // the oldest
  EXPECT_TRUE(tick().empty());
  EXPECT_EQ(value("proc.watched.restarts", "db"), 0);
  add(3, "db", 10, 200);
  EXPECT_TRUE(tick().empty());
  box_.erase(2);
  EXPECT_TRUE(tick().empty());
  EXPECT_EQ(value("proc.watched.restarts", "db"), 0);
  box_.erase(3);  // the last: another in its place is one
  add(4, "db", 10, 300);
  const auto events = tick();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].record.text, "watched process db was restarted");
  EXPECT_EQ(value("proc.watched.restarts", "db"), 1);
}

TEST_F(ProcessMetricsTest, AProcessIsMissedOnlyOnceItsCommandLineMayBeKnown) {
  table_ = ProcessTable({{"web", "serve --all"}}, 100, 4096);
  add(1, "python3", 10, 100);
  EXPECT_TRUE(tick().empty());
  EXPECT_TRUE(std::isnan(value("proc.watched.up", "web")));
  table_.cmdline(1, "python3 serve --all");
  EXPECT_TRUE(tick().empty());
  EXPECT_EQ(value("proc.watched.up", "web"), 1);
  box_.erase(1);
  add(2, "python3", 10, 200);
  EXPECT_TRUE(tick().empty());
  EXPECT_EQ(value("proc.watched.up", "web"), 1);
  table_.cmdline(2, "python3 serve --all");
  EXPECT_EQ(tick().size(), 1U);
  EXPECT_EQ(value("proc.watched.restarts", "web"), 1);
  // Command lines that nobody tells don't hold it up for ever.
  box_.erase(2);
  add(3, "other", 10, 300);
  for (unsigned i = 0; i < ProcessMetrics::kMostUndecided; ++i) EXPECT_TRUE(tick().empty());
  const auto events = tick();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].record.text, "watched process web is gone");
}

TEST_F(ProcessMetricsTest, WithoutProcessesNothingHasAValue) {
  metrics_.lose();
  EXPECT_EQ(sample_.series().size(), 0U);
  add(1, "a");
  tick();
  metrics_.lose();
  for (const double one : sample_.values()) EXPECT_TRUE(std::isnan(one));
}

}  // namespace
}  // namespace bw::agent
