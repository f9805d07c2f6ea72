#include "agent/core/collect/kernel_log/kernel_log.h"

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "schemas/metrics/metric_rows_event.h"
#include "tests/unit/agent/core/collect/kernel_log/lines.h"

namespace bw::agent {
namespace {

using std::chrono::seconds;

std::string record(std::uint64_t sequence, std::uint64_t second, std::string_view text,
                   unsigned priority = 4) {
  return std::to_string(priority) + "," + std::to_string(sequence) + "," +
         std::to_string(second * 1'000'000) + ",-;" + std::string(text) + "\n";
}

std::string xid(std::uint64_t sequence, std::uint64_t second, unsigned code = 31,
                std::string_view pci = "0000:3b:00") {
  return record(sequence, second,
                "NVRM: Xid (PCI:" + std::string(pci) + "): " + std::to_string(code) + ", x");
}

// A kernel log, from a boot at wall time 1'000'000 s.
class KernelLogTest : public testing::Test {
 protected:
  static constexpr std::int64_t kBootMs = 1'000'000'000;

  // A reading at so many seconds after boot; what was told by it.
  std::vector<ToldEvent> read(std::string_view text, std::uint64_t second = 1000,
                              bool caught_up = true) {
    std::vector<ToldEvent> events;
    log_->read(
        KernelLogReading{
            .available = true, .text = text, .boot_id = boot_, .caught_up = caught_up, .error = 0},
        Instant{} + seconds{second},
        wall_from_ms(kBootMs + static_cast<std::int64_t>(second) * 1000), events);
    sample_.finish(Instant{} + seconds{second});
    return events;
  }
  // Another run of the agent, which found `position` on disk.
  void restart(std::string_view position) {
    sample_ = Sample{};
    log_ = std::make_unique<KernelLog>(sample_);
    if (!position.empty()) log_->restore(position);
  }
  double value(std::string_view name, std::string_view code = {}) const {
    for (std::size_t i = 0; i < sample_.series().size(); ++i) {
      const auto& series = sample_.series()[i];
      const bool has_code = !series.labels.empty();
      if (series.name != name || has_code == code.empty()) continue;
      if (!has_code || series.labels[0].value == code) return sample_.values()[i];
    }
    return std::nan("");
  }

  Sample sample_;
  std::string boot_ = "8dc0ef66-fb84-4ab6-bee6-78dad250329f";
  std::unique_ptr<KernelLog> log_ = std::make_unique<KernelLog>(sample_);
};

TEST_F(KernelLogTest, WhatHappenedBeforeTheAgentIsToldWithItsOwnTime) {
  const auto events = read(xid(5, 400) + record(6, 401, "nothing of interest"));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].record.kind, "xid");
  EXPECT_EQ(events[0].record.time_ms, kBootMs + 400'000);
  EXPECT_EQ(detail(events[0].record.details, "pci"), "0000:3b:00");
  EXPECT_EQ(value("event.xid"), 1);
  EXPECT_EQ(value("event.xid", "31"), 1);
  EXPECT_EQ(value("event.oom_kill"), 0);
  EXPECT_EQ(value("kernel_log.messages"), 2);
}

TEST_F(KernelLogTest, AMessageThatIsNewIsNotFromBeforeTheLastTick) {
  read(record(1, 990, "x"), 1000);
  // The log's clock has drifted by ten seconds.
  EXPECT_EQ(read(xid(2, 991), 1001)[0].record.time_ms, kBootMs + 1'000'000);
  EXPECT_EQ(read(xid(3, 1500, 32), 1002)[0].record.time_ms, kBootMs + 1'002'000);
}

TEST_F(KernelLogTest, OnlyTheKernelItselfIsBelieved) {
  const std::string text = "NVRM: Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus.";
  EXPECT_TRUE(read(record(1, 1, text, 8 + 4) + record(2, 1, text, 3 * 8 + 4)).empty());
  EXPECT_EQ(value("kernel_log.messages"), 0);
  EXPECT_TRUE(read(record(3, 1, text, 7)).empty()) << "a debug message";
  EXPECT_EQ(read(record(4, 1, text)).size(), 2U);
}

TEST_F(KernelLogTest, ALogThatIsNotThereHasNoSeries) {
  std::vector<ToldEvent> events;
  log_->read(KernelLogReading{}, Instant{}, WallTime{}, events);
  EXPECT_EQ(sample_.series().size(), 0U);
}

TEST_F(KernelLogTest, ReadAgainFromItsBeginningNothingIsToldTwice) {
  const std::string ring = xid(5, 400) + xid(6, 400, 43);
  EXPECT_EQ(read(ring).size(), 2U);
  EXPECT_TRUE(read(ring).empty());
  EXPECT_EQ(read(ring + xid(7, 1000, 48), 1001).size(), 1U);
  EXPECT_EQ(value("event.xid"), 3);
}

TEST_F(KernelLogTest, AfterARestartItGoesOnBehindTheLastEventOnDisk) {
  const std::string ring = xid(5, 400) + xid(6, 400, 43) + xid(7, 401, 48);
  const auto events = read(ring);
  ASSERT_EQ(events.size(), 3U);
  restart(events[1].position);
  const auto again = read(ring);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(detail(again[0].record.details, "code"), "48");
  restart(events[2].position);
  EXPECT_TRUE(read(ring).empty());
}

TEST_F(KernelLogTest, AMessageWithTwoEventsIsNotToldHalf) {
  const std::string ring = xid(5, 400, 79);
  const auto events = read(ring);
  ASSERT_EQ(events.size(), 2U);
  restart(events[0].position);
  const auto again = read(ring);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].record.kind, "gpu_fallen_off_bus");
}

