#include "coordinator/cli/view_anomalies.h"

#include <algorithm>
#include <cmath>

#include "coordinator/cli/sparkline.h"
#include "coordinator/cli/times.h"
#include "coordinator/cli/units.h"

namespace bw::cli {

namespace {

constexpr std::size_t kCausesInList = 3;
constexpr std::size_t kShareWidth = 20;
constexpr std::int64_t kAroundMs = std::int64_t{10} * 60 * 1000;
constexpr std::size_t kSuggestedQueries = 3;
constexpr double kNothing = 1e-3;

std::string lasting_text(double seconds) {
  return duration_text(static_cast<std::int64_t>(std::clamp(seconds, 0.0, 1e12) * 1000));
}

std::string quantity(std::optional<double> value, const std::string& unit) {
  return value ? value_text(*value, unit) : std::string(kUnknown);
}

std::string usual_range(const AnomalyCause& cause) {
  if (!cause.low || !cause.high) return std::string(kUnknown);
  // What is next to nothing beside the other end is nothing.
  const bool is_low_nothing = std::fabs(*cause.low) < kNothing * std::fabs(*cause.high);
  const std::string low = quantity(is_low_nothing ? 0 : *cause.low, cause.unit);
  const std::string high = quantity(cause.high, cause.unit);
  return low == high ? low : low + " to " + high;
}

std::string way_text(std::string_view direction) {
  if (direction == "unlike") return "unlike beside the others";
  return std::string(direction);
}

// Of a value that is within its usual range.
std::string manner_of(std::string_view direction) {
  if (direction == "above") return "high of late";
  if (direction == "below") return "low of late";
  return way_text(direction);
}

std::string share_text(double share) {
  return std::to_string(std::lround(std::clamp(share, 0.0, 1.0) * 100)) + "%";
}

// When it was on, with some time around it, as flags of query and events.
std::string range_flags(const Anomaly& anomaly, std::int64_t now_ms) {
  if (!anomaly.start_ms) return "";
  std::string text = " --from " + rfc3339(*anomaly.start_ms - kAroundMs);
  if (anomaly.active) return text;
  const std::int64_t end = anomaly.end_ms.value_or(
      *anomaly.start_ms + static_cast<std::int64_t>(anomaly.duration_s * 1000));
  return text + " --to " + rfc3339(std::min(end + kAroundMs, std::max(now_ms, end)));
}

std::string suggestions(const Anomaly& anomaly, std::int64_t now_ms) {
  const std::string of_node = " --node " + shell_word(anomaly.node);
  const std::string range = range_flags(anomaly, now_ms);
  std::string text;
  for (std::size_t i = 0; i < std::min(kSuggestedQueries, anomaly.causes.size()); ++i) {
    const AnomalyCause& cause = anomaly.causes[i];
    text += "  bellwether query " + shell_word(cause.name) + of_node;
    for (const auto& [name, value] : cause.labels) {
      text += " --label " + shell_word(name + "=" + value);
    }
    text += range + "\n";
  }
  return text + "  bellwether events" + of_node + range + "\n";
}

std::string ending(const Anomaly& anomaly) {
  if (anomaly.active) return "goes on";
  if (anomaly.outcome == "calm") return "over: it is calm again";
  if (anomaly.outcome == "lasting") return "over: it lasted, and is the new normal";
  if (anomaly.outcome == "silenced") return "over: a known change was announced";
  if (anomaly.outcome == "stopped") return "not known: the agent was stopped in the midst of it";
  if (anomaly.outcome == "interrupted") {
    return "not known: the agent's run is over, or the node is away";
  }
  return anomaly.outcome;
}

std::string times_text(const Anomaly& anomaly) {
  std::string text = lasting_text(anomaly.duration_s);
  if (anomaly.flares <= 1) return text;
  return text + ", came " + count_text(anomaly.flares) + " times, " +
         lasting_text(anomaly.troubled_s) + " of trouble in all";
}

std::string detail_of(const EventRow& event, std::string_view name) {
  for (const auto& [key, value] : event.details) {
    if (key == name) return value;
  }
  return "";
}

std::string moment_text(std::optional<std::int64_t> ms, std::int64_t now_ms) {
  return ms ? local_time(ms) + " (" + ago(ms, now_ms) + ")" : std::string(kUnknown);
}

}  // namespace

Tone tone_of_level(std::string_view level) {
  if (level == "critical") return Tone::bad;
  return level == "major" ? Tone::warning : Tone::plain;
}

Cell state_cell(const Anomaly& anomaly) {
  if (anomaly.active) return {"on", Tone::bad};
  if (anomaly.outcome == "lasting") return "new normal";
  return {anomaly.outcome, anomaly.outcome == "calm" ? Tone::good : Tone::dim};
}

std::string cause_text(const AnomalyCause& cause) {
  std::string value = cause.value ? quantity(cause.value, cause.unit) : "missing";
  const bool is_usual = cause.value && cause.low && cause.high && *cause.value >= *cause.low &&
                        *cause.value <= *cause.high;
  // Then it is something else about it.
  if (is_usual) value += " (" + manner_of(cause.direction) + ")";
  return value + ", usually " + usual_range(cause);
}

std::string causes_text(const std::vector<AnomalyCause>& causes, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < std::min(most, causes.size()); ++i) {
    if (i > 0) text += "; ";
    text += causes[i].metric + " " + cause_text(causes[i]);
  }
  return text;
}

