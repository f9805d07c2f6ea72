// Lines as the kernel writes them, and what recognisers make of them.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "agent/core/collect/kernel_log/finding.h"

namespace bw::agent {

inline KernelMessage message_of(std::string_view text) {
  KernelMessage message;
  message.level = 4;
  message.sequence = 1;
  message.text = text;
  return message;
}

// "process=python3 pid=12": the details of these names, in the order asked for.
inline std::string detail(const wire::Label* begin, const wire::Label* end, std::string_view name) {
  const auto* const found =
      std::find_if(begin, end, [&](const wire::Label& label) { return label.name == name; });
  return found == end ? "-" : found->value;
}
inline std::string detail(const std::vector<wire::Label>& details, std::string_view name) {
  return detail(details.data(), details.data() + details.size(), name);
}

// What `recognise` tells of the line in one text: "kind/severity/subject", several with ", ".
template <typename Recognise>
std::string told_by(Recognise&& recognise, std::string_view line) {
  Findings findings;
  const bool known = recognise(message_of(line), findings);
  if (!known) return findings.empty() ? "unknown" : "unknown, but told";
  if (findings.empty()) return "known";
  std::string out;
  for (const Finding& one : findings) {
    constexpr std::string_view kSeverities[] = {"info", "warning", "critical"};
    if (!out.empty()) out += ", ";
    out.append(metrics::event_name(one.kind)).append("/");
    out.append(kSeverities[static_cast<std::size_t>(one.severity)]).append("/").append(one.subject);
  }
  return out;
}

}  // namespace bw::agent