TEST_F(KernelLogTest, APositionOfAnotherBootCountsForNothing) {
  const std::string ring = xid(5, 400);
  const auto events = read(ring);
  boot_ = "another";
  restart(events[0].position);
  EXPECT_EQ(read(ring).size(), 1U);
}

TEST_F(KernelLogTest, APositionThatComesLateOrIsDamagedDoesNoHarm) {
  const std::string ring = xid(5, 400) + xid(6, 400, 43);
  const auto events = read(ring);
  for (const std::string& bad :
       {std::string("x"), std::string("2\n"), "2\n" + boot_ + "\n", "2\n" + boot_ + "\nx|0\n",
        "2\n" + boot_ + "\n5|0\nx", "2\n" + boot_ + "\n5\n", "1" + events[1].position.substr(1)}) {
    restart(bad);
    EXPECT_EQ(read(ring).size(), 2U) << bad;
  }
  // From a disk that could be read only after the first ticks, too late to be waited for.
  restart({});
  EXPECT_EQ(read(xid(5, 400)).size(), 1U);
  log_->restore(events[1].position);
  EXPECT_TRUE(read(ring).empty());
  log_->restore(events[0].position);
  EXPECT_TRUE(read(ring).empty()) << "an older one";
}

TEST_F(KernelLogTest, WhatAnEarlierRunToldIsNotToldAgainThoughItBecomesKnownLate) {
  const std::string ring = xid(5, 400) + xid(6, 400, 43);
  const std::string position = read(ring)[1].position;
  restart({});
  log_->hold();
  EXPECT_TRUE(read(ring, 1000).empty());
  EXPECT_EQ(log_->taken(), 0U) << "it is to come again";
  EXPECT_TRUE(log_->take_position().empty()) << "what is stored stays";
  EXPECT_TRUE(read(ring, 1030).empty());
  log_->restore(position);
  EXPECT_TRUE(read(ring, 1031).empty());
  EXPECT_EQ(log_->taken(), ring.size());
  EXPECT_EQ(read(ring + xid(7, 1031, 79), 1032).size(), 2U) << "Xid 79 and the bus";
}

TEST_F(KernelLogTest, ADiskThatHoldsNothingOfItEndsTheWait) {
  log_->hold();
  EXPECT_TRUE(read(xid(5, 400)).empty());
  log_->restore({});
  EXPECT_EQ(read(xid(5, 400)).size(), 1U);
}

TEST_F(KernelLogTest, ADiskThatStaysAwayIsWaitedForOnlySoLong) {
  const auto most = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(KernelLog::kMaxHold).count());
  log_->hold();
  EXPECT_TRUE(read(xid(5, 400), 1000).empty());
  EXPECT_TRUE(read(xid(5, 400), 1000 + most - 1).empty());
  EXPECT_EQ(read(xid(5, 400), 1000 + most).size(), 1U);
}

