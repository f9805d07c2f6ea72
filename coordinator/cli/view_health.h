// The view of `bellwether node health`.
#pragma once

#include <string>

#include "coordinator/cli/anomaly_model.h"
#include "coordinator/cli/view.h"

namespace bw::cli {

std::string health_view(const NodeHealth& health, const View& view);

// Whether scripts shall take it for well: what learns is not unwell.
bool is_well(const NodeHealth& health);

}  // namespace bw::cli
