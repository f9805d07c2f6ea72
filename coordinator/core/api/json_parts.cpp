#include "coordinator/core/api/json_parts.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "coordinator/core/api/time_text.h"

namespace bw::coordinator::api {

Response json_response(JsonWriter json) {
  Response response;
  response.body = json.take();
  return response;
}

void write_float(JsonWriter& json, float value) {
  if (!std::isfinite(value)) {
    json.null();
    return;
  }
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof(text), value);
  json.raw({text, static_cast<std::size_t>(end - text)});
}

void write_time(JsonWriter& json, std::string_view name, std::int64_t ms) {
  json.key(name);
  if (ms == 0) {
    json.null();
  } else {
    json.value(format_time(ms));
  }
}

void write_text_or_null(JsonWriter& json, std::string_view name, std::string_view text) {
  json.key(name);
  if (text.empty()) {
    json.null();
  } else {
    json.value(text);
  }
}

void write_labels(JsonWriter& json, std::string_view name, const std::vector<wire::Label>& labels) {
  json.key(name).begin_object();
  for (auto label = labels.begin(); label != labels.end(); ++label) {
    // A name can stand in an object once.
    const bool is_again = std::any_of(
        labels.begin(), label, [&](const wire::Label& one) { return one.name == label->name; });
    if (!is_again) json.member(label->name, label->value);
  }
  json.end_object();
}

void write_records(JsonWriter& json, std::string_view name, const RecordCounts& records) {
  json.key(name).begin_object();
  json.member("stored", records.stored);
  json.member("duplicates", records.duplicates);
  json.member("gaps", records.gaps);
  write_time(json, "last_stored", records.last_stored_ms);
  json.end_object();
}

std::string hex_id(std::uint64_t id) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, id >>= 4) {
    *digit = kDigits[id & 15];
  }
  return text;
}

std::uint64_t lag_s(const ExportStatus& status, std::int64_t now_ms) {
  if (!status.oldest_waiting_ms || *status.oldest_waiting_ms >= now_ms) return 0;
  return static_cast<std::uint64_t>(now_ms - *status.oldest_waiting_ms) / 1000;
}

float live_value(const NodeView& node, std::size_t alias) {
  return alias < node.live.size() ? node.live[alias] : std::numeric_limits<float>::quiet_NaN();
}

}  // namespace bw::coordinator::api