TEST_F(KernelLogTest, OverwrittenMessagesAreToldOnceAsAGap) {
  EXPECT_EQ(read(record(5, 400, "x")).size(), 0U) << "what was lost before the first is not known";
  const auto events = read(record(15, 500, "x"));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].record.kind, "kernel_log_gap");
  EXPECT_EQ(detail(events[0].record.details, "messages"), "9");
  EXPECT_EQ(value("kernel_log.lost"), 9);
  restart(events[0].position);
  EXPECT_TRUE(read(record(15, 500, "x")).empty());
}

TEST_F(KernelLogTest, WhatWasOverwrittenWhileTheAgentWasAwayIsAGapToo) {
  const auto events = read(xid(5, 400));
  restart(events[0].position);
  const auto again = read(record(8, 500, "x"));
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(detail(again[0].record.details, "messages"), "2");
}

TEST_F(KernelLogTest, WhatWasReadWithoutAnEventIsNotTakenForLost) {
  EXPECT_EQ(log_->take_position(), "");
  const auto events = read(xid(5, 400), 404);
  EXPECT_EQ(log_->take_position(), events[0].position);
  EXPECT_EQ(log_->take_position(), "") << "nothing new";
  read(record(6, 401, "x") + xid(7, 402) + record(8, 403, "x"), 404);
  const std::string position = log_->take_position();
  // The ring's beginning was overwritten while the agent was away, all of it read before.
  restart(position);
  EXPECT_TRUE(read(record(9, 405, "x"), 406).empty());
  EXPECT_EQ(value("kernel_log.lost"), 0);
  // The repeat that was counted without being told yet is not lost either.
  const auto later = read({}, 500);
  ASSERT_EQ(later.size(), 1U);
  EXPECT_EQ(detail(later[0].record.details, "count"), "1");
}

TEST_F(KernelLogTest, CrashingProgramsDoNotHideWhatIsCritical) {
  std::string ring;
  for (std::uint64_t i = 1; i <= 200; ++i) {
    ring += record(i, 1000,
                   "p" + std::to_string(i) + "[" + std::to_string(i) +
                       "]: segfault at 8 ip 0 sp 0 error 4 in x[1+2]");
  }
  ring += xid(201, 1001, 79) + record(202, 1002, "EXT4-fs (sda1): Remounting filesystem read-only");
  std::string told;
  for (std::string_view rest = ring; !rest.empty(); rest.remove_prefix(log_->taken())) {
    for (const auto& event : read(rest, 1003)) {
      if (event.record.kind != "process_crash") told += event.record.kind + " ";
    }
  }
  EXPECT_EQ(told, "xid gpu_fallen_off_bus file_system_readonly ");
  EXPECT_EQ(value("event.process_crash"), 200);
  EXPECT_EQ(read({}, 1061).size(), 1U);
  EXPECT_EQ(value("event.kernel_log_storm"), 1);
}

TEST_F(KernelLogTest, ATickTellsSoManyEventsAndLeavesTheRest) {
  std::string ring;
  for (unsigned i = 1; i <= 40; ++i) ring += xid(i, i * 100, i);
  std::size_t told = 0;
  int ticks = 0;
  std::string_view rest = ring;
  while (!rest.empty()) {
    const std::size_t now = read(rest, 5000).size();
    EXPECT_LE(now, KernelLog::kMaxToldATick);
    told += now;
    rest.remove_prefix(log_->taken());
    ASSERT_LT(++ticks, 20);
  }
  EXPECT_EQ(told, 40U);
  EXPECT_EQ(ticks, 3);
}

TEST_F(KernelLogTest, RepeatsAreToldWhenTheirWindowIsOver) {
  std::string ring;
  for (unsigned i = 1; i <= 10; ++i) ring += xid(i, 1000);
  EXPECT_EQ(read(ring, 1001).size(), 1U);
  EXPECT_EQ(value("event.xid"), 10);
  EXPECT_EQ(value("event.folded"), 9);
  EXPECT_TRUE(read({}, 1059).empty());
  const auto events = read({}, 1061);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(detail(events[0].record.details, "count"), "9");
  EXPECT_EQ(detail(events[0].record.details, "first_ms"), std::to_string(kBootMs + 1'000'000));
  EXPECT_EQ(detail(events[0].record.details, "last_ms"), std::to_string(kBootMs + 1'000'000));
  EXPECT_NE(events[0].record.text.find(", 9 more times"), std::string::npos);
}

