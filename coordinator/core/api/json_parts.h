// Pieces of JSON that several answers share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "coordinator/core/api/http.h"
#include "coordinator/core/view.h"

namespace bw::coordinator::api {

Response json_response(JsonWriter json);

// The shortest text that reads back as the same float; null where it is no number.
void write_float(JsonWriter& json, float value);
// As format_time; null for 0.
void write_time(JsonWriter& json, std::string_view name, std::int64_t ms);
// Null where it is empty.
void write_text_or_null(JsonWriter& json, std::string_view name, std::string_view text);
// An object: {"name": "value"}.
void write_labels(JsonWriter& json, std::string_view name, const std::vector<wire::Label>& labels);
// {"stored", "duplicates", "gaps", "last_stored"}
void write_records(JsonWriter& json, std::string_view name, const RecordCounts& records);

std::string hex_id(std::uint64_t id);  // 16 digits

// For how many seconds the oldest history that an export still has to deliver has waited, by its
// node's clock; 0 where none waits.
std::uint64_t lag_s(const ExportStatus& status, std::int64_t now_ms);

// The live value by alias, NaN where there is none.
float live_value(const NodeView& node, std::size_t alias);

}  // namespace bw::coordinator::api
