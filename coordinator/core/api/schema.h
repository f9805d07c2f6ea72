// What the API's answers look like, as tables that OpenAPI's schemas are made of.
#pragma once

#include <span>
#include <string_view>

#include "base/json_writer.h"

namespace bw::coordinator::api {

// type: string, time, integer, number, boolean, object, labels (an object of strings), counts (an
// object of integers), point ([unix_ms, value]), or the name of a schema; "[...]" a list of it; a
// '?' behind it: or null.
struct Field {
  std::string_view name;
  std::string_view type;
  std::string_view text = {};
};

struct Schema {
  std::string_view name;
  std::span<const Field> fields;
  std::string_view base = {};  // a schema whose fields come before
};

std::span<const Schema> schemas();

// The schema as JSON Schema; all fields are required.
void write_schema(JsonWriter& json, const Schema& schema);

}  // namespace bw::coordinator::api