TEST_F(KernelLogTest, MoreCodesThanAreKeptShareOneSeries) {
  std::string ring;
  for (unsigned i = 1; i <= 100; ++i) ring += xid(i, 1000, i);
  std::string_view rest = ring;
  while (!rest.empty()) {
    read(rest, 1001);
    rest.remove_prefix(log_->taken());
  }
  EXPECT_EQ(value("event.xid"), 100);
  static_assert(KernelLog::kMaxCodes == 32);
  EXPECT_EQ(value("event.xid", "32"), 1);
  EXPECT_TRUE(std::isnan(value("event.xid", "33")));
  EXPECT_EQ(value("event.xid", "other"), 68);
}

TEST_F(KernelLogTest, TextsAreCutToWhatTheWireTakes) {
  const auto events = read(record(1, 1, "Kernel panic - not syncing: " + std::string(2000, 'x')));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].record.text.size(), 1024U);
  EXPECT_EQ(detail(events[0].record.details, "message").size(), 1024U);
}

// Whatever is stored when, each message is told by itself or counted in one that is told.
TEST_F(KernelLogTest, CrashesAtAnyTimeNeitherLoseNorRepeatAMessage) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Rng rng(seed);
    std::string ring;
    std::uint64_t made = 0;
    std::uint64_t sequence = rng.below(3);
    std::uint64_t second = 100;
    std::vector<ToldEvent> on_disk;
    std::vector<ToldEvent> in_memory;
    std::size_t read_to = 0;
    sample_ = Sample{};
    log_ = std::make_unique<KernelLog>(sample_);
    const auto tick = [&] {
      second += 1 + rng.below(30);
      auto told = read(std::string_view(ring).substr(read_to), second);
      read_to += log_->taken();
      for (auto& event : told) in_memory.push_back(std::move(event));
      // Where it is stored without an event, it stands behind those before.
      if (rng.chance(0.3)) in_memory.push_back({{}, log_->take_position()});
      if (!in_memory.empty() && in_memory.back().position.empty()) in_memory.pop_back();
      // The disk has taken some of them, in their order.
      for (std::size_t n = rng.below(in_memory.size() + 1); n > 0; --n) {
        on_disk.push_back(in_memory.front());
        in_memory.erase(in_memory.begin());
      }
    };
    for (int round = 0; round < 60; ++round) {
      for (std::uint64_t n = rng.below(rng.chance(0.1) ? 60 : 4); n > 0; --n) {
        const bool storm = rng.chance(0.5);
        ring += xid(sequence++, second, static_cast<unsigned>(storm ? rng.below(120) + 200 : 31));
        ++made;
      }
      tick();
      if (!rng.chance(0.2)) continue;
      in_memory.clear();
      read_to = 0;
      restart(on_disk.empty() ? "" : on_disk.back().position);
    }
    for (int i = 0; i < 100; ++i) {
      tick();
      second += 3600;
      while (!in_memory.empty()) {
        on_disk.push_back(in_memory.front());
        in_memory.erase(in_memory.begin());
      }
    }
    std::uint64_t told = 0;
    for (const auto& event : on_disk) {
      if (event.record.kind.empty()) continue;
      const std::string count = detail(event.record.details, "count");
      told += count == "-" ? 1 : std::stoull(count);
    }
    ASSERT_EQ(told, made) << "seed " << seed;
  }
}

TEST(EventKinds, TheTableIsInOrderAndEveryCountHasItsRow) {
  for (std::size_t i = 0; i < metrics::kEventKindCount; ++i) {
    EXPECT_EQ(static_cast<std::size_t>(metrics::kEventKinds[i].kind), i);
    EXPECT_FALSE(metrics::kEventKinds[i].text.empty());
  }
  for (std::size_t i = 0; i < std::size(metrics::kEventMetrics); ++i) {
    EXPECT_EQ(metrics::kEventMetrics[i].name, "event." + std::string(metrics::kEventKinds[i].name));
  }
}

TEST(EventKinds, ThePageHasEveryKindAsTheTableHasIt) {
  std::ifstream file(BW_SOURCE_DIR "/agent/core/collect/kernel_log/EVENTS.md");
  std::ostringstream page;
  page << file.rdbuf();
  for (const auto& kind : metrics::kEventKinds) {
    const std::string row = "| `" + std::string(kind.name) + "` | " + std::string(kind.source) +
                            " | " + std::string(kind.severity) + " | " + std::string(kind.text) +
                            " |\n";
    EXPECT_NE(page.str().find(row), std::string::npos) << row;
  }
}

}  // namespace
}  // namespace bw::agent
