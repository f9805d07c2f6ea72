#include "base/runtime/config.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string_view>
#include <type_traits>

#include <toml.hpp>

#include "base/runtime/config_names.h"
#include "base/text.h"

namespace bw {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTargetNames[] = {"a string", "true or false",     "a whole number",
                                             "a number", "a list of strings", "a table of strings"};

std::string_view type_name(const toml::value& value) {
  switch (value.type()) {
    case toml::value_t::boolean:
      return "true or false";
    case toml::value_t::integer:
      return "a whole number";
    case toml::value_t::floating:
      return "a fraction";
    case toml::value_t::string:
      return "a string";
    case toml::value_t::array:
      return "a list";
    case toml::value_t::table:
      return "a table";
    default:
      return "a date or time";
  }
}

std::string line_of(const std::string& file, const toml::source_location& location) {
  return file + ":" + std::to_string(location.line());
}

std::string in_quotes(std::string_view text) {
  return "'" + std::string(text) + "'";
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

template <typename Number>
bool parse_number(std::string_view text, Number* to) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *to);
  return error == std::errc{} && end == text.data() + text.size();
}

// What toml11 says, in one line: of its message the first, without its own names.
std::string first_line(std::string_view what) {
  what = what.substr(0, what.find('\n'));
  if (what.starts_with("[error] ")) what.remove_prefix(8);
  if (what.starts_with("toml::")) {
    const auto end = what.find(": ");
    if (end != std::string_view::npos) what.remove_prefix(end + 2);
  }
  // value ("url") already exists.
  const auto name = what.find("(\"");
  const auto end = what.find("\") already exists");
  if (name != std::string_view::npos && end != std::string_view::npos) {
    return in_quotes(what.substr(name + 2, end - name - 2)) + " is set twice";
  }
  return std::string(what);
}

class Loader {
 public:
  Loader(const std::vector<ConfigKey>& keys, const std::vector<ConfigGroup>& groups)
      : groups_(groups) {
    for (const auto& key : keys) add_key(key, "");
  }

  void load_files(const ConfigSources& sources);
  void load_environment(const std::map<std::string, std::string>& environment);
  void load_overrides(const std::vector<std::pair<std::string, std::string>>& overrides);
  void run_checks();
  Result<void> result() const;

 private:
  void load_file(const std::string& path, bool required);
  void load_table(const std::string& file, const std::string& prefix, const toml::value& table);
  void load_value(const std::string& file, const std::string& name, const toml::value& value);
  bool assign(const ConfigKey& key, const toml::value& value, const std::string& where);
  bool assign_text(const ConfigKey& key, std::string_view text, const std::string& where);
  void set_at(const ConfigKey& key, bool good, const std::string& where);

  void add_key(const ConfigKey& key, const std::string& where);
  void add_member(std::string_view name, const std::string& where);
  const ConfigKey* find(std::string_view name) const;
  bool is_table(std::string_view table) const;
  std::string unknown(std::string_view name) const;
  void report(const std::string& where, const std::string& what) {
    errors_.push_back(where + ": " + what);
  }

  const std::vector<ConfigGroup>& groups_;
  std::deque<ConfigKey> keys_;  // at fixed addresses, as groups gain members
  std::vector<std::string_view> names_;
  std::vector<std::string> members_;  // of groups: "export.remote_write.main"
  // Where the value comes from: nothing for the default, empty where it was wrong already.
  std::vector<std::optional<std::string>> set_at_;
  std::vector<std::string> declared_at_;  // of a member's keys: where it was named first
  std::vector<std::string> errors_;
};

const ConfigKey* Loader::find(std::string_view name) const {
  const auto it = std::find(names_.begin(), names_.end(), name);
  return it == names_.end() ? nullptr : &keys_[static_cast<std::size_t>(it - names_.begin())];
}

void Loader::add_key(const ConfigKey& key, const std::string& where) {
  keys_.push_back(key);
  names_.push_back(keys_.back().name);
  set_at_.emplace_back();
  declared_at_.push_back(where);
}

bool is_within(std::string_view name, std::string_view table) {
  return name.size() > table.size() && name.starts_with(table) && name[table.size()] == '.';
}

// Makes the keys of the group's member that `name` lies in, or is, where they are not there yet.
void Loader::add_member(std::string_view name, const std::string& where) {
  constexpr std::size_t kMaxMember = 32;
  for (const ConfigGroup& group : groups_) {
    if (!is_within(name, group.prefix)) continue;
    const auto rest = name.substr(group.prefix.size() + 1);
    const std::string member(rest.substr(0, rest.find('.')));
    const std::string whole = group.prefix + "." + member;
    if (std::find(members_.begin(), members_.end(), whole) != members_.end()) return;
    members_.push_back(whole);
    const bool is_fit =
        !member.empty() && member.size() <= kMaxMember && member[0] >= 'a' && member[0] <= 'z' &&
        member.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
    if (!is_fit) {
      report(where, in_quotes(member) + " is no name for a table of " + group.prefix +
                        ": 1 to 32 of a-z 0-9 _ and -, beginning with a letter");
    }
    for (const ConfigKey& key : group.keys(member)) add_key(key, where);
    return;
  }
}

