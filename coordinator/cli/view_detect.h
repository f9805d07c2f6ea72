// The view of `bellwether detect`.
#pragma once

#include <string>

#include "coordinator/cli/detect_file.h"
#include "coordinator/cli/view.h"

namespace bw::cli {

// Episodes in their order; wide: each with a table of its causes.
std::string detect_view(const DetectReport& report, const View& view);

// The same and more as a JSON document.
std::string detect_document(const DetectReport& report);

// One line of a file of scores, without its end: row,time,score,threshold,anomaly.
std::string score_line(const ScoredRow& row);
inline constexpr std::string_view kScoreTitles = "row,time,score,threshold,anomaly";

}  // namespace bw::cli
