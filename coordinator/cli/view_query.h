// The view of `bellwether query`.
#pragma once

#include "coordinator/cli/view.h"

namespace bw::cli {

// One row a point and series; behind them, where `summary`, a line with a sparkline for each
// series.
std::string query_view(const QueryAnswer& answer, bool summary, const View& view);

// "box-1/cpu.util{cpu=0}"
std::string series_name(const QuerySeries& series);

}  // namespace bw::cli
