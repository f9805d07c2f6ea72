// `bellwether top`: the live view of all nodes. Here are the clock, the terminal and the fetching;
// what is drawn and what keys do is decided by top_state.h and top_frame.h.
#pragma once

#include <string>

#include "coordinator/cli/arguments.h"
#include "coordinator/cli/view.h"

namespace bw::cli {

// Exit code. Without a terminal on both ends, or with --once, one frame as plain text.
int run_top(const std::string& url, const Invocation& invocation, const View& view);

}  // namespace bw::cli
