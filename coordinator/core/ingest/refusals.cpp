#include "coordinator/core/ingest/refusals.h"

#include "base/ids.h"

namespace bw::coordinator {

std::string printable_name(std::string_view name) {
  std::string text(name.substr(0, NodeId::kMaxLength));
  for (char& c : text) {
    const bool is_plain = c > 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '\'';
    if (!is_plain) c = '?';
  }
  return text.empty() ? "?" : text;
}

void Refusals::count(std::string_view node, bool is_known, wire::Refusal reason) {
  ++total_;
  const std::string name = printable_name(node);
  auto entry = counts_.find(name);
  if (entry == counts_.end()) {
    const bool has_room = is_known || unknown_names_ < kMaxUnknownNames;
    if (has_room && !is_known) ++unknown_names_;
    entry = counts_.try_emplace(has_room ? name : std::string(kOther)).first;
  }
  ++entry->second[static_cast<std::size_t>(reason)];
}

const RefusalCounts* Refusals::of(std::string_view node) const {
  const auto entry = counts_.find(node);
  return entry == counts_.end() ? nullptr : &entry->second;
}

}  // namespace bw::coordinator
