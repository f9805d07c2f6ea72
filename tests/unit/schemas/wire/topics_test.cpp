#include "schemas/wire/topics.h"

#include <gtest/gtest.h>

#include "schemas/wire/limits.h"
#include "tests/unit/schemas/wire/examples.h"

namespace bw::wire {
namespace {

NodeId node() {
  return NodeId::parse("gpu-07").value();
}

TEST(Topics, are_asked_of_mqtt_as_the_format_page_says) {
  struct Row {
    Topic topic;
    std::string_view path;
    int qos;
    bool retained;
    std::uint32_t expiry_s;
    std::size_t max_payload;
  };
  const Row rows[] = {
      {Topic::birth, "up/birth", 1, true, 0, kMaxTablePayload},
      {Topic::state, "up/state", 1, true, 0, kMaxSmallPayload},
      {Topic::live, "up/live", 0, false, 5, kMaxLivePayload},
      {Topic::history, "up/history", 1, false, 0, kMaxHistoryPayload},
      {Topic::event, "up/event", 1, false, 0, kMaxSmallPayload},
      {Topic::result, "up/result", 1, false, 0, kMaxCommandPayload},
      {Topic::ack, "down/ack", 1, true, 0, kMaxSmallPayload},
      {Topic::command, "down/command", 1, false, 60, kMaxCommandPayload},
      {Topic::report, "up/report", 1, true, 0, kMaxReportPayload},
      {Topic::desired, "down/desired", 1, true, 0, kMaxDesiredPayload},
  };
  for (const Row& row : rows) {
    const TopicInfo& info = topic_info(row.topic);
    EXPECT_EQ(info.topic, row.topic);
    EXPECT_EQ(info.path, row.path);
    EXPECT_EQ(info.qos, row.qos) << row.path;
    EXPECT_EQ(info.retained, row.retained) << row.path;
    EXPECT_EQ(info.expiry_s, row.expiry_s) << row.path;
    EXPECT_EQ(info.max_payload, row.max_payload) << row.path;
  }
}

TEST(Topics, parse_back_to_what_named_them) {
  for (const Topic topic : examples::kAllTopics) {
    const std::string name = topic_name(node(), topic);
    const auto parsed = parse_topic(name);
    ASSERT_TRUE(parsed.has_value()) << name;
    EXPECT_EQ(parsed->node, "gpu-07");
    EXPECT_EQ(parsed->topic, topic);
  }
  EXPECT_EQ(topic_name(node(), Topic::birth), "bw/v1/gpu-07/up/birth");
  EXPECT_EQ(down_topics(node()), "bw/v1/gpu-07/down/#");
}

TEST(Topics, name_the_node_where_the_leaf_is_unknown) {
  for (const char* name : {"bw/v1/gpu-07/up/rapport", "bw/v1/gpu-07/up/birth/more",
                           "bw/v1/gpu-07/up", "bw/v1/gpu-07/up/", "bw/v1/gpu-07/down/desires"}) {
    const auto parsed = parse_topic(name);
    ASSERT_TRUE(parsed.has_value()) << name;
    EXPECT_EQ(parsed->node, "gpu-07") << name;
    EXPECT_FALSE(parsed->topic.has_value()) << name;
  }
}

TEST(Topics, hand_over_odd_nodes_for_their_reader_to_refuse) {
  EXPECT_EQ(parse_topic("bw/v1//up/birth")->node, "");
  EXPECT_EQ(parse_topic("bw/v1/a b/up/birth")->node, "a b");
  EXPECT_EQ(parse_topic("bw/v1/" + std::string(300, 'x') + "/up/live")->node.size(), 300U);
}

TEST(Topics, of_others_are_none_of_ours) {
  for (const char* name :
       {"", "bw", "bw/v1/", "bw/v1/gpu-07", "bw/v2/gpu-07/up/birth", "$SYS/broker/uptime",
        "bw/v1/gpu-07/sideways/birth", "bw/v1/gpu-07/upper/birth", "xbw/v1/gpu-07/up/birth"}) {
    EXPECT_FALSE(parse_topic(name).has_value()) << name;
  }
}

}  // namespace
}  // namespace bw::wire