bool Loader::is_table(std::string_view table) const {
  return std::any_of(names_.begin(), names_.end(),
                     [&](std::string_view one) { return is_within(one, table); }) ||
         std::any_of(groups_.begin(), groups_.end(), [&](const ConfigGroup& group) {
           return group.prefix == table || is_within(group.prefix, table);
         });
}

std::string Loader::unknown(std::string_view name) const {
  std::string text = "unknown key " + in_quotes(name);
  const auto meant = nearest(name, names_);
  if (!meant.empty()) text += ", did you mean " + in_quotes(meant) + "?";
  return text;
}

void Loader::set_at(const ConfigKey& key, bool good, const std::string& where) {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (&keys_[i] == &key) set_at_[i] = good ? where : std::string{};
  }
}

void Loader::load_files(const ConfigSources& sources) {
  if (sources.file.empty()) return;
  load_file(sources.file, sources.file_required);

  const fs::path directory = fs::path(sources.file).replace_extension(".conf.d");
  std::error_code error;
  std::vector<std::string> files;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".toml") files.push_back(it->path().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    report(directory.string(), error.message());
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) load_file(file, true);
}

void Loader::load_file(const std::string& path, bool required) {
  std::error_code error;
  if (fs::is_directory(path, error)) return report(path, std::strerror(EISDIR));
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    if (required || errno != ENOENT) report(path, std::strerror(errno == 0 ? EIO : errno));
    return;
  }
  try {
    load_table(path, "", toml::parse(stream, path));
  } catch (const toml::exception& failure) {
    report(line_of(path, failure.location()), first_line(failure.what()));
  } catch (const std::exception& failure) {
    report(path, first_line(failure.what()));
  }
}

void Loader::load_table(const std::string& file, const std::string& prefix,
                        const toml::value& table) {
  // In the order of the lines, for errors in the order in which they are read.
  using Member = std::pair<std::string, const toml::value*>;
  std::vector<Member> members;
  for (const auto& [name, value] : table.as_table()) {
    members.emplace_back(prefix.empty() ? name : prefix + "." + name, &value);
  }
  std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) {
    return std::pair(a.second->location().line(), a.first) <
           std::pair(b.second->location().line(), b.first);
  });
  for (const auto& [name, value] : members) load_value(file, name, *value);
}

void Loader::load_value(const std::string& file, const std::string& name,
                        const toml::value& value) {
  const std::string where = line_of(file, value.location());
  if (value.is_table()) add_member(name, where);
  if (const ConfigKey* key = find(name)) {
    set_at(*key, assign(*key, value, where), where);
  } else if (!value.is_table()) {
    if (is_table(name)) {
      report(where, in_quotes(name) + " is a table of keys, not " + std::string(type_name(value)));
    } else {
      report(where, unknown(name));
    }
  } else if (value.as_table().empty() && !is_table(name)) {
    report(where, "unknown table " + in_quotes(name));
  } else {
    load_table(file, name, value);
  }
}

bool Loader::assign(const ConfigKey& key, const toml::value& value, const std::string& where) {
  const auto wrong = [&](std::string_view is) {
    report(where, key.name + " must be " + std::string(kTargetNames[key.target.index()]) +
                      ", not " + std::string(is));
    return false;
  };
  return std::visit(
      [&](auto* to) {
        using T = std::remove_pointer_t<decltype(to)>;
        if constexpr (std::is_same_v<T, std::string>) {
          if (!value.is_string()) return wrong(type_name(value));
          *to = value.as_string().str;
        } else if constexpr (std::is_same_v<T, bool>) {
          if (!value.is_boolean()) return wrong(type_name(value));
          *to = value.as_boolean();
        } else if constexpr (std::is_same_v<T, std::int64_t>) {
          if (!value.is_integer()) return wrong(type_name(value));
          *to = value.as_integer();
          // toml11 takes what does not fit for the outermost that does.
          using Limits = std::numeric_limits<std::int64_t>;
          if (*to == Limits::max() || *to == Limits::min()) {
            return wrong("a number of more than 64 bits");
          }
        } else if constexpr (std::is_same_v<T, double>) {
          if (!value.is_floating() && !value.is_integer()) return wrong(type_name(value));
          *to = value.is_integer() ? static_cast<double>(value.as_integer()) : value.as_floating();
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          if (!value.is_array()) return wrong(type_name(value));
          T items;
          for (const auto& item : value.as_array()) {
            if (!item.is_string()) return wrong("a list with " + std::string(type_name(item)));
            items.push_back(item.as_string().str);
          }
          *to = std::move(items);
        } else {
          if (!value.is_table()) return wrong(type_name(value));
          for (const auto& [name, item] : value.as_table()) {
            if (!item.is_string()) {
              return wrong("a table whose " + in_quotes(name) + " is " +
                           std::string(type_name(item)));
            }
            (*to)[name] = item.as_string().str;
          }
        }
        return true;
      },
      key.target);
}

