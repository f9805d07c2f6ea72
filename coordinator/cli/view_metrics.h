// The catalogue of metrics: what agents of this version can measure, or what one node has now.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/cli/view.h"

namespace bw::cli {

struct MetricRow {
  std::string name;
  std::string unit;
  std::string kind;          // gauge, counter
  std::optional<int> every;  // ticks between two readings; unknown where no file is read
  std::string labels;        // names, separated by spaces
  std::string source;        // the path it is read from
  std::string prometheus;    // its name at the exports
  std::string text;
  std::uint64_t series = 0;  // of the node asked about
};

// Those whose name `pattern` matches: with * and ?, or, without them, as part of the name; all
// where it is empty. With a node only those it has, also ones that this version does not know.
std::vector<MetricRow> metric_rows(std::string_view pattern,
                                   const std::optional<NodeSeries>& of_node);

std::string metrics_view(const std::vector<MetricRow>& rows, bool with_series, const View& view);

// {"metrics": [...]}
std::string metrics_document(const std::vector<MetricRow>& rows, bool with_series);

}  // namespace bw::cli
