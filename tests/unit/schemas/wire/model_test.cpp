#include "schemas/wire/model.h"

#include <cstring>
#include <string>

#include <flatbuffers/flatbuffers.h>

#include "base/rng.h"
#include "schemas/wire/payload.h"

namespace bw::wire {
namespace {

Model small_model() {
  Model model;
  model.forest = {2, 2, 2, 1, -0.5, {1.5F, -2}, {0, 1, 1, 0}, {1, 2, 3, 4}, {1, 1, 1, 1}};
  model.id = "class-a-7";
  model.created_ms = 5;
  model.from_ms = 1;
  model.to_ms = 4;
  model.rows = 900;
  model.metrics = {"cpu_busy", "memory_used"};
  model.origins = {3, 1e12};
  model.medians = {1, 2};
  model.inverse_scales = {3, 0};
  model.farthest = {20, 5};
  model.lows = {-1, -2};
  model.highs = {1, 2.5F};
  model.subspaces = {{1, {1}, {2}, {3}}, {}};
  model.histories = {{{1, 2, 3}, 0.5, 10}};
  model.threshold = 31.5;
  model.sample = {1, 2, 3, 4};
  model.sample_rows = 2;
  model.sample_seen = 700;
  model.borrowed = true;
  model.hurried_at = 20;
  model.lowest = {-1, 1};
  model.highest = {3, 0};
  model.means = {1, 2};
  model.variances = {0.5, 0};
  model.counts = {900, 0};
  model.residual_squares = {1, 0.25F};
  model.residual_rows = 900;
  model.peaks = {900, {20, 31}, {5, 800}, {{1, 2}, 0.5, 2, 900}, 30, 896, 1e-5};
  return model;
}

std::vector<std::byte> encoded(const Model& model) {
  auto payload = encode_model(model);
  if (!payload) ADD_FAILURE() << payload.error().message;
  return std::move(payload).value();
}

std::string refusal(std::span<const std::byte> payload) {
  const auto model = decode_model(payload);
  return model ? "taken" : model.error().message;
}

// A payload of our frame around any FlatBuffer.
std::vector<std::byte> framed(const flatbuffers::FlatBufferBuilder& builder) {
  std::vector<std::byte> payload(builder.GetSize() + kChecksumBytes);
  std::memcpy(payload.data(), builder.GetBufferPointer(), builder.GetSize());
  store_checksum(payload);
  return payload;
}

// Where the fields of Model and Forest lie in their tables, by model.fbs.
constexpr flatbuffers::voffset_t field(int index) {
  return static_cast<flatbuffers::voffset_t>(4 + 2 * index);
}

// A model whose forest has these thresholds and nothing else.
std::vector<std::byte> of_format(std::uint16_t format, bool with_forest,
                                 const std::vector<float>& thresholds = {}) {
  flatbuffers::FlatBufferBuilder builder;
  const auto list = builder.CreateVector(thresholds);
  const auto forest_begin = builder.StartTable();
  builder.AddOffset(field(5), list);
  const flatbuffers::Offset<void> forest(builder.EndTable(forest_begin));
  const auto begin = builder.StartTable();
  if (with_forest) builder.AddOffset(field(1), forest);
  builder.AddElement<std::uint16_t>(field(0), format, 0);
  const flatbuffers::Offset<flatbuffers::Table> root(builder.EndTable(begin));
  builder.Finish(root, "BWMD");
  return framed(builder);
}

TEST(Model, ComesBackAsItWasSent) {
  const Model model = small_model();
  const auto decoded = decode_model(encoded(model));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, model);
}

TEST(Model, WhatLearningGoesOnFromMayBeAbsent) {
  Model model = small_model();
  model.sample.clear();
  model.sample_rows = 0;
  model.peaks = {};
  const auto decoded = decode_model(encoded(model));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(*decoded, model);
}

TEST(Model, TheLargestSampleOfTheMostMetricsFits) {
  Model model = small_model();
  model.forest.thresholds.resize(std::size_t{100} * 255);
  model.forest.leaves.resize(std::size_t{100} * 256);
  model.sample.resize(std::size_t{1024} * 5 * 64);
  EXPECT_LT(encoded(model).size(), kMaxModelPayload);
}

TEST(Model, TruncatedAnywhereIsRefused) {
  const auto payload = encoded(small_model());
  for (std::size_t size = 0; size < payload.size(); ++size) {
    const std::string expected = size < 12 ? "model refused: it is no model"
                                           : "model refused: truncated or damaged (its checksum "
                                             "differs)";
    EXPECT_EQ(refusal(std::span(payload).first(size)), expected) << size;
  }
}

TEST(Model, EveryFlippedBitIsNoticed) {
  const auto payload = encoded(small_model());
  for (std::size_t bit = 0; bit < payload.size() * 8; ++bit) {
    auto damaged = payload;
    damaged[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    EXPECT_NE(refusal(damaged), "taken") << bit;
  }
}

TEST(Model, ForeignFilesAreNoModels) {
  EXPECT_EQ(refusal({}), "model refused: it is no model");
  const std::string text = "time,value\n2026-01-01,12\n";
  EXPECT_EQ(refusal(std::as_bytes(std::span(text))), "model refused: it is no model");
}

TEST(Model, NewerFormatsAreToldApart) {
  EXPECT_EQ(refusal(of_format(kModelFormat + 1, true)),
            "model refused: made by a newer version (format 2; this one reads up to 1)");
  EXPECT_EQ(refusal(of_format(kModelFormat + 1, false)),
            "model refused: made by a newer version (format 2; this one reads up to 1)");
  EXPECT_EQ(refusal(of_format(kModelFormat, true)), "taken");
}

TEST(Model, WhatLacksFormatOrForestIsMalformed) {
  EXPECT_EQ(refusal(of_format(0, true)), "model refused: malformed");
  EXPECT_EQ(refusal(of_format(kModelFormat, false)), "model refused: malformed");
}

// A right checksum around bytes that are no FlatBuffer: what only malice makes.
TEST(Model, ForgedPayloadsAreRefusedOrHarmless) {
  const auto payload = encoded(small_model());
  Rng rng(1);
  std::size_t refused = 0;
  for (int round = 0; round < 2000; ++round) {
    auto forged = payload;
    for (int i = 0; i < 3; ++i) {
      const std::size_t at = rng.below(forged.size() - kChecksumBytes);
      forged[at] = static_cast<std::byte>(rng.below(256));
    }
    store_checksum(forged);
    refused += refusal(forged) == "taken" ? 0 : 1;
  }
  EXPECT_GT(refused, 100U);
}

TEST(Model, SizesBeyondTheirBoundsAreRefusedOnBothSides) {
  Model model = small_model();
  model.forest.thresholds.resize(kMaxForestNodes + 1);
  const auto payload = encode_model(model);
  ASSERT_FALSE(payload);
  EXPECT_EQ(payload.error().message, "a model of this many nodes is too large to send");

  EXPECT_EQ(refusal(of_format(kModelFormat, true, model.forest.thresholds)),
            "model refused: a list is longer than it may be");

  const std::string too_long = "model refused: a list is longer than it may be";
  const auto with = [](auto change) {
    Model changed = small_model();
    change(changed);
    return encoded(changed);
  };
  const std::vector<float> floats(kMaxModelList + 1);
  EXPECT_EQ(refusal(with([&](Model& m) { m.medians = floats; })), too_long);
  EXPECT_EQ(refusal(with([&](Model& m) { m.origins.resize(kMaxModelList + 1); })), too_long);
  EXPECT_EQ(refusal(with([&](Model& m) { m.subspaces[0].basis = floats; })), too_long);
  EXPECT_EQ(refusal(with([&](Model& m) { m.histories[0].values = floats; })), too_long);
  EXPECT_EQ(refusal(with([&](Model& m) { m.histories.resize(kMaxModelParts + 1); })), too_long);
  EXPECT_EQ(refusal(with([&](Model& m) { m.residual_squares = floats; })), too_long);
  EXPECT_EQ(refusal(with([&](Model& m) { m.peaks.tops.resize(kMaxModelList + 1); })), too_long);
  EXPECT_EQ(refusal(with([&](Model& m) { m.peaks.base.values = floats; })), too_long);
  EXPECT_EQ(refusal(with([&](Model& m) { m.metrics.resize(kMaxModelMetrics + 1); })), too_long);
  EXPECT_EQ(refusal(with([&](Model& m) { m.metrics[0].resize(2000); })), too_long);
  EXPECT_EQ(refusal(with([&](Model& m) { m.id.resize(2000); })), too_long);

  Model sampled = small_model();
  sampled.sample.resize(kMaxModelSample + 1);
  const auto too_large = encode_model(sampled);
  ASSERT_FALSE(too_large);
  EXPECT_EQ(too_large.error().message, "a model with this large a sample is too large to send");

  EXPECT_EQ(refusal(std::vector<std::byte>(kMaxModelPayload + 1)),
            "model refused: larger than a model may be");
}

}  // namespace
}  // namespace bw::wire
