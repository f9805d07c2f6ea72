#include "agent/core/detect/explanation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/portable_math.h"

namespace bw::agent {

namespace {

constexpr double kLeastShare = 0.02;
constexpr float kNotable = 2;  // scaled: what lies nearer to the usual is usual

double log_square(float value) {
  return portable_log(1 + static_cast<double>(value) * value);
}

Deviation deviation_of(const Scorer& scorer, std::size_t metric) {
  const std::size_t metrics = scorer.metrics();
  const auto scaled = scorer.scaled();
  // Value, short mean and long mean: the one that is farthest out says which way.
  float farthest = 0;
  for (const std::size_t kind : {0U, 1U, 3U}) {
    const float here = scaled[kind * metrics + metric];
    if (std::fabs(here) > std::fabs(farthest)) farthest = here;
  }
  float restless = 0;
  for (const std::size_t kind : {2U, 4U}) {
    const float here = scaled[kind * metrics + metric];
    if (std::fabs(here) > std::fabs(restless)) restless = here;
  }
  if (std::fabs(farthest) >= kNotable) return farthest > 0 ? Deviation::above : Deviation::below;
  if (std::fabs(restless) >= kNotable) {
    return restless > 0 ? Deviation::restless : Deviation::still;
  }
  return Deviation::unlike;
}

}  // namespace

std::vector<double> contributions(const Scorer& scorer) {
  const std::size_t metrics = scorer.metrics();
  std::vector<double> made(metrics);
  if (!scorer.ready()) return made;
  const auto scaled = scorer.scaled();
  const auto residuals = scorer.residuals();
  for (std::size_t metric = 0; metric < metrics; ++metric) {
    for (std::size_t kind = 0; kind < kFeaturesAMetric; ++kind) {
      const std::size_t at = kind * metrics + metric;
      made[metric] += log_square(scaled[at]) + log_square(residuals[at]);
    }
  }
  return made;
}

std::vector<Cause> explain(const Scorer& scorer) {
  const std::vector<double> parts = contributions(scorer);
  const double all = std::accumulate(parts.begin(), parts.end(), 0.0);
  std::vector<Cause> causes;
  if (!(all > 0)) return causes;
  std::vector<std::size_t> order(parts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return parts[a] > parts[b]; });
  // Where many metrics have a small share each, the largest are told all the same.
  const double least = std::min(kLeastShare, parts[order.front()] / all / 2);
  for (const std::size_t metric : order) {
    const double share = parts[metric] / all;
    if (share < least || causes.size() == kMaxCauses) break;
    const Column& column = scorer.reference().columns[metric];
    const double origin = scorer.origin(metric);
    causes.push_back({metric, share, origin + scorer.features()[metric], origin + column.low,
                      origin + column.high, deviation_of(scorer, metric)});
  }
  return causes;
}

}  // namespace bw::agent
