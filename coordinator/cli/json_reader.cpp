#include "coordinator/cli/json_reader.h"

#include <nlohmann/json.hpp>

#include "coordinator/cli/document.h"
#include "coordinator/cli/times.h"

namespace bw::cli {

namespace {

using Json = nlohmann::ordered_json;

const Json& json_of(const void* value) {
  return *static_cast<const Json*>(value);
}

const Json* find(const void* object, const char* name) {
  const Json& json = json_of(object);
  if (!json.is_object()) return nullptr;
  const auto found = json.find(name);
  return found == json.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace

JsonReader::JsonReader(const void* object, std::string path, std::string& trouble)
    : object_(object), path_(std::move(path)), trouble_(trouble) {
  if (!json_of(object_).is_object()) fail("", "an object");
}

bool JsonReader::has(const char* name) const {
  return find(object_, name) != nullptr;
}

std::string JsonReader::text(const char* name) {
  const Json* member = find(object_, name);
  if (member == nullptr) return "";
  if (!member->is_string()) return fail(name, "a string"), "";
  return member->get<std::string>();
}

std::string JsonReader::id(const char* name) {
  const Json* member = find(object_, name);
  if (member == nullptr) return "";
  if (member->is_number_integer()) return member->dump();
  return text(name);
}

std::optional<double> JsonReader::number(const char* name) {
  const Json* member = find(object_, name);
  if (member == nullptr) return std::nullopt;
  if (!member->is_number()) return fail(name, "a number"), std::nullopt;
  return member->get<double>();
}

std::optional<std::uint64_t> JsonReader::count(const char* name) {
  const auto value = number(name);
  if (!value) return std::nullopt;
  if (!(*value >= 0 && *value < 1.8e19)) return fail(name, "a count"), std::nullopt;
  const Json& member = *find(object_, name);
  return member.is_number_unsigned() ? member.get<std::uint64_t>()
                                     : static_cast<std::uint64_t>(*value);
}

bool JsonReader::flag(const char* name) {
  const Json* member = find(object_, name);
  if (member == nullptr) return false;
  if (!member->is_boolean()) return fail(name, "true or false"), false;
  return member->get<bool>();
}

std::optional<std::int64_t> JsonReader::time(const char* name) {
  const Json* member = find(object_, name);
  if (member == nullptr) return std::nullopt;
  if (member->is_number_integer()) return member->get<std::int64_t>();
  const auto ms =
      member->is_string() ? parse_rfc3339(member->get_ref<const std::string&>()) : std::nullopt;
  if (!ms) fail(name, "a time");
  return ms;
}

Labels JsonReader::labels(const char* name) {
  Labels result;
  const Json* member = find(object_, name);
  if (member == nullptr) return result;
  if (!member->is_object()) return fail(name, "an object"), result;
  for (const auto& [key, value] : member->items()) {
    result.emplace_back(key, value.is_string() ? value.get<std::string>() : value.dump());
  }
  return result;
}

std::vector<std::string> JsonReader::texts(const char* name) {
  std::vector<std::string> result;
  const Json* member = find(object_, name);
  if (member == nullptr) return result;
  if (!member->is_array()) return fail(name, "a list"), result;
  for (const Json& item : *member) {
    if (item.is_string()) result.push_back(item.get<std::string>());
  }
  return result;
}

std::vector<std::pair<std::string, std::uint64_t>> JsonReader::counts(const char* name) {
  std::vector<std::pair<std::string, std::uint64_t>> result;
  const Json* member = find(object_, name);
  if (member == nullptr) return result;
  if (!member->is_object()) return fail(name, "an object"), result;
  JsonReader inner = object(name);
  for (const auto& [key, value] : member->items()) {
    result.emplace_back(key, inner.count(key.c_str()).value_or(0));
  }
  return result;
}

std::vector<QueryPoint> JsonReader::points(const char* name) {
  std::vector<QueryPoint> result;
  const Json* points = find(object_, name);
  if (points == nullptr || !points->is_array()) return fail(name, "a list"), result;
  for (const Json& point : *points) {
    const bool is_pair = point.is_array() && point.size() == 2 && point[0].is_number() &&
                         (point[1].is_number() || point[1].is_null());
    if (!is_pair) return fail(name, "a list of [time, value]"), result;
    QueryPoint read{static_cast<std::int64_t>(point[0].get<double>()), std::nullopt};
    if (point[1].is_number()) read.value = point[1].get<double>();
    result.push_back(read);
  }
  return result;
}

JsonReader JsonReader::object(const char* name) {
  static const Json kEmpty = Json::object();
  const Json* member = find(object_, name);
  return {member == nullptr ? &kEmpty : member, path_of(name), trouble_};
}

void JsonReader::list(const char* name, bool required,
                      const std::function<void(JsonReader)>& each) {
  const Json* member = find(object_, name);
  if (member == nullptr ? required : !member->is_array()) fail(name, "a list");
  if (member == nullptr || !member->is_array()) return;
  std::size_t index = 0;
  for (const Json& item : *member) {
    each(JsonReader(&item, path_of(name) + "[" + std::to_string(index++) + "]", trouble_));
    if (!trouble_.empty()) return;
  }
}

void JsonReader::require(const char* name) {
  if (find(object_, name) == nullptr) fail(name, "given");
}

void JsonReader::fail(std::string_view name, std::string_view expected) {
  if (!trouble_.empty()) return;
  const std::string path = path_of(name);
  trouble_ = "the answer is not the coordinator's: " + (path.empty() ? "it" : path) + " is not " +
             std::string(expected);
}

std::string JsonReader::path_of(std::string_view name) const {
  if (path_.empty() || name.empty()) return path_ + std::string(name);
  return path_ + "." + std::string(name);
}

Result<void> read_json(std::string_view text, const std::function<void(JsonReader&)>& read) {
  if (!is_shallow(text)) return Error{"the answer nests too deep to be the coordinator's"};
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return Error{"the answer is not JSON: is this a coordinator?"};
  std::string trouble;
  JsonReader whole(&json, "", trouble);
  read(whole);
  if (!trouble.empty()) return Error{trouble};
  return {};
}

}  // namespace bw::cli
