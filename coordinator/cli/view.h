// What all views of the commands' answers share. A view is model in, text out; every line of it
// ends in '\n'.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "coordinator/cli/model.h"
#include "coordinator/cli/style.h"

namespace bw::cli {

struct View {
  Style style;
  bool wide = false;
  std::int64_t now_ms = 0;
};

// "a=1 b=2"
std::string labels_text(const Labels& labels);
Tone tone_of_status(std::string_view status);
// From a level of use in percent: good below 70, bad from 90.
Tone tone_of_percent(double percent);
// Of the memory.
std::optional<double> memory_percent(const NodeSummary& summary);

}  // namespace bw::cli
