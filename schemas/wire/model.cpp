#include "schemas/wire/model.h"

#include <cstring>
#include <string_view>

#include "schemas/model_generated.h"
#include "schemas/wire/payload.h"

namespace bw::wire {

namespace {

constexpr std::string_view kModelIdentifier = "BWMD";
constexpr flatbuffers::uoffset_t kMaxModelDepth = 3;
constexpr flatbuffers::uoffset_t kMaxModelTables = 16384;

template <typename T>
std::vector<T> take(const flatbuffers::Vector<T>* list) {
  return list == nullptr ? std::vector<T>() : std::vector<T>(list->begin(), list->end());
}

template <typename T>
std::size_t size_of(const flatbuffers::Vector<T>* list) {
  return list == nullptr ? 0 : list->size();
}

Error refused(std::string_view why) {
  return Error{"model refused: " + std::string(why)};
}

bool in_bounds(std::size_t thresholds, std::size_t split_features, std::size_t weights,
               std::size_t leaves) {
  return thresholds <= kMaxForestNodes && split_features <= kMaxForestTerms &&
         weights <= kMaxForestTerms && leaves <= kMaxForestNodes;
}

bool in_bounds(const fbs::Forest& in) {
  return in_bounds(size_of(in.thresholds()), size_of(in.split_features()), size_of(in.weights()),
                   size_of(in.leaves()));
}

ForestModel take(const fbs::Forest& in) {
  ForestModel out;
  out.features = in.features();
  out.trees = in.trees();
  out.subsample = in.subsample();
  out.extension = in.extension();
  out.offset = in.offset();
  out.thresholds = take(in.thresholds());
  out.split_features = take(in.split_features());
  out.weights = take(in.weights());
  out.leaves = take(in.leaves());
  return out;
}

flatbuffers::Offset<fbs::Forest> put(flatbuffers::FlatBufferBuilder& builder,
                                     const ForestModel& forest) {
  const auto thresholds = builder.CreateVector(forest.thresholds);
  const auto split_features = builder.CreateVector(forest.split_features);
  const auto weights = forest.weights.empty() ? 0 : builder.CreateVector(forest.weights);
  const auto leaves = builder.CreateVector(forest.leaves);
  return fbs::CreateForest(builder, forest.features, forest.trees, forest.subsample,
                           forest.extension, forest.offset, thresholds, split_features, weights,
                           leaves);
}

}  // namespace

Result<std::vector<std::byte>> encode_model(const Model& model) {
  const ForestModel& forest = model.forest;
  if (!in_bounds(forest.thresholds.size(), forest.split_features.size(), forest.weights.size(),
                 forest.leaves.size())) {
    return Error{"a model of this many nodes is too large to send"};
  }
  flatbuffers::FlatBufferBuilder builder(1U << 18);
  const auto forest_at = put(builder, forest);
  builder.Finish(fbs::CreateModel(builder, kModelFormat, forest_at), kModelIdentifier.data());
  std::vector<std::byte> payload(builder.GetSize() + kChecksumBytes);
  std::memcpy(payload.data(), builder.GetBufferPointer(), builder.GetSize());
  store_checksum(payload);
  return payload;
}

Result<Model> decode_model(std::span<const std::byte> payload) {
  if (payload.size() > kMaxModelPayload) return refused("larger than a model may be");
  constexpr std::size_t kLeast = kIdentifierAt + kIdentifierBytes + kChecksumBytes;
  if (payload.size() < kLeast ||
      std::memcmp(payload.data() + kIdentifierAt, kModelIdentifier.data(), kIdentifierBytes) != 0) {
    return refused("it is no model");
  }
  if (!checksum_holds(payload)) return refused("truncated or damaged (its checksum differs)");
  // A copy that is aligned, as FlatBuffers reads words where they lie.
  const std::size_t size = payload.size() - kChecksumBytes;
  std::vector<std::uint64_t> aligned((size + 7) / 8);
  std::memcpy(aligned.data(), payload.data(), size);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(aligned.data());
  flatbuffers::Verifier verifier(bytes, size, kMaxModelDepth, kMaxModelTables);
  if (!verifier.VerifyBuffer<fbs::Model>(nullptr)) return refused("malformed");
  const auto& in = *flatbuffers::GetRoot<fbs::Model>(bytes);
  if (in.format() > kModelFormat) {
    return refused("made by a newer version (format " + std::to_string(in.format()) +
                   "; this one reads up to " + std::to_string(kModelFormat) + ")");
  }
  if (in.format() == 0 || in.forest() == nullptr) return refused("malformed");
  if (!in_bounds(*in.forest())) return refused("a list is longer than it may be");
  Model model;
  model.forest = take(*in.forest());
  return model;
}

}  // namespace bw::wire
