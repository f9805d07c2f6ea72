#include "coordinator/cli/view_events.h"

#include <algorithm>

#include "coordinator/cli/table.h"
#include "coordinator/cli/times.h"

namespace bw::cli {

namespace {

Tone tone_of_severity(std::string_view severity) {
  if (severity == "critical") return Tone::bad;
  return severity == "warning" ? Tone::warning : Tone::plain;
}

// What to do about it has a column of its own: it is what one looks for.
std::string action_of(const Labels& details) {
  for (const auto& [name, value] : details) {
    if (name == "action") return value;
  }
  return {};
}

Labels without_action(Labels details) {
  std::erase_if(details, [](const auto& detail) { return detail.first == "action"; });
  return details;
}

}  // namespace

std::string events_view(std::vector<EventRow> events, const View& view) {
  if (events.empty()) return "no events in that time\n";
  // They come newest first; those of one time stay in the order of their numbers.
  std::reverse(events.begin(), events.end());
  std::stable_sort(events.begin(), events.end(), [](const EventRow& a, const EventRow& b) {
    return a.time_ms.value_or(0) < b.time_ms.value_or(0);
  });
  Table table;
  table.column("TIME").column("SEVERITY").column("NODE").column("KIND").column("TEXT");
  if (view.wide) {
    table.column("ACTION").column("EPOCH").column("NUMBER", Align::right).column("DETAILS");
  }
  for (const EventRow& event : events) {
    std::vector<Cell> row = {local_time(event.time_ms),
                             {event.severity, tone_of_severity(event.severity)},
                             event.node,
                             event.kind,
                             event.text};
    if (view.wide) {
      row.emplace_back(action_of(event.details));
      row.emplace_back(event.epoch);
      row.emplace_back(event.number);
      row.emplace_back(labels_text(without_action(event.details)));
    }
    table.row(std::move(row));
  }
  return table.text(view.style);
}

}  // namespace bw::cli
