#include "coordinator/core/learn/registry.h"

#include <limits>

#include "base/crc32c.h"
#include "tests/unit/coordinator/core/learn/fakes.h"

namespace bw::coordinator {
namespace {

Registry::Plan keep(Registry& registry, const std::string& name) {
  Registry::Plan plan =
      registry.plan(Registry::Newcomer{name, "a note", "n1", "edge", small_model()}, 5000);
  for (const Change& change : plan.changes) registry.apply(change);
  return plan;
}

std::string refusal(const Registry::Plan& plan) {
  const auto* const refused = std::get_if<RequestRefused>(&plan.outcome);
  return refused == nullptr ? "" : refused->detail;
}

TEST(Registry, KeepsAModelUnderTheNextVersionOfItsName) {
  Registry registry;
  const auto plan = keep(registry, "edge");
  ASSERT_EQ(plan.changes.size(), 1U);
  const auto& put = std::get<PutModel>(plan.changes[0]);
  EXPECT_EQ(put.model.id.text(), "edge@1");
  EXPECT_EQ(put.model.rows, 900U);
  EXPECT_EQ(put.model.from_ms, 1000);
  EXPECT_EQ(put.model.to_ms, 61000);
  EXPECT_EQ(put.model.created_ms, 5000);
  EXPECT_EQ(put.model.threshold, 31.5);
  EXPECT_EQ(put.model.metrics, (std::vector<std::string>{"cpu.util", "mem.util"}));
  EXPECT_EQ(put.model.source, "n1");
  EXPECT_EQ(put.model.note, "a note");
  EXPECT_EQ(put.model.bytes, put.payload.size());
  EXPECT_EQ(put.model.crc, crc32c(put.payload));
  // The node will say by this id what it runs.
  EXPECT_EQ(wire::decode_model(put.payload)->id, "edge@1");
  EXPECT_EQ(std::get<ModelStored>(plan.outcome).model, put.model);
  keep(registry, "edge");
  keep(registry, "other");
  EXPECT_NE(registry.find("edge@2"), nullptr);
  EXPECT_NE(registry.find("other@1"), nullptr);
  EXPECT_EQ(registry.find("edge@3"), nullptr);
  EXPECT_EQ(registry.find("nonsense"), nullptr);
}

TEST(Registry, IsAsItWasUntilAPlanIsApplied) {
  Registry registry;
  const auto first = registry.plan(Registry::Newcomer{"edge", "", "", "", small_model()}, 1);
  EXPECT_EQ(registry.find("edge@1"), nullptr);
  const auto second = registry.plan(Registry::Newcomer{"edge", "", "", "", small_model()}, 1);
  EXPECT_EQ(std::get<PutModel>(second.changes[0]).model.id.version, 1U);
}

TEST(Registry, GivesAVersionNeverTwice) {
  Registry registry;
  keep(registry, "edge");
  keep(registry, "edge");
  registry.apply(DropModel{{"edge", 2}});
  EXPECT_EQ(registry.find("edge@2"), nullptr);
  keep(registry, "edge");
  EXPECT_NE(registry.find("edge@3"), nullptr);
  EXPECT_EQ(registry.find("edge@2"), nullptr);
}

TEST(Registry, RefusesAModelBeyondItsBoundAndDropsNone) {
  Registry registry;
  for (std::size_t i = 0; i < kMaxModels; ++i) keep(registry, "edge");
  const auto plan = keep(registry, "edge");
  EXPECT_NE(refusal(plan).find("64 models are kept"), std::string::npos) << refusal(plan);
  EXPECT_TRUE(plan.changes.empty());
  EXPECT_NE(registry.find("edge@1"), nullptr);
  EXPECT_TRUE(registry.no_room_for("edge"));
  registry.apply(DropModel{{"edge", 5}});
  EXPECT_FALSE(registry.no_room_for("edge"));
}

TEST(Registry, RefusesANameBeyondTheirBound) {
  StoredModels stored;
  for (std::size_t i = 0; i < kMaxModelNames; ++i) {
    stored.names.emplace_back("name" + std::to_string(i), 1);
  }
  Registry registry;
  registry.restore(stored);
  EXPECT_NE(refusal(keep(registry, "one-more")).find("1024 names"), std::string::npos);
  EXPECT_EQ(refusal(keep(registry, "name5")), "");
  EXPECT_NE(registry.find("name5@2"), nullptr);
}

TEST(Registry, RefusesAModelThatCannotBeSent) {
  Registry registry;
  Registry::Newcomer newcomer{"edge", "", "", "", small_model()};
  newcomer.model.sample.resize(wire::kMaxModelSample + 1);
  const auto plan = registry.plan(std::move(newcomer), 1);
  EXPECT_EQ(std::get<RequestRefused>(plan.outcome).status, 422);
}

TEST(Registry, RefusesAModelWhoseThresholdIsNone) {
  Registry registry;
  for (const double threshold :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), -1.0}) {
    Registry::Newcomer newcomer{"edge", "", "", "", small_model()};
    newcomer.model.threshold = threshold;
    const auto plan = registry.plan(std::move(newcomer), 1);
    EXPECT_TRUE(plan.changes.empty());
    EXPECT_EQ(refusal(plan), "its threshold is no number from 0 on") << threshold;
  }
}

TEST(Registry, IsRestoredFromWhatTheStoreHolds) {
  Registry registry;
  keep(registry, "gone");
  StoredModels stored;
  ModelRecord model;
  model.id = {"edge", 4};
  stored.models = {model};
  stored.wishes.emplace_back(learn_node("n1"),
                             Wish{"edge@4", 1, WishState::waiting, "", {"edge@3"}});
  stored.classes.emplace_back("edge", Wish{"edge@4", 1, WishState::done, "", {}});
  stored.names = {{"edge", 9}};
  registry.restore(stored);
  EXPECT_EQ(registry.find("gone@1"), nullptr);
  EXPECT_NE(registry.find("edge@4"), nullptr);
  EXPECT_EQ(registry.wish_of(learn_node("n1"))->before.back(), "edge@3");
  EXPECT_EQ(registry.wish_of(learn_node("n2")), nullptr);
  EXPECT_EQ(registry.classes().at("edge").model, "edge@4");
  keep(registry, "edge");
  EXPECT_NE(registry.find("edge@10"), nullptr);
}

}  // namespace
}  // namespace bw::coordinator
