#include "agent/core/collect/processes/process_metrics.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "schemas/metrics/event_kinds.h"
#include "schemas/metrics/metric_rows_process.h"

namespace bw::agent {

namespace {

using metrics::EventKind;
using wire::Severity;

static_assert(std::size(metrics::kTopProcessMetrics) == ProcessMetrics::kSlotValues);
static_assert(std::size(metrics::kWatchedProcessMetrics) == ProcessMetrics::kWatchValues);
static_assert(std::size(metrics::kProcessTotalMetrics) == 5);

// The tenth of a percent: clock ticks of 10 ms tell no more.
double rounded(double percent) {
  return std::round(percent * 10) / 10;
}

double number(std::uint64_t value) {
  return static_cast<double>(value);
}

ToldEvent watch_event(EventKind kind, Severity severity, const WatchedProcess& watched, int pid,
                      WallTime wall, std::string text) {
  ToldEvent event;
  event.record.time_ms = to_ms(wall);
  event.record.kind = metrics::event_name(kind);
  event.record.severity = severity;
  event.record.text = "watched process " + watched.name + std::move(text);
  event.record.details = {{"process", watched.name}};
  if (pid != 0) event.record.details.push_back({"pid", std::to_string(pid)});
  if (severity != Severity::info) {
    event.record.details.push_back(
        {"action", "look at the program's own log and at who starts it"});
  }
  return event;
}

}  // namespace

void ProcessMetrics::declare(const ProcessTable& table) {
  for (std::size_t i = 0; i < totals_.size(); ++i) {
    totals_[i] = sample_.declare(metrics::kProcessTotalMetrics[i]);
  }
  watches_.resize(table.watched().size());
  for (std::size_t i = 0; i < watches_.size(); ++i) {
    for (std::size_t k = 0; k < kWatchValues; ++k) {
      watches_[i].aliases[k] = sample_.declare(metrics::kWatchedProcessMetrics[k],
                                               {{"process", table.watched()[i].name}});
    }
  }
  names_.reserve(64);
  weights_.reserve(64);
}

ProcessMetrics::Name* ProcessMetrics::name_of(std::string_view name) {
  const auto found =
      std::lower_bound(names_.begin(), names_.end(), name,
                       [](const Name& one, std::string_view wanted) { return one.name < wanted; });
  if (found != names_.end() && found->name == name) return &*found;
  if (names_.size() == kMaxNames) return nullptr;
  Name& added = *names_.insert(found, Name{});
  added.name = name;
  added.fds_known = added.pss_known = true;
  return &added;
}

ProcessMetrics::Slot* ProcessMetrics::slot_of(std::string_view name) {
  const auto found = std::find_if(slots_.begin(), slots_.end(),
                                  [&](const Slot& slot) { return slot.name == name; });
  return found == slots_.end() ? nullptr : &*found;
}

void ProcessMetrics::add_up(ProcessTable& table) {
  names_.clear();
  for (auto& [pid, process] : table.processes()) {
    if (!process.read) continue;
    if (Name* name = name_of(process.name)) {
      ++name->count;
      name->cpu += process.cpu_share;
      name->rss += process.rss;
      name->threads += process.threads;
      name->fds_known = name->fds_known && process.fds != Process::kUnknown;
      name->pss_known = name->pss_known && process.pss != Process::kUnknown;
      if (name->fds_known) name->fds += process.fds;
      if (name->pss_known) name->pss += process.pss;
      name->io_known = name->io_known || process.read_bytes != Process::kUnknown;
      name->read_rise += process.read_rise;
      name->write_rise += process.write_rise;
    }
    process.read_rise = process.write_rise = 0;
  }
}

void ProcessMetrics::tell_totals(const ProcessTable& table) {
  std::uint64_t threads = 0;
  std::uint64_t zombies = 0;
  std::uint64_t waiting = 0;
  for (const auto& [pid, process] : table.processes()) {
    threads += process.threads;
    zombies += process.state == 'Z' ? 1 : 0;
    waiting += process.state == 'D' ? 1 : 0;
  }
  const std::size_t followed = std::min(table.total(), ProcessTable::kMaxProcesses);
  const double values[] = {number(table.total()), number(threads), number(zombies), number(waiting),
                           number(table.total() - followed)};
  for (std::size_t i = 0; i < totals_.size(); ++i) sample_.set(totals_[i], values[i]);
}

// A name's share of what all need: of the memory held, and of the CPU time used where that is at
// least one CPU's.
void ProcessMetrics::weigh() {
  double cpu = 100;
  double rss = 1;
  double used = 0;
  for (const Name& name : names_) {
    used += name.cpu;
    rss += number(name.rss);
  }
  cpu = std::max(cpu, used);
  const double newest = weights_.empty() ? 1 : kNewest;
  for (Weight& weight : weights_) weight.share *= 1 - newest;
  for (const Name& name : names_) {
    const double share = name.cpu / cpu + number(name.rss) / rss;
    auto found = std::lower_bound(
        weights_.begin(), weights_.end(), name.name,
        [](const Weight& one, std::string_view wanted) { return one.name < wanted; });
    if (found == weights_.end() || found->name != name.name) {
      if (weights_.size() == kMaxNames) continue;
      found = weights_.insert(found, Weight{.name = std::string(name.name)});
    }
    found->share += newest * share;
  }
  std::erase_if(weights_, [](const Weight& weight) { return weight.share < kForgotten; });
}

double ProcessMetrics::weight_of(std::string_view name) const {
  const auto found = std::lower_bound(
      weights_.begin(), weights_.end(), name,
      [](const Weight& one, std::string_view wanted) { return one.name < wanted; });
  return found != weights_.end() && found->name == name ? found->share : 0;
}

void ProcessMetrics::give(Slot& slot, std::string_view name) {
  const bool fresh = slot.name.empty();
  slot = Slot{.name = std::string(name), .aliases = slot.aliases};
  for (std::size_t i = 0; i < kSlotValues; ++i) {
    const std::vector<wire::Label> labels = {{"name", slot.name}};
    if (fresh) {
      slot.aliases[i] = sample_.declare(metrics::kTopProcessMetrics[i], labels);
    } else {
      sample_.relabel(slot.aliases[i], labels);
    }
  }
}

void ProcessMetrics::choose() {
  order_.clear();
  for (std::size_t i = 0; i < weights_.size(); ++i) order_.push_back(i);
  std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
    if (weights_[a].share != weights_[b].share) return weights_[a].share > weights_[b].share;
    return a < b;  // by name
  });
  std::size_t changes = 0;
  for (const std::size_t index : order_) {
    const Weight& weight = weights_[index];
    if (weight.name.empty() || slot_of(weight.name) != nullptr) continue;
    if (slots_.size() < kSlots) {
      give(slots_.emplace_back(), weight.name);
      continue;
    }
    if (changes == kMostChanges || weight.share < kLeastShare) return;
    const auto weakest = std::min_element(
        slots_.begin(), slots_.end(),
        [&](const Slot& a, const Slot& b) { return weight_of(a.name) < weight_of(b.name); });
    if (weight.share < weight_of(weakest->name) * kClearlyMore) return;
    give(*weakest, weight.name);
    ++changes;
  }
}

