#include "coordinator/core/api/episodes.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "coordinator/core/api/json_parts.h"
#include "coordinator/core/api/time_text.h"

namespace bw::coordinator::api {

namespace {

constexpr std::int64_t kLastEpisodeMs = 253402300799999;  // the end of the year 9999
constexpr std::string_view kEventSeverities[] = {"info", "warning", "critical"};

bool is_time(std::int64_t ms) {
  return ms >= 0 && ms <= kLastEpisodeMs;
}

bool is_over(const Episode& episode, const FleetView& fleet, std::int64_t now_ms) {
  const auto node = fleet.find(episode.id.node);
  if (!node) return true;
  if (node->birth != nullptr && node->birth->epoch != episode.id.epoch) return true;
  const bool is_away = node->status == NodeStatus::offline || node->status == NodeStatus::silent;
  return is_away && now_ms - node->since_ms > kAwayMs;
}

void take_event(Episode& episode, const wire::EventRecord& event, wire::Anomaly anomaly) {
  if (event.number < episode.number) return;
  episode.number = event.number;
  episode.known_ms = event.time_ms;
  episode.anomaly = std::move(anomaly);
}

void write_time_or_null(JsonWriter& json, std::string_view name, std::int64_t ms, bool is_known) {
  json.key(name);
  if (is_known) {
    json.value(format_time(ms));
  } else {
    json.null();
  }
}

void write_cause(JsonWriter& json, const wire::AnomalyCause& cause) {
  const SeriesName series = parse_series_key(cause.metric);
  json.begin_object();
  json.member("metric", cause.metric);
  json.member("name", series.name);
  write_labels(json, "labels", series.labels);
  json.member("unit", cause.unit);
  json.member("share", cause.share);
  json.member("value", cause.value);
  json.member("low", cause.low);
  json.member("high", cause.high);
  json.member("direction", wire::name_of(cause.direction));
  json.end_object();
}

}  // namespace

Episodes merge_episodes(const std::vector<EventRow>& events, const FleetView& fleet,
                        std::int64_t now_ms) {
  Episodes out;
  std::map<std::tuple<std::string, std::uint64_t, std::uint64_t>, std::size_t> places;
  std::vector<std::uint64_t> text_numbers;  // of the events that the texts are of
  for (const EventRow& row : events) {
    const wire::EventRecord& event = row.event;
    if (!wire::is_anomaly_kind(event.kind)) continue;
    auto anomaly = wire::anomaly_of(event.details);
    if (!anomaly || !is_time(anomaly->start_ms) || !is_time(anomaly->peak_ms) ||
        !is_time(anomaly->end_ms) || !is_time(event.time_ms)) {
      ++out.damaged;
      continue;
    }
    const auto [place, is_new] =
        places.try_emplace(std::tuple(row.node, event.epoch, anomaly->episode), out.found.size());
    if (is_new) {
      Episode& episode = out.found.emplace_back();
      episode.id = {row.node, event.epoch, anomaly->episode};
      text_numbers.push_back(0);
    }
    Episode& episode = out.found[place->second];
    std::uint64_t& text_number = text_numbers[place->second];
    const bool is_end = event.kind == wire::kAnomalyEndKind;
    if ((!is_end && event.number >= text_number) || (is_end && episode.text.empty())) {
      episode.text = event.text;
      if (!is_end) text_number = event.number;
    }
    take_event(episode, event, *std::move(anomaly));
  }
  for (Episode& episode : out.found) {
    episode.interrupted =
        episode.anomaly.outcome == wire::AnomalyOutcome::active && is_over(episode, fleet, now_ms);
  }
  std::sort(out.found.begin(), out.found.end(), [](const Episode& a, const Episode& b) {
    return std::tie(b.anomaly.start_ms, a.id.node, b.id.epoch, b.id.episode) <
           std::tie(a.anomaly.start_ms, b.id.node, a.id.epoch, a.id.episode);
  });
  return out;
}

std::int64_t duration_ms(const Episode& episode, std::int64_t now_ms) {
  const wire::Anomaly& anomaly = episode.anomaly;
  std::int64_t end = anomaly.end_ms;
  if (episode.is_active()) end = now_ms;
  if (episode.interrupted) end = episode.known_ms;
  return std::max<std::int64_t>(0, end - anomaly.start_ms);
}

SeriesName parse_series_key(std::string_view key) {
  SeriesName out;
  const std::size_t open = key.find('{');
  out.name = key.substr(0, open);
  if (open == std::string_view::npos || !key.ends_with('}')) {
    out.name = key;
    return out;
  }
  std::string_view rest = key.substr(open + 1, key.size() - open - 2);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    const std::string_view piece = rest.substr(0, end);
    const std::size_t equals = piece.find('=');
    if (equals != std::string_view::npos) {
      out.labels.push_back(
          {std::string(piece.substr(0, equals)), std::string(piece.substr(equals + 1))});
    } else if (!out.labels.empty()) {
      out.labels.back().value.append(",").append(piece);
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

void write_anomaly(JsonWriter& json, const Episode& episode, const FleetView& fleet,
                   std::int64_t now_ms) {
  const wire::Anomaly& anomaly = episode.anomaly;
  const auto node = fleet.find(episode.id.node);
  const bool is_born = node && node->birth != nullptr;
  json.member("id", wire::text_of(episode.id));
  json.member("node", episode.id.node);
  json.member("site", is_born ? std::string_view(node->birth->site) : std::string_view());
  json.member("active", episode.is_active());
  json.member("level", wire::name_of(anomaly.severity));
  json.member("outcome", episode.interrupted ? "interrupted" : wire::name_of(anomaly.outcome));
  json.member("start", format_time(anomaly.start_ms));
  json.member("peak", format_time(anomaly.peak_ms));
  const bool has_ended = anomaly.outcome != wire::AnomalyOutcome::active && anomaly.end_ms > 0;
  write_time_or_null(json, "end", anomaly.end_ms, has_ended);
  json.member("duration_s", static_cast<double>(duration_ms(episode, now_ms)) / 1000);
  json.member("troubled_s", static_cast<double>(anomaly.troubled_ms) / 1000);
  json.member("flares", anomaly.flares);
  json.member("score", anomaly.score);
  json.member("threshold", anomaly.threshold);
  json.key("causes").begin_array();
  for (const wire::AnomalyCause& cause : anomaly.causes) write_cause(json, cause);
  json.end_array();
  json.member("text", episode.text);
}

void write_event(JsonWriter& json, const EventRow& row) {
  const wire::EventRecord& event = row.event;
  json.begin_object();
  json.member("node", row.node);
  json.member("epoch", hex_id(event.epoch));
  json.member("number", event.number);
  json.member("time", format_time(event.time_ms));
  json.member("kind", event.kind);
  const auto severity = static_cast<std::size_t>(event.severity);
  json.member("severity",
              severity < std::size(kEventSeverities) ? kEventSeverities[severity] : "critical");
  json.member("text", event.text);
  write_labels(json, "details", event.details);
  json.end_object();
}

}  // namespace bw::coordinator::api
