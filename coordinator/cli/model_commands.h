// The commands `model ...` and `node silence`: what they ask of the coordinator, and what they
// print of its answer.
#pragma once

#include "coordinator/cli/api_client.h"
#include "coordinator/cli/arguments.h"
#include "coordinator/cli/shown.h"
#include "coordinator/cli/view.h"

namespace bw::cli {

// Whether run_model_command() is for it.
bool is_model_command(std::string_view path);
Shown run_model_command(const Invocation& invocation, ApiClient& api, const View& view);

}  // namespace bw::cli
