#include "agent/core/collect/node_events.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "schemas/metrics/metric_rows_event.h"
#include "schemas/wire/limits.h"

namespace bw::agent {

namespace {

using metrics::EventKind;

// Those before are the kernel log's, which counts them itself.
constexpr std::size_t kFirstKind = metrics::kKernelLogKinds;

const metrics::EventKindInfo* find_kind(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(metrics::kEventKinds), std::end(metrics::kEventKinds),
                   [&](const auto& kind) { return kind.name == name; });
  return found == std::end(metrics::kEventKinds) ? nullptr : found;
}

}  // namespace

void NodeEvents::set_counts() {
  for (std::size_t i = kFirstKind; i < std::size(metrics::kEventMetrics); ++i) {
    if (!declared_) aliases_[i] = sample_.declare(metrics::kEventMetrics[i]);
    sample_.set(aliases_[i], static_cast<double>(counts_[i]));
  }
  declared_ = true;
}

void NodeEvents::set_count(EventKind kind, std::uint64_t count) {
  counts_[static_cast<std::size_t>(kind)] = count;
}

void NodeEvents::tell(const Told& told, WallTime wall, std::uint64_t usec) {
  constexpr std::int64_t kUsecPerMs = 1000;
  const auto wall_ms = [&](std::uint64_t then) {
    const auto age = static_cast<std::int64_t>(usec - std::min(usec, then));
    return std::max<std::int64_t>(0, to_ms(wall) - age / kUsecPerMs);
  };
  if (told.finding.kind == EventKind::event_storm) {
    ++counts_[static_cast<std::size_t>(EventKind::event_storm)];
  }
  ToldEvent& event = told_.emplace_back();
  event.record.time_ms = wall_ms(told.usec);
  event.record.kind = metrics::event_name(told.finding.kind);
  event.record.severity = told.finding.severity;
  event.record.text = told.finding.text.substr(0, wire::kMaxText);
  auto& details = event.record.details;
  details = told.finding.details;
  details.resize(std::min(details.size(), wire::kMaxLabels - 3));
  details.push_back({"count", std::to_string(told.count)});
  details.push_back({"first_ms", std::to_string(wall_ms(told.first_usec))});
  details.push_back({"last_ms", std::to_string(event.record.time_ms)});
}

void NodeEvents::offer(ToldEvent event, std::uint64_t usec) {
  const metrics::EventKindInfo* const kind = find_kind(event.record.kind);
  if (kind == nullptr) {
    told_.push_back(std::move(event));
    return;
  }
  // An Xid that NVML told is of a kind that the kernel log counts.
  if (kind->kind >= static_cast<EventKind>(kFirstKind)) {
    ++counts_[static_cast<std::size_t>(kind->kind)];
  }
  // The text names whose it is; that of a clock step also by how much, which differs each time.
  std::string_view subject = event.record.text;
  if (kind->kind == EventKind::clock_step) subject = subject.substr(0, subject.find(" by "));
  Finding found = finding(kind->kind, event.record.severity, subject, event.record.text);
  found.details = event.record.details;
  if (fold_.offer(std::move(found), usec)) told_.push_back(std::move(event));
}

void NodeEvents::fold(std::vector<ToldEvent>& events, std::size_t first, Instant when,
                      WallTime wall) {
  const auto now =
      std::chrono::duration_cast<std::chrono::microseconds>(when.time_since_epoch()).count();
  const auto usec = static_cast<std::uint64_t>(std::max<std::int64_t>(now, 0));
  told_.clear();
  while (!fold_.settled(usec)) {
    if (const auto told = fold_.advance(usec)) tell(*told, wall, usec);
  }
  for (std::size_t i = first; i < events.size(); ++i) offer(std::move(events[i]), usec);
  events.resize(first);
  std::move(told_.begin(), told_.end(), std::back_inserter(events));
  set_counts();
}

}  // namespace bw::agent
