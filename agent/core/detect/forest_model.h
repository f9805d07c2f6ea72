// A forest as a message and back.
#pragma once

#include "agent/core/detect/isolation_forest.h"
#include "base/result.h"
#include "schemas/wire/model.h"

namespace bw::agent {

wire::ForestModel to_model(const IsolationForest& forest);

// Fails where the lists don't belong together or a number in them cannot be: what comes of it
// scores any row without a surprise.
Result<IsolationForest> from_model(const wire::ForestModel& model);

}  // namespace bw::agent
