#include "agent/core/detect/drift.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/assert.h"
#include "base/portable_math.h"

namespace bw::agent {

namespace {

constexpr std::size_t kDriftBins = 10;
constexpr double kDriftUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr double kWorthAWord = 0.1;
constexpr double kHoursADay = 24;

using DriftEdges = std::array<float, kDriftBins - 1>;
using DriftCounts = std::array<std::size_t, kDriftBins>;

// Deciles, each looked for in what the last one left above it.
DriftEdges deciles_of(std::vector<float>& values) {
  DriftEdges edges{};
  auto from = values.begin();
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const std::size_t place = (values.size() - 1) * (i + 1) / kDriftBins;
    const auto wanted = values.begin() + static_cast<std::ptrdiff_t>(place);
    std::nth_element(from, wanted, values.end());
    edges[i] = *wanted;
    from = wanted;
  }
  // A value that many have: one edge at it and one right below, so that its bin is its own.
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    const bool first = i == 0 || edges[i - 1] < edges[i];
    if (first && edges[i] == edges[i + 1]) {
      edges[i] = std::nextafter(edges[i], -std::numeric_limits<float>::infinity());
    }
  }
  return edges;
}

// Bin k holds what is above k of the edges. No branch: compilers take eight values at once.
DriftCounts count_bins(const std::vector<float>& values, const DriftEdges& edges) {
  std::array<std::size_t, kDriftBins> above{};
  above[0] = values.size();
  for (std::size_t i = 0; i < edges.size(); ++i) {
    std::uint32_t count = 0;
    for (const float value : values) count += value > edges[i] ? 1U : 0U;
    above[i + 1] = count;
  }
  DriftCounts counts{};
  for (std::size_t i = 0; i < kDriftBins; ++i) {
    counts[i] = above[i] - (i + 1 < kDriftBins ? above[i + 1] : 0);
  }
  return counts;
}

void leave_out_missing(std::vector<float>& values) {
  std::erase_if(values, [](float value) { return std::isnan(value); });
}

bool vary(const std::vector<float>& reference, const std::vector<float>& recent) {
  if (reference.empty() || recent.empty()) return false;
  const float first = reference.front();
  const auto other = [&](float value) { return value != first; };
  return std::ranges::any_of(reference, other) || std::ranges::any_of(recent, other);
}

}  // namespace

double population_stability(std::vector<float>& reference, std::vector<float>& recent) {
  leave_out_missing(reference);
  leave_out_missing(recent);
  if (reference.size() < kFewestOfDrift || recent.size() < kFewestOfDrift) return kDriftUnknown;
  const DriftEdges edges = deciles_of(reference);
  const DriftCounts before = count_bins(reference, edges);
  const DriftCounts now = count_bins(recent, edges);
  const auto rows_before = static_cast<double>(reference.size());
  const auto rows_now = static_cast<double>(recent.size());
  double index = 0;
  double bins = 0;  // that anything is in
  for (std::size_t i = 0; i < kDriftBins; ++i) {
    if (before[i] + now[i] == 0) continue;
    ++bins;
    // Half a row in each, so that an empty bin's logarithm is one.
    const double p = (static_cast<double>(before[i]) + 0.5) / (rows_before + 0.5 * kDriftBins);
    const double q = (static_cast<double>(now[i]) + 0.5) / (rows_now + 0.5 * kDriftBins);
    index += (q - p) * portable_log(q / p);
  }
  const double by_chance = (bins - 1) * (1 / rows_before + 1 / rows_now);
  return std::max(0.0, index - by_chance);
}

Drift::Drift(std::size_t metrics)
    : metrics_(metrics),
      recent_(kRecent * metrics),
      indices_(metrics, kDriftUnknown),
      varies_(metrics) {
  of_reference_.reserve(kReference);
  of_recent_.reserve(kRecent);
}

void Drift::clear() {
  rows_ = next_row_ = next_metric_ = 0;
  high_rounds_ = 0;
  std::fill(indices_.begin(), indices_.end(), kDriftUnknown);
  std::fill(varies_.begin(), varies_.end(), std::uint8_t{0});
}

