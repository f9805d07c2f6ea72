#include "agent/core/detect/forest_model.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace bw::agent {
namespace {

std::vector<float> cloud(std::size_t values) {
  Rng rng(1);
  std::vector<float> made(values);
  for (float& value : made) value = static_cast<float>(normal(rng));
  return made;
}

IsolationForest fitted(std::size_t extension, std::size_t subsample = 256) {
  static const std::vector<float> values = cloud(600 * 4);
  ForestOptions options;
  options.trees = 13;
  options.extension = extension;
  options.subsample = subsample;
  options.contamination = 0.1;
  auto forest = IsolationForest::fit({values.data(), 600, 4}, options);
  if (!forest) ADD_FAILURE() << forest.error().message;
  return std::move(forest).value();
}

TEST(ForestModel, ScoresAreTheSameAfterTheWayThereAndBack) {
  const std::vector<float> values = cloud(600 * 4);
  for (const std::size_t extension : {0U, 1U, 3U}) {
    for (const std::size_t subsample : {2U, 4U, 8U, 60U, 256U, 300U}) {
      const auto forest = fitted(extension, subsample);
      const auto again = from_model(to_model(forest));
      ASSERT_TRUE(again) << again.error().message;
      EXPECT_EQ(again->offset(), forest.offset());
      for (std::size_t i = 0; i < 600; ++i) {
        const std::span<const float> row(values.data() + i * 4, 4);
        ASSERT_EQ(again->score(row), forest.score(row)) << extension << " " << subsample;
      }
    }
  }
}

TEST(ForestModel, FitsIntoAPayload) {
  const auto model = to_model(fitted(0));
  const auto payload = wire::encode_model({model});
  ASSERT_TRUE(payload) << payload.error().message;
  const auto decoded = wire::decode_model(*payload);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->forest, model);
}

template <typename Change>
std::string refusal(Change change, std::size_t extension = 0) {
  auto model = to_model(fitted(extension));
  change(model);
  const auto forest = from_model(model);
  return forest ? "taken" : forest.error().message;
}

TEST(ForestModel, NumbersThatCannotBeAreRefusedByName) {
  EXPECT_EQ(refusal([](auto&) {}), "taken");
  EXPECT_EQ(refusal([](auto& m) { m.features = 0; }), "forest: number of features");
  EXPECT_EQ(refusal([](auto& m) { m.features = kMaxFeatures + 1; }), "forest: number of features");
  EXPECT_EQ(refusal([](auto& m) { m.trees = 0; }), "forest: number of trees");
  EXPECT_EQ(refusal([](auto& m) { m.subsample = 1; }), "forest: subsample");
  EXPECT_EQ(refusal([](auto& m) { m.subsample = kMaxSubsample + 1; }), "forest: subsample");
  EXPECT_EQ(refusal([](auto& m) { m.extension = 4; }), "forest: extension");
  EXPECT_EQ(refusal([](auto& m) { m.offset = std::nan(""); }), "forest: offset");
  EXPECT_EQ(refusal([](auto& m) { m.thresholds[3] = std::nanf(""); }),
            "forest: a threshold is not a number");
  EXPECT_EQ(refusal([](auto& m) { m.split_features[5] = 4; }), "forest: a split's feature");
  EXPECT_EQ(refusal([](auto& m) { m.weights[5] = std::nanf(""); }, 1),
            "forest: a weight is not a number");
  EXPECT_EQ(refusal([](auto& m) { m.leaves[0] = -1; }), "forest: a path length");
  EXPECT_EQ(refusal([](auto& m) { m.leaves[0] = std::numeric_limits<float>::infinity(); }),
            "forest: a path length");
}

TEST(ForestModel, ListsOfOtherLengthsThanTheTreesNeedAreRefused) {
  const std::string lengths = "forest: its lists have other lengths than its trees";
  EXPECT_EQ(refusal([](auto& m) { m.trees = 12; }), lengths);
  EXPECT_EQ(refusal([](auto& m) { m.subsample = 300; }), lengths);
  EXPECT_EQ(refusal([](auto& m) { m.extension = 1; }), lengths);
  EXPECT_EQ(refusal([](auto& m) { m.thresholds.pop_back(); }), lengths);
  EXPECT_EQ(refusal([](auto& m) { m.split_features.pop_back(); }), lengths);
  EXPECT_EQ(refusal([](auto& m) { m.weights.push_back(1); }), lengths);
  EXPECT_EQ(refusal([](auto& m) { m.leaves.clear(); }), lengths);
}

}  // namespace
}  // namespace bw::agent
