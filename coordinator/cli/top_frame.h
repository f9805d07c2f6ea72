// One frame of the live view: model, state and size in, lines out. Pure.
#pragma once

#include <string>
#include <vector>

#include "coordinator/cli/style.h"
#include "coordinator/cli/top_state.h"

namespace bw::cli {

// At most size.rows lines of at most size.columns columns each.
std::vector<std::string> top_frame(const TopModel& model, const TopState& state, TopSize size,
                                   const Style& style);

// All nodes, without cursor and keys, as for a pipe; '\n' behind each line, no escape sequences.
std::string top_once(const TopModel& model, SortKey sort, std::size_t columns, bool unicode);

}  // namespace bw::cli
