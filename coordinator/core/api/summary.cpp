#include "coordinator/core/api/summary.h"

#include <cmath>
#include <limits>
#include <string>

#include "coordinator/core/api/json_parts.h"

namespace bw::coordinator::api {

namespace {

enum class Way { only, sum, max };

struct Figure {
  std::string_view name;
  Way way;
  std::string_view metrics[2];
  float scale = 1;
};

// only: the series without labels, which is that of the whole machine. The loopback interface is
// no traffic of the machine's.
constexpr Figure kFigures[] = {
    {"cpu_util", Way::only, {"cpu.util"}},
    {"mem_used_ratio", Way::only, {"mem.util"}, 0.01F},
    {"load1", Way::only, {"cpu.load1"}},
    {"psi_cpu_some_avg10", Way::only, {"psi.cpu.some.avg10"}},
    {"net_rx_bytes_rate", Way::sum, {"net.rx_bytes"}},
    {"net_tx_bytes_rate", Way::sum, {"net.tx_bytes"}},
    {"disk_util_max", Way::max, {"disk.util"}},
    {"temp_max", Way::max, {"thermal.zone_temp", "hwmon.temp"}},
};

bool is_part_of(const Figure& figure, const wire::SeriesInfo& series) {
  if (series.name != figure.metrics[0] && series.name != figure.metrics[1]) return false;
  if (figure.way == Way::only) return series.labels.empty();
  for (const wire::Label& label : series.labels) {
    if (label.name == "interface" && label.value == "lo") return false;
  }
  return true;
}

float figure_of(const Figure& figure, const std::vector<std::size_t>& aliases,
                const NodeView& node) {
  float result = std::numeric_limits<float>::quiet_NaN();
  for (const std::size_t alias : aliases) {
    const float value = live_value(node, alias);
    if (std::isnan(value)) continue;
    const bool is_first = std::isnan(result);
    if (figure.way == Way::sum && !is_first) {
      result += value;
    } else if (is_first || value > result) {
      result = value;
    }
  }
  return result * figure.scale;
}

}  // namespace

std::vector<std::string_view> summary_names() {
  std::vector<std::string_view> names;
  for (const Figure& figure : kFigures) names.push_back(figure.name);
  return names;
}

const Summaries::Aliases& Summaries::aliases_of(const std::vector<wire::SeriesInfo>& series) {
  const auto [entry, is_new] = known_.try_emplace(&series);
  if (!is_new) return entry->second;
  for (const Figure& figure : kFigures) {
    auto& aliases = entry->second.emplace_back();
    for (std::size_t alias = 0; alias < series.size(); ++alias) {
      if (is_part_of(figure, series[alias])) aliases.push_back(alias);
    }
  }
  return entry->second;
}

void Summaries::write(JsonWriter& json, const NodeView& node) {
  const Aliases* const aliases = node.series == nullptr ? nullptr : &aliases_of(*node.series);
  std::size_t i = 0;
  for (const Figure& figure : kFigures) {
    json.key(figure.name);
    if (aliases == nullptr) {
      json.null();
    } else {
      write_float(json, figure_of(figure, (*aliases)[i], node));
    }
    ++i;
  }
}

}  // namespace bw::coordinator::api
