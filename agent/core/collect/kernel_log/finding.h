// What a recogniser makes of a kernel message: the words of the folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/core/collect/kernel_log/kmsg_record.h"
#include "schemas/metrics/event_kinds.h"
#include "schemas/wire/messages.h"

namespace bw::agent {

using metrics::EventKind;

struct Finding {
  EventKind kind = EventKind::xid;
  wire::Severity severity = wire::Severity::warning;
  std::string subject;  // whose event it is: findings of one kind and subject are repeats
  std::string text;     // in plain words
  std::vector<wire::Label> details;
  unsigned code = 0;  // of an Xid or SXid

  Finding& with(std::string_view name, std::string_view value) {
    if (!value.empty()) details.push_back({std::string(name), std::string(value)});
    return *this;
  }
};
using Findings = std::vector<Finding>;

inline Finding finding(EventKind kind, wire::Severity severity, std::string_view subject,
                       std::string text) {
  return Finding{kind, severity, std::string(subject), std::move(text), {}, 0};
}

}  // namespace bw::agent
