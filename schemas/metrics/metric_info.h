// What is known of a metric, and short ways to write the rows of the metric table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "schemas/metrics/sources.h"
#include "schemas/wire/messages.h"

namespace bw::metrics {

struct MetricInfo {
  std::string_view name;
  std::string_view unit;
  wire::SeriesKind kind = wire::SeriesKind::gauge;
  SourceId source = SourceId::stat;
  // The key of a line or the name of a column in the source's text; empty where it is derived.
  std::string_view key;
  double scale = 1;         // what the text's number is multiplied by
  std::string_view labels;  // the names of its series' labels, separated by blanks
  std::string_view text;    // what it tells, in one sentence
  std::uint16_t every = 0;  // ticks; 0: as often as its source
};

consteval MetricInfo gauge(SourceId source, std::string_view name, std::string_view unit,
                           std::string_view key, std::string_view text) {
  return {.name = name,
          .unit = unit,
          .kind = wire::SeriesKind::gauge,
          .source = source,
          .key = key,
          .labels = {},
          .text = text};
}
consteval MetricInfo counter(SourceId source, std::string_view name, std::string_view unit,
                             std::string_view key, std::string_view text) {
  MetricInfo info = gauge(source, name, unit, key, text);
  info.kind = wire::SeriesKind::counter;
  return info;
}
consteval MetricInfo labelled(std::string_view labels, MetricInfo info) {
  info.labels = labels;
  return info;
}
consteval MetricInfo scaled(double scale, MetricInfo info) {
  info.scale = scale;
  return info;
}

// Gives rows their tiers: `from` a name on, up to the next, so many ticks.
struct Tier {
  std::string_view from;
  std::uint16_t ticks;
};
// Defined nowhere: a tier that begins at a name that no row has does not compile.
void tier_begins_at_no_row();
template <std::size_t N>
consteval std::array<MetricInfo, N> tiered(const MetricInfo (&rows)[N],
                                           std::initializer_list<Tier> tiers) {
  std::array<MetricInfo, N> made{};
  std::uint16_t every = 0;
  std::size_t known = 0;
  for (std::size_t i = 0; i < N; ++i) {
    for (const Tier& tier : tiers) {
      if (tier.from != rows[i].name) continue;
      every = tier.ticks;
      ++known;
    }
    made[i] = rows[i];
    made[i].every = every;
  }
  if (known != tiers.size()) tier_begins_at_no_row();
  return made;
}

// Its tier: how many ticks lie between two of its values; 0 where that is not told.
constexpr std::uint16_t ticks_between(const MetricInfo& info) {
  if (info.every != 0 || info.source == kNoSource) return info.every;
  return source_spec(info.source).every;
}

}  // namespace bw::metrics
