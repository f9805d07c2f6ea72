#include "coordinator/core/api/json_parts.h"

#include <cmath>
#include <limits>

#include "tests/unit/coordinator/core/api/harness.h"

namespace bw::coordinator::api {
namespace {

template <typename F>
std::string object_of(F&& write) {
  JsonWriter json;
  json.begin_object();
  write(json);
  json.end_object();
  return json.str();
}

std::string text_of(float value) {
  JsonWriter json;
  write_float(json, value);
  return json.str();
}

TEST(JsonParts, WriteAFloatAsShortAsItReadsBack) {
  EXPECT_EQ(text_of(0.1F), "0.1");
  EXPECT_EQ(text_of(-3.0F), "-3");
  EXPECT_EQ(std::stof(text_of(1e30F)), 1e30F);
  EXPECT_TRUE(Json::parse(text_of(1e-30F)).is_number());
}

TEST(JsonParts, WriteNullForAFloatThatIsNoNumber) {
  EXPECT_EQ(text_of(std::numeric_limits<float>::quiet_NaN()), "null");
  EXPECT_EQ(text_of(-std::numeric_limits<float>::infinity()), "null");
}

TEST(JsonParts, WriteNullForATimeThatIsNotKnown) {
  EXPECT_EQ(object_of([](JsonWriter& json) { write_time(json, "t", 0); }), R"({"t":null})");
  EXPECT_EQ(object_of([](JsonWriter& json) { write_time(json, "t", 1); }),
            R"({"t":"1970-01-01T00:00:00.001Z"})");
}

TEST(JsonParts, WriteALabelsNameOnce) {
  const std::vector<wire::Label> labels{{"a", "1"}, {"b", "\""}, {"a", "2"}};
  EXPECT_EQ(object_of([&](JsonWriter& json) { write_labels(json, "l", labels); }),
            R"({"l":{"a":"1","b":"\""}})");
}

TEST(JsonParts, WriteIdsAsSixteenDigits) {
  EXPECT_EQ(hex_id(0), "0000000000000000");
  EXPECT_EQ(hex_id(0xdeadbeef), "00000000deadbeef");
  EXPECT_EQ(hex_id(~std::uint64_t{0}), "ffffffffffffffff");
}

TEST(JsonParts, HaveNoLiveValueBeyondTheSample) {
  FakeNode node;
  node.live = {4.0F};
  EXPECT_EQ(live_value(node.view(), 0), 4.0F);
  EXPECT_TRUE(std::isnan(live_value(node.view(), 1)));
}

}  // namespace
}  // namespace bw::coordinator::api
