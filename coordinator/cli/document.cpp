#include "coordinator/cli/document.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace bw::cli {

namespace {

using Json = nlohmann::ordered_json;

Result<Json> parse(std::string_view text) {
  if (!is_shallow(text)) return Error{"the answer nests too deep to be the coordinator's"};
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return Error{"the answer is not JSON"};
  return json;
}

std::string quoted(const std::string& text) {
  // A JSON string is a YAML double-quoted scalar; all beyond ASCII is escaped, so that nothing in
  // it reaches a terminal as it is.
  return Json(text).dump(-1, ' ', true, Json::error_handler_t::replace);
}

bool is_plain_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '/' || c == '-' || c == ' ';
}

// Can it stand without quotes and still be read as a string? Words that are a null, a boolean, a
// number or a time to some YAML reader can't; so only what begins with a letter is considered.
bool is_plain(const std::string& text) {
  if (text.empty() || text.back() == ' ') return false;
  const char first = text.front();
  if (!((first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '/')) {
    return false;
  }
  if (!std::all_of(text.begin(), text.end(), is_plain_character)) return false;
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  constexpr std::string_view kWords[] = {"null", "true", "false", "yes", "no",
                                         "on",   "off",  "y",     "n"};
  return std::find(std::begin(kWords), std::end(kWords), lower) == std::end(kWords);
}

std::string yaml_string(const std::string& text) {
  return is_plain(text) ? text : quoted(text);
}

std::string yaml_scalar(const Json& json) {
  if (json.is_string()) return yaml_string(json.get_ref<const std::string&>());
  if (json.is_array()) return "[]";
  if (json.is_object()) return "{}";
  return json.dump();
}

bool is_block(const Json& json) {
  return json.is_structured() && !json.empty();
}

// `json` as a block whose lines are indented by `indent`; the first line goes on where `out` ends.
void append_yaml(std::string& out, const Json& json, std::size_t indent) {
  const std::string margin(indent, ' ');
  bool first = true;
  const auto begin_line = [&] {
    if (!first) out += margin;
    first = false;
  };
  if (!is_block(json)) {
    out += yaml_scalar(json) + "\n";
  } else if (json.is_array()) {
    for (const Json& item : json) {
      begin_line();
      out += "- ";
      append_yaml(out, item, indent + 2);
    }
  } else {
    for (const auto& [name, member] : json.items()) {
      begin_line();
      out += yaml_string(name) + ":";
      if (is_block(member)) {
        out += "\n" + margin + "  ";
        append_yaml(out, member, indent + 2);
      } else {
        out += " " + yaml_scalar(member) + "\n";
      }
    }
  }
}

}  // namespace

bool is_shallow(std::string_view json) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxJsonDepth) return false;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return true;
}

Result<std::string> pretty_json(std::string_view json) {
  auto parsed = parse(json);
  if (!parsed) return parsed.error();
  return parsed.value().dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

Result<std::string> to_yaml(std::string_view json) {
  auto parsed = parse(json);
  if (!parsed) return parsed.error();
  std::string out;
  append_yaml(out, *parsed, 0);
  return out;
}

Result<std::string> merge_pages(const std::vector<std::string>& pages, std::string_view member) {
  Json merged;
  const std::string name(member);
  merged[name] = Json::array();
  for (const std::string& page : pages) {
    auto parsed = parse(page);
    if (!parsed) return parsed.error();
    Json& whole = *parsed;
    if (!whole.is_object() || !whole.contains(name) || !whole[name].is_array()) {
      return Error{"the answer has no list \"" + name + "\""};
    }
    for (Json& item : whole[name]) merged[name].push_back(std::move(item));
  }
  return merged.dump();
}

}  // namespace bw::cli