// Of the chosen names, the processes that hold the most memory.
void ProcessMetrics::mark_details(ProcessTable& table, bool minute) {
  std::vector<Process*>& chosen = chosen_processes_;
  chosen.clear();
  for (auto& [pid, process] : table.processes()) {
    process.detailed = false;
    if (process.read && slot_of(process.name) != nullptr) chosen.push_back(&process);
  }
  std::sort(chosen.begin(), chosen.end(), [](const Process* a, const Process* b) {
    return a->rss != b->rss ? a->rss > b->rss : a->pid < b->pid;
  });
  if (chosen.size() > kMaxDetailed) chosen.resize(kMaxDetailed);
  for (Process* process : chosen) process->detailed = true;
  if (!minute) return;
  std::size_t walked = 0;
  for (Process* process : chosen) {
    if (process->rss > kMaxPssRss) continue;
    process->pss_wanted = true;
    if (++walked == kPssProcesses) return;
  }
}

void ProcessMetrics::tell_slots() {
  for (Slot& slot : slots_) {
    const auto found = std::find_if(names_.begin(), names_.end(),
                                    [&](const Name& one) { return one.name == slot.name; });
    const bool there = found != names_.end();
    const Name none;
    const Name& name = there ? *found : none;
    slot.io_known = slot.io_known || name.io_known;
    slot.read_bytes += number(name.read_rise);
    slot.write_bytes += number(name.write_rise);
    const double values[] = {
        number(name.count),
        rounded(name.cpu),
        number(name.rss),
        there && name.pss_known ? number(name.pss) : Sample::kNoValue,
        number(name.threads),
        there && name.fds_known ? number(name.fds) : Sample::kNoValue,
        slot.io_known ? slot.read_bytes : Sample::kNoValue,
        slot.io_known ? slot.write_bytes : Sample::kNoValue,
    };
    for (std::size_t i = 0; i < kSlotValues; ++i) sample_.set(slot.aliases[i], values[i]);
  }
}

