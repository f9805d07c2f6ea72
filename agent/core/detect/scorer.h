// How unusual a row of metrics is for this node, and what is usual, learnt as rows come.
//
// Five parts look at a row: an isolation forest at rolling means and deviations; their distance
// from the usual; what of them lies outside the directions they usually vary in; the same of slower
// ones; and the same of the bare values, for what is sudden. Each part's number becomes a surprise
// (tail_history.h), and these are summed. When to raise an alarm is left to others.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "agent/core/detect/isolation_forest.h"
#include "agent/core/detect/reference.h"
#include "agent/core/detect/reservoir.h"
#include "agent/core/detect/rolling_window.h"
#include "agent/core/detect/tail_history.h"
#include "base/result.h"
#include "base/rng.h"
#include "schemas/wire/model.h"

namespace bw::agent {

inline constexpr std::size_t kMaxMetrics = 64;

struct ScorerOptions {
  std::size_t metrics = kMaxMetrics;  // room for so many, kMaxMetrics at most
  std::size_t window = 10;            // rows of the rolling features
  std::size_t slow_window = 30;       // and of the slow ones
  std::size_t trees = 100;
  std::size_t subsample = 256;
  std::size_t reservoir = 1024;    // rows kept to learn from
  std::size_t horizon = 1U << 17;  // rows after which what was learnt has faded to a third
  double share = 0.6;              // of the variance that the usual directions hold
  double least_of_range = 0.01;    // a spread is no less than this share of the range seen
  double least_of_size = 1e-3;     // and than this share of the largest value seen
  // A metric whose values all lie in 0 to 1 is taken for a share, with the whole as its range.
  bool guess_shares = true;
  std::uint64_t seed = 0;
};

class Scorer {
 public:
  // Residuals of values, rolling and slow features; the forest; the distance.
  static constexpr std::size_t kParts = kGroups + 2;
  // Rows that are learnt before the first training, which takes some tens of rows more: then comes
  // the first score that says something.
  static constexpr std::size_t kFirstRows = 64;
  // Training that a row pays for, in numbers touched, of a nanosecond or less: no row costs visibly
  // more than others. One slice alone may be larger, kMostWork at most: a step of the iteration of
  // many metrics.
  static constexpr std::size_t kWorkARow = 250'000;
  static constexpr std::size_t kMostWork = 450'000;

  explicit Scorer(const ScorerOptions& options);

  // The row's surprise: about the logarithm of how rare it is, summed over the parts; 0 until there
  // is something to compare with. What is not finite is taken as missing. `row` has a value a
  // metric, in the order they were declared: fewer than there is room for are no fault.
  double score(std::span<const double> row);

  // The row scored last is usual: learn from it, and do a slice of the training that is due.
  void learn();

  // What is known, for a node of the same class or for after a restart. So many of the rows learnt
  // from go along, an even sample; with all of them (or more than there are) learning can go on
  // from it. Fills what is the scorer's own; names, times and id are the caller's.
  void save(wire::Model& model, std::size_t rows = 0) const;
  // Takes it over in place of all that was learnt here: rows score at once. Where all rows learnt
  // from came along, learning goes on as if it had never stopped; else what is known stands until
  // a reservoir of rows was learnt, those that came along among them. The model's metrics have the
  // first places, in its order. Fails, and changes nothing, where the model does not fit in here
  // or its numbers cannot be.
  Result<void> load(const wire::Model& model);

  // What came lately is the new normal: learn it fast.
  void hurry();
  // Forgets all that was learnt, as if just constructed; ranges stay.
  void relearn();
  // A metric's nominal range, where its unit has one: 0 to 100 for percent. It is taken for the
  // range seen, and stands in for guess_shares. `low` below `high`, both finite.
  void set_range(std::size_t metric, double low, double high);
  void clear_range(std::size_t metric) { ranges_[metric] = {}; }
  // The rows before this one were long ago: rolling features begin anew.
  void forget_window() {
    window_.clear();
    slow_window_.clear();
  }

  bool ready() const { return ready_; }
  std::uint64_t learnt() const { return learnt_; }
  std::size_t work() const { return work_; }  // of training that the last learn() did
  std::array<double, kParts> parts() const { return surprises_; }
  const Reference& reference() const { return reference_; }
  const Reservoir& reservoir() const { return reservoir_; }
  // Of the row scored last: features, scaled features, and their residuals, by the same places.
  std::span<const float> features() const { return features_; }
  std::span<const float> scaled() const { return scaled_; }
  std::span<const float> residuals() const { return residuals_; }
  double origin(std::size_t metric) const { return origins_[metric]; }
  std::size_t metrics() const { return options_.metrics; }

  std::size_t bytes() const;

 private:
  struct Extent {
    float low = 0;
    float high = 0;
    bool any = false;
  };
  struct Range {
    double low = 0;
    double high = 0;  // the same: no range
  };
  struct Moments {
    double mean = 0;
    double variance = 0;
    double rows = 0;
  };

  void take_values(std::span<const double> row);
  std::array<double, kParts> measure(std::span<const float> features);
  void take_residuals();
  void imagine_missing();
  void note_extents();
  void note_moments();
  void note_residuals();
  void adopt_residuals();
  void set_least();
  bool spend(std::size_t cost);
  std::size_t tree_cost() const;
  void begin_training();
  void go_on_training();
  void end_training();
  void train_a_slice();
  void replace_a_tree();
  void adopt_reference(const wire::Model& model, std::size_t metrics);
  void save_sample(wire::Model& model, std::size_t rows) const;
  void adopt_sample(const wire::Model& model, std::size_t metrics);
  void adopt_forest(const IsolationForest& forest, std::size_t metrics);

  ScorerOptions options_;
  Rng rng_;
  std::vector<double> origins_;  // a metric's first value: what floats are counted from
  std::vector<std::uint8_t> has_origin_;
  std::vector<Range> ranges_;
  std::vector<Extent> extents_;            // of learnt values, less their origin
  std::vector<Moments> moments_;           // of learnt features
  std::vector<double> residual_squares_;   // means over learnt rows, by the places of features
  std::vector<double> deviation_squares_;  // that residuals are now counted in
  double residual_rows_ = 0;
  RollingWindow window_;
  RollingWindow slow_window_;
  Reservoir reservoir_;
  Reference reference_;
  ReferenceFitter fitter_;
  std::optional<IsolationForest> forest_;
  std::optional<TreeGrower> grower_;
  GrownTree grown_;
  std::size_t next_tree_ = 0;
  std::array<TailHistory, kParts> histories_;

  // A first training that is on: how far it is, and what it has made.
  enum class Stage : std::uint8_t { none, trees, reference, measures };
  Stage stage_ = Stage::none;
  std::size_t stage_at_ = 0;
  Reference next_reference_;
  std::vector<TailHistory> next_histories_;
  std::size_t work_ = 0;  // of the last learn()

  std::vector<float> features_;
  std::vector<float> scaled_;
  std::vector<float> forest_row_;
  std::vector<float> residuals_;
  std::vector<std::uint32_t> missing_;  // features of the row that is measured
  std::array<double, kParts> measures_{};
  std::array<double, kParts> surprises_{};
  std::uint64_t learnt_ = 0;
  bool ready_ = false;
  bool given_ = false;  // what is known was loaded, and stands until enough is learnt here
  std::uint64_t paced_from_ = 0;  // rows learnt before training was last hurried
  double due_slices_ = 0;
  double due_trees_ = 0;
};

}  // namespace bw::agent
