// The scorer as a message and back: its members save() and load().
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "agent/core/detect/forest_model.h"
#include "agent/core/detect/scorer.h"

namespace bw::agent {

namespace {

// What numbers a scorer itself can come to, amply: with these, nothing that is made of them is
// infinite. Values are cut at 1e30, and deviations of such may be rounded up.
constexpr double kLargestValue = 2e30;
constexpr double kLargestScore = 1e4;  // five surprises, each damped
constexpr double kLargestScale = 1e6;  // of residuals, either way
constexpr double kLargestRows = 1e15;
constexpr double kLargestLength = 1.001;  // of a direction, squared: 1, rounded

bool within(double value, double largest) {
  return std::fabs(value) <= largest;  // false for NaN
}

template <typename T>
bool all_within(const std::vector<T>& values, double largest) {
  return std::ranges::all_of(values, [&](T value) { return within(value, largest); });
}

template <typename T>
bool all_from_to(const std::vector<T>& values, double least, double largest) {
  return std::ranges::all_of(values, [&](T value) { return value >= least && value <= largest; });
}

bool possible(const wire::SubspaceModel& model, std::size_t width) {
  if (model.mean.size() != width || model.inverse_deviation.size() != width ||
      model.directions > kMaxDirections || model.basis.size() != model.directions * width) {
    return false;
  }
  // What is longer than 1 would make residuals grow from one direction to the next.
  for (std::size_t d = 0; d < model.directions; ++d) {
    double square = 0;
    for (std::size_t i = 0; i < width; ++i) {
      square += static_cast<double>(model.basis[d * width + i]) * model.basis[d * width + i];
    }
    if (!(square <= kLargestLength)) return false;
  }
  return all_within(model.mean, 2 * kFarthest) &&
         all_from_to(model.inverse_deviation, 1 / kLargestScale, kLargestScale);
}

bool possible(const wire::HistoryModel& model) {
  return all_within(model.values, kLargestValue) && model.excess >= 0 &&
         model.excess <= kLargestValue && model.excesses >= 0 && model.excesses <= kLargestRows;
}

bool possible(const wire::PeaksModel& peaks) {
  std::uint64_t last = 0;
  for (const std::uint64_t at : peaks.at) {
    if (at < last || at > peaks.rows) return false;
    last = at;
  }
  return peaks.tops.size() == peaks.at.size() && all_from_to(peaks.tops, 0, kLargestScore) &&
         static_cast<double>(peaks.rows) <= kLargestRows && possible(peaks.base) &&
         peaks.fitted_at <= peaks.rows && peaks.threshold >= 0 &&
         peaks.threshold <= kLargestValue && all_within(peaks.base.values, kLargestScore);
}

// What learning goes on from.
std::optional<Error> problem_of_sample(const wire::Model& model) {
  const auto wrong = [](const char* what) { return Error{std::string("model: ") + what}; };
  const std::size_t metrics = model.metrics.size();
  const std::size_t features = kFeaturesAMetric * metrics;
  if (model.sample.size() != model.sample_rows * features || model.lowest.size() != metrics ||
      model.highest.size() != metrics || model.means.size() != features ||
      model.variances.size() != features || model.counts.size() != features ||
      model.residual_squares.size() != features) {
    return wrong("its sample's lists have other lengths than its metrics");
  }
  const auto missing_or_within = [](float value) {
    return std::isnan(value) || within(value, kLargestValue);
  };
  if (!std::ranges::all_of(model.sample, missing_or_within)) return wrong("a row of its sample");
  if (!all_within(model.lowest, kLargestValue) || !all_within(model.highest, kLargestValue) ||
      !all_within(model.means, kLargestValue) ||
      !all_from_to(model.variances, 0, kLargestValue * kLargestValue) ||
      !all_from_to(model.counts, 0, kLargestRows) ||
      !all_from_to(model.residual_squares, 0, kLargestScale * kLargestScale) ||
      !(model.residual_rows >= 0 && model.residual_rows <= kLargestRows) ||
      static_cast<double>(model.rows) > kLargestRows) {
    return wrong("what its sample is of");
  }
  if (!possible(model.peaks)) return wrong("its peaks");
  return std::nullopt;
}

std::optional<Error> problem(const wire::Model& model, std::size_t room, std::size_t parts) {
  const std::size_t metrics = model.metrics.size();
  const auto wrong = [](const std::string& what) { return Error{"model: " + what}; };
  if (metrics == 0) return wrong("it names no metrics");
  if (metrics > room) {
    return wrong("it is of " + std::to_string(metrics) + " metrics, and there is room for " +
                 std::to_string(room));
  }
  const std::size_t features = kFeaturesAMetric * metrics;
  for (const auto* list :
       {&model.medians, &model.inverse_scales, &model.farthest, &model.lows, &model.highs}) {
    if (list->size() != features) return wrong("its lists have other lengths than its metrics");
    if (!all_within(*list, kLargestValue)) return wrong("a feature's number is not finite");
  }
  if (model.origins.size() != metrics)
    return wrong("its lists have other lengths than its metrics");
  if (!all_within(model.origins, std::numeric_limits<double>::max())) {
    return wrong("an origin is not finite");
  }
  if (!all_from_to(model.inverse_scales, 0, kLargestValue) ||
      !all_from_to(model.farthest, 0, kFarthest)) {
    return wrong("a scale that cannot be");
  }
  if (model.subspaces.size() != kGroups) return wrong("number of groups");
  for (std::size_t group = 0; group < kGroups; ++group) {
    if (!possible(model.subspaces[group], place_of(group, metrics).count)) {
      return wrong("a group's directions");
    }
  }
  if (model.histories.size() != parts) return wrong("number of parts");
  if (!std::ranges::all_of(model.histories, [](const auto& one) { return possible(one); })) {
    return wrong("a part's history");
  }
  if (!(model.threshold >= 0 && model.threshold <= kLargestValue)) return wrong("threshold");
  if (model.sample_rows > 0) return problem_of_sample(model);
  return std::nullopt;
}

// Where feature `at` of so many metrics lies among those of `room` metrics.
std::size_t moved(std::size_t at, std::size_t metrics, std::size_t room) {
  return at / metrics * room + at % metrics;
}

}  // namespace

void Scorer::save(wire::Model& model, std::size_t rows) const {
  if (!ready()) return;
  model.forest = to_model(*forest_);
  model.rows = learnt_;
  model.origins = origins_;
  for (const Column& column : reference_.columns) {
    model.medians.push_back(column.median);
    model.inverse_scales.push_back(column.inverse_scale);
    model.farthest.push_back(column.farthest);
    model.lows.push_back(column.low);
    model.highs.push_back(column.high);
  }
  for (const Subspace& subspace : reference_.subspaces) {
    model.subspaces.push_back({static_cast<std::uint8_t>(subspace.directions), subspace.mean,
                               subspace.basis, subspace.inverse_deviation});
  }
  for (const TailHistory& history : histories_) {
    model.histories.push_back({history.values(), history.excess(), history.excesses()});
  }
  model.borrowed = given_ || rows < reservoir_.rows();
  if (rows > 0 && reservoir_.rows() > 0) save_sample(model, std::min(rows, reservoir_.rows()));
}

// An even sample: rows of the reservoir lie in no order once it is full, and by age before.
void Scorer::save_sample(wire::Model& model, std::size_t rows) const {
  const bool whole = rows == reservoir_.rows();
  model.sample_rows = static_cast<std::uint32_t>(rows);
  model.sample_seen = whole ? reservoir_.seen() : rows;
  model.hurried_at = paced_from_;
  model.sample.reserve(rows * reservoir_.width());
  for (std::size_t i = 0; i < rows; ++i) {
    const auto row = reservoir_.row(i * reservoir_.rows() / rows);
    model.sample.insert(model.sample.end(), row.begin(), row.end());
  }
  for (const Extent& extent : extents_) {
    model.lowest.push_back(extent.any ? extent.low : 1);
    model.highest.push_back(extent.any ? extent.high : 0);
  }
  for (const Moments& moments : moments_) {
    model.means.push_back(moments.mean);
    model.variances.push_back(moments.variance);
    model.counts.push_back(moments.rows);
  }
  for (const double square : residual_squares_) {
    model.residual_squares.push_back(static_cast<float>(square));
  }
  model.residual_rows = residual_rows_;
  if (model.borrowed) return;
  for (std::size_t part = 0; part < kParts; ++part) {
    model.histories[part].seen = histories_[part].seen();
  }
}

Result<void> Scorer::load(const wire::Model& model) {
  if (auto error = problem(model, options_.metrics, kParts)) return *error;
  auto forest = from_model(model.forest);
  if (!forest) return forest.error().within("model");
  const std::size_t metrics = model.metrics.size();
  if (forest->features() != 2 * metrics || forest->extension() != 0) {
    return Error{"model: its forest is of other features than its metrics"};
  }
  if (forest->trees() > options_.trees || forest->subsample() > options_.subsample) {
    return Error{"model: its forest is larger than there is room for"};
  }
  relearn();
  adopt_reference(model, metrics);
  adopt_forest(*forest, metrics);
  for (std::size_t part = 0; part < kParts; ++part) {
    const wire::HistoryModel& history = model.histories[part];
    histories_[part].restore(history.values, history.excess, history.excesses, history.seen, rng_);
  }
  ready_ = true;
  given_ = model.borrowed || model.sample_rows == 0;
  if (model.sample_rows > 0) adopt_sample(model, metrics);
  return {};
}

void Scorer::adopt_reference(const wire::Model& model, std::size_t metrics) {
  const std::size_t room = options_.metrics;
  reference_ = {};
  reference_.columns.resize(kFeaturesAMetric * room);
  reference_.rows = options_.reservoir;
  for (std::size_t i = 0; i < metrics; ++i) {
    origins_[i] = model.origins[i];
    has_origin_[i] = 1;
  }
  for (std::size_t at = 0; at < kFeaturesAMetric * metrics; ++at) {
    reference_.columns[moved(at, metrics, room)] = {model.medians[at], model.inverse_scales[at],
                                                    model.farthest[at], model.lows[at],
                                                    model.highs[at]};
  }
  residual_rows_ = static_cast<double>(options_.reservoir);
  for (std::size_t group = 0; group < kGroups; ++group) {
    const wire::SubspaceModel& from = model.subspaces[group];
    const Place place = place_of(group, room);
    const std::size_t width = place_of(group, metrics).count;
    Subspace& to = reference_.subspaces[group];
    to.width = place.count;
    to.directions = from.directions;
    to.mean.assign(place.count, 0);
    to.basis.assign(from.directions * place.count, 0);
    to.inverse_deviation.assign(place.count, 1);
    for (std::size_t at = 0; at < width; ++at) {
      const std::size_t there = moved(at, metrics, room);
      to.mean[there] = from.mean[at];
      to.inverse_deviation[there] = from.inverse_deviation[at];
      for (std::size_t d = 0; d < from.directions; ++d) {
        to.basis[d * place.count + there] = from.basis[d * width + at];
      }
    }
    for (std::size_t at = 0; at < place.count; ++at) {
      const double deviation = 1 / static_cast<double>(to.inverse_deviation[at]);
      residual_squares_[place.first + at] = deviation * deviation;
      deviation_squares_[place.first + at] = deviation * deviation;
    }
  }
}

void Scorer::adopt_sample(const wire::Model& model, std::size_t metrics) {
  const std::size_t room = options_.metrics;
  const std::size_t features = kFeaturesAMetric * metrics;
  std::vector<float> row(kFeaturesAMetric * room, std::numeric_limits<float>::quiet_NaN());
  for (std::size_t i = 0; i < model.sample_rows; ++i) {
    for (std::size_t at = 0; at < features; ++at) {
      row[moved(at, metrics, room)] = model.sample[i * features + at];
    }
    reservoir_.offer(row, rng_);
  }
  reservoir_.go_on_from(model.sample_seen);
  for (std::size_t i = 0; i < metrics; ++i) {
    const bool any = model.lowest[i] <= model.highest[i];
    if (any) extents_[i] = {model.lowest[i], model.highest[i], true};
  }
  // What is borrowed counts as many rows as came along, so that what comes soon counts more.
  const double most = static_cast<double>(model.borrowed ? model.sample_rows : options_.horizon);
  for (std::size_t at = 0; at < features; ++at) {
    moments_[moved(at, metrics, room)] = {model.means[at], model.variances[at],
                                          std::min(model.counts[at], most)};
    if (!model.borrowed) residual_squares_[moved(at, metrics, room)] = model.residual_squares[at];
  }
  if (model.borrowed) return;
  residual_rows_ = std::min(model.residual_rows, most);
  learnt_ = model.rows;
  paced_from_ = std::min(model.hurried_at, model.rows);
}

void Scorer::adopt_forest(const IsolationForest& forest, std::size_t metrics) {
  forest_.emplace(2 * options_.metrics, forest.trees(), forest.subsample(), 0);
  grower_.emplace(forest_->grower());
  next_tree_ = 0;
  for (std::size_t tree = 0; tree < forest.trees(); ++tree) {
    forest.get(tree, grown_);
    for (Split& split : grown_.splits) {
      split.feature = static_cast<std::uint32_t>(moved(split.feature, metrics, options_.metrics));
    }
    forest_->put(tree, grown_);
  }
}

}  // namespace bw::agent
