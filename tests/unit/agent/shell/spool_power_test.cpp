// The outbox database on a disk that loses its power at any instant: what was answered as written
// is there afterwards, and no transaction by half.
#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "agent/shell/spool_store.h"
#include "base/rng.h"
#include "base/runtime/log.h"
#include "tests/support/simulated_disk.h"
#include "tests/unit/agent/shell/spool_records.h"

namespace bw::agent {
namespace {

constexpr WallTime kNow = wall_from_ms(1'700'000'000'000);
constexpr const char* kPath = "/outbox.db";
constexpr std::uint64_t kSeeds = 250;
constexpr int kLosses = 8;  // of power, a seed

// What the database must hold, in its order.
struct Content {
  std::vector<SpoolWrite> records;  // by epoch and number
  std::map<std::string, std::string> facts;
};

class Crasher {
 public:
  explicit Crasher(std::uint64_t seed) : disk_(seed), rng_(seed + 1000) {}

  // Writes until the power goes, and looks what is there when it is back.
  void lose_power_once() {
    ++epoch_;
    number_ = 0;
    const bool while_opening = rng_.chance(0.1);
    disk_.lose_power_at(1 + rng_.below(while_opening ? 6 : 200));
    {
      SpoolStore store(kPath, 64U << 20, 77);
      store.open(kNow);
      while (!disk_.is_off()) write(store);
    }
    disk_.power_on();
    SpoolStore store(kPath, 64U << 20, 78);
    const OutboxOpened opened = store.open(kNow);
    compare(store, opened);
  }

  std::uint64_t written() const { return written_; }
  std::uint64_t kept_half_way() const { return kept_half_way_; }
  std::size_t set_aside() const { return disk_.count("damaged"); }

 private:
  SpoolWrite draw_record() {
    const RecordKey key{epoch_, ++number_};
    SpoolWrite write = rng_.chance(0.7)
                           ? history_write(key, "series." + std::to_string(rng_.below(3)))
                           : event_write(key, std::string(rng_.below(900), 'x'));
    return write;
  }

  void write(SpoolStore& store) {
    std::vector<SpoolWrite> group;
    Content after = before_;
    const std::uint64_t size = 1 + (rng_.chance(0.3) ? rng_.below(12) : 0);
    for (std::uint64_t i = 0; i < size; ++i) group.push_back(draw_record());
    if (rng_.chance(0.5) && !after.records.empty()) {
      const RecordKey upto = after.records[rng_.below(after.records.size())].record.key;
      group[0].trims.push_back({upto.epoch, upto.number});
      std::erase_if(after.records, [&](const SpoolWrite& one) {
        return one.record.key.epoch == upto.epoch && one.record.key.number <= upto.number;
      });
    }
    if (rng_.chance(0.2) && !after.records.empty()) {
      const auto victim =
          after.records.begin() + static_cast<std::ptrdiff_t>(rng_.below(after.records.size()));
      group[0].drops.push_back(victim->record.key);
      after.records.erase(victim);
    }
    if (rng_.chance(0.5)) {
      group.back().facts = {{"fact." + std::to_string(rng_.below(3)), std::to_string(written_)}};
      for (const Fact& fact : group.back().facts) after.facts[fact.name] = fact.value;
    }
    after.records.insert(after.records.end(), group.begin(), group.end());
    if (store.write(group, kNow)) {
      before_ = std::move(after);
      ++written_;
    } else {
      ASSERT_TRUE(disk_.is_off()) << "only the power can fail it";
      tried_ = std::move(after);
    }
  }

  static bool same_keys(const std::vector<StoredRecord>& found, const Content& content) {
    return std::equal(found.begin(), found.end(), content.records.begin(), content.records.end(),
                      [](const StoredRecord& a, const SpoolWrite& b) {
                        return a.key == b.record.key && a.bytes == b.payload.size();
                      });
  }

  void compare(SpoolStore& store, const OutboxOpened& opened) {
    // The write that the power went with is there whole, or nothing of it.
    if (!same_keys(opened.records, before_)) {
      ASSERT_TRUE(same_keys(opened.records, tried_))
          << opened.records.size() << " records where there should be " << before_.records.size()
          << " or " << tried_.records.size();
      before_ = tried_;
      ++kept_half_way_;
    }
    tried_ = before_;
    std::map<std::string, std::string> facts;
    for (const Fact& fact : opened.facts) facts[fact.name] = fact.value;
    EXPECT_EQ(facts, before_.facts);
    for (const SpoolWrite& record : before_.records) {
      const RecordLoaded loaded = store.load(record.record.key, kNow);
      ASSERT_EQ(loaded.payload, record.payload);
      if (record.table_id != 0) {
        ASSERT_EQ(wire::series_table_id(loaded.series), record.table_id);
      }
    }
  }

  test::SimulatedDisk disk_;
  Rng rng_;
  std::uint64_t epoch_ = 100;
  std::uint64_t number_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t kept_half_way_ = 0;
  Content before_;
  Content tried_;
};

TEST(SpoolPowerTest, WhateverInstantThePowerGoesAtNothingWrittenIsLostAndNothingIsHalf) {
  start_log(LogLevel::error);
  std::uint64_t written = 0;
  std::uint64_t kept = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Crasher crasher(seed);
    for (int i = 0; i < kLosses && !testing::Test::HasFailure(); ++i) crasher.lose_power_once();
    EXPECT_EQ(crasher.set_aside(), 0U);
    if (testing::Test::HasFailure()) return;
    written += crasher.written();
    kept += crasher.kept_half_way();
  }
  std::printf("%llu losses of power, %llu transactions; the last was there %llu times\n",
              static_cast<unsigned long long>(kSeeds * kLosses),
              static_cast<unsigned long long>(written), static_cast<unsigned long long>(kept));
  EXPECT_GT(written, 10 * kSeeds);
  EXPECT_GT(kept, 0U) << "the disk must lose some and keep some";
}

}  // namespace
}  // namespace bw::agent
