// Any bytes as a detector's model, with a checksum that holds. What the detector takes over scores
// odd rows and learns from them with finite numbers only, and is saved and taken over again.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include "agent/core/detect/detector.h"
#include "base/assert.h"
#include "base/rng.h"
#include "schemas/wire/model.h"
#include "schemas/wire/payload.h"
#include "tests/fuzz/seeded.h"

namespace {

namespace agent = bw::agent;
namespace wire = bw::wire;

constexpr std::size_t kRoom = 3;     // metrics
constexpr std::size_t kMetrics = 2;  // of the seeds: they stay below libFuzzer's 4,096 bytes
constexpr int kRows = 90;            // more than the reservoir has, so that training begins

agent::DetectorOptions options(std::size_t metrics) {
  agent::DetectorOptions options;
  options.scorer.metrics = metrics;
  options.scorer.trees = 3;
  options.scorer.subsample = 8;
  options.scorer.reservoir = 64;
  return options;
}

wire::Model taught(std::size_t rows_along) {
  agent::Detector detector(options(kMetrics));
  bw::Rng rng(1);
  bw::Instant now{};
  for (int i = 0; i < 700; ++i) {
    const std::vector<double> row{1000 + rng.unit(), -5 * rng.unit()};
    detector.step(now += std::chrono::seconds(1), {}, row);
  }
  wire::Model model = detector.save(rows_along);
  model.metrics = {"a", "b"};
  for (auto& history : model.histories) history.values.resize(16);
  return model;
}

bw::fuzz::Seeds make_seeds() {
  bw::fuzz::Seeds seeds;
  wire::Model whole = taught(agent::Detector::kAllRows);
  whole.sample_rows = 40;
  whole.sample.resize(whole.sample_rows * kMetrics * agent::kFeaturesAMetric);
  whole.peaks.base.values.resize(16);
  for (const auto& model : {taught(0), taught(8), whole}) {
    const auto payload = wire::encode_model(model);
    BW_ASSERT(static_cast<bool>(payload));
    seeds.emplace_back(payload->begin(), payload->end());
  }
  return seeds;
}

constexpr double kOdd[] = {0,
                           1,
                           -1,
                           1e-38,
                           1e9,
                           1e30,
                           -1e30,
                           3e38,
                           1e300,
                           std::numeric_limits<double>::infinity(),
                           std::numeric_limits<double>::quiet_NaN()};

// One number of the model becomes an odd one: mutations of bytes seldom make those.
void make_odd(wire::Model& model, bw::Rng& rng) {
  const auto odd = [&] { return kOdd[rng.below(std::size(kOdd))]; };
  const auto in = [&](auto& list) {
    using Value = std::decay_t<decltype(list[0])>;
    if (!list.empty()) list[rng.below(list.size())] = static_cast<Value>(odd());
  };
  const auto in_history = [&](wire::HistoryModel& history) {
    if (rng.chance(0.5)) return in(history.values);
    (rng.chance(0.5) ? history.excess : history.excesses) = odd();
  };
  const auto in_subspace = [&](wire::SubspaceModel& one) {
    const auto list = rng.below(3);
    in(list == 0 ? one.mean : list == 1 ? one.basis : one.inverse_deviation);
  };
  std::vector<float>* floats[] = {&model.forest.thresholds,
                                  &model.forest.leaves,
                                  &model.medians,
                                  &model.inverse_scales,
                                  &model.farthest,
                                  &model.lows,
                                  &model.highs,
                                  &model.sample,
                                  &model.lowest,
                                  &model.highest,
                                  &model.residual_squares};
  std::vector<double>* doubles[] = {&model.origins, &model.means, &model.variances, &model.counts,
                                    &model.peaks.tops};
  double* alone[] = {&model.threshold, &model.residual_rows, &model.forest.offset,
                     &model.peaks.threshold};
  switch (rng.below(6)) {
    case 0:
      return in(*floats[rng.below(std::size(floats))]);
    case 1:
      return in(*doubles[rng.below(std::size(doubles))]);
    case 2:
      *alone[rng.below(std::size(alone))] = odd();
      return;
    case 3:
      if (!model.histories.empty()) in_history(model.histories[rng.below(model.histories.size())]);
      return;
    case 4:
      if (!model.subspaces.empty()) in_subspace(model.subspaces[rng.below(model.subspaces.size())]);
      return;
    default:
      return in_history(model.peaks.base);
  }
}

void check(agent::Detector& detector, bw::Instant now) {
  bw::Rng rng(2);
  for (int i = 0; i < kRows; ++i) {
    std::vector<double> row{1000 + rng.unit(), -5 * rng.unit(), 3};
    if (i % 5 == 0) row[rng.below(kRoom)] = kOdd[rng.below(std::size(kOdd))];
    if (i % 17 == 0) row.resize(rng.below(kRoom + 1));
    const agent::RowVerdict verdict = detector.step(now += std::chrono::seconds(1), {}, row);
    BW_ASSERT(std::isfinite(verdict.score));
    BW_ASSERT(verdict.threshold >= 0);  // infinite: none yet
    for (const float scaled : detector.scorer().scaled()) BW_ASSERT(std::isfinite(scaled));
    for (const float residual : detector.scorer().residuals()) BW_ASSERT(std::isfinite(residual));
    for (const agent::Cause& cause : detector.causes()) {
      BW_ASSERT(cause.share > 0 && cause.share <= 1);
      BW_ASSERT(std::isfinite(cause.low) && std::isfinite(cause.high));
    }
  }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned random) {
  static const bw::fuzz::Seeds seeds = make_seeds();
  if (random % 4 != 0) {
    auto model = wire::decode_model(std::as_bytes(std::span(data, size)));
    if (model) {
      bw::Rng rng(random);
      make_odd(*model, rng);
      const auto payload = wire::encode_model(*model);
      if (payload && payload->size() <= max_size) {
        std::memcpy(data, payload->data(), payload->size());
        return payload->size();
      }
    }
  }
  return bw::fuzz::mutate(seeds, data, size, max_size, random / 4);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < wire::kChecksumBytes) return 0;
  const auto bytes = std::as_bytes(std::span(data, size));
  std::vector<std::byte> payload(bytes.begin(), bytes.end());
  wire::store_checksum(payload);
  const auto model = wire::decode_model(payload);
  if (!model) return 0;
  agent::Detector detector(options(kRoom));
  if (!detector.load(*model)) return 0;
  check(detector, {});
  wire::Model again = detector.save(agent::Detector::kAllRows);
  again.metrics = {"a", "b", "c"};
  const auto encoded = wire::encode_model(again);
  BW_ASSERT(static_cast<bool>(encoded));
  const auto decoded = wire::decode_model(*encoded);
  BW_ASSERT(static_cast<bool>(decoded));
  const auto loaded = detector.load(*decoded);
  if (!loaded) std::fprintf(stderr, "its own model: %s\n", loaded.error().message.c_str());
  BW_ASSERT(static_cast<bool>(loaded));
  check(detector, bw::Instant{} + std::chrono::hours(1));
  return 0;
}
