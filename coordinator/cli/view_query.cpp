#include "coordinator/cli/view_query.h"

#include <algorithm>
#include <cmath>

#include "coordinator/cli/sparkline.h"
#include "coordinator/cli/table.h"
#include "coordinator/cli/times.h"
#include "coordinator/cli/units.h"

namespace bw::cli {

namespace {

constexpr std::size_t kSparkWidth = 40;

std::string point_text(const QuerySeries& series, std::optional<double> value) {
  if (!value) return std::string(kUnknown);
  return value_text(*value, series.unit);
}

std::string point_time(std::int64_t ms, std::optional<std::int64_t> step_ms) {
  std::string text = local_time(ms);
  if (step_ms && *step_ms % 1000 == 0) return text;
  const std::string fraction = std::to_string(1000 + ms % 1000);
  return text + "." + fraction.substr(1);
}

std::string summary_view(const QueryAnswer& answer, const View& view) {
  Table table;
  table.column("NODE").column("LABELS").column("").column("MIN", Align::right);
  table.column("MEAN", Align::right).column("MAX", Align::right).column("LAST", Align::right);
  for (const QuerySeries& series : answer.series) {
    double low = INFINITY;
    double high = -INFINITY;
    double sum = 0;
    int count = 0;
    std::optional<double> last;
    for (const QueryPoint& point : series.points) {
      if (!point.value) continue;
      low = std::min(low, *point.value);
      high = std::max(high, *point.value);
      sum += *point.value;
      ++count;
      last = point.value;
    }
    const auto text = [&](double value) {
      return point_text(series, count > 0 ? std::optional(value) : std::nullopt);
    };
    table.row({series.node,
               labels_text(series.labels),
               {sparkline(series.points, kSparkWidth, view.style.unicode), Tone::accent},
               text(low),
               text(sum / std::max(count, 1)),
               text(high),
               point_text(series, last)});
  }
  return table.text(view.style);
}

}  // namespace

std::string series_name(const QuerySeries& series) {
  std::string text = series.node.empty() ? series.name : series.node + "/" + series.name;
  if (!series.labels.empty()) text += "{" + labels_text(series.labels) + "}";
  return visible(text);
}

std::string query_view(const QueryAnswer& answer, bool summary, const View& view) {
  Table table;
  table.column("TIME").column("NODE").column("LABELS").column("VALUE", Align::right);
  if (view.wide) table.column("SERIES").column("UNIT");
  std::size_t rows = 0;
  for (const QuerySeries& series : answer.series) {
    for (const QueryPoint& point : series.points) {
      std::vector<Cell> row = {point_time(point.time_ms, answer.step_ms), series.node,
                               labels_text(series.labels), point_text(series, point.value)};
      if (view.wide) {
        row.emplace_back(series.name);
        row.emplace_back(series.unit);
      }
      table.row(std::move(row));
      ++rows;
    }
  }
  if (rows == 0) return "no points of " + visible(answer.metric) + " in that time\n";
  std::string text = table.text(view.style);
  if (summary) text += "\n" + summary_view(answer, view);
  if (answer.truncated) {
    text +=
        view.style.paint(Tone::warning, "There is more: narrow it with --node or --label.") + "\n";
  }
  return text;
}

}  // namespace bw::cli
