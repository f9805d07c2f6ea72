// The view of `bellwether events`.
#pragma once

#include <vector>

#include "coordinator/cli/view.h"

namespace bw::cli {

// Newest last, whatever the order they came in.
std::string events_view(std::vector<EventRow> events, const View& view);

}  // namespace bw::cli
