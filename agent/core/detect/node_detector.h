// The detector of this node as the agent runs it: which series it sees, what it says as events, the
// model that is kept, sent and taken over, and when it is to be silent.
//
// Time is that of the box: the monotonic clock and what the machine slept. The wall clock labels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "agent/core/detect/anomaly_teller.h"
#include "agent/core/detect/detector.h"
#include "agent/core/detect/watched_series.h"
#include "agent/core/effects.h"
#include "base/result.h"
#include "base/time.h"
#include "schemas/wire/messages.h"
#include "schemas/wire/model.h"

namespace bw::agent {

struct DetectOptions {
  std::size_t window =
      10;  // rows of the rolling features; the slow ones are of three times as many
  double false_alarms_a_day = 0.7;  // wanted
  double alert_threshold = 0;       // above 0: in place of the one it sets by itself
  double contamination = 0;         // above 0: the share of rows that are anomalous, likewise
  WatchPatterns watch;
};

class NodeDetector {
 public:
  // Ticks before the first row: sources of slow lanes and GPUs answer later than others, and places
  // are given once.
  static constexpr std::uint64_t kSettleTicks = 10;
  // What is taken for another node's: less than a quarter of a model's metrics are here.
  static constexpr std::size_t kLeastKnown = 4;
  // Rows that go along with a model for others.
  static constexpr std::size_t kSampleRows = 256;
  // What is learnt is kept after this long, then each time that was learnt for twice as long, and
  // at least so often: two megabytes a write wear a card of flash out otherwise.
  static constexpr Duration kKeepFirst = std::chrono::minutes{15};
  static constexpr Duration kKeepEvery = std::chrono::hours{6};
  static constexpr std::size_t kMaxEvents = 64;  // of a tick; what comes beyond is counted only

  NodeDetector(const DetectOptions& options, Duration period, std::uint64_t seed);

  // A tick: the newest values of all series, counters as rates.
  void tick(Instant now, WallTime wall, const std::vector<wire::SeriesInfo>& series,
            std::uint64_t table_id, std::span<const float> live, Effects& effects);
  // The run ends; an episode that is on is told so.
  void stop();
  // What is to be told since the last call.
  std::vector<wire::EventRecord> take_events();

  // No alarms until then, and nothing is learnt; a time that is past ends it.
  void silence(Instant until);

  // What was kept over a restart; with an error nothing has changed.
  Result<void> restore(const wire::Model& model);
  // A model of the coordinator's: likewise. It is not silent about it: see take_events().
  Result<void> take_over(const wire::Model& model);
  void tell_refused(const std::string& what, const std::string& why);
  // Forgets all that was learnt.
  void forget();
  // What it knows: all of it for its own disk, or as much as another node needs. Fails where
  // nothing was learnt yet.
  Result<wire::Model> model(std::size_t rows) const;
  // True where it is time to keep what was learnt; kept() says that it was.
  bool wants_keeping() const { return has_news() && now_ >= keep_at_; }
  bool has_news() const { return ready() && rows() != kept_rows_; }  // since it was kept last
  void kept();
  // It could not be: it is to be tried again.
  void keep_failed();
  // True once where what was restored turned out to be of another box: it is not to be kept.
  bool take_forgotten() { return std::exchange(forgotten_, false); }

  // The deployed model's id; empty: none.
  const std::string& model_id() const { return model_id_; }
  // It has taken up its places and sees rows.
  bool settled() const { return ticks_ >= kSettleTicks; }
  bool ready() const { return detector_.scorer().ready(); }
  const RowVerdict& verdict() const { return verdict_; }
  std::uint64_t rows() const { return given_rows_ + detector_.scorer().learnt(); }
  // Rows times period: a clock that steps makes it no older.
  Duration age() const { return period_ * static_cast<Duration::rep>(detector_.scorer().learnt()); }
  std::uint64_t model_changes() const { return model_changes_; }
  std::uint64_t retrainings() const { return retrainings_; }
  const Detector& detector() const { return detector_; }
  const WatchedSeries& watched() const { return watched_; }
  const AnomalyTeller& teller() const { return teller_; }

 private:
  void take_places(Effects& effects);
  bool is_of_this_box(Effects& effects);
  void settle_anew();
  void apply_silence();
  void void_places(std::span<const std::size_t> places);
  Result<void> load(const wire::Model& model);
  void tell_retrained();
  void tell_change(wire::Severity severity, std::string text, std::vector<wire::Label> details);

  DetectOptions options_;
  Duration period_;
  Detector detector_;
  WatchedSeries watched_;
  AnomalyTeller teller_;
  RowVerdict verdict_;
  std::uint64_t ticks_ = 0;
  Instant now_{};  // of the last tick
  WallTime wall_{};
  Instant last_row_ = Instant::min();
  Instant silent_until_ = Instant::min();    // as asked for
  Instant settling_until_ = Instant::min();  // by itself
  Instant keep_at_ = Instant::max();
  std::uint64_t kept_rows_ = 0;
  std::size_t restored_ = 0;  // metrics of a run before that were not looked at yet
  bool forgotten_ = false;
  bool told_threshold_ = false;
  std::size_t told_found_ = 0;
  std::size_t told_left_out_ = 0;
  std::string model_id_;
  std::int64_t from_ms_ = 0;      // of the first row that was learnt
  std::uint64_t given_rows_ = 0;  // of a model of another node
  std::vector<wire::EventRecord> events_;
  std::uint64_t model_changes_ = 0;
  std::uint64_t retrainings_ = 0;
};

}  // namespace bw::agent
