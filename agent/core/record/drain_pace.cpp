#include "agent/core/record/drain_pace.h"

#include <algorithm>
#include <utility>

namespace bw::agent {

namespace {

// Each sample of the rate weighs an eighth less with each that follows.
constexpr double kFading = 0.875;
// Below this the receipts of one turn of the loop are counted, not the link.
constexpr double kLeastMeasuredS = 1e-3;
// A pair this many times slower than the link is taken for a stall (a packet sent again, a window
// that was shut, a busy box), and so many without one between that fits for a link that has become
// slower. What a stall held up comes at once behind it: so many times faster than the link.
constexpr double kStalled = 2;
constexpr int kMostStalls = 3;

}  // namespace

void DrainPace::link_up(Instant now) {
  *this = DrainPace(limits_);
  shortest_.fill(Duration::max());
  period_began_ = now;
  credit_at_ = now;
}

double DrainPace::allowed_per_s() const {
  const double share = limits_.share * rate_;
  const double most = static_cast<double>(limits_.max_bytes_per_s);
  if (share == 0) return most;
  return most == 0 ? share : std::min(share, most);
}

void DrainPace::refill(Instant now) {
  const double allowed = allowed_per_s();
  credit_ += to_seconds(now - credit_at_) * allowed;
  credit_ = std::min(credit_, allowed * to_seconds(kMostCredit));
  credit_at_ = now;
}

double DrainPace::share_under_way() const {
  const Duration shortest = std::min(shortest_[0], shortest_[1]);
  if (rate_ == 0 || shortest == Duration::max()) return 0;
  return allowed_per_s() * to_seconds(shortest + kTarget);
}

bool DrainPace::may_take(Instant now) {
  refill(now);
  const double under_way = bytes_under_way_ + reserved_;
  if (allowed_per_s() > 0 && credit_ < 0 && !is_hurried_) {
    // Now and then one right behind another, on credit: only a pair shows how fast the link is.
    if (now < probe_at_ || under_way == 0) return false;
    probe_at_ = now + kProbeEvery;
    return true;
  }
  // One may always be under way, however large; and as much as history's share needs on a long way,
  // which the bucket keeps from queueing.
  return under_way == 0 || under_way < std::max(window_, share_under_way());
}

void DrainPace::reserve(Instant now, std::uint64_t bytes) {
  refill(now);
  if (allowed_per_s() > 0) credit_ -= static_cast<double>(bytes);
  reserved_ += static_cast<double>(bytes);
}

void DrainPace::release(std::uint64_t bytes) {
  reserved_ = std::max(0.0, reserved_ - static_cast<double>(bytes));
}

void DrainPace::sent(Instant now, std::uint64_t bytes) {
  release(bytes);
  under_way_.push_back({now, bytes, bytes_under_way_});
  bytes_under_way_ += static_cast<double>(bytes);
}

void DrainPace::taken(Instant now) {
  if (under_way_.empty()) return;
  const Sent record = under_way_.front();
  under_way_.pop_front();
  bytes_under_way_ = under_way_.empty() ? 0 : bytes_under_way_ - static_cast<double>(record.bytes);
  measure_rate(record, now);
  move_window(record, now);
  last_taken_ = now;
}

// A record that was sent right behind another arrives as much later as the link needs for it. One
// that was not says only what the link can do at least.
void DrainPace::measure_rate(const Sent& record, Instant now) {
  const auto bytes = static_cast<double>(record.bytes);
  const Duration gap = now - last_taken_;
  const bool is_pair = last_taken_ != Instant{} && record.when < last_taken_ &&
                       2 * (record.when - last_sent_) <= gap;
  last_sent_ = record.when;
  if (record.when >= last_taken_) held_ = Span{};  // after an idle time a stall is over
  if (is_pair) weigh_pair(bytes, to_seconds(gap), is_late(record, now));
  const double way_s = to_seconds(now - record.when);
  if (rate_ > 0 && bytes > rate_ * way_s) {
    recent_bytes_ = bytes;
    recent_s_ = std::max(way_s, kLeastMeasuredS);
    rate_ = recent_bytes_ / recent_s_;
  }
}

// Neither half of a stall says by itself how fast the link is: the long gap is too long, and those
// behind it, of what the stall held up, are too short. Together they count, where stalls are the
// rule or the whole of it fits the link.
void DrainPace::weigh_pair(double bytes, double gap_s, bool is_late) {
  const bool is_slow = kStalled * bytes < rate_ * gap_s;
  const bool is_fast = bytes > kStalled * rate_ * gap_s;
  const bool is_behind_stall = is_fast && held_.s > 0;
  if (!is_slow && !is_behind_stall) {
    // Held up behind a stall that no pair has shown.
    if (rate_ > 0 && is_fast && is_late) return;
    if (!is_fast) stalls_ = 0;
    held_ = Span{};
    Span one;
    one.add(bytes, gap_s);
    count(one);
    return;
  }
  if (is_slow) ++stalls_;
  held_.add(bytes, gap_s);
  const bool fits = held_.bytes >= rate_ * held_.s;
  if (fits) stalls_ = 0;
  if (fits || (is_slow && stalls_ > kMostStalls)) count(std::exchange(held_, Span{}));
}

void DrainPace::Span::add(double more_bytes, double more_s) {
  bytes += more_bytes;
  s += more_s;
  fading *= kFading;
}

void DrainPace::count(const Span& span) {
  recent_bytes_ = span.fading * recent_bytes_ + span.bytes;
  recent_s_ = span.fading * recent_s_ + span.s;
  if (recent_s_ >= kLeastMeasuredS) rate_ = recent_bytes_ / recent_s_;
}

// Longer under way than the link as it is known needs for it and for those of ours ahead of it. On
// one that has become faster the way is shorter.
bool DrainPace::is_late(const Sent& record, Instant now) const {
  const Duration shortest = std::min(shortest_[0], shortest_[1]);
  if (shortest == Duration::max()) return false;
  return to_seconds(now - record.when - shortest) * rate_ > record.ahead;
}

void DrainPace::move_window(const Sent& record, Instant now) {
  const Duration way = now - record.when;
  if (now - period_began_ >= kForgetBaseAfter) {
    shortest_ = {Duration::max(), shortest_[0]};
    period_began_ = now;
  }
  shortest_[0] = std::min(shortest_[0], way);
  const Duration queue = way - std::min(shortest_[0], shortest_[1]);
  const double off = std::clamp(to_seconds(kTarget - queue) / to_seconds(kTarget), -1.0, 1.0);
  const auto bytes = static_cast<double>(record.bytes);
  if (off < 0) is_probing_ = false;
  window_ += is_probing_ ? bytes : off * bytes * std::min(1.0, bytes / window_);
  window_ = std::clamp(window_, kLeastWindow, kMostWindow);
}

void DrainPace::stalled() {
  is_probing_ = false;
  window_ = std::max(kLeastWindow, window_ / 2);
}

}  // namespace bw::agent
