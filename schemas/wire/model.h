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
#include <vector>

#include "base/result.h"

namespace bw::wire {

inline constexpr std::uint16_t kModelFormat = 1;
inline constexpr std::size_t kMaxModelPayload = 4U << 20;
inline constexpr std::size_t kMaxForestNodes = 1U << 18;  // of all trees, leaves apart
inline constexpr std::size_t kMaxForestTerms = 1U << 19;  // of all splits

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

struct Model {
  ForestModel forest;
  bool operator==(const Model&) const = default;
};

// Fails where a list is beyond its bound.
Result<std::vector<std::byte>> encode_model(const Model& model);
Result<Model> decode_model(std::span<const std::byte> payload);

}  // namespace bw::wire