std::string causes_table(const std::vector<AnomalyCause>& causes, const View& view) {
  Table table;
  table.column("METRIC").column("VALUE", Align::right).column("USUALLY").column("IT IS");
  table.column("SHARE", Align::right).column("");
  for (const AnomalyCause& cause : causes) {
    table.row({cause.metric,
               {cause.value ? quantity(cause.value, cause.unit) : "missing", Tone::strong},
               usual_range(cause),
               way_text(cause.direction),
               share_text(cause.share),
               {bar(cause.share, kShareWidth, view.style.unicode), Tone::accent}});
  }
  return table.text(view.style);
}

std::string shell_word(std::string_view text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/=@%+,-";
  const std::string seen = visible(text);
  if (!seen.empty() && seen.find_first_not_of(kPlain) == std::string::npos) return seen;
  std::string word = "'";
  for (const char c : seen) word += c == '\'' ? "'\\''" : std::string(1, c);
  return word + "'";
}

std::string anomalies_view(const AnomalyList& list, const View& view) {
  std::string text;
  if (list.anomalies.empty()) {
    text = "no anomalies in that time\n";
  } else {
    Table table;
    table.column("BEGAN").column("ID").column("LEVEL").column("LASTED", Align::right);
    table.column("STATE");
    if (view.wide) {
      table.column("SITE").column("SCORE", Align::right).column("THRESHOLD", Align::right);
      table.column("TIMES", Align::right).column("TROUBLED", Align::right);
    }
    table.column("CAUSES");
    // They come newest first.
    for (std::size_t i = list.anomalies.size(); i-- > 0;) {
      const Anomaly& one = list.anomalies[i];
      std::vector<Cell> row = {local_time(one.start_ms),
                               one.id,
                               {one.level, tone_of_level(one.level)},
                               lasting_text(one.duration_s),
                               state_cell(one)};
      if (view.wide) {
        for (Cell& cell :
             std::vector<Cell>{one.site, number_text(one.score), number_text(one.threshold),
                               count_text(one.flares), lasting_text(one.troubled_s)}) {
          row.push_back(std::move(cell));
        }
      }
      row.emplace_back(causes_text(one.causes, view.wide ? one.causes.size() : kCausesInList));
      table.row(std::move(row));
    }
    text = table.text(view.style);
  }
  if (list.truncated) {
    text += view.style.paint(Tone::warning,
                             "There are more: narrow it with --node, --from and --to, or raise "
                             "--limit.") +
            "\n";
  }
  if (list.damaged > 0) {
    text += view.style.paint(Tone::warning, count_text(list.damaged) +
                                                " events don't say what an anomaly's should, and "
                                                "were left out.") +
            "\n";
  }
  return text;
}

std::string anomaly_view(const AnomalyDetail& detail, const View& view) {
  const Anomaly& one = detail.anomaly;
  Table table;
  table.column("").column("");
  const auto row = [&](const char* name, Cell value) {
    table.row({{name, Tone::dim}, std::move(value)});
  };
  row("anomaly", {one.id, Tone::strong});
  row("node", one.site.empty() ? one.node : one.node + " at " + one.site);
  row("level", {one.level, tone_of_level(one.level)});
  row("state", {ending(one), one.active ? Tone::bad : Tone::plain});
  row("began", moment_text(one.start_ms, view.now_ms));
  row("peak", local_time(one.peak_ms) + ", score " + number_text(one.score) + ", threshold " +
                  number_text(one.threshold));
  if (one.end_ms) row("ended", moment_text(one.end_ms, view.now_ms));
  row("lasted", times_text(one));
  std::string text = table.text(view.style);
  if (!one.text.empty()) text += "\n" + visible(one.text) + "\n";
  if (!one.causes.empty()) text += "\n" + causes_table(one.causes, view);
  if (!detail.events.empty()) {
    Table events;
    events.column("TIME").column("EVENT").column("LEVEL").column("SCORE", Align::right);
    if (view.wide) events.column("TEXT");
    for (const EventRow& event : detail.events) {
      const std::string level = detail_of(event, "level");
      std::vector<Cell> cells = {local_time(event.time_ms),
                                 event.kind,
                                 {level, tone_of_level(level)},
                                 detail_of(event, "score")};
      if (view.wide) cells.emplace_back(event.text);
      events.row(std::move(cells));
    }
    text += "\n" + events.text(view.style);
  }
  text += "\n" + view.style.paint(Tone::dim, "look closer:") + "\n";
  return text + suggestions(one, view.now_ms);
}

}  // namespace bw::cli
