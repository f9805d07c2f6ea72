// The view of `bellwether status`.
#pragma once

#include "coordinator/cli/view.h"

namespace bw::cli {

std::string status_view(const FleetStatus& status, const std::string& url, const View& view);
// What is unwell and what to do about it, a line each; empty where all is well.
std::string status_troubles(const FleetStatus& status);

}  // namespace bw::cli
