// A series drawn in one line of text.
#pragma once

#include <string>
#include <vector>

#include "coordinator/cli/model.h"

namespace bw::cli {

// From the lowest to the highest value; one column a point, but `width` at most: then points that
// share a column show their mean. Unknown ones are gaps. Without unicode the levels are _.-=+*%#.
std::string sparkline(const std::vector<QueryPoint>& points, std::size_t width, bool unicode);

// A bar of `width` columns, filled from 0 to 1.
std::string bar(double share, std::size_t width, bool unicode);

}  // namespace bw::cli
