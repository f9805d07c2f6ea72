#include "coordinator/cli/detect_metrics.h"

#include <algorithm>

namespace bw::cli {

void DetectJudge::end_episode() {
  if (episode_ != 0 && !episode_touches_) ++counts_.false_episodes;
  episode_touches_ = false;
}

void DetectJudge::add(double score, std::uint64_t episode, bool labelled) {
  const bool told = episode != 0;
  scores_.push_back({static_cast<float>(score), labelled});
  if (told) ++told_rows_;
  if (told && labelled) ++both_;
  if (labelled) {
    ++counts_.labelled_rows;
    if (!in_event_) {
      ++counts_.events;
      event_found_ = false;
    }
    if (told && !event_found_) {
      event_found_ = true;
      ++counts_.events_found;
    }
  }
  in_event_ = labelled;
  if (!told) return;
  if (episode != episode_) end_episode();
  episode_ = episode;
  episode_touches_ = episode_touches_ || labelled;
}

void DetectJudge::add_ranking(DetectMetrics& out) {
  const double positives = static_cast<double>(out.labelled_rows);
  const double negatives = static_cast<double>(out.rows) - positives;
  std::sort(scores_.begin(), scores_.end(),
            [](const Scored& a, const Scored& b) { return a.score > b.score; });
  double found = 0;
  double seen = 0;
  double precision_sum = 0;
  double pairs = 0;  // of a labelled and another row, in the right order; those alike count half
  for (std::size_t i = 0; i < scores_.size();) {
    double alike_found = 0;
    double alike = 0;
    const float score = scores_[i].score;
    for (; i < scores_.size() && scores_[i].score == score; ++i) {
      alike += 1;
      alike_found += scores_[i].labelled ? 1 : 0;
    }
    const double alike_others = alike - alike_found;
    pairs += alike_others * found + alike_others * alike_found / 2;
    found += alike_found;
    seen += alike;
    precision_sum += alike_found * found / seen;
  }
  if (positives == 0) return;
  out.average_precision = precision_sum / positives;
  if (negatives > 0) out.roc_auc = pairs / (positives * negatives);
}

DetectMetrics DetectJudge::finish(double rows_a_day) {
  end_episode();
  DetectMetrics out = counts_;
  out.rows = scores_.size();
  const double days = static_cast<double>(out.rows) / rows_a_day;
  if (days > 0) out.false_episodes_a_day = static_cast<double>(out.false_episodes) / days;
  const auto both = static_cast<double>(both_);
  if (told_rows_ > 0) out.precision = both / static_cast<double>(told_rows_);
  if (out.labelled_rows > 0) out.recall = both / static_cast<double>(out.labelled_rows);
  const auto sum = static_cast<double>(told_rows_ + out.labelled_rows);
  if (out.labelled_rows > 0) out.f1 = 2 * both / sum;
  add_ranking(out);
  return out;
}

}  // namespace bw::cli
