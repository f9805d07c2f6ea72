#include "coordinator/cli/view_detect.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/json_writer.h"
#include "coordinator/cli/table.h"
#include "coordinator/cli/units.h"
#include "coordinator/cli/view_anomalies.h"

namespace bw::cli {

namespace {

constexpr std::size_t kCausesOfEpisode = 3;
constexpr std::size_t kNamesOfColumns = 10;

std::string words_of(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(kNamesOfColumns, names.size()); ++i) {
    text += (i > 0 ? ", " : "") + visible(names[i]);
  }
  if (names.size() <= kNamesOfColumns) return text;
  return text + " and " + std::to_string(names.size() - kNamesOfColumns) + " more";
}

std::string plural(std::size_t count, const char* one, const char* many) {
  return count_text(count) + " " + (count == 1 ? one : many);
}

std::string ratio_text(std::optional<double> value) {
  if (!value) return std::string(kUnknown);
  char text[32];
  std::snprintf(text, sizeof(text), "%.3f", *value);
  return text;
}

// What was read and learnt.
std::string about(const DetectReport& report) {
  const double span_s =
      static_cast<double>(report.rows) * static_cast<double>(report.period_ms) / 1000;
  std::string text = visible(report.csv) + ": " + plural(report.rows, "row", "rows") + " of " +
                     plural(report.metrics.size(), "metric", "metrics") + ", " +
                     value_text(static_cast<double>(report.period_ms), "ms") + " apart (" +
                     duration_text(static_cast<std::int64_t>(std::min(span_s, 1e12)) * 1000) +
                     "), from " + report.first + " to " + report.last + "\n";
  if (report.trained_rows > 0) {
    text += "learnt from " + plural(report.trained_rows, "row", "rows") +
            " before, and from none of these\n";
  }
  if (!report.left_out.empty()) {
    text += "left out, for 64 metrics are watched at most: " + words_of(report.left_out) + "\n";
  }
  if (!report.missing.empty()) {
    text += "known to the model, but not in the file: " + words_of(report.missing) + "\n";
  }
  if (report.late_rows > 0) {
    text +=
        plural(report.late_rows, "row", "rows") + " not later than the one before, and left out\n";
  }
  return text;
}

Cell outcome_cell(const DetectEpisode& episode) {
  if (episode.outcome == "active") return {"goes on", Tone::bad};
  if (episode.outcome == "lasting") return "new normal";
  return {episode.outcome, Tone::good};
}

std::vector<Cell> episode_cells(const DetectEpisode& one, bool with_causes) {
  const auto lasted = static_cast<std::int64_t>(std::clamp(one.lasted_s, 0.0, 1e12) * 1000);
  std::vector<Cell> row = {one.begin,
                           one.end,
                           duration_text(lasted),
                           {one.level, tone_of_level(one.level)},
                           outcome_cell(one),
                           number_text(one.score)};
  if (with_causes) row.emplace_back(causes_text(one.causes, kCausesOfEpisode));
  return row;
}

Table episode_table(bool with_causes) {
  Table table;
  table.column("BEGAN").column("LAST").column("LASTED", Align::right).column("LEVEL");
  table.column("STATE").column("SCORE", Align::right);
  if (with_causes) table.column("CAUSES");
  return table;
}

std::string episodes_text(const DetectReport& report, const View& view) {
  if (report.episodes.empty()) return "no anomalies\n";
  if (!view.wide) {
    Table table = episode_table(true);
    for (const DetectEpisode& one : report.episodes) table.row(episode_cells(one, true));
    return table.text(view.style);
  }
  std::string text;
  for (const DetectEpisode& one : report.episodes) {
    Table table = episode_table(false);
    table.row(episode_cells(one, false));
    text += (text.empty() ? "" : "\n") + table.text(view.style);
    text += "highest at " + one.peak +
            (one.flares > 1 ? ", came " + count_text(one.flares) + " times\n" : std::string("\n"));
    text += causes_table(one.causes, view);
  }
  return text;
}

std::string against_labels(const DetectMetrics& metrics) {
  Table table;
  table.column("").column("").column("");
  table.row({{"events", Tone::dim},
             count_text(metrics.events_found) + " of " + count_text(metrics.events) + " found",
             count_text(metrics.labelled_rows) + " of " + count_text(metrics.rows) +
                 " rows are labelled"});
  table.row({{"false alarms", Tone::dim},
             number_text(std::round(metrics.false_episodes_a_day * 100) / 100) + " a day",
             plural(metrics.false_episodes, "episode", "episodes") + " without a row of an event"});
  table.row(
      {{"alarms, by row", Tone::dim},
       "F1 " + ratio_text(metrics.f1),
       "precision " + ratio_text(metrics.precision) + ", recall " + ratio_text(metrics.recall)});
  table.row({{"scores", Tone::dim},
             "AP " + ratio_text(metrics.average_precision),
             "ROC-AUC " + ratio_text(metrics.roc_auc) + ", whatever the threshold"});
  return table.text({});
}

void write_optional(JsonWriter& json, std::string_view name, std::optional<double> value) {
  json.key(name);
  if (value) {
    json.value(*value);
  } else {
    json.null();
  }
}

void write_names(JsonWriter& json, std::string_view name, const std::vector<std::string>& names) {
  json.key(name).begin_array();
  for (const std::string& one : names) json.value(one);
  json.end_array();
}

void write_episode(JsonWriter& json, const DetectEpisode& one) {
  json.begin_object();
  json.member("start_row", one.begin_row).member("peak_row", one.peak_row);
  json.member("end_row", one.end_row);
  json.member("start", one.begin).member("peak", one.peak).member("end", one.end);
  json.member("duration_s", one.lasted_s);
  json.member("level", one.level).member("outcome", one.outcome).member("flares", one.flares);
  json.member("score", one.score).member("threshold", one.threshold);
  json.key("causes").begin_array();
  for (const AnomalyCause& cause : one.causes) {
    json.begin_object();
    json.member("metric", cause.metric).member("share", cause.share);
    write_optional(json, "value", cause.value);
    write_optional(json, "low", cause.low);
    write_optional(json, "high", cause.high);
    json.member("direction", cause.direction);
    json.end_object();
  }
  json.end_array().end_object();
}

void write_metrics(JsonWriter& json, const std::optional<DetectMetrics>& metrics) {
  json.key("against_labels");
  if (!metrics) {
    json.null();
    return;
  }
  json.begin_object();
  json.member("rows", metrics->rows).member("labelled_rows", metrics->labelled_rows);
  json.member("events", metrics->events).member("events_found", metrics->events_found);
  json.member("false_episodes", metrics->false_episodes);
  json.member("false_episodes_a_day", metrics->false_episodes_a_day);
  write_optional(json, "precision", metrics->precision);
  write_optional(json, "recall", metrics->recall);
  write_optional(json, "f1", metrics->f1);
  write_optional(json, "average_precision", metrics->average_precision);
  write_optional(json, "roc_auc", metrics->roc_auc);
  json.end_object();
}

}  // namespace

