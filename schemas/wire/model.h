// A detector's model as a plain message, and its codec: framed as every payload is (FORMAT.md), and
// kept as a file in the same form.
//
// Decoding looks at size, identifier, checksum, the FlatBuffer, the format's version and the bounds
// below, in this order, and says which of them refused. Whether the numbers make sense together is
// left to the detector that takes the model over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "schemas/wire/limits.h"

namespace bw::wire {

inline constexpr std::uint16_t kModelFormat = 1;
inline constexpr std::size_t kMaxForestNodes = 1U << 18;  // of all trees, leaves apart
inline constexpr std::size_t kMaxForestTerms = 1U << 19;  // of all splits
inline constexpr std::size_t kMaxModelMetrics = 512;
inline constexpr std::size_t kMaxModelList = 1U << 15;    // any other list of numbers
inline constexpr std::size_t kMaxModelParts = 16;         // subspaces, histories
inline constexpr std::size_t kMaxModelSample = 1U << 19;  // numbers: 1,638 rows of 64 metrics

// See model.fbs.
struct ForestModel {
  std::uint16_t features = 0;
  std::uint16_t trees = 0;
  std::uint16_t subsample = 0;
  std::uint8_t extension = 0;
  double offset = -0.5;
  std::vector<float> thresholds;
  std::vector<std::uint16_t> split_features;
  std::vector<float> weights;
  std::vector<float> leaves;
  bool operator==(const ForestModel&) const = default;
};

struct SubspaceModel {
  std::uint8_t directions = 0;
  std::vector<float> mean;
  std::vector<float> basis;
  std::vector<float> inverse_deviation;
  bool operator==(const SubspaceModel&) const = default;
};

struct HistoryModel {
  std::vector<float> values;
  double excess = 0;
  double excesses = 0;
  std::uint64_t seen = 0;
  bool operator==(const HistoryModel&) const = default;
};

struct PeaksModel {
  std::uint64_t rows = 0;
  std::vector<double> tops;
  std::vector<std::uint64_t> at;
  HistoryModel base;
  double threshold = 0;
  std::uint64_t fitted_at = 0;
  double episodes_a_row = 0;
  bool operator==(const PeaksModel&) const = default;
};

struct Model {
  ForestModel forest;
  std::string id;
  std::int64_t created_ms = 0;
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;
  std::uint64_t rows = 0;
  std::vector<std::string> metrics;
  std::vector<double> origins;
  std::vector<float> medians;
  std::vector<float> inverse_scales;
  std::vector<float> farthest;
  std::vector<float> lows;
  std::vector<float> highs;
  std::vector<SubspaceModel> subspaces;
  std::vector<HistoryModel> histories;
  double threshold = 0;
  std::vector<float> sample;
  std::uint32_t sample_rows = 0;
  std::uint64_t sample_seen = 0;
  bool borrowed = false;
  std::uint64_t hurried_at = 0;
  std::vector<float> lowest;
  std::vector<float> highest;
  std::vector<double> means;
  std::vector<double> variances;
  std::vector<double> counts;
  std::vector<float> residual_squares;
  double residual_rows = 0;
  PeaksModel peaks;
  bool operator==(const Model&) const = default;
};

// Fails where a list is beyond its bound.
Result<std::vector<std::byte>> encode_model(const Model& model);
Result<Model> decode_model(std::span<const std::byte> payload);

}  // namespace bw::wire
