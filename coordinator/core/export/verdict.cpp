#include "coordinator/core/export/verdict.h"

#include <algorithm>

namespace bw::coordinator::exporting {

namespace {

// What receivers say of samples that are older than those they have. Prometheus' own words, which
// Mimir and Thanos repeat.
constexpr std::string_view kLateWords[] = {"out of order", "out of bounds", "too old",
                                           "duplicate sample", "out-of-order"};
constexpr int kOurFault[] = {401, 403, 404, 407, 408};

bool has_late_words(std::string_view reason) {
  return std::any_of(std::begin(kLateWords), std::end(kLateWords), [&](std::string_view words) {
    return reason.find(words) != std::string_view::npos;
  });
}

bool is_again(Protocol protocol, int status) {
  if (status == 429) return true;
  if (protocol == Protocol::remote_write) return status >= 500;
  return status == 502 || status == 503 || status == 504;
}

// One line, bounded, of what may be anything.
std::string tidy(std::string_view text) {
  std::string line;
  for (const char c : text.substr(0, kMaxReason)) {
    line += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

}  // namespace

std::string_view name_of(Protocol protocol) {
  return protocol == Protocol::remote_write ? "remote_write" : "otlp";
}

Judgement judge(Protocol protocol, const HttpAnswer& answer) {
  Judgement judgement;
  const int status = answer.status;
  if (status == 0) {
    judgement.words = tidy(answer.error);
    return judgement;
  }
  if (status >= 200 && status < 300) {
    judgement.verdict = Verdict::taken;
    return judgement;
  }
  judgement.words = "HTTP " + std::to_string(status);
  if (const std::string reason = tidy(answer.reason); !reason.empty()) {
    judgement.words += ": " + reason;
  }
  const bool is_ours =
      std::find(std::begin(kOurFault), std::end(kOurFault), status) != std::end(kOurFault);
  judgement.is_settings = is_ours || status < 400;
  if (judgement.is_settings) return judgement;
  judgement.is_late = (status == 400 || status == 500) && has_late_words(answer.reason);
  if (judgement.is_late || !is_again(protocol, status)) judgement.verdict = Verdict::refused;
  return judgement;
}

}  // namespace bw::coordinator::exporting
