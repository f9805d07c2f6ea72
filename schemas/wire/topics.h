// The topics bw/v1/<node>/up/<leaf> and bw/v1/<node>/down/<leaf>, and what MQTT is asked to do with
// each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace bw::wire {

enum class Topic : std::uint8_t {
  birth,
  state,
  live,
  history,
  event,
  result,
  ack,
  command,
  report,
  desired,
};
inline constexpr std::size_t kTopics = 10;

struct TopicInfo {
  Topic topic;
  std::string_view path;  // behind bw/v1/<node>/
  int qos;
  bool retained;
  std::uint32_t expiry_s;  // 0: never
  std::size_t max_payload;
};

const TopicInfo& topic_info(Topic topic);

// bw/v1/<node>/<path>
std::string topic_name(const NodeId& node, Topic topic);

// What a topic name says. `node` is what stands in the node's place, checked or not; nothing where
// the name is none of ours.
struct ParsedTopic {
  std::string_view node;
  std::optional<Topic> topic;  // empty: a leaf that this version does not know
};
std::optional<ParsedTopic> parse_topic(std::string_view name);

inline constexpr std::string_view kAllUpTopics = "bw/v1/+/up/#";

// bw/v1/<node>/down/#
std::string down_topics(const NodeId& node);

}  // namespace bw::wire
