// The views of `bellwether model ...` and of what became of a command.
#pragma once

#include <string>

#include "coordinator/cli/model_model.h"
#include "coordinator/cli/view.h"

namespace bw::cli {

std::string models_view(const ModelList& list, const View& view);
std::string model_view(const ModelDetail& detail, const View& view);
std::string deployment_view(const Deployment& deployment, const View& view);

// One sentence; of a command that is open, that it is.
std::string command_text(const CommandInfo& command);

}  // namespace bw::cli
