// The API's answers of models and commands, from JSON into model_model.h; errors as in decode.h.
#pragma once

#include <string_view>

#include "base/result.h"
#include "coordinator/cli/model_model.h"

namespace bw::cli {

Result<ModelList> decode_models(std::string_view json);
Result<ModelDetail> decode_model(std::string_view json);
Result<Deployment> decode_deployment(std::string_view json);
Result<CommandInfo> decode_command(std::string_view json);

}  // namespace bw::cli
