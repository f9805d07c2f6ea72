#include "schemas/wire/topics.h"

#include <array>

#include "base/assert.h"
#include "schemas/wire/limits.h"

namespace bw::wire {

namespace {

constexpr std::string_view kPrefix = "bw/v1/";

// In the order of Topic.
constexpr std::array<TopicInfo, kTopics> kTopicTable{{
    {Topic::birth, "up/birth", 1, true, 0, kMaxTablePayload},
    {Topic::state, "up/state", 1, true, 0, kMaxSmallPayload},
    // Older than a few ticks it is of no use to rules and screens; the record has it anyway.
    {Topic::live, "up/live", 0, false, 5, kMaxLivePayload},
    {Topic::history, "up/history", 1, false, 0, kMaxHistoryPayload},
    {Topic::event, "up/event", 1, false, 0, kMaxSmallPayload},
    {Topic::result, "up/result", 1, false, 0, kMaxCommandPayload},
    {Topic::ack, "down/ack", 1, true, 0, kMaxSmallPayload},
    // Long enough for a reconnect; what is older was meant for another situation.
    {Topic::command, "down/command", 1, false, 60, kMaxCommandPayload},
    {Topic::report, "up/report", 1, true, 0, kMaxReportPayload},
    {Topic::desired, "down/desired", 1, true, 0, kMaxDesiredPayload},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kTopicTable.size(); ++i) {
    if (static_cast<std::size_t>(kTopicTable[i].topic) != i) return false;
  }
  return true;
}
static_assert(in_order());

bool is_way(std::string_view path, std::string_view way) {
  return path.starts_with(way) && (path.size() == way.size() || path[way.size()] == '/');
}

}  // namespace

const TopicInfo& topic_info(Topic topic) {
  const auto index = static_cast<std::size_t>(topic);
  BW_ASSERT(index < kTopicTable.size());
  return kTopicTable[index];
}

std::string topic_name(const NodeId& node, Topic topic) {
  std::string name(kPrefix);
  name += node.str();
  name += '/';
  name += topic_info(topic).path;
  return name;
}

std::optional<ParsedTopic> parse_topic(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view path = name.substr(slash + 1);
  if (!is_way(path, "up") && !is_way(path, "down")) return std::nullopt;
  ParsedTopic parsed{name.substr(0, slash), std::nullopt};
  for (const TopicInfo& info : kTopicTable) {
    if (info.path == path) parsed.topic = info.topic;
  }
  return parsed;
}

std::string down_topics(const NodeId& node) {
  std::string name(kPrefix);
  name += node.str();
  name += "/down/#";
  return name;
}

}  // namespace bw::wire
