// Changes of a model's list of metrics, which its other lists follow.
#pragma once

#include <cstddef>

#include "schemas/wire/model.h"

namespace bw::agent {

// Leaves out all metrics but the first so many: a detector has room for more than the node has.
// Nothing changes where the model has no more, is of none, or its forest looks at one that goes.
void keep_first_metrics(wire::Model& model, std::size_t count);

// As if this metric had never had a value: another takes its place. What it had a part in, such as
// directions it shared with others, stands until it is learnt anew.
void forget_metric(wire::Model& model, std::size_t metric);

}  // namespace bw::agent
