#include "coordinator/core/api/node_conditions.h"

#include <algorithm>
#include <cmath>

#include "coordinator/core/api/json_parts.h"

namespace bw::coordinator::api {

namespace {

// What ends a condition: the event that says so, of the same thing.
struct Recovery {
  std::string_view failure;
  std::string_view recovery;
  std::string_view label;  // that names the thing
  // A run of the agent that finds it so when it begins says so.
  bool is_told_anew;
};
constexpr Recovery kRecoveries[] = {
    {"gpu_lost", "gpu_returned", "gpu", false},
    {"gpu_hung", "gpu_returned", "gpu", false},
    {"gpu_failing", "gpu_returned", "gpu", false},
    {"gpu_reset_required", "gpu_returned", "gpu", true},
    {"process_down", "process_up", "process", true},
    {"process_down", "process_restart", "process", true},
    {"unit_failed", "unit_up", "unit", true},
    {"unit_failed", "unit_restart", "unit", true},
};

std::string_view value_of(const std::vector<wire::Label>& labels, std::string_view name) {
  for (const wire::Label& label : labels) {
    if (label.name == name) return label.value;
  }
  return {};
}

bool is_later(const wire::EventRecord& a, const wire::EventRecord& b) {
  return a.epoch == b.epoch ? a.number > b.number : a.time_ms > b.time_ms;
}

const Recovery* condition_of(std::string_view kind) {
  const auto* const found =
      std::find_if(std::begin(kRecoveries), std::end(kRecoveries),
                   [kind](const Recovery& one) { return one.failure == kind; });
  return found == std::end(kRecoveries) ? nullptr : found;
}

void keep_later(const wire::EventRecord*& kept, const wire::EventRecord& event) {
  if (kept == nullptr || is_later(event, *kept)) kept = &event;
}

}  // namespace

std::vector<std::string> recovery_kinds() {
  std::vector<std::string> kinds;
  for (const Recovery& pair : kRecoveries) {
    if (std::find(kinds.begin(), kinds.end(), pair.recovery) == kinds.end()) {
      kinds.emplace_back(pair.recovery);
    }
  }
  return kinds;
}

Conditions::Conditions(const NodeView& node, const std::vector<EventRow>& events) {
  if (node.birth != nullptr) run_ = node.birth->epoch;
  for (const EventRow& row : events) {
    for (const Recovery& pair : kRecoveries) {
      const Thing thing{row.event.kind, value_of(row.event.details, pair.label)};
      if (row.event.kind == pair.recovery) keep_later(last_end_[thing], row.event);
      if (row.event.kind == pair.failure) keep_later(last_begin_[thing], row.event);
    }
  }
  read_live(node);
}

void Conditions::read_live(const NodeView& node) {
  if (node.series == nullptr) return;
  for (std::size_t alias = 0; alias < node.series->size(); ++alias) {
    const wire::SeriesInfo& series = (*node.series)[alias];
    const float value = live_value(node, alias);
    if (!std::isfinite(value)) continue;
    if (series.name == "proc.watched.up" && value == 0) {
      processes_down_.push_back(value_of(series.labels, "process"));
    } else if (series.name == "systemd.unit_active" && value == 0) {
      units_down_.push_back(value_of(series.labels, "unit"));
    }
    const std::string_view gpu = value_of(series.labels, "gpu");
    if (gpu.empty()) continue;
    GpuFacts& facts = gpus_[gpu];
    if (series.name == "gpu.lost") {
      facts.is_lost = value > 0;
    } else if (series.name == "gpu.hung") {
      facts.is_hung = value > 0;
    } else if (series.name == "gpu.temp" || series.name == "gpu.util") {
      facts.is_read = true;
    }
  }
}

// Whether a condition that an earlier run told of is over, though none told of its end.
bool Conditions::is_mended(const wire::EventRecord& event, std::string_view thing) const {
  if (!run_ || event.epoch == *run_) return false;
  if (condition_of(event.kind)->is_told_anew) return true;
  const auto found = gpus_.find(thing);
  if (found == gpus_.end()) return false;
  const GpuFacts& facts = found->second;
  if (facts.is_read) return true;
  if (event.kind == "gpu_lost") return facts.is_lost == false;
  return event.kind == "gpu_hung" && facts.is_hung == false;
}

std::optional<bool> Conditions::stands(const wire::EventRecord& event) const {
  const Recovery* const condition = condition_of(event.kind);
  if (condition == nullptr) return std::nullopt;
  const std::string_view thing = value_of(event.details, condition->label);
  for (const Recovery& pair : kRecoveries) {
    if (pair.failure != event.kind) continue;
    const auto end = last_end_.find({pair.recovery, thing});
    if (end != last_end_.end() && is_later(*end->second, event)) return false;
  }
  return !is_mended(event, thing);
}

bool Conditions::is_told(std::string_view kind, std::string_view thing) const {
  const auto begin = last_begin_.find({kind, thing});
  return begin != last_begin_.end() && stands(*begin->second) == true;
}

std::vector<Conditions::Trouble> Conditions::untold() const {
  std::vector<Trouble> out;
  const auto add = [&](wire::Severity severity, const char* what, std::string_view thing,
                       const char* how) {
    if (out.size() < kMostLive) out.push_back({severity, what + std::string(thing) + how});
  };
  for (const auto& [gpu, facts] : gpus_) {
    if (facts.is_lost == true && !is_told("gpu_lost", gpu)) {
      add(wire::Severity::critical, "GPU ", gpu, " is lost: it no longer answers");
    } else if (facts.is_hung == true && !is_told("gpu_hung", gpu)) {
      add(wire::Severity::critical, "GPU ", gpu, " is hung: it does not answer in time");
    }
  }
  for (const std::string_view process : processes_down_) {
    if (is_told("process_down", process)) continue;
    add(wire::Severity::critical, "the watched process ", process, " does not run");
  }
  // It may be one that runs now and then, so this alone makes no node unwell.
  for (const std::string_view unit : units_down_) {
    if (is_told("unit_failed", unit)) continue;
    add(wire::Severity::warning, "the watched unit ", unit, " is not active");
  }
  return out;
}

}  // namespace bw::coordinator::api
