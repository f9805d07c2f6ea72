// Agents, a coordinator and a broker while all of them, their links and their power fail at random;
// afterwards every sample that an agent took is in the store once, or lies in a gap that is on
// record.
//
// BW_SOAK_S: for how many seconds things fail (15 under ctest; the long one is 600).
// BW_SOAK_SEED: which faults, and when. Time is ten times as fast as in the field: ten samples a
// second and agent, and blocks of two seconds. What each agent measured is known apart from it: the
// library that it is started with answers /proc/loadavg with numbers that never repeat, and notes
// them.
#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "base/runtime/sqlite.h"
#include "coordinator/shell/store_tables.h"
#include "schemas/wire/codec.h"
#include "schemas/wire/columns.h"
#include "tests/integration/harness.h"
#include "tests/integration/soak/network.h"
#include "tests/integration/soak/power_loss.h"
#include "tests/integration/soak/slow_proxy.h"

namespace bw::integration {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kAgents = 3;
constexpr std::int64_t kPeriodMs = 100;
// What a loss of power may take with it: the block that was being gathered, and the one on its way
// to disk, of 20 samples each; twice that on a machine that is busy with other things.
constexpr std::size_t kSamplesAKill = 80;

std::int64_t option(const char* name, std::int64_t usual) {
  const char* const value = std::getenv(name);
  return value == nullptr ? usual : std::atoll(value);
}

// The time at which an agent took each sample, by the sample's number.
using Truth = std::map<long, std::int64_t>;

struct Span {
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;
};

struct Stored {
  std::map<long, int> samples;  // how often each is there
  std::vector<Span> gaps;
};

class Fleet {
 public:
  explicit Fleet(std::uint64_t seed)
      : rng_(seed), proxy_(network_.address(), proxy_port_, site_.broker_port) {
    for (std::size_t i = 0; i < kAgents; ++i) {
      agents_.push_back(std::make_unique<Process>(path("agent", i) + ".log"));
      std::filesystem::create_directories(path("agent", i));
    }
  }

  bool has_links() const { return network_.is_up(); }
  bool can_lose_packets() const { return network_.can_lose(); }
  bool is_listening() const { return proxy_.is_listening(); }

  void start_all() {
    site_.start_broker();
    start_coordinator();
    for (std::size_t i = 0; i < kAgents; ++i) start_agent(i);
  }

  // Something goes wrong, and goes on being wrong for a while.
  void fail_once() {
    switch (rng_.below(9)) {
      case 0:
      case 1: {
        const std::size_t which = rng_.below(kAgents);
        kill_agent(which);
        pause(0, 2500);
        start_agent(which);
        break;
      }
      case 2:
        kill_coordinator();
        pause(0, 3000);
        start_coordinator();
        break;
      case 3:
        ++counts_["broker killed"];
        site_.broker.kill();
        pause(0, 3000);
        site_.start_broker();
        break;
      case 4:
        ++counts_["power of everything"];
        for (std::size_t i = 0; i < kAgents; ++i) kill_agent(i);
        kill_coordinator();
        site_.broker.kill();
        pause(0, 1500);
        start_all();
        break;
      case 5:
        ++counts_["link cut"];
        proxy_.set_cut(true);
        pause(2000, 12000);
        proxy_.set_cut(false);
        break;
      case 6:
        ++counts_["link of 64 kbit/s, 2 s away"];
        proxy_.set_delay(seconds{2});
        proxy_.set_rate(8000);
        pause(4000, 12000);
        proxy_.set_delay(milliseconds{0});
        proxy_.set_rate(0);
        break;
      case 7:
        if (!network_.can_lose()) break;
        ++counts_["link that loses a fifth"];
        network_.lose(20);
        pause(3000, 8000);
        network_.lose(0);
        break;
      default: {
        const std::size_t which = rng_.below(kAgents);
        ++counts_["agent stopped"];
        agents_[which]->signal(SIGTERM);
        EXPECT_TRUE(agents_[which]->wait(seconds{10}));
        start_agent(which);
        break;
      }
    }
    pause(300, 3000);
  }

  void heal() {
    proxy_.set_cut(false);
    proxy_.set_delay(milliseconds{0});
    proxy_.set_rate(0);
    network_.lose(0);
  }

  // Ends the blocks that are open, so that what was measured until now can be stored.
  void restart_agents() {
    for (auto& agent : agents_) {
      agent->signal(SIGTERM);
      EXPECT_TRUE(agent->wait(seconds{10}));
    }
    for (std::size_t i = 0; i < kAgents; ++i) start_agent(i);
  }

