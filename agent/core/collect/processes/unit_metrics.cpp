#include "agent/core/collect/processes/unit_metrics.h"

#include <algorithm>

#include "schemas/metrics/event_kinds.h"
#include "schemas/metrics/metric_rows_process.h"

namespace bw::agent {

namespace {

using metrics::EventKind;
using wire::Severity;

ToldEvent unit_event(EventKind kind, Severity severity, const UnitReading& unit, WallTime wall,
                     std::string text) {
  ToldEvent event;
  event.record.time_ms = to_ms(wall);
  event.record.kind = metrics::event_name(kind);
  event.record.severity = severity;
  event.record.text = "unit " + unit.name + std::move(text);
  event.record.details = {{"unit", unit.name}, {"state", unit.active_state}};
  if (severity != Severity::info) {
    event.record.details.push_back(
        {"action", "look at systemctl status " + unit.name + " and its journal"});
  }
  return event;
}

// On its way to a state: what it was before counts until it is there.
bool is_passing(std::string_view state) {
  return state == "activating" || state == "deactivating" || state == "reloading" ||
         state == "maintenance" || state == "refreshing";
}

}  // namespace

UnitMetrics::Unit* UnitMetrics::unit_of(const UnitReading& reading) {
  const auto found = std::find_if(units_.begin(), units_.end(),
                                  [&](const Unit& unit) { return unit.name == reading.name; });
  if (found != units_.end()) return &*found;
  if (units_.size() == kMaxUnits) return nullptr;
  Unit& unit = units_.emplace_back();
  unit.name = reading.name;
  const std::vector<wire::Label> labels = {{"unit", unit.name}};
  unit.active = sample_.declare(metrics::kSystemdMetrics[1], labels);
  unit.restarts = sample_.declare(metrics::kSystemdMetrics[2], labels);
  return &unit;
}

void UnitMetrics::take(const UnitReading& reading, WallTime wall, std::vector<ToldEvent>& events) {
  Unit* unit = unit_of(reading);
  if (unit == nullptr) return;
  const bool active = reading.active_state == "active" || reading.active_state == "reloading";
  sample_.set(unit->active, active ? 1 : 0);
  const bool counted = reading.restarts != UnitReading::kUnknown;
  sample_.set(unit->restarts, counted ? static_cast<double>(reading.restarts) : Sample::kNoValue);
  const bool restarted = counted && unit->restarts_told != UnitReading::kUnknown &&
                         reading.restarts > unit->restarts_told;
  unit->restarts_told = counted ? reading.restarts : unit->restarts_told;
  if (restarted) {
    events.push_back(unit_event(EventKind::unit_restart, Severity::warning, reading, wall,
                                " was restarted by systemd"));
  }
  if (is_passing(reading.active_state) || reading.active_state == unit->state) return;
  const bool first = unit->state.empty();
  unit->state = reading.active_state;
  if (active) {
    if (!first && !restarted) {
      events.push_back(unit_event(EventKind::unit_up, Severity::info, reading, wall, " is active"));
    }
  } else if (reading.active_state == "failed") {
    events.push_back(
        unit_event(EventKind::unit_failed, Severity::critical, reading, wall, " has failed"));
  } else {
    const bool known = reading.load_state != "not-found";
    events.push_back(unit_event(EventKind::unit_down, Severity::warning, reading, wall,
                                known ? " is not active" : " is not known to systemd"));
  }
}

void UnitMetrics::lose() {
  sample_.lose(failed_);
  for (const Unit& unit : units_) {
    sample_.lose(unit.active);
    sample_.lose(unit.restarts);
  }
}

void UnitMetrics::read(const SystemdReading& reading, WallTime wall,
                       std::vector<ToldEvent>& events) {
  if (!reading.running) return;
  if (failed_ == Sample::kNoAlias) failed_ = sample_.declare(metrics::kSystemdMetrics[0]);
  if (!reading.error.empty()) return lose();
  if (!reading.fresh) return;
  if (reading.failed_units) sample_.set(failed_, static_cast<double>(*reading.failed_units));
  for (const UnitReading& unit : reading.units) take(unit, wall, events);
}

}  // namespace bw::agent
