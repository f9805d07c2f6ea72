#include "agent/core/detect/peaks_threshold.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/portable_math.h"

namespace bw::agent {

namespace {

constexpr double kMostShape = 0.5;
constexpr int kGrid = 12;
constexpr int kRefinements = 10;
constexpr std::size_t kRefitAfter = 16;       // peaks
constexpr std::uint64_t kFitAtDoublings = 2;  // of the rows, however few peaks there are

// Grimshaw's profile: for theta = shape / scale the best shape is mean log(1 + theta y), and the
// likelihood a function of theta alone.
struct Profile {
  double theta = 0;
  double shape = 0;
  double likelihood = -std::numeric_limits<double>::infinity();
};

// Few peaks seem heavier in the tail than they are, which sends the threshold out of all reach: the
// likelihood is penalised after Coles and Dixon, "Likelihood-Based Inference for Extreme Value
// Models", Extremes 2, 1999. With many peaks it hardly counts.
double penalty(double shape) {
  return shape > 0 ? shape / (1 - shape) : 0;
}

Profile at_theta(const std::vector<double>& excesses, double mean, double theta) {
  if (theta == 0) return {0, 0, -portable_log(mean) - 1};
  double sum = 0;
  double product = 1;
  for (const double excess : excesses) {
    const double factor = 1 + theta * excess;
    if (!(factor > 0)) return {theta};
    product *= factor;
    if (product > 1e200 || product < 1e-200) {
      sum += portable_log(product);
      product = 1;
    }
  }
  const auto count = static_cast<double>(excesses.size());
  const double shape = (sum + portable_log(product)) / count;
  if (shape == 0 || std::fabs(shape) > kMostShape) return {theta, shape};
  return {theta, shape, -portable_log(shape / theta) - shape - 1 - penalty(shape) / count};
}

}  // namespace

ParetoFit fit_pareto(const std::vector<double>& excesses) {
  double sum = 0;
  double most = 0;
  for (const double excess : excesses) {
    sum += excess;
    most = std::max(most, excess);
  }
  if (!(most > 0)) return {0, 0};
  const double mean = sum / static_cast<double>(excesses.size());
  const double low = -0.999 / most;
  const double high = 2 / mean;
  const double step = (high - low) / kGrid;
  Profile best = at_theta(excesses, mean, 0);
  for (int i = 0; i <= kGrid; ++i) {
    const Profile here = at_theta(excesses, mean, low + i * step);
    if (here.likelihood > best.likelihood) best = here;
  }
  double width = step / 2;
  for (int i = 0; i < kRefinements; ++i, width /= 2) {
    const Profile below = at_theta(excesses, mean, best.theta - width);
    const Profile above = at_theta(excesses, mean, best.theta + width);
    if (below.likelihood > best.likelihood) best = below;
    if (above.likelihood > best.likelihood) best = above;
  }
  if (best.theta == 0) return {0, mean};
  return {best.shape, best.shape / best.theta};
}

PeaksThreshold::PeaksThreshold(const PeaksOptions& options)
    : options_(options),
      history_(options.history, options.horizon),
      threshold_(std::numeric_limits<double>::infinity()) {
  peaks_.reserve(options.most_peaks);
  excesses_.reserve(options.most_peaks);
}

void PeaksThreshold::add(double score, Rng& rng) {
  if (!std::isfinite(score)) return;
  ++rows_;
  history_.add(score, rng);
  if (score > history_.edge()) {
    run_top_ = in_run_ ? std::max(run_top_, score) : score;
    in_run_ = true;
    run_quiet_ = 0;
  } else if (in_run_ && ++run_quiet_ >= options_.apart) {
    in_run_ = false;
    take_peak();
  }
  if (!ready()) return;
  if (fitted_at_ == 0 || new_peaks_ >= kRefitAfter || rows_ >= kFitAtDoublings * fitted_at_) fit();
}

void PeaksThreshold::take_peak() {
  const Peak peak{run_top_, rows_};
  if (peaks_.size() < options_.most_peaks) {
    peaks_.push_back(peak);
  } else {
    peaks_[next_peak_] = peak;
    next_peak_ = (next_peak_ + 1) % options_.most_peaks;
  }
  ++new_peaks_;
}

void PeaksThreshold::fit() {
  fitted_at_ = rows_;
  new_peaks_ = 0;
  excesses_.clear();
  const double base = history_.edge();
  for (const Peak& peak : peaks_) {
    if (peak.top > base) excesses_.push_back(peak.top - base);
  }
  // The rows these peaks are of: those since the oldest that is remembered.
  const bool full = peaks_.size() == options_.most_peaks;
  const std::uint64_t since = full ? peaks_[next_peak_].row : 0;
  const double rows = std::max(1.0, static_cast<double>(rows_ - since));
  const ParetoFit pareto = fit_pareto(excesses_);
  const double rate = static_cast<double>(excesses_.size()) / rows;
  // Wanted more often than the base is passed at all: the base.
  const double rarer = std::max(rate / options_.episodes_a_row, 1.0);
  const double log_rarer = portable_log(rarer);
  const double beyond = pareto.shape == 0 ? pareto.scale * log_rarer
                                          : pareto.scale / pareto.shape *
                                                (portable_exp(pareto.shape * log_rarer) - 1);
  threshold_ = base + beyond;
}

void PeaksThreshold::save(wire::PeaksModel& model) const {
  model = {};
  model.rows = rows_;
  model.base = {history_.values(), history_.excess(), history_.excesses(), history_.seen()};
  if (fitted_at_ > 0) model.threshold = threshold_;
  model.fitted_at = fitted_at_;
  model.episodes_a_row = options_.episodes_a_row;
  for (std::size_t i = 0; i < peaks_.size(); ++i) {
    const Peak& peak = peaks_[(next_peak_ + i) % peaks_.size()];
    model.tops.push_back(peak.top);
    model.at.push_back(peak.row);
  }
}

void PeaksThreshold::load(const wire::PeaksModel& model, Rng& rng) {
  history_.restore(model.base.values, model.base.excess, model.base.excesses, model.base.seen, rng);
  peaks_.clear();
  next_peak_ = 0;
  in_run_ = false;
  for (std::size_t i = 0; i < model.tops.size(); ++i) {
    rows_ = model.at[i];
    run_top_ = model.tops[i];
    take_peak();
  }
  rows_ = model.rows;
  new_peaks_ = 0;
  if (model.threshold > 0 && model.episodes_a_row == options_.episodes_a_row) {
    threshold_ = model.threshold;
    fitted_at_ = model.fitted_at;
    const auto later = [&](std::uint64_t at) { return at > fitted_at_; };
    new_peaks_ = static_cast<std::size_t>(std::ranges::count_if(model.at, later));
    return;
  }
  fitted_at_ = 0;
  if (ready()) fit();
}

std::size_t PeaksThreshold::bytes() const {
  return history_.bytes() + peaks_.capacity() * sizeof(Peak) +
         excesses_.capacity() * sizeof(double);
}

}  // namespace bw::agent
