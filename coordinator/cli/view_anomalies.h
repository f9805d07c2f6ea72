// The views of `bellwether anomalies` and `bellwether anomaly show`.
#pragma once

#include <string>
#include <vector>

#include "coordinator/cli/anomaly_model.h"
#include "coordinator/cli/table.h"
#include "coordinator/cli/view.h"

namespace bw::cli {

// Newest last.
std::string anomalies_view(const AnomalyList& list, const View& view);
// Everything of one, and what to look at next.
std::string anomaly_view(const AnomalyDetail& detail, const View& view);

// For other views of anomalies. "98.1%, usually 1.0% to 40.0%".
std::string cause_text(const AnomalyCause& cause);
// The first `most` causes with their values, in one line.
std::string causes_text(const std::vector<AnomalyCause>& causes, std::size_t most);
// A line a cause: value, usual range, direction and share.
std::string causes_table(const std::vector<AnomalyCause>& causes, const View& view);
Tone tone_of_level(std::string_view level);
// "on", or how it ended.
Cell state_cell(const Anomaly& anomaly);

// As one word of a shell, in quotes where it needs them.
std::string shell_word(std::string_view text);

}  // namespace bw::cli
