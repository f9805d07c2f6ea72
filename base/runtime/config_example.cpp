#include <algorithm>
#include <charconv>
#include <type_traits>

#include <unistd.h>

#include "base/assert.h"
#include "base/runtime/config.h"
#include "base/runtime/config_names.h"

namespace bw {

namespace {

constexpr std::size_t kColumns = 100;

std::string toml_string(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string toml_number(double number) {
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  BW_ASSERT(error == std::errc{});
  return {digits, end};
}

// The value as TOML would have it.
std::string toml_value(const ConfigKey::Target& target) {
  return std::visit(
      [](const auto* from) -> std::string {
        using T = std::remove_cv_t<std::remove_pointer_t<decltype(from)>>;
        if constexpr (std::is_same_v<T, std::string>) {
          return toml_string(*from);
        } else if constexpr (std::is_same_v<T, bool>) {
          return *from ? "true" : "false";
        } else if constexpr (std::is_same_v<T, std::int64_t>) {
          return std::to_string(*from);
        } else if constexpr (std::is_same_v<T, double>) {
          return toml_number(*from);
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          std::string out = "[";
          for (const auto& item : *from) {
            if (out.size() > 1) out += ", ";
            out += toml_string(item);
          }
          return out + "]";
        } else {
          std::string out;
          for (const auto& [name, item] : *from) {
            out += out.empty() ? " " : ", ";
            out += toml_string(name) + " = " + toml_string(item);
          }
          return out.empty() ? "{}" : "{" + out + " }";
        }
      },
      target);
}

// `text` as comment lines, wrapped; its own line ends stay.
void append_comment(std::string& out, std::string_view text) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    if (line.size() > kColumns - 2) {
      const auto space = line.rfind(' ', kColumns - 2);
      line = line.substr(0, space == std::string_view::npos ? line.find(' ') : space);
    }
    out += "# ";
    out += line;
    out += '\n';
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
}

void append_key(std::string& out, const ConfigKey& key, std::string_view table) {
  out += '\n';
  append_comment(out, key.text + (key.reloadable ? " Re-read on SIGHUP." : ""));
  out += "#" + key.name.substr(table.empty() ? 0 : table.size() + 1) + " = " +
         toml_value(key.target) + "\n";
}

}  // namespace

std::string environment_name(std::string_view key) {
  std::string name(kEnvironmentPrefix);
  for (const char c : key) {
    if (c == '.') {
      name += '_';
    } else {
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return name;
}

std::string example_config(const std::vector<ConfigKey>& keys, std::string_view heading,
                           const std::vector<ConfigGroup>& groups) {
  std::string out;
  append_comment(out, heading);
  // Keys without a table come first, or TOML would count them to the table before.
  std::vector<std::string_view> tables;
  const auto table_of = [](const ConfigKey& key) {
    const auto dot = key.name.rfind('.');
    return std::string_view(key.name).substr(0, dot == std::string::npos ? 0 : dot);
  };
  for (const auto& key : keys) {
    const auto table = table_of(key);
    if (std::find(tables.begin(), tables.end(), table) == tables.end()) tables.push_back(table);
  }
  std::stable_partition(tables.begin(), tables.end(),
                        [](std::string_view table) { return table.empty(); });
  for (const auto table : tables) {
    if (!table.empty()) out += "\n[" + std::string(table) + "]\n";
    for (const auto& key : keys) {
      if (table_of(key) == table) append_key(out, key, table);
    }
  }
  for (const ConfigGroup& group : groups) {
    const std::string table = group.prefix + ".NAME";
    out += '\n';
    append_comment(out, group.text);
    out += "#[" + table + "]\n";
    for (const auto& key : group.keys("NAME")) append_key(out, key, table);
  }
  return out;
}

std::map<std::string, std::string> bellwether_environment() {
  std::map<std::string, std::string> found;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (!text.starts_with(kEnvironmentPrefix) || equals == std::string_view::npos) continue;
    found.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return found;
}

}  // namespace bw