void Drift::step(Instant now, std::span<const float> values, const Reservoir& learnt) {
  BW_ASSERT(values.size() == metrics_ && learnt.width() >= metrics_);
  if (now >= next_taken_) {
    next_taken_ = now + kWindow / kRecent;
    std::copy(values.begin(), values.end(),
              recent_.begin() + static_cast<std::ptrdiff_t>(next_row_ * metrics_));
    next_row_ = (next_row_ + 1) % kRecent;
    rows_ = std::min(rows_ + 1, kRecent);
  }
  if (now < next_look_) return;
  next_look_ = now + kRound / metrics_;
  if (rows_ < kFewestOfDrift || learnt.rows() < kReference) return;
  look_at(next_metric_, learnt);
  next_metric_ = (next_metric_ + 1) % metrics_;
  if (next_metric_ != 0) return;
  const bool high = rows_ == kRecent && mean() > kDrifted;
  high_rounds_ = high ? high_rounds_ + 1 : 0;
}

void Drift::look_at(std::size_t metric, const Reservoir& learnt) {
  of_reference_.clear();
  of_recent_.clear();
  const std::size_t count = std::min(learnt.rows(), kReference);
  for (std::size_t i = 0; i < count; ++i) {
    of_reference_.push_back(learnt.row(i * learnt.rows() / count)[metric]);
  }
  for (std::size_t i = 0; i < rows_; ++i) of_recent_.push_back(recent_[i * metrics_ + metric]);
  indices_[metric] = population_stability(of_reference_, of_recent_);
  varies_[metric] = vary(of_reference_, of_recent_) ? 1 : 0;
}

double Drift::mean() const {
  double sum = 0;
  double count = 0;
  bool known = false;
  for (std::size_t metric = 0; metric < metrics_; ++metric) {
    if (std::isnan(indices_[metric])) continue;
    known = true;
    if (varies_[metric] == 0) continue;
    sum += std::min(1.0, indices_[metric]);
    ++count;
  }
  if (!known) return kDriftUnknown;
  return count > 0 ? sum / count : 0;
}

std::vector<MetricDrift> Drift::worst() const {
  std::vector<MetricDrift> found;
  for (std::size_t metric = 0; metric < metrics_; ++metric) {
    if (indices_[metric] > kWorthAWord) found.push_back({metric, indices_[metric]});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const MetricDrift& a, const MetricDrift& b) { return a.index > b.index; });
  if (found.size() > kMostDrifted) found.resize(kMostDrifted);
  return found;
}

std::size_t Drift::bytes() const {
  return (recent_.capacity() + of_reference_.capacity() + of_recent_.capacity()) * sizeof(float) +
         indices_.capacity() * sizeof(double) + varies_.capacity();
}

void EpisodeRate::watch_from(Instant now) {
  if (watched_) return;
  watched_ = true;
  watched_from_ = now;
}

void EpisodeRate::add(Instant start) {
  starts_[count_ % kMost] = start;
  ++count_;
}

EpisodeRate::Seen EpisodeRate::since(Instant begin, Instant now) const {
  if (!watched_) return {};
  Instant from = std::max({watched_from_, begin, now - kWindow});
  // Where more began than are remembered, it is those remembered that count.
  if (count_ >= kMost) from = std::max(from, starts_[count_ % kMost]);
  Seen seen;
  for (std::size_t i = 0; i < std::min<std::uint64_t>(count_, kMost); ++i) {
    seen.episodes += starts_[i] >= from ? 1 : 0;
  }
  seen.days = to_seconds(now - from) / (kHoursADay * 3600);
  return seen;
}

double EpisodeRate::a_day(Instant now) const {
  const Seen seen = since(Instant::min(), now);
  if (seen.days * kHoursADay < 1) return kDriftUnknown;
  return static_cast<double>(seen.episodes) / seen.days;
}

bool EpisodeRate::too_many(Instant now) const {
  const Seen seen = since(acquitted_, now);
  if (seen.days < 1 || !(wanted_ > 0)) return false;
  return poisson_at_least(seen.episodes, wanted_ * seen.days) < kImprobable;
}

double poisson_at_least(std::size_t count, double due) {
  double term = portable_exp(-due);
  double below = 0;
  for (std::size_t i = 0; i < count; ++i) {
    below += term;
    term *= due / static_cast<double>(i + 1);
  }
  return std::max(0.0, 1 - below);
}

}  // namespace bw::agent
