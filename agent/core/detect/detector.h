// The anomaly detector of one node: rows of metrics in, episodes with their reasons out. It learns
// what is usual here, sets its own threshold for a wanted rate of false alarms, and never learns
// from trouble unless the trouble lasts.
//
// Pure, as a core is; one row a call, about 5 us and no allocation but at an alarm. DETECT.md
// beside this file tells the whole pipeline.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "agent/core/detect/drift.h"
#include "agent/core/detect/episodes.h"
#include "agent/core/detect/explanation.h"
#include "agent/core/detect/peaks_threshold.h"
#include "agent/core/detect/score_quantile.h"
#include "agent/core/detect/scorer.h"
#include "base/rng.h"
#include "base/time.h"

namespace bw::agent {

struct DetectorOptions {
  ScorerOptions scorer;
  EpisodeOptions episodes;
  Duration period = std::chrono::seconds{1};  // between rows
  double false_episodes_a_day = 0.7;          // wanted
  // A fixed threshold of the score instead, where above 0.
  double alert_threshold = 0;
  // Or, above 0, one that so large a share of all rows lies above.
  double contamination = 0;
  // Rows that fail to come for this long leave a gap: rolling features begin anew behind it.
  Duration gap = std::chrono::seconds{30};
};

enum class RetrainReason : std::uint8_t {
  none,
  drift,   // the node's values are not those learnt from: see Drift::lasts
  alarms,  // there are too many for the wanted rate: see EpisodeRate::too_many
};

struct RowVerdict {
  double score = 0;      // 0 until something is learnt
  double threshold = 0;  // infinite until there is one
  EpisodeChange change = EpisodeChange::none;
  bool silenced = false;
  // With this row it began to learn fast what comes now, of its own accord, for this reason: once,
  // and not again within kRetrainAtMost.
  bool retrained = false;
  RetrainReason reason = RetrainReason::none;
};

inline constexpr Duration kRetrainAtMost = std::chrono::hours{24};

class Detector {
 public:
  explicit Detector(const DetectorOptions& options);

  // One tick's values, by metric; NaN or infinite: missing. A metric keeps its place for ever; more
  // of them may come, up to options.scorer.metrics. `now` of the monotonic clock; a row that is not
  // later than the last one is ignored. `wall` only labels.
  RowVerdict step(Instant now, WallTime wall, std::span<const double> values);

  // What is known, and taking it over, as in scorer.h; the threshold too. `rows`: so many of the
  // rows learnt from go along. All of them (kAllRows) for the node's own disk, where learning goes
  // on from it; few (256) for a start of other nodes.
  static constexpr std::size_t kAllRows = static_cast<std::size_t>(-1);
  wire::Model save(std::size_t rows = 0) const;
  Result<void> load(const wire::Model& model);
  // Forgets all that was learnt; silence, episodes and ranges stay.
  void relearn();
  // A metric's nominal range, where its unit has one: as in scorer.h.
  void set_range(std::size_t metric, double low, double high) {
    scorer_.set_range(metric, low, high);
  }
  void clear_range(std::size_t metric) { scorer_.clear_range(metric); }

  // A known change (maintenance, a deploy, a drain) until then: no alarms, and nothing is learnt.
  void silence(Instant until) { episodes_.silence(until); }
  // Stops learning (and goes on scoring), or goes on with it.
  void set_learning(bool learning) {
    learning_ = learning;
    episodes_.set_learning(learning);
  }

  // The episode that is on, or the last one, and why: of its highest row.
  const Episode& episode() const { return episodes_.episode(); }
  const std::vector<Cause>& causes() const { return causes_; }
  bool active() const { return episodes_.active(); }
  std::uint64_t episodes_begun() const { return episodes_.begun(); }
  std::uint64_t rows_ignored() const { return rows_ignored_; }

  // How far the last day lies from what was learnt: see drift.h. Above kDrifted is to be looked at.
  double drift() const { return drift_.mean(); }
  std::vector<MetricDrift> drift_metrics() const { return drift_.worst(); }
  // Observed over the last week or since there is a threshold, and wanted. NaN in the first hour.
  double episodes_a_day() const { return rate_.a_day(last_); }
  double wanted_episodes_a_day() const { return rate_.wanted_a_day(); }

  const Scorer& scorer() const { return scorer_; }
  double threshold() const;
  std::size_t bytes() const;

 private:
  double learnt_threshold() const;
  void watch(Instant now, RowVerdict& verdict);
  RetrainReason due_retraining(Instant now, const RowVerdict& verdict) const;

  DetectorOptions options_;
  Scorer scorer_;
  PeaksThreshold peaks_;
  ScoreQuantile quantile_;
  Drift drift_;
  EpisodeRate rate_;
  Episodes episodes_;
  Rng rng_;
  std::vector<Cause> causes_;
  Instant last_ = Instant::min();
  Instant retrain_from_ = Instant::min();  // not before
  bool any_ = false;
  bool learning_ = true;
  std::uint64_t rows_ignored_ = 0;
};

}  // namespace bw::agent