  Truth truth(std::size_t which) const {
    Truth truth;
    std::ifstream file(path("truth", which));
    for (std::string line; std::getline(file, line);) {
      long number = 0;
      long long when = 0;
      if (std::sscanf(line.c_str(), "%ld %lld", &number, &when) == 2) truth[number] = when;
    }
    return truth;
  }

  Stored stored(std::size_t which);

  const std::map<std::string, int>& counts() const { return counts_; }
  std::size_t kills(std::size_t which) const { return kills_[which]; }
  std::size_t unsynced() const { return unsynced_; }
  std::string logs() const {
    std::string all;
    for (const auto& agent : agents_) {
      const std::string log = agent->log();
      all += log.substr(log.size() > 3000 ? log.size() - 3000 : 0) + "\n";
    }
    return all;
  }
  static std::string node(std::size_t which) { return "box-" + std::to_string(which); }

 private:
  std::string path(const std::string& what, std::size_t which) const {
    return site_.folder.path() + "/" + what + "-" + std::to_string(which);
  }
  void pause(std::uint64_t least_ms, std::uint64_t most_ms) {
    std::this_thread::sleep_for(milliseconds{least_ms + rng_.below(most_ms - least_ms)});
  }

  void start_agent(std::size_t which) {
    if (agents_[which]->running()) return;
    std::vector<std::string> argv = network_.inside();
    argv.push_back(program("bellwether-agent"));
    for (const std::string& setting :
         {"node.id=" + node(which),
          "broker.url=mqtt://" + network_.address() + ":" + std::to_string(proxy_port_),
          "state.directory=" + path("agent", which), std::string("broker.keep_alive_s=4"),
          std::string("collect.period_ms=") + std::to_string(kPeriodMs),
          std::string("history.block_s=2"), std::string("history.first_block_s=1")}) {
      argv.insert(argv.end(), {"--set", setting});
    }
    auto environment = power_loss_environment(path("agent", which), path("journal", which));
    environment["BW_TRUTH"] = path("truth", which);
    agents_[which]->start(argv, environment);
  }
  void kill_agent(std::size_t which) {
    ++counts_["agent's power"];
    ++kills_[which];
    agents_[which]->kill();
    unsynced_ += lose_power(path("agent", which), path("journal", which), rng_);
  }
  void start_coordinator() {
    if (site_.coordinator.running()) return;
    site_.start_coordinator({}, power_loss_environment(site_.coordinator_state, journal_));
  }
  void kill_coordinator() {
    ++counts_["coordinator's power"];
    site_.coordinator.kill();
    unsynced_ += lose_power(site_.coordinator_state, journal_, rng_);
  }

