// The API's answers of anomalies and health, from JSON into anomaly_model.h; errors as in decode.h.
#pragma once

#include <string_view>

#include "base/result.h"
#include "coordinator/cli/anomaly_model.h"

namespace bw::cli {

Result<AnomalyList> decode_anomalies(std::string_view json);
Result<AnomalyDetail> decode_anomaly(std::string_view json);
Result<NodeHealth> decode_health(std::string_view json);

}  // namespace bw::cli
