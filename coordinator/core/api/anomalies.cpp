// The fleet's anomalies, and one of them with all that was told of it.
#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "base/ids.h"
#include "base/json_writer.h"
#include "coordinator/core/api/episodes.h"
#include "coordinator/core/api/handlers.h"
#include "coordinator/core/api/json_parts.h"
#include "coordinator/core/api/parameters.h"
#include "coordinator/core/api/problem.h"

namespace bw::coordinator::api {

namespace {

constexpr std::string_view kLevels[] = {"minor", "major", "critical"};
constexpr std::string_view kActiveChoices[] = {"true", "false"};
constexpr std::int64_t kMostAnomalies = 500;
// An episode is told by two events as a rule, by a dozen where it flares up again and again.
constexpr std::uint32_t kEventsAnEpisode = 16;
constexpr std::uint32_t kMostAnomalyEvents = 10'000;
constexpr std::int64_t kEpisodeDayMs = std::int64_t{24} * 3600 * 1000;
// What is on at the begin of a range was told of before it, and its end may be told after it.
constexpr std::int64_t kToldBeforeMs = kEpisodeDayMs;
constexpr std::int64_t kToldAfterMs = 7 * kEpisodeDayMs;

struct EpisodeFilter {
  std::string site;
  std::size_t least_level = 0;
  std::optional<bool> active;
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;
  std::size_t limit = 0;
  std::int64_t now_ms = 0;

  bool is_plain() const { return site.empty() && least_level == 0 && !active; }
  bool admits(const Episode& episode, const FleetView& fleet) const {
    const wire::Anomaly& anomaly = episode.anomaly;
    if (static_cast<std::size_t>(anomaly.severity) < least_level) return false;
    if (active && *active != episode.is_active()) return false;
    const std::int64_t last_ms = anomaly.start_ms + duration_ms(episode, now_ms);
    if (anomaly.start_ms >= to_ms || last_ms < from_ms) return false;
    if (site.empty()) return true;
    const auto node = fleet.find(episode.id.node);
    return node && node->birth != nullptr && node->birth->site == site;
  }
};

Response finish_list(const EpisodeFilter& filter, const EventResult& result,
                     const FleetView& fleet) {
  const Episodes episodes = merge_episodes(result.events, fleet, filter.now_ms);
  JsonWriter json;
  std::size_t written = 0;
  bool is_more = false;
  json.begin_object().key("anomalies").begin_array();
  for (const Episode& episode : episodes.found) {
    if (!filter.admits(episode, fleet)) continue;
    is_more = written == filter.limit;
    if (is_more) break;
    json.begin_object();
    write_anomaly(json, episode, fleet, filter.now_ms);
    json.end_object();
    ++written;
  }
  json.end_array();
  json.member("truncated", is_more || result.truncated);
  json.member("damaged", episodes.damaged);
  json.end_object();
  return json_response(std::move(json));
}

// "box-1:00f3a2c4d5e6b701:3", "box-1:3" of the newest run that has one, "box-1" its newest.
struct AskedEpisode {
  std::string node;
  std::optional<std::uint64_t> epoch;
  std::optional<std::uint64_t> episode;
};

std::optional<AskedEpisode> parse_asked(std::string_view text) {
  if (const auto whole = wire::parse_anomaly_id(text)) {
    return AskedEpisode{whole->node, whole->epoch, whole->episode};
  }
  const std::size_t colon = text.find(':');
  AskedEpisode asked;
  asked.node = text.substr(0, colon);
  if (!NodeId::parse(asked.node)) return std::nullopt;
  if (colon == std::string_view::npos) return asked;
  const std::string_view digits = text.substr(colon + 1);
  std::uint64_t episode = 0;
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), episode);
  if (end.ec != std::errc() || end.ptr != digits.data() + digits.size() || episode == 0) {
    return std::nullopt;
  }
  asked.episode = episode;
  return asked;
}

