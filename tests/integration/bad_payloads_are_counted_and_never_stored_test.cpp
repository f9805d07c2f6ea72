#include <gtest/gtest.h>

#include "schemas/wire/codec.h"
#include "schemas/wire/columns.h"
#include "tests/integration/harness.h"
#include "tests/integration/publisher.h"

namespace bw::integration {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kTimeMs = 1'790'000'000'000;

std::vector<std::byte> copy(wire::Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

std::map<std::string, std::vector<std::byte>> good_payloads() {
  wire::Encoder encoder;
  wire::NodeBirth birth;
  birth.epoch = 9;
  birth.store_id = 9;
  birth.table_id = wire::series_table_id({});
  wire::EventRecord event;
  event.epoch = 9;
  event.number = 1;
  event.time_ms = kTimeMs;
  event.kind = "clock_step";
  wire::HistoryBlock block;
  wire::ColumnEncoder columns;
  const std::vector<std::int64_t> times{kTimeMs};
  const auto encoded = columns.encode(times, std::vector<double>{1.5}, 1);
  block.epoch = 9;
  block.number = 2;
  block.series = {{"m", "B", wire::SeriesKind::gauge, {}}};
  block.table_id = wire::series_table_id(block.series);
  block.start_ms = block.end_ms = kTimeMs;
  block.rows = 1;
  block.columns.assign(encoded.begin(), encoded.end());
  return {
      {"birth", copy(encoder.encode(birth))},
      {"state", copy(encoder.encode(wire::NodeState{9, wire::NodeCondition::online, kTimeMs, ""}))},
      {"live", copy(encoder.encode(wire::LiveSample{9, 1, birth.table_id, kTimeMs, {}}))},
      {"history", copy(encoder.encode(block))},
      {"event", copy(encoder.encode(event))},
      {"result", copy(encoder.encode(wire::CommandResult{"c", 9, wire::CommandStatus::done, ""}))}};
}

class BadPayloadsTest : public testing::Test {
 protected:
  void SetUp() override {
    site_.start_broker();
    site_.start_coordinator();
    ASSERT_TRUE(eventually(seconds{10}, [&] { return site_.metric("bw_broker_connected") == 1; }))
        << site_.coordinator.log();
  }
  double refused(const std::string& node, const std::string& reason) {
    return site_.metric("bw_payloads_refused_total{node=\"" + node + "\",reason=\"" + reason +
                        "\"}");
  }
  bool becomes(const std::string& node, const std::string& reason, double count) {
    return eventually(seconds{5}, [&] { return refused(node, reason) >= count; });
  }

  Site site_;
};

TEST_F(BadPayloadsTest, TruncatedFlippedForeignAndOversizedPayloadsOnEveryTopicAreCounted) {
  Publisher publisher(site_.broker_port);
  const auto good = good_payloads();
  for (const auto& [leaf, payload] : good) {
    const std::string node = "bad-" + leaf;
    const std::string topic = "bw/v1/" + node + "/up/" + leaf;
    auto truncated = payload;
    truncated.resize(payload.size() / 2);
    publisher.publish(topic, truncated);
    auto flipped = payload;
    flipped[flipped.size() / 3] ^= std::byte{0x10};
    publisher.publish(topic, flipped);
    publisher.publish(topic, {});
    publisher.publish(topic, good.at(leaf == "birth" ? "state" : "birth"));
    publisher.publish(topic, std::vector<std::byte>(13U << 20, std::byte{1}));
    EXPECT_TRUE(becomes(node, "bad_checksum", 3)) << leaf << refused(node, "bad_checksum");
    EXPECT_TRUE(becomes(node, "wrong_schema", 1)) << leaf;
    EXPECT_TRUE(becomes(node, "too_large", 1)) << leaf;
  }
  EXPECT_TRUE(site_.coordinator.running());
  EXPECT_TRUE(site_.stored_records().empty());
  EXPECT_EQ(http_get(site_.api_port, "/readyz").status, 200);
}

TEST_F(BadPayloadsTest, OddTopicsAndNodeNamesAreCountedAndHarmless) {
  Publisher publisher(site_.broker_port);
  const auto good = good_payloads();
  publisher.publish("bw/v1/fine/up/nonsense", good.at("state"));
  publisher.publish("bw/v1/fine/up/birth/deeper", good.at("birth"));
  publisher.publish("bw/v1/with space/up/state", good.at("state"));
  publisher.publish("bw/v1/" + std::string(300, 'a') + "/up/state", good.at("state"));
  publisher.publish("bw/v1/\"quote\\/up/state", good.at("state"));
  EXPECT_TRUE(becomes("fine", "unknown_topic", 2));
  EXPECT_TRUE(eventually(seconds{5}, [&] {
    const std::string text = http_get(site_.api_port, "/metrics").body;
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find("bad_node_id", at)) != std::string::npos; ++at)
      ++count;
    return count >= 3;
  })) << http_get(site_.api_port, "/metrics").body;
  EXPECT_TRUE(site_.coordinator.running());
}

TEST_F(BadPayloadsTest, ABlockOfAnUnknownTableIsNeitherStoredNorAcknowledged) {
  Publisher publisher(site_.broker_port, {"bw/v1/stray/down/#"});
  auto block = wire::decode_history(good_payloads().at("history"));
  ASSERT_TRUE(block);
  block->series.clear();
  wire::Encoder encoder;
  publisher.publish("bw/v1/stray/up/history", copy(encoder.encode(*block)));
  EXPECT_TRUE(becomes("stray", "unknown_table", 1));
  EXPECT_TRUE(site_.stored_records().empty());
  for (const auto& message : publisher.heard()) {
    EXPECT_EQ(message.topic.find("/down/ack"), std::string::npos);
  }
}

TEST_F(BadPayloadsTest, AGoodBlockSentTwiceIsStoredOnceAndAcknowledged) {
  Publisher publisher(site_.broker_port, {"bw/v1/twice/down/#"});
  const auto good = good_payloads();
  publisher.publish("bw/v1/twice/up/event", good.at("event"));
  for (int i = 0; i < 2; ++i) publisher.publish("bw/v1/twice/up/history", good.at("history"));
  const auto acknowledged = [&](std::uint64_t number) {
    for (const auto& message : publisher.heard()) {
      if (message.topic != "bw/v1/twice/down/ack") continue;
      auto ack = wire::decode_ack(message.payload);
      if (ack && !ack->epochs.empty() && ack->epochs[0] == wire::EpochAck{9, number}) return true;
    }
    return false;
  };
  EXPECT_TRUE(eventually(seconds{5}, [&] { return acknowledged(2); }));
  EXPECT_EQ(site_.stored_records(), (Site::Numbers{{"9", {1, 2}}}));
}

}  // namespace
}  // namespace bw::integration
