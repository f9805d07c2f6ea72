#include "coordinator/core/api/schema.h"

#include <set>

#include "tests/unit/coordinator/core/api/harness.h"

namespace bw::coordinator::api {
namespace {

// A schema with one field of this type, as JSON: that field's part.
Json schema_of(std::string_view type) {
  const Field fields[] = {{"f", type, "why"}};
  JsonWriter json;
  write_schema(json, {"S", fields});
  const Json schema = Json::parse(json.str());
  EXPECT_EQ(schema["type"], "object");
  EXPECT_EQ(schema["required"], Json::array({"f"}));
  Json field = schema["properties"]["f"];
  EXPECT_EQ(field["description"], "why");
  field.erase("description");
  return field;
}

TEST(Schema, WritesEachType) {
  EXPECT_EQ(schema_of("integer"), (Json{{"type", "integer"}}));
  EXPECT_EQ(schema_of("number?"), Json::parse(R"({"type": ["number", "null"]})"));
  EXPECT_EQ(schema_of("time"), (Json{{"type", "string"}, {"format", "date-time"}}));
  EXPECT_EQ(schema_of("[string]"),
            Json::parse(R"({"type": "array", "items": {"type": "string"}})"));
  EXPECT_EQ(schema_of("labels"),
            Json::parse(R"({"type": "object", "additionalProperties": {"type": "string"}})"));
  EXPECT_EQ(schema_of("counts"),
            Json::parse(R"({"type": "object", "additionalProperties": {"type": "integer"}})"));
  EXPECT_EQ(schema_of("Node"), (Json{{"$ref", "#/components/schemas/Node"}}));
  EXPECT_EQ(schema_of("[Node]"),
            Json::parse(R"({"type": "array", "items": {"$ref": "#/components/schemas/Node"}})"));
  EXPECT_EQ(schema_of("point"), Json::parse(R"({"type": "array", "minItems": 2, "maxItems": 2,
                                     "prefixItems": [{"type": "integer"}, {"type": "number"}]})"));
}

TEST(Schema, PutsItsFieldsBesideThoseOfItsBase) {
  const Field fields[] = {{"f", "string"}};
  JsonWriter json;
  write_schema(json, {"S", fields, "Base"});
  const Json schema = Json::parse(json.str());
  ASSERT_EQ(schema["allOf"].size(), 2U);
  EXPECT_EQ(schema["allOf"][0], (Json{{"$ref", "#/components/schemas/Base"}}));
  EXPECT_TRUE(schema["allOf"][1]["properties"].contains("f"));
}

TEST(Schema, IsNamedOnceAndNamesItsFieldsOnce) {
  std::set<std::string_view> names;
  for (const Schema& schema : schemas()) {
    EXPECT_TRUE(names.insert(schema.name).second) << schema.name;
    std::set<std::string_view> fields;
    for (const Field& field : schema.fields) EXPECT_TRUE(fields.insert(field.name).second);
  }
}

}  // namespace
}  // namespace bw::coordinator::api
