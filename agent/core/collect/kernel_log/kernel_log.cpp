#include "agent/core/collect/kernel_log/kernel_log.h"

#include <algorithm>
#include <utility>

#include "agent/core/collect/kernel_log/device_lines.h"
#include "agent/core/collect/kernel_log/graphics_lines.h"
#include "agent/core/collect/kernel_log/line_parts.h"
#include "agent/core/collect/kernel_log/machine_lines.h"
#include "agent/core/collect/kernel_log/nvidia_lines.h"
#include "agent/core/collect/kernel_log/storage_lines.h"
#include "schemas/metrics/metric_rows_event.h"
#include "schemas/wire/limits.h"

namespace bw::agent {

namespace {

constexpr std::string_view kVersion = "2\n";
constexpr std::uint64_t kUsecPerMs = 1000;
// A severity is the kernel's own for no message above this: what is only for debugging tells of no
// event.
constexpr unsigned kDebug = 7;
// Thirty thousand years: what lies beyond is garbage, and sums with it overflow.
constexpr std::uint64_t kMostUsec = 1ULL << 60U;
constexpr std::size_t kMaxBootId = 64;

static_assert(std::size(metrics::kEventMetrics) >= metrics::kKernelLogKinds);
static_assert(std::size(metrics::kKernelLogMetrics) == 4);
// Of an event: whatever the kernel's line holds.
static_assert(KernelMessage::kMaxText > wire::kMaxText, "texts are cut in tell()");

std::string cut(std::string text) {
  if (text.size() > wire::kMaxText) text.resize(wire::kMaxText);
  return text;
}

}  // namespace

void KernelLog::declare() {
  for (std::size_t i = 0; i < metrics::kKernelLogKinds; ++i) {
    aliases_[i] = sample_.declare(metrics::kEventMetrics[i]);
  }
  for (std::size_t i = 0; i < own_.size(); ++i) {
    own_[i] = sample_.declare(metrics::kKernelLogMetrics[i]);
  }
}

void KernelLog::restore(std::string_view position) {
  held_ = false;
  restored_ = position;
  if (!boot_id_.empty()) apply(std::exchange(restored_, {}));
}

// False where it is of another boot, not understood, or not ahead of where we are.
bool KernelLog::apply(std::string_view position) {
  if (!agent::take(position, kVersion)) return false;
  const auto boot = take_until(position, "\n");
  if (!boot || *boot != boot_id_) return false;
  const auto done = take_number(position);
  const auto told = agent::take(position, "|") ? take_number(position) : std::nullopt;
  if (!done || !told || *told > Findings{}.max_size() || !agent::take(position, "\n")) return false;
  if (done_ != kUnread && *done <= done_) return false;
  if (!fold_.restore(position)) return false;
  done_ = *done;
  told_of_next_ = *told;
  return true;
}

bool KernelLog::is_held(Instant when) {
  if (!held_) return false;
  if (!held_since_) held_since_ = when;
  held_ = when - *held_since_ < kMaxHold;
  return held_;
}

std::string KernelLog::position() const {
  return std::string(kVersion) + boot_id_ + "\n" + std::to_string(done_) + "|" +
         std::to_string(told_of_next_) + "\n" + fold_.save();
}

std::string KernelLog::take_position() {
  if (done_ == kUnread || boot_id_.empty() || done_ == position_taken_) return {};
  position_taken_ = done_;
  return position();
}

// The log's stamps come from a clock that drifts against ours: a message that was not there at the
// last tick is not from before it, and none is from the future.
std::int64_t KernelLog::wall_ms(std::uint64_t usec, bool just_read) const {
  const std::int64_t age_usec =
      now_usec_ - static_cast<std::int64_t>(std::min<std::uint64_t>(usec, 1ULL << 60U));
  const std::int64_t ms =
      std::min(now_ms_, now_ms_ - age_usec / static_cast<std::int64_t>(kUsecPerMs));
  return std::max(ms, just_read && was_caught_up_ ? caught_up_ms_ : std::int64_t{0});
}

void KernelLog::tell(const Told& told, std::vector<ToldEvent>& events) {
  ++told_this_tick_;
  if (told.finding.kind == EventKind::kernel_log_storm) {
    ++counts_[static_cast<std::size_t>(EventKind::kernel_log_storm)];
  }
  ToldEvent& event = events.emplace_back();
  event.record.time_ms = wall_ms(told.usec, told.count == 0);
  event.record.kind = metrics::event_name(told.finding.kind);
  event.record.severity = told.finding.severity;
  event.record.text = cut(told.finding.text);
  event.record.details = told.finding.details;
  if (told.count > 0) {
    auto& details = event.record.details;
    details.push_back({"count", std::to_string(told.count)});
    details.push_back({"first_ms", std::to_string(wall_ms(told.first_usec, false))});
    details.push_back({"last_ms", std::to_string(event.record.time_ms)});
  }
  if (event.record.details.size() > wire::kMaxLabels) {
    event.record.details.resize(wire::kMaxLabels);
  }
  for (wire::Label& detail : event.record.details) detail.value = cut(std::move(detail.value));
  event.position = position();
}

void KernelLog::count_code(EventKind kind, unsigned code) {
  const bool gpu = kind == EventKind::xid;
  Counts& counts = gpu ? xids_ : sxids_;
  const auto& metric = metrics::kEventMetrics[static_cast<std::size_t>(kind)];
  auto found = counts.by_code.find(code);
  Sample::Alias alias = counts.other;
  if (found != counts.by_code.end()) {
    alias = found->second;
  } else if (counts.by_code.size() < kMaxCodes) {
    alias = sample_.declare(metric, {{"code", std::to_string(code)}});
    counts.by_code.emplace(code, alias);
  } else if (alias == Sample::kNoAlias) {
    alias = counts.other = sample_.declare(metric, {{"code", "other"}});
  }
  if (alias == Sample::kNoAlias) return;
  sample_.set(alias, static_cast<double>(++code_counts_[alias]));
}

void KernelLog::count(const Finding& finding) {
  ++counts_[static_cast<std::size_t>(finding.kind)];
  if (finding.kind == EventKind::xid || finding.kind == EventKind::sxid) {
    count_code(finding.kind, finding.code);
  }
}

void KernelLog::count_xid(unsigned code) {
  constexpr auto kXid = static_cast<std::size_t>(EventKind::xid);
  ++counts_[kXid];
  count_code(EventKind::xid, code);
  aliases_[kXid] = sample_.declare(metrics::kEventMetrics[kXid]);
  sample_.set(aliases_[kXid], static_cast<double>(counts_[kXid]));
}

// Ends the windows that are over; false where the tick has told enough.
bool KernelLog::settle(std::uint64_t usec, std::vector<ToldEvent>& events) {
  while (!fold_.settled(usec)) {
    if (told_this_tick_ >= kMaxToldATick) return false;
    if (const auto told = fold_.advance(usec)) tell(*told, events);
  }
  return true;
}

void KernelLog::note_gap(const KernelMessage& message, std::vector<ToldEvent>& events) {
  const std::uint64_t missing = message.sequence - done_ - 1;
  lost_ += missing;
  done_ = message.sequence - 1;
  told_of_next_ = 0;
  Finding gap = finding(EventKind::kernel_log_gap, wire::Severity::warning, "",
                        std::to_string(missing) +
                            " messages of the kernel log were overwritten before they were read");
  gap.with("messages", std::to_string(missing));
  gap.with("action", "enlarge the kernel's buffer (log_buf_len) where it happens often");
  count(gap);
  if (const auto told = fold_.offer(std::move(gap), newest_usec_)) tell(*told, events);
}

// False where the tick has told enough: the message is to come again.
bool KernelLog::take(const KernelMessage& message, std::vector<ToldEvent>& events) {
  if (done_ != kUnread && message.sequence <= done_) return true;
  // Stamps of different CPUs may go back a little; windows don't.
  newest_usec_ = std::max(newest_usec_, std::min(message.usec, kMostUsec));
  if (!settle(newest_usec_, events) || told_this_tick_ >= kMaxToldATick) return false;
  if (done_ != kUnread && message.sequence > done_ + 1) note_gap(message, events);
  if (message.from_kernel() && message.level < kDebug) {
    ++messages_;
    findings_.clear();
    if (!tasks_.recognise(message, findings_) && !recognise_nvidia(message, findings_) &&
        !recognise_graphics(message, findings_) && !recognise_storage(message, findings_) &&
        !recognise_machine(message, findings_)) {
      recognise_device(message, findings_);
    }
    // Behind each, all before it are told: what an event's position says.
    if (done_ == kUnread) done_ = message.sequence - 1;  // wraps to kUnread for the first of all
    for (std::size_t i = 0; i < findings_.size(); ++i) {
      if (i < told_of_next_) continue;
      count(findings_[i]);
      const bool last = i + 1 == findings_.size();
      told_of_next_ = last ? 0 : i + 1;
      if (last) done_ = message.sequence;
      if (const auto told = fold_.offer(std::move(findings_[i]), newest_usec_)) {
        tell(*told, events);
      }
    }
  }
  done_ = message.sequence;
  told_of_next_ = 0;
  return true;
}

void KernelLog::read(const KernelLogReading& reading, Instant when, WallTime wall,
                     std::vector<ToldEvent>& events) {
  taken_ = 0;
  if (!reading.available) return;
  if (!declared_) {
    declared_ = true;
    declare();
  }
  if (boot_id_.empty() && !reading.boot_id.empty()) {
    boot_id_ = reading.boot_id.substr(0, reading.boot_id.find('\n'));
    boot_id_.resize(std::min(boot_id_.size(), kMaxBootId));
    apply(std::exchange(restored_, {}));
  }
  if (is_held(when)) return;
  now_usec_ =
      std::chrono::duration_cast<std::chrono::microseconds>(when.time_since_epoch()).count();
  now_ms_ = to_ms(wall);
  told_this_tick_ = 0;

  KmsgRecords records(reading.text);
  KernelMessage message;
  bool all = true;
  std::string_view before = records.rest();
  while (records.next(message)) {
    if (!take(message, events)) {
      all = false;
      break;
    }
    before = records.rest();
  }
  if (all) before = records.rest();
  taken_ = reading.text.size() - before.size();
  malformed_ += records.malformed();
  if (all && reading.caught_up) {
    const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(now_usec_, 0));
    settle(std::max(newest_usec_, now), events);
    was_caught_up_ = true;
    caught_up_ms_ = now_ms_;
  } else {
    was_caught_up_ = false;
  }
  for (std::size_t i = 0; i < metrics::kKernelLogKinds; ++i) {
    sample_.set(aliases_[i], static_cast<double>(counts_[i]));
  }
  const std::uint64_t own[] = {fold_.folded(), messages_, lost_, malformed_};
  for (std::size_t i = 0; i < own_.size(); ++i) sample_.set(own_[i], static_cast<double>(own[i]));
}

}  // namespace bw::agent