std::string not_told(const AskedEpisode& asked) {
  std::string text = "node " + asked.node + " has told of no anomaly";
  if (asked.episode) text += " " + std::to_string(*asked.episode);
  if (asked.epoch) text += " in the run " + hex_id(*asked.epoch) + " of its agent";
  return text + ", or it is older than what the store keeps";
}

Response finish_one(const AskedEpisode& asked, const std::string& path, std::int64_t now_ms,
                    const EventResult& result, const FleetView& fleet) {
  const Episodes episodes = merge_episodes(result.events, fleet, now_ms);
  const auto found =
      std::find_if(episodes.found.begin(), episodes.found.end(), [&](const Episode& one) {
        return one.id.node == asked.node && (!asked.epoch || one.id.epoch == *asked.epoch) &&
               (!asked.episode || one.id.episode == *asked.episode);
      });
  if (found == episodes.found.end()) return problem(404, not_told(asked), path);
  std::vector<const EventRow*> rows;
  for (const EventRow& row : result.events) {
    if (row.event.epoch != found->id.epoch || !wire::is_anomaly_kind(row.event.kind)) continue;
    const auto anomaly = wire::anomaly_of(row.event.details);
    if (anomaly && anomaly->episode == found->id.episode) rows.push_back(&row);
  }
  std::sort(rows.begin(), rows.end(),
            [](const EventRow* a, const EventRow* b) { return a->event.number < b->event.number; });
  JsonWriter json;
  json.begin_object();
  write_anomaly(json, *found, fleet, now_ms);
  json.key("events").begin_array();
  for (const EventRow* row : rows) write_event(json, *row);
  json.end_array().end_object();
  return json_response(std::move(json));
}

}  // namespace

Answer list_anomalies(const Call& call) {
  Parameters in(call.target, call.service.now_ms);
  EventQuery query;
  query.of_anomalies = true;
  query.node = in.node("node");
  EpisodeFilter filter;
  filter.now_ms = call.service.now_ms;
  filter.site = in.text("site");
  filter.least_level = in.choice("severity", kLevels).value_or(0);
  if (const auto active = in.choice("active", kActiveChoices)) filter.active = *active == 0;
  filter.from_ms = in.time("from", "0");
  filter.to_ms = in.time("to", "9999-12-31T23:59:59Z");
  filter.limit = static_cast<std::size_t>(in.integer("limit", 100, 1, kMostAnomalies));
  if (filter.from_ms >= filter.to_ms) in.fail("to", "'to' is not later than 'from'");
  if (auto bad = in.problem()) return *std::move(bad);
  query.from_ms = filter.from_ms - kToldBeforeMs;
  query.to_ms = filter.to_ms + kToldAfterMs;
  query.limit =
      filter.is_plain()
          ? std::min(kMostAnomalyEvents,
                     std::max<std::uint32_t>(
                         1000, static_cast<std::uint32_t>(filter.limit * kEventsAnEpisode)))
          : kMostAnomalyEvents;
  return Question{std::move(query),
                  [filter = std::move(filter)](const EventResult& result, const FleetView& fleet) {
                    return finish_list(filter, result, fleet);
                  }};
}

Answer show_anomaly(const Call& call) {
  const auto asked = parse_asked(call.id);
  if (!asked) {
    return problem(400,
                   "an anomaly is named by its node, the run of its agent and its number there, "
                   "as in box-1:00f3a2c4d5e6b701:3, or in short box-1:3",
                   call.target.path);
  }
  if (!call.fleet.find(asked->node)) {
    return problem(404, "there is no node called " + asked->node, call.target.path);
  }
  EventQuery query;
  query.of_anomalies = true;
  query.node = asked->node;
  query.epoch = asked->epoch;
  query.to_ms = std::numeric_limits<std::int64_t>::max();
  query.limit = kMostAnomalyEvents;
  return Question{std::move(query),
                  [asked = *asked, path = call.target.path, now_ms = call.service.now_ms](
                      const EventResult& result, const FleetView& fleet) {
                    return finish_one(asked, path, now_ms, result, fleet);
                  }};
}

}  // namespace bw::coordinator::api
