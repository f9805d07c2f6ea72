#include "coordinator/cli/view.h"

namespace bw::cli {

std::string labels_text(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    if (!text.empty()) text += " ";
    text.append(name).append("=").append(value);
  }
  return text;
}

Tone tone_of_status(std::string_view status) {
  if (status == "online") return Tone::good;
  if (status == "draining") return Tone::warning;
  if (status == "silent" || status == "offline") return Tone::bad;
  return Tone::plain;
}

Tone tone_of_percent(double percent) {
  if (percent >= 90) return Tone::bad;
  return percent >= 70 ? Tone::warning : Tone::good;
}

std::optional<double> memory_percent(const NodeSummary& summary) {
  if (!summary.mem_used_ratio) return std::nullopt;
  return *summary.mem_used_ratio * 100;
}

}  // namespace bw::cli
