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

template <typename T>
bool short_enough(const flatbuffers::Vector<T>* list) {
  return size_of(list) <= kMaxModelList;
}

bool in_bounds(const fbs::Model& in) {
  if (size_of(in.metrics()) > kMaxModelMetrics || size_of(in.subspaces()) > kMaxModelParts ||
      size_of(in.histories()) > kMaxModelParts) {
    return false;
  }
  if (in.id() != nullptr && in.id()->size() > kMaxText) return false;
  if (in.metrics() != nullptr) {
    for (const auto* name : *in.metrics()) {
      if (name->size() > kMaxText) return false;
    }
  }
  if (in.subspaces() != nullptr) {
    for (const fbs::Subspace* one : *in.subspaces()) {
      if (!short_enough(one->mean()) || !short_enough(one->basis()) ||
          !short_enough(one->inverse_deviation())) {
        return false;
      }
    }
  }
  if (in.histories() != nullptr) {
    for (const fbs::History* one : *in.histories()) {
      if (!short_enough(one->values())) return false;
    }
  }
  if (const fbs::Peaks* peaks = in.peaks()) {
    if (!short_enough(peaks->tops()) || !short_enough(peaks->at())) return false;
    if (peaks->base() != nullptr && !short_enough(peaks->base()->values())) return false;
  }
  return short_enough(in.origins()) && short_enough(in.medians()) &&
         short_enough(in.inverse_scales()) && short_enough(in.farthest()) &&
         short_enough(in.lows()) && short_enough(in.highs()) && short_enough(in.lowest()) &&
         short_enough(in.highest()) && short_enough(in.means()) && short_enough(in.variances()) &&
         short_enough(in.counts()) && short_enough(in.residual_squares()) &&
         size_of(in.sample()) <= kMaxModelSample;
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

HistoryModel take(const fbs::History& in) {
  return {take(in.values()), in.excess(), in.excesses(), in.seen()};
}

void take_what_goes_on(const fbs::Model& in, Model& out) {
  out.sample = take(in.sample());
  out.sample_rows = in.sample_rows();
  out.sample_seen = in.sample_seen();
  out.borrowed = in.borrowed();
  out.hurried_at = in.hurried_at();
  out.lowest = take(in.lowest());
  out.highest = take(in.highest());
  out.means = take(in.means());
  out.variances = take(in.variances());
  out.counts = take(in.counts());
  out.residual_squares = take(in.residual_squares());
  out.residual_rows = in.residual_rows();
  if (const fbs::Peaks* peaks = in.peaks()) {
    out.peaks = {peaks->rows(),      take(peaks->tops()), take(peaks->at()),      {},
                 peaks->threshold(), peaks->fitted_at(),  peaks->episodes_a_row()};
    if (peaks->base() != nullptr) out.peaks.base = take(*peaks->base());
  }
}

Model take(const fbs::Model& in) {
  Model out;
  out.forest = take(*in.forest());
  if (in.id() != nullptr) out.id = in.id()->str();
  out.created_ms = in.created_ms();
  out.from_ms = in.from_ms();
  out.to_ms = in.to_ms();
  out.rows = in.rows();
  if (in.metrics() != nullptr) {
    for (const auto* name : *in.metrics()) out.metrics.push_back(name->str());
  }
  out.origins = take(in.origins());
  out.medians = take(in.medians());
  out.inverse_scales = take(in.inverse_scales());
  out.farthest = take(in.farthest());
  out.lows = take(in.lows());
  out.highs = take(in.highs());
  if (in.subspaces() != nullptr) {
    for (const fbs::Subspace* one : *in.subspaces()) {
      out.subspaces.push_back({one->directions(), take(one->mean()), take(one->basis()),
                               take(one->inverse_deviation())});
    }
  }
  if (in.histories() != nullptr) {
    for (const fbs::History* one : *in.histories()) out.histories.push_back(take(*one));
  }
  out.threshold = in.threshold();
  take_what_goes_on(in, out);
  return out;
}

flatbuffers::Offset<fbs::History> put(flatbuffers::FlatBufferBuilder& builder,
                                      const HistoryModel& one) {
  const auto values = builder.CreateVector(one.values);
  return fbs::CreateHistory(builder, values, one.excess, one.excesses, one.seen);
}

flatbuffers::Offset<fbs::Peaks> put(flatbuffers::FlatBufferBuilder& builder,
                                    const PeaksModel& peaks) {
  if (peaks == PeaksModel()) return 0;
  const auto tops = builder.CreateVector(peaks.tops);
  const auto at = builder.CreateVector(peaks.at);
  const auto base = put(builder, peaks.base);
  return fbs::CreatePeaks(builder, peaks.rows, tops, at, base, peaks.threshold, peaks.fitted_at,
                          peaks.episodes_a_row);
}

flatbuffers::Offset<fbs::Model> put(flatbuffers::FlatBufferBuilder& builder, const Model& model,
                                    flatbuffers::Offset<fbs::Forest> forest) {
  std::vector<flatbuffers::Offset<fbs::Subspace>> subspaces;
  for (const SubspaceModel& one : model.subspaces) {
    const auto mean = builder.CreateVector(one.mean);
    const auto basis = builder.CreateVector(one.basis);
    const auto inverse = builder.CreateVector(one.inverse_deviation);
    subspaces.push_back(fbs::CreateSubspace(builder, one.directions, mean, basis, inverse));
  }
  std::vector<flatbuffers::Offset<fbs::History>> histories;
  for (const HistoryModel& one : model.histories) histories.push_back(put(builder, one));
  const auto id = builder.CreateString(model.id);
  const auto metrics = builder.CreateVectorOfStrings(model.metrics);
  const auto origins = builder.CreateVector(model.origins);
  const auto medians = builder.CreateVector(model.medians);
  const auto scales = builder.CreateVector(model.inverse_scales);
  const auto farthest = builder.CreateVector(model.farthest);
  const auto lows = builder.CreateVector(model.lows);
  const auto highs = builder.CreateVector(model.highs);
  const auto subspaces_at = builder.CreateVector(subspaces);
  const auto histories_at = builder.CreateVector(histories);
  const auto list = [&](const auto& values) {
    return values.empty() ? 0 : builder.CreateVector(values);
  };
  const auto sample = list(model.sample);
  const auto lowest = list(model.lowest);
  const auto highest = list(model.highest);
  const auto means = list(model.means);
  const auto variances = list(model.variances);
  const auto counts = list(model.counts);
  const auto squares = list(model.residual_squares);
  const auto peaks = put(builder, model.peaks);
  return fbs::CreateModel(builder, kModelFormat, forest, id, model.created_ms, model.from_ms,
                          model.to_ms, model.rows, metrics, origins, medians, scales, farthest,
                          lows, highs, subspaces_at, histories_at, model.threshold, sample,
                          model.sample_rows, model.sample_seen, model.borrowed, model.hurried_at,
                          lowest, highest, means, variances, counts, squares, model.residual_rows,
                          peaks);
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
  if (model.sample.size() > kMaxModelSample) {
    return Error{"a model with this large a sample is too large to send"};
  }
  flatbuffers::FlatBufferBuilder builder(1U << 18);
  const auto forest_at = put(builder, forest);
  builder.Finish(put(builder, model, forest_at), kModelIdentifier.data());
  if (builder.GetSize() + kChecksumBytes > kMaxModelPayload) {
    return Error{"a model of this size is too large to send"};
  }
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
  if (!in_bounds(*in.forest()) || !in_bounds(in)) return refused("a list is longer than it may be");
  return take(in);
}

}  // namespace bw::wire