std::string detect_view(const DetectReport& report, const View& view) {
  std::string text = about(report);
  if (report.threshold) {
    text += "threshold at the end: " + number_text(report.threshold) + "\n";
  } else {
    text += view.style.paint(Tone::warning,
                             "too few rows to set a threshold: about 600 are learnt from first, "
                             "or set --alert-threshold") +
            "\n";
  }
  text += "\n" + episodes_text(report, view);
  if (report.more_episodes > 0) {
    text += "and " + count_text(report.more_episodes) + " episodes more\n";
  }
  if (report.metrics_of_labels) text += "\n" + against_labels(*report.metrics_of_labels);
  return text;
}

std::string detect_document(const DetectReport& report) {
  JsonWriter json;
  json.begin_object();
  json.member("file", report.csv).member("rows", report.rows);
  json.member("first", report.first).member("last", report.last);
  json.member("period_ms", report.period_ms);
  write_names(json, "metrics", report.metrics);
  write_names(json, "left_out", report.left_out);
  write_names(json, "missing", report.missing);
  json.member("trained_rows", report.trained_rows).member("learnt_rows", report.learnt_rows);
  json.member("late_rows", report.late_rows);
  write_optional(json, "threshold", report.threshold);
  json.key("episodes").begin_array();
  for (const DetectEpisode& one : report.episodes) write_episode(json, one);
  json.end_array();
  json.member("more_episodes", report.more_episodes);
  write_metrics(json, report.metrics_of_labels);
  json.end_object();
  return json.take();
}

std::string score_line(const ScoredRow& row) {
  const std::string time = row.when.starts_with("row ") ? "" : row.when;
  char numbers[80];
  std::snprintf(numbers, sizeof(numbers), "%.6g,%.6g,%d", row.score, row.threshold,
                row.told ? 1 : 0);
  return std::to_string(row.row) + "," + time + "," + numbers;
}

}  // namespace bw::cli
