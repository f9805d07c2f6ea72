#include "agent/core/collect/kernel_log/event_fold.h"

#include <algorithm>
#include <utility>

#include "agent/core/collect/kernel_log/line_parts.h"
#include "base/assert.h"

namespace bw::agent {

namespace {

constexpr std::uint64_t kMinute = 60'000'000;
constexpr char kFieldEnd = '|';
constexpr char kItemEnd = '\n';

void put(std::string& out, std::uint64_t number) {
  out += std::to_string(number);
  out += kFieldEnd;
}

bool get(std::string_view& in, std::uint64_t& number) {
  const auto taken = take_number(in);
  if (!taken || !take(in, std::string_view(&kFieldEnd, 1))) return false;
  number = *taken;
  return true;
}

// Behind what was restored, of which no message is at hand.
std::string text_of(EventKind kind, std::string_view subject) {
  std::string text = std::string(metrics::event_name(kind));
  if (!subject.empty()) text.append(" of ").append(subject);
  return text;
}

}  // namespace

EventFold::Window* EventFold::find(EventKind kind, std::string_view subject) {
  const auto found = std::find_if(windows_.begin(), windows_.end(), [&](const Window& window) {
    return window.kind == kind && window.subject == subject;
  });
  return found == windows_.end() ? nullptr : &*found;
}

bool EventFold::settled(std::uint64_t usec) const {
  if (storm_size_ > 0 && usec >= minute_began_ + kMinute) return false;
  return std::none_of(windows_.begin(), windows_.end(),
                      [&](const Window& window) { return window.ends <= usec; });
}

bool EventFold::may_tell(std::uint64_t usec, bool critical) {
  if (usec >= minute_began_ + kMinute && storm_size_ == 0) {
    minute_began_ = usec;
    told_ = 0;
    told_lesser_ = 0;
  }
  if (told_ >= kMaxToldAMinute) return false;
  if (!critical && told_lesser_ >= kMaxToldAMinute - kForCritical) return false;
  ++told_;
  if (!critical) ++told_lesser_;
  return true;
}

// For a window of its own, or for one that there is to become critical.
bool EventFold::has_room(EventKind kind, wire::Severity severity, const Window* window) const {
  const bool critical = severity == wire::Severity::critical;
  std::size_t alike = 0;
  std::size_t lesser = 0;
  for (const Window& other : windows_) {
    const bool other_critical = other.severity == wire::Severity::critical;
    if (other.kind == kind && other_critical == critical) ++alike;
    if (!other_critical) ++lesser;
  }
  if (window != nullptr) return !critical || alike < kMaxOfAKind;
  if (windows_.size() >= kMaxWindows || alike >= kMaxOfAKind) return false;
  return critical || lesser < kMaxWindows - kForCritical;
}

void EventFold::count_storm(EventKind kind, wire::Severity severity, std::uint64_t count,
                            std::uint64_t usec) {
  if (storm_size_ == 0) storm_first_ = usec;
  storm_worst_ = std::max(storm_worst_, severity);
  storm_[static_cast<std::size_t>(kind)] += count;
  storm_size_ += count;
  storm_newest_ = std::max(storm_newest_, usec);
}

Told EventFold::storm_event() {
  Told told;
  told.finding = finding(storm_kind_, std::max(storm_worst_, wire::Severity::warning), "",
                         std::to_string(storm_size_) + " more events came within a short time");
  for (std::size_t kind = 0; kind < storm_.size(); ++kind) {
    if (storm_[kind] > 0) {
      told.finding.with(metrics::kEventKinds[kind].name, std::to_string(storm_[kind]));
    }
  }
  told.finding.with("action", storm_kind_ == EventKind::kernel_log_storm
                                  ? "look at the node's kernel log (journalctl -k)"
                                  : "look at the node's journal, and at what keeps failing there");
  told.usec = storm_newest_;
  told.count = storm_size_;
  told.first_usec = storm_first_;
  storm_.fill(0);
  storm_worst_ = wire::Severity::info;
  storm_size_ = 0;
  storm_newest_ = 0;
  return told;
}

// A window without repeats is over; one with repeats is told, and goes on twice as long.
std::optional<Told> EventFold::close(std::size_t index, std::uint64_t now) {
  Window& window = windows_[index];
  if (window.count == 0) {
    windows_.erase(windows_.begin() + static_cast<std::ptrdiff_t>(index));
    return std::nullopt;
  }
  const std::uint64_t count = std::exchange(window.count, 0);
  window.length = std::min(window.length * 2, longest_);
  window.ends = std::max(now, window.ends) + window.length;
  if (!may_tell(now, false)) {
    count_storm(window.kind, window.severity, count, window.newest);
    return std::nullopt;
  }
  Told told{std::move(window.last), window.newest, count, window.first};
  window.last = Finding{};
  told.finding.kind = window.kind;
  told.finding.severity = window.severity;
  told.finding.subject = window.subject;
  if (told.finding.text.empty()) told.finding.text = text_of(window.kind, window.subject);
  told.finding.text += ", " + std::to_string(count) + " more time" + (count == 1 ? "" : "s");
  return told;
}

std::optional<Told> EventFold::advance(std::uint64_t usec) {
  if (storm_size_ > 0 && usec >= minute_began_ + kMinute) {
    minute_began_ = usec;
    told_ = 1;
    told_lesser_ = 1;
    return storm_event();
  }
  for (std::size_t i = 0; i < windows_.size(); ++i) {
    if (windows_[i].ends <= usec) return close(i, usec);
  }
  return std::nullopt;
}

std::optional<Told> EventFold::offer(Finding finding, std::uint64_t usec) {
  finding.subject.resize(std::min(finding.subject.size(), kMaxSubject));
  // The state is saved as lines of fields.
  std::replace_if(
      finding.subject.begin(), finding.subject.end(),
      [](char c) { return c == kFieldEnd || c == kItemEnd; }, ' ');
  Window* window = find(finding.kind, finding.subject);
  if (window != nullptr && finding.severity <= window->severity) {
    if (window->count++ == 0) window->first = usec;
    window->newest = std::max(window->newest, usec);
    window->last = std::move(finding);
    ++folded_;
    return std::nullopt;
  }
  if (!has_room(finding.kind, finding.severity, window) ||
      !may_tell(usec, finding.severity == wire::Severity::critical)) {
    count_storm(finding.kind, finding.severity, 1, usec);
    ++folded_;
    return std::nullopt;
  }
  if (window == nullptr) {
    windows_.emplace_back();
    window = &windows_.back();
    window->kind = finding.kind;
    window->subject = finding.subject;
    window->length = kWindow;
    window->ends = usec + kWindow;
  }
  window->severity = finding.severity;  // worse than before: that is told at once
  return Told{std::move(finding), usec, 0, usec};
}

std::string EventFold::save() const {
  std::string out;
  put(out, minute_began_);
  put(out, told_);
  put(out, told_lesser_);
  put(out, static_cast<std::uint64_t>(storm_worst_));
  put(out, storm_first_);
  put(out, storm_newest_);
  for (std::size_t kind = 0; kind < storm_.size(); ++kind) {
    if (storm_[kind] == 0) continue;
    put(out, kind);
    put(out, storm_[kind]);
  }
  out += kItemEnd;
  for (const Window& window : windows_) {
    put(out, static_cast<std::uint64_t>(window.kind));
    put(out, static_cast<std::uint64_t>(window.severity));
    // Most have no repeats yet: this is written with every event.
    for (const std::uint64_t number : {window.ends, window.length, window.count}) put(out, number);
    if (window.count > 0) {
      put(out, window.first);
      put(out, window.newest);
    }
    out += window.subject;
    out += kItemEnd;
  }
  return out;
}

bool EventFold::restore(std::string_view saved) {
  EventFold other(storm_kind_, longest_);
  constexpr auto kWorst = static_cast<std::uint64_t>(wire::Severity::critical);
  std::uint64_t worst = 0;
  auto line = take_until(saved, std::string_view(&kItemEnd, 1));
  if (!line || !get(*line, other.minute_began_) || !get(*line, other.told_) ||
      !get(*line, other.told_lesser_) || !get(*line, worst) || worst > kWorst ||
      !get(*line, other.storm_first_) || !get(*line, other.storm_newest_)) {
    return false;
  }
  other.storm_worst_ = static_cast<wire::Severity>(worst);
  while (!line->empty()) {
    std::uint64_t kind = 0;
    std::uint64_t count = 0;
    if (!get(*line, kind) || !get(*line, count) || kind >= other.storm_.size()) return false;
    other.storm_[kind] = count;
    other.storm_size_ += count;
  }
  while ((line = take_until(saved, std::string_view(&kItemEnd, 1)))) {
    Window window;
    std::uint64_t kind = 0;
    std::uint64_t severity = 0;
    if (other.windows_.size() == kMaxWindows || !get(*line, kind) || !get(*line, severity) ||
        !get(*line, window.ends) || !get(*line, window.length) || !get(*line, window.count) ||
        (window.count > 0 && (!get(*line, window.first) || !get(*line, window.newest)))) {
      return false;
    }
    if (kind >= metrics::kEventKindCount || severity > kWorst || window.length < kWindow ||
        window.length > longest_ || line->size() > kMaxSubject) {
      return false;
    }
    window.kind = static_cast<EventKind>(kind);
    window.severity = static_cast<wire::Severity>(severity);
    window.subject = *line;
    other.windows_.push_back(std::move(window));
  }
  if (!saved.empty()) return false;
  other.folded_ = folded_;
  *this = std::move(other);
  return true;
}

}  // namespace bw::agent