void ProcessMetrics::tell_watched(const ProcessTable& table, WallTime wall,
                                  std::vector<ToldEvent>& events) {
  for (std::size_t i = 0; i < watches_.size(); ++i) tell_watched(table, i, wall, events);
}

void ProcessMetrics::tell_watched(const ProcessTable& table, std::size_t index, WallTime wall,
                                  std::vector<ToldEvent>& events) {
  Watch& watch = watches_[index];
  const WatchedProcess& watched = table.watched()[index];
  std::uint64_t count = 0;
  double cpu = 0;
  std::uint64_t rss = 0;
  std::uint64_t newest = 0;
  const Process* oldest = nullptr;
  for (const auto& [pid, process] : table.processes()) {
    if (!process.read || (process.watches & (1U << index)) == 0 || process.state == 'Z') continue;
    ++count;
    cpu += process.cpu_share;
    rss += process.rss;
    newest = std::max(newest, process.started);
    if (oldest == nullptr || process.started < oldest->started) oldest = &process;
  }
  const bool up = count > 0;
  const bool may_come = !up && !watched.pattern.empty() && table.commands_pending();
  if (may_come && watch.undecided < kMostUndecided) {
    ++watch.undecided;
    return;
  }
  watch.undecided = 0;
  if (up) {
    // All began after the last of those there were: none of them is left. Where one of several ends
    // or comes, some are.
    if (watch.pid != 0 && oldest->started > watch.started) {
      ++watch.restarts;
      if (watch.up) {
        events.push_back(watch_event(EventKind::process_restart, Severity::warning, watched,
                                     oldest->pid, wall, " was restarted"));
      }
    }
    if (watch.seen && !watch.up) {
      events.push_back(
          watch_event(EventKind::process_up, Severity::info, watched, oldest->pid, wall, " runs"));
    }
    watch.started = newest;
    watch.pid = oldest->pid;
  } else if (!watch.seen || watch.up) {
    events.push_back(watch_event(EventKind::process_down, Severity::critical, watched, watch.pid,
                                 wall, watch.seen ? " is gone" : " does not run"));
  }
  watch.seen = true;
  watch.up = up;
  const double values[] = {up ? 1.0 : 0.0, number(count), number(watch.restarts), rounded(cpu),
                           number(rss)};
  for (std::size_t k = 0; k < kWatchValues; ++k) sample_.set(watch.aliases[k], values[k]);
}

void ProcessMetrics::read(ProcessTable& table, std::uint64_t tick, WallTime wall,
                          std::vector<ToldEvent>& events) {
  if (!std::exchange(declared_, true)) declare(table);
  add_up(table);
  tell_totals(table);
  const bool first = !std::exchange(chosen_, true);
  const bool minute = tick % kMinuteTicks == 0 || first;
  if (tick % kWeighTicks == 0 || first) weigh();
  if (tick % kChooseTicks == 0 || first) choose();
  // New processes of the chosen names are taken up every now and then only.
  if (minute || tick % ProcessTable::kIdleTicks == 1) mark_details(table, minute);
  tell_slots();
  tell_watched(table, wall, events);
}

void ProcessMetrics::lose() {
  if (!declared_) return;
  for (const auto alias : totals_) sample_.lose(alias);
  for (const Slot& slot : slots_) {
    for (const auto alias : slot.aliases) sample_.lose(alias);
  }
  for (const Watch& watch : watches_) {
    for (const auto alias : watch.aliases) sample_.lose(alias);
  }
}

}  // namespace bw::agent
