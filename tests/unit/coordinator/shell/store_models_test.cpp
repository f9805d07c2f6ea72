#include "coordinator/shell/store_models.h"

#include <atomic>

#include <gtest/gtest.h>

#include "base/runtime/clock.h"
#include "coordinator/shell/store_reader.h"
#include "coordinator/shell/store_schema.h"
#include "coordinator/shell/store_writer.h"
#include "tests/unit/coordinator/shell/store_records.h"
#include "tests/unit/coordinator/shell/temporary_folder.h"

namespace bw::coordinator {
namespace {

class StoreModelsTest : public testing::Test {
 protected:
  StoreModelsTest() {
    auto database = Database::open(folder_ / "a.db", true).value();
    EXPECT_TRUE(prepare_schema(database));
    writer_.emplace(StoreWriter::open(std::move(database)).value());
  }

  static PutModel put_model(std::uint32_t version, const std::string& payload) {
    PutModel put;
    put.model.id = {"edge", version};
    put.model.node_class = "edge";
    put.model.source = "n1";
    put.model.created_ms = 1;
    put.model.from_ms = 2;
    put.model.to_ms = 3;
    put.model.rows = 4;
    put.model.metrics = {"cpu.util", "disk.util{device=sda}"};
    put.model.threshold = 31.25;
    put.model.bytes = payload.size();
    put.model.crc = 0xffff'fff0U;
    put.model.note = "a note\nof two lines";
    const auto bytes = std::as_bytes(std::span(payload));
    put.payload.assign(bytes.begin(), bytes.end());
    return put;
  }
  StoredModels stored() { return load_models(writer_->database()).value(); }
  std::vector<std::byte> payload_of(const ModelId& id) {
    SqliteFault fault = SqliteFault::none;
    auto reader = StoreReader::open(folder_ / "a.db", {}, fault).value();
    const std::atomic<bool> stop = false;
    const auto result = reader.run(api::ModelQuery{id}, monotonic_now(), stop);
    const auto* const payload = std::get_if<api::ModelPayload>(&result);
    if (payload != nullptr) return payload->bytes;
    ADD_FAILURE() << std::get<api::QueryError>(result).reason;
    return {};
  }

  TemporaryFolder folder_;
  std::optional<StoreWriter> writer_;
};

TEST_F(StoreModelsTest, AModelComesBackAsItWas) {
  const PutModel put = put_model(3, "payload");
  ASSERT_TRUE(writer_->carry_out({put}));
  ASSERT_TRUE(writer_->carry_out({put})) << "twice is as once";
  const StoredModels models = stored();
  ASSERT_EQ(models.models.size(), 1U);
  EXPECT_EQ(models.models[0], put.model);
  EXPECT_EQ(models.names, (std::vector<std::pair<std::string, std::uint32_t>>{{"edge", 3}}));
  EXPECT_EQ(payload_of({"edge", 3}), put.payload);
  EXPECT_TRUE(payload_of({"edge", 4}).empty());
}

TEST_F(StoreModelsTest, AVersionIsRememberedWhenItsModelIsGone) {
  ASSERT_TRUE(writer_->carry_out({put_model(3, "a"), put_model(4, "b")}));
  ASSERT_TRUE(writer_->carry_out({DropModel{{"edge", 4}}, DropModel{{"edge", 9}}}));
  const StoredModels models = stored();
  ASSERT_EQ(models.models.size(), 1U);
  EXPECT_EQ(models.names.at(0).second, 4U);
  EXPECT_TRUE(payload_of({"edge", 4}).empty());
  ASSERT_TRUE(writer_->carry_out({put_model(2, "late")}));
  EXPECT_EQ(stored().names.at(0).second, 4U);
}

TEST_F(StoreModelsTest, AWishComesBackAsItWas) {
  const Wish first{"edge@1", 5, WishState::waiting, "", {}};
  const Wish wish{"edge@3", 7, WishState::refused, "other metrics", {"edge@1", "edge@2"}};
  ASSERT_TRUE(writer_->carry_out({PutWish{node_id("n1"), first}, PutWish{node_id("n2"), first}}));
  ASSERT_TRUE(writer_->carry_out({PutWish{node_id("n1"), wish}}));
  const StoredModels models = stored();
  ASSERT_EQ(models.wishes.size(), 2U);
  for (const auto& [node, found] : models.wishes) {
    EXPECT_EQ(found, node.str() == "n1" ? wish : first);
  }
}

TEST_F(StoreModelsTest, AClassComesBackAsItWas) {
  const Wish wish{"edge@3", 7, WishState::done, "", {"edge@1"}};
  ASSERT_TRUE(writer_->carry_out({PutClassWish{"edge", {}}, PutClassWish{"edge", wish}}));
  const StoredModels models = stored();
  ASSERT_EQ(models.classes.size(), 1U);
  EXPECT_EQ(models.classes[0].first, "edge");
  EXPECT_EQ(models.classes[0].second, wish);
}

TEST_F(StoreModelsTest, WhatCannotBeIsLeftOut) {
  ASSERT_TRUE(writer_->carry_out({put_model(3, "a"), PutWish{node_id("n1"), {}}}));
  ASSERT_TRUE(writer_->database().execute("UPDATE models SET version = 0"));
  ASSERT_TRUE(writer_->database().execute("UPDATE model_wishes SET state = 99"));
  const StoredModels models = stored();
  EXPECT_TRUE(models.models.empty());
  EXPECT_EQ(models.wishes.at(0).second.state, WishState::ended);
  ASSERT_TRUE(writer_->database().execute("UPDATE nodes SET name = '/'"));
  EXPECT_TRUE(stored().wishes.empty());
}

TEST_F(StoreModelsTest, AFailedBatchLeavesNothing) {
  ASSERT_TRUE(writer_->database().execute(
      "CREATE TRIGGER no BEFORE INSERT ON model_wishes BEGIN SELECT raise(ABORT, 'no'); END"));
  EXPECT_FALSE(writer_->carry_out({put_model(3, "a"), PutWish{node_id("n1"), {}}}));
  EXPECT_TRUE(stored().models.empty());
  EXPECT_TRUE(stored().names.empty());
}

}  // namespace
}  // namespace bw::coordinator
