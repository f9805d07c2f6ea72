// How fast records may be handed to the link, so that live samples are not kept waiting behind them
// and history never takes more than its share.
//
// The broker's receipt (PUBACK) of each record tells how long it was under way. What lies on the
// link at once is bounded as in LEDBAT (RFC 6817): it grows while the way takes little longer than
// it ever did, and shrinks where a queue builds up. The link's rate is taken from the receipts of
// records that were sent right behind each other (a packet pair); of that, and of what the operator
// allows, history gets its share, by a bucket that may go into debt by one record.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "base/time.h"

namespace bw::agent {

struct DrainLimits {
  double share = 0.5;                                // of the link's measured rate, within (0, 1]
  std::uint64_t max_bytes_per_s = 0;                 // 0: none
  Duration start_within = std::chrono::seconds{30};  // of a new link, drawn; see Outbox
};

class DrainPace {
 public:
  // A queue of this length on the way is what live samples put up with.
  static constexpr Duration kTarget = std::chrono::milliseconds{100};
  static constexpr double kFirstWindow = 16384;  // bytes, about what TCP itself begins with
  static constexpr double kLeastWindow = 2048;
  static constexpr double kMostWindow = 1U << 20;
  // The shortest time under way is forgotten after one to two of these: routes change.
  static constexpr Duration kForgetBaseAfter = std::chrono::minutes{5};
  static constexpr Duration kProbeEvery = std::chrono::seconds{30};
  // What was not used is kept for so long.
  static constexpr Duration kMostCredit = std::chrono::seconds{1};

  explicit DrainPace(DrainLimits limits) : limits_(limits) {}

  // A new link: nothing is known of it, and nothing under way.
  void link_up(Instant now);

  // Whether a record may be taken up now, which is then reserved until it is sent or released.
  bool may_take(Instant now);
  void reserve(Instant now, std::uint64_t bytes);
  void release(std::uint64_t bytes);  // it is not going to be sent
  void sent(Instant now, std::uint64_t bytes);

  // The broker has the oldest record under way.
  void taken(Instant now);
  // What the broker took never reached the store: there is too much for someone behind it.
  void stalled();
  // History's share counts no more on this link: nothing else is going to be sent.
  void hurry() { is_hurried_ = true; }

  std::size_t under_way() const { return under_way_.size(); }
  double window() const { return window_; }
  double bytes_per_s() const { return rate_; }  // of the link; 0: not known yet

 private:
  struct Sent {
    Instant when{};
    std::uint64_t bytes = 0;
    double ahead = 0;  // bytes of ours that were under way then
  };
  // Receipts, each as much later than the one before as the link needed, or was held up.
  struct Span {
    double bytes = 0;
    double s = 0;
    double fading = 1;  // of what was measured before it
    void add(double more_bytes, double more_s);
  };
  double allowed_per_s() const;  // 0: no bound
  double share_under_way() const;
  void refill(Instant now);
  void measure_rate(const Sent& record, Instant now);
  void weigh_pair(double bytes, double gap_s, bool is_late);
  void count(const Span& span);
  bool is_late(const Sent& record, Instant now) const;
  void move_window(const Sent& record, Instant now);

  DrainLimits limits_;
  std::deque<Sent> under_way_;  // kWindow of the outbox, and what overtakes, bound it
  double bytes_under_way_ = 0;
  double reserved_ = 0;
  double window_ = kFirstWindow;
  bool is_probing_ = true;  // until the first queue is seen the window doubles

  std::array<Duration, 2> shortest_{};  // of this period and the one before; max: none
  Instant period_began_{};

  Instant last_taken_{};
  Instant last_sent_{};  // when that record was sent
  Instant probe_at_{};
  double recent_bytes_ = 0;
  double recent_s_ = 0;
  double rate_ = 0;
  int stalls_ = 0;  // pairs that were much slower than that, and none since that was as fast
  Span held_;       // of a stall, and what came at once behind it

  bool is_hurried_ = false;
  double credit_ = 0;
  Instant credit_at_{};
};

}  // namespace bw::agent
