// A node's hours of the past, published by a made-up node: queries say the same before and after
// they are rolled up as the numbers do themselves, and a copy made meanwhile is whole.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/runtime/clock.h"
#include "schemas/wire/codec.h"
#include "schemas/wire/columns.h"
#include "schemas/wire/topics.h"
#include "tests/integration/harness.h"
#include "tests/integration/publisher.h"

namespace bw::integration {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;

// A value of each ten seconds.
double value_at(std::int64_t time_ms) {
  return static_cast<double>(time_ms / 10'000 * 7919 % 1000) / 10;
}

std::vector<std::byte> encoded(const auto& message) {
  wire::Encoder encoder;
  const auto bytes = encoder.encode(message);
  return {bytes.begin(), bytes.end()};
}

class HistoryTest : public testing::Test {
 protected:
  void SetUp() override {
    site_.start_broker();
    site_.start_coordinator();
    ASSERT_TRUE(eventually(seconds{20}, [&] { return site_.metric("bw_broker_connected") == 1; }))
        << site_.coordinator.log();
  }

  void publish_birth(Publisher& publisher) {
    wire::NodeBirth birth;
    birth.epoch = 7;
    birth.store_id = 7;
    birth.period_ms = 10'000;
    birth.series = series_;
    birth.table_id = wire::series_table_id(series_);
    publisher.publish("bw/v1/past/up/birth", encoded(birth), 1, true);
    publisher.publish("bw/v1/past/up/state",
                      encoded(wire::NodeState{7, wire::NodeCondition::online, 1, ""}), 1, true);
  }
  void publish_block(Publisher& publisher, std::int64_t start_ms) {
    std::vector<std::int64_t> times;
    std::vector<double> values;
    for (std::int64_t time = start_ms; time < start_ms + kMinuteMs; time += 10'000) {
      times.push_back(time);
      values.push_back(value_at(time));
    }
    wire::ColumnEncoder columns;
    const auto bytes = columns.encode(times, values, 1);
    wire::HistoryBlock block;
    block.epoch = 7;
    block.number = ++number_;
    block.oldest = 1;
    block.table_id = wire::series_table_id(series_);
    block.start_ms = times.front();
    block.end_ms = times.back();
    block.rows = static_cast<std::uint32_t>(times.size());
    block.columns.assign(bytes.begin(), bytes.end());
    publisher.publish("bw/v1/past/up/history", encoded(block));
  }
  Json ask(const std::string& function, std::int64_t step_ms) const {
    const auto answer =
        http_get(site_.api_port, "/api/v1/query?metric=shop.queue&node=past&function=" + function +
                                     "&step=" + std::to_string(step_ms) +
                                     "ms&from=" + std::to_string(begin_ms_ / 1000) +
                                     "&to=" + std::to_string(begin_ms_ / 1000 + 3 * 3600));
    return answer.status == 200 ? Json::parse(answer.body) : Json();
  }
  // By the numbers themselves.
  double expected(const std::string& function, std::int64_t from_ms, std::int64_t to_ms) const {
    double sum = 0;
    double most = -1;
    int count = 0;
    for (std::int64_t time = from_ms; time < to_ms; time += 10'000, ++count) {
      sum += value_at(time);
      most = std::max(most, value_at(time));
    }
    return function == "max" ? most : sum / count;
  }
  void check(std::int64_t step_ms) const {
    for (const std::string function : {"avg", "max"}) {
      const Json answer = ask(function, step_ms);
      ASSERT_EQ(answer["series"].size(), 1U) << answer;
      const Json& points = answer["series"][0]["points"];
      ASSERT_EQ(points.size(), static_cast<std::size_t>(3 * kHourMs / step_ms));
      for (const Json& point : points) {
        const auto time = point[0].get<std::int64_t>();
        EXPECT_NEAR(point[1].get<double>(), expected(function, time, time + step_ms), 1e-9);
      }
    }
  }
  int run(std::vector<std::string> more, std::string& output) {
    Process process(site_.folder.path() + "/run.log");
    std::vector<std::string> argv{program("bellwether-coordinator")};
    argv.insert(argv.end(), more.begin(), more.end());
    process.start(argv);
    const int code = process.wait(seconds{30}).value_or(-1);
    output = process.log();
    return code;
  }

  Site site_;
  const std::vector<wire::SeriesInfo> series_{{"shop.queue", "1", wire::SeriesKind::gauge, {}}};
  const std::int64_t begin_ms_ = to_ms(wall_now()) / kHourMs * kHourMs - 4 * kHourMs;
  std::uint64_t number_ = 0;
};

TEST_F(HistoryTest, QueriesSayTheSameAsTheNumbersAndACopyIsWhole) {
  Publisher publisher(site_.broker_port);
  publish_birth(publisher);
  for (int minute = 0; minute < 180; ++minute) {
    publish_block(publisher, begin_ms_ + minute * kMinuteMs);
  }
  ASSERT_TRUE(eventually(seconds{20}, [&] {
    return site_.metric("bw_records_stored_total") >= 180;
  })) << site_.coordinator.log();
  check(kMinuteMs);
  const std::string copy = site_.folder.path() + "/copy.db";
  std::string output;
  EXPECT_EQ(run({"backup", copy, "--set", "state.directory=" + site_.coordinator_state}, output), 0)
      << output;
  EXPECT_EQ(run({"backup", copy, "--set", "state.directory=" + site_.coordinator_state}, output),
            1);
  EXPECT_NE(output.find("--force"), std::string::npos) << output;
  EXPECT_EQ(run({"verify", copy}, output), 0) << output;
  EXPECT_NE(output.find("past  180  1080  0  0"), std::string::npos) << output;
  ASSERT_TRUE(eventually(seconds{30}, [&] {
    const Json answer = ask("avg", kMinuteMs);
    return answer.is_object() && answer["resolution"] == "1m";
  })) << site_.coordinator.log();
  check(kMinuteMs);
  check(kHourMs);
  EXPECT_EQ(run({"verify", "--set", "state.directory=" + site_.coordinator_state}, output), 0)
      << output;
}

}  // namespace
}  // namespace bw::integration
