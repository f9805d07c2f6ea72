// How well scores and alarms agree with labels.
//
// Average precision and ROC-AUC as scikit-learn has them, of the scores alone; the rest of the
// alarms that were raised. No point-adjusted F1, which random scores reach .88 of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace bw::cli {

struct DetectMetrics {
  std::size_t rows = 0;
  std::size_t labelled_rows = 0;
  std::size_t events = 0;          // stretches of labelled rows
  std::size_t events_found = 0;    // with a row that was told
  std::size_t false_episodes = 0;  // without a labelled row that was told
  double false_episodes_a_day = 0;
  // Nothing where it is not defined: no rows were told, or none or all are labelled.
  std::optional<double> precision, recall, f1, average_precision, roc_auc;
};

class DetectJudge {
 public:
  static constexpr std::size_t kMostRows = std::size_t{1} << 26;

  // `episode`: the number of the one that the row was told in, ascending; 0: it was not told.
  void add(double score, std::uint64_t episode, bool labelled);
  std::size_t rows() const { return scores_.size(); }
  DetectMetrics finish(double rows_a_day);

 private:
  struct Scored {
    float score = 0;
    bool labelled = false;
  };
  void end_episode();
  void add_ranking(DetectMetrics& out);

  std::vector<Scored> scores_;
  DetectMetrics counts_;
  std::size_t told_rows_ = 0;
  std::size_t both_ = 0;
  bool in_event_ = false;
  bool event_found_ = false;
  std::uint64_t episode_ = 0;  // that was told last; 0: none yet
  bool episode_touches_ = false;
};

}  // namespace bw::cli