  Rng rng_;
  Site site_;
  Network network_;
  int proxy_port_ = free_port();
  SlowProxy proxy_;
  std::string journal_ = site_.folder.path() + "/coordinator.journal";
  std::vector<std::unique_ptr<Process>> agents_;
  std::map<std::string, int> counts_;
  std::array<std::size_t, kAgents> kills_{};
  std::size_t unsynced_ = 0;
};

std::size_t column_of(const std::vector<wire::SeriesInfo>& series, const std::string& name) {
  const auto found = std::find_if(series.begin(), series.end(),
                                  [&](const wire::SeriesInfo& one) { return one.name == name; });
  return static_cast<std::size_t>(found - series.begin());
}

std::int64_t detail(const wire::EventRecord& event, const std::string& name) {
  for (const wire::Label& label : event.details) {
    if (label.name == name) return std::atoll(label.value.c_str());
  }
  return 0;
}

void read_blocks(Database& database, const std::string& node, Stored& stored) {
  auto rows = database.prepare(
      "SELECT one.series, base.series, columns FROM blocks JOIN nodes ON nodes.id = blocks.node"
      " JOIN tables AS one ON one.node = blocks.node AND one.table_id = blocks.table_id"
      " LEFT JOIN tables AS base ON base.id = one.base WHERE nodes.name = ?1");
  ASSERT_TRUE(rows) << rows.error().message;
  rows->bind(1, std::string_view(node));
  while (true) {
    const auto row = rows->step();
    if (!row || !*row) return;
    const auto reader = wire::ColumnReader::open(rows->blob(2));
    const auto table = coordinator::table_of(*rows);
    ASSERT_TRUE(reader && table);
    std::vector<double> values(reader->rows());
    ASSERT_TRUE(reader->read(column_of(*table, "cpu.load1"), values));
    for (const double value : values) {
      if (!std::isnan(value)) ++stored.samples[std::lround(value)];
    }
  }
}

void read_gaps(Database& database, const std::string& node, Stored& stored) {
  auto rows = database.prepare(
      "SELECT record FROM events JOIN nodes ON nodes.id = events.node"
      " WHERE nodes.name = ?1 AND kind IN ('history_gap', 'outbox_gap')");
  ASSERT_TRUE(rows) << rows.error().message;
  rows->bind(1, std::string_view(node));
  while (true) {
    const auto row = rows->step();
    if (!row || !*row) return;
    const auto event = wire::decode_event(rows->blob(0));
    ASSERT_TRUE(event);
    stored.gaps.push_back({detail(*event, "from_ms"), detail(*event, "to_ms")});
  }
}

Stored Fleet::stored(std::size_t which) {
  Stored stored;
  auto database = Database::open_read_only(site_.coordinator_state + "/bellwether.db");
  if (!database) return stored;
  read_blocks(*database, node(which), stored);
  read_gaps(*database, node(which), stored);
  return stored;
}

struct Verdict {
  std::size_t taken = 0;
  std::size_t stored = 0;
  std::size_t in_gaps = 0;
  std::size_t missing = 0;
  std::size_t twice = 0;
  std::size_t invented = 0;
  std::size_t gaps = 0;
};

// Of what was taken until `end_ms`.
Verdict judge(const Truth& truth, const Stored& stored, std::int64_t end_ms) {
  Verdict verdict;
  verdict.gaps = stored.gaps.size();
  for (const auto& [number, when] : truth) {
    if (when > end_ms) continue;
    ++verdict.taken;
    const auto found = stored.samples.find(number);
    if (found != stored.samples.end()) {
      ++verdict.stored;
      verdict.twice += found->second > 1 ? 1 : 0;
      continue;
    }
    // A row's time is that of its tick, a little before the reading.
    const bool is_told =
        std::any_of(stored.gaps.begin(), stored.gaps.end(), [&, at = when](const Span& gap) {
          return at >= gap.from_ms && at <= gap.to_ms + kPeriodMs;
        });
    ++(is_told ? verdict.in_gaps : verdict.missing);
  }
  for (const auto& [number, times] : stored.samples) {
    verdict.invented += truth.contains(number) ? 0 : 1;
  }
  return verdict;
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

TEST(SoakTest, WhateverFailsEverySampleIsStoredOnceOrLiesInARecordedGap) {
  const auto seed = static_cast<std::uint64_t>(option("BW_SOAK_SEED", 1));
  const auto length = seconds{option("BW_SOAK_S", 15)};
  Fleet fleet(seed);
  ASSERT_TRUE(fleet.is_listening());
  if (!fleet.has_links()) {
    std::printf("network namespaces can't be made here: the agents run beside the broker\n");
  }
  if (!fleet.can_lose_packets()) std::printf("packets can't be dropped here (nft): left out\n");
  fleet.start_all();
  const auto end = std::chrono::steady_clock::now() + length;
  while (std::chrono::steady_clock::now() < end && !testing::Test::HasFailure()) fleet.fail_once();
  fleet.heal();
  const std::int64_t end_ms = now_ms();
  std::this_thread::sleep_for(seconds{1});
  fleet.restart_agents();

  std::vector<Verdict> verdicts(kAgents);
  const bool is_settled = eventually(seconds{120}, [&] {
    std::this_thread::sleep_for(milliseconds{500});
    std::size_t missing = 0;
    for (std::size_t i = 0; i < kAgents; ++i) {
      verdicts[i] = judge(fleet.truth(i), fleet.stored(i), end_ms);
      missing += verdicts[i].missing;
    }
    return missing == 0;
  });
  std::printf("seed %llu, faults for %lld s:", static_cast<unsigned long long>(seed),
              static_cast<long long>(length.count()));
  for (const auto& [what, times] : fleet.counts()) std::printf(" %s %d,", what.c_str(), times);
  std::printf(" unsynced writes at risk %zu\n", fleet.unsynced());
  for (std::size_t i = 0; i < kAgents; ++i) {
    const Verdict& it = verdicts[i];
    std::printf(
        "%s: %zu samples taken, %zu stored, %zu in %zu recorded gaps, %zu missing, %zu "
        "twice, %zu never taken\n",
        Fleet::node(i).c_str(), it.taken, it.stored, it.in_gaps, it.gaps, it.missing, it.twice,
        it.invented);
    EXPECT_GT(it.stored, 20U);
    EXPECT_LE(it.in_gaps, kSamplesAKill * fleet.kills(i)) << "nothing else loses samples";
    EXPECT_EQ(it.twice, 0U);
    EXPECT_EQ(it.invented, 0U);
  }
  EXPECT_TRUE(is_settled) << fleet.logs();
}

}  // namespace
}  // namespace bw::integration
