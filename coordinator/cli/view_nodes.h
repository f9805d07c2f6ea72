// The views of `bellwether nodes` and `bellwether node show`.
#pragma once

#include <vector>

#include "coordinator/cli/view.h"

namespace bw::cli {

std::string nodes_view(const std::vector<Node>& nodes, const View& view);
std::string node_view(const NodeDetail& detail, const View& view);
std::string series_view(const NodeSeries& series, const View& view);

// A series' newest value with its unit, which for a counter is one a second.
std::string series_value_text(const SeriesValue& series);

}  // namespace bw::cli