bool Loader::assign_text(const ConfigKey& key, std::string_view text, const std::string& where) {
  const auto wrong = [&] {
    report(where, key.name + " must be " + std::string(kTargetNames[key.target.index()]) +
                      ", not " + in_quotes(text));
    return false;
  };
  return std::visit(
      [&](auto* to) {
        using T = std::remove_pointer_t<decltype(to)>;
        if constexpr (std::is_same_v<T, std::string>) {
          *to = text;
        } else if constexpr (std::is_same_v<T, bool>) {
          if (text != "true" && text != "false") return wrong();
          *to = text == "true";
        } else if constexpr (std::is_arithmetic_v<T>) {
          if (!parse_number(text, to)) return wrong();
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          const auto items = split(text, ',');
          to->assign(items.begin(), items.end());
        } else {
          for (const auto item : split(text, ',')) {
            const auto equals = item.find('=');
            if (equals == std::string_view::npos || equals == 0) return wrong();
            (*to)[std::string(item.substr(0, equals))] = item.substr(equals + 1);
          }
        }
        return true;
      },
      key.target);
}

void Loader::load_environment(const std::map<std::string, std::string>& environment) {
  std::vector<std::string> variables;
  for (const auto name : names_) variables.push_back(environment_name(name));
  const std::vector<std::string_view> views(variables.begin(), variables.end());
  auto bare = views;  // the prefix, which all share, would make anything look near
  for (auto& name : bare) name.remove_prefix(kEnvironmentPrefix.size());
  for (const auto& [variable, text] : environment) {
    const auto it = std::find(views.begin(), views.end(), variable);
    if (it != views.end()) {
      const ConfigKey& key = keys_[static_cast<std::size_t>(it - views.begin())];
      set_at(key, assign_text(key, text, variable), variable);
      continue;
    }
    // The other programs have variables of their own, so only what looks mistyped is an error.
    const auto meant = nearest(std::string_view(variable).substr(kEnvironmentPrefix.size()), bare);
    if (!meant.empty()) {
      report(variable, "unknown variable, did you mean '" + std::string(kEnvironmentPrefix) +
                           std::string(meant) + "'?");
    }
  }
}

void Loader::load_overrides(const std::vector<std::pair<std::string, std::string>>& overrides) {
  for (const auto& [name, text] : overrides) {
    const std::string where = "--set " + name;
    add_member(name, where);
    if (const ConfigKey* key = find(name)) {
      set_at(*key, assign_text(*key, text, where), where);
      continue;
    }
    // One entry of a table of strings: node.labels.rack=7.
    const auto dot = name.rfind('.');
    const ConfigKey* table = dot == std::string::npos ? nullptr : find(name.substr(0, dot));
    auto* const* entries = table == nullptr
                               ? nullptr
                               : std::get_if<std::map<std::string, std::string>*>(&table->target);
    if (entries == nullptr) {
      report("--set", unknown(name));
      continue;
    }
    (**entries)[name.substr(dot + 1)] = text;
    set_at(*table, true, where);
  }
}

void Loader::run_checks() {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const bool wrong_already = set_at_[i] && set_at_[i]->empty();
    if (!keys_[i].check || wrong_already) continue;
    const std::string what = keys_[i].check();
    if (what.empty()) continue;
    const std::string& where = set_at_[i] ? *set_at_[i] : declared_at_[i];
    const std::string text = keys_[i].name + ": " + what;
    errors_.push_back(where.empty() ? text : where + ": " + text);
  }
}

Result<void> Loader::result() const {
  if (errors_.empty()) return {};
  std::string all;
  for (const auto& error : errors_) {
    if (!all.empty()) all += '\n';
    all += error;
  }
  return Error{std::move(all)};
}

}  // namespace

Result<void> load_config(const std::vector<ConfigKey>& keys, const ConfigSources& sources,
                         const std::vector<ConfigGroup>& groups) {
  Loader loader(keys, groups);
  loader.load_files(sources);
  loader.load_environment(sources.environment);
  loader.load_overrides(sources.overrides);
  loader.run_checks();
  return loader.result();
}

}  // namespace bw
