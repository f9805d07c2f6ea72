// Configuration from a table of keys: TOML files, environment and flags onto variables, with errors
// that say file, line, key and what would be right. toml11 stays in config.cpp.
//
// Order, later wins: defaults, the file (--config, or /etc/bellwether/<program>.toml where it
// exists), the files of the directory <file without .toml>.conf.d in the order of their names, the
// environment (BELLWETHER_BROKER_URL for broker.url), flags. Lists are replaced, tables of strings
// merged. In the environment and in flags a list is a,b and a table of strings k=v,k=v; a flag may
// also name one entry: node.labels.rack=7.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"

namespace bw {

struct ConfigKey {
  using Target =
      std::variant<std::string*, bool*, std::int64_t*, double*, std::vector<std::string>*,
                   std::map<std::string, std::string>*>;  // a table of strings: [node.labels]
  std::string name;                                       // "broker.url"
  Target target;                                          // holds the default before loading
  std::string text;  // what it does, its unit and bounds: a sentence or two for the example file
  bool reloadable = false;  // SIGHUP re-reads it
  // Optional: what is wrong with the value now in `target`, empty where nothing is.
  std::function<std::string()> check = {};
};

// Tables of one kind, as many as the user likes, under names of the user's choice:
// [export.remote_write.NAME]. A name is 1 to 32 of a-z 0-9 _ and -, beginning with a letter.
struct ConfigGroup {
  std::string prefix;  // "export.remote_write"
  std::string text;    // what such a table is for, for the example file
  // The keys of the table of this name, "export.remote_write.NAME.url" and so on; called once for
  // each name that is found, before its values are loaded.
  std::function<std::vector<ConfigKey>(const std::string& name)> keys;
};

struct ConfigSources {
  std::string file;            // empty: none
  bool file_required = false;  // an error where `file` does not exist
  std::vector<std::pair<std::string, std::string>> overrides;  // from flags, --set key=value
  std::map<std::string, std::string> environment;              // names with the BELLWETHER_ prefix
};

// Loads into the targets. Errors are all that were found, one a line: "agent.toml:12: unknown key
// 'brokr.url', did you mean 'broker.url'?". On error the targets are unspecified.
Result<void> load_config(const std::vector<ConfigKey>& keys, const ConfigSources& sources,
                         const std::vector<ConfigGroup>& groups = {});

// The commented example file: every key with its text and default, commented out. Of each group one
// table, called NAME.
std::string example_config(const std::vector<ConfigKey>& keys, std::string_view heading,
                           const std::vector<ConfigGroup>& groups = {});

// BELLWETHER_* of this process.
std::map<std::string, std::string> bellwether_environment();

}  // namespace bw
