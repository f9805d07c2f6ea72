// The agent's configuration: what can be set, within which bounds, and what it is by default.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/collect/processes/process_table.h"
#include "base/log_level.h"
#include "base/result.h"
#include "base/runtime/config.h"
#include "base/time.h"
#include "schemas/wire/messages.h"

namespace bw::agent {

inline constexpr std::string_view kDefaultConfigFile = "/etc/bellwether/agent.toml";

// Of gpu.nvml.
inline constexpr std::string_view kNvmlAuto = "auto";
inline constexpr std::string_view kNvmlOff = "off";

struct Settings {
  std::string node;  // after load_settings(): never empty
  std::string site = "default";
  std::map<std::string, std::string> labels;
  std::string broker_url = "mqtt://127.0.0.1:1883";
  std::int64_t keep_alive_s = 15;
  std::string state_directory = "/var/lib/bellwether-agent";
  std::int64_t outbox_max_mb = 256;
  std::int64_t outbox_max_age_h = 336;
  std::int64_t history_share = 50;
  std::int64_t max_kbit = 0;
  std::int64_t period_ms = 1000;
  std::string root = "/";
  std::string nvml = std::string(kNvmlAuto);
  bool kernel_log = true;
  std::string kernel_log_path = "/dev/kmsg";
  std::map<std::string, std::string> watch_processes;  // name -> pattern
  std::vector<std::string> watch_units;
  bool detect = true;
  std::int64_t detect_window = 10;
  double false_alarms_a_day = 0.7;
  double alert_threshold = 0;
  double contamination = 0;
  std::vector<std::string> detect_include;
  std::vector<std::string> detect_exclude;
  std::int64_t block_s = 60;
  std::int64_t first_block_s = 10;
  std::string log_level = "info";
};

// Every key, its target a member of `settings`, which must outlive the table.
std::vector<ConfigKey> settings_keys(Settings& settings);

// Loads and checks everything. Errors: all that were found, one a line.
Result<Settings> load_settings(const ConfigSources& sources);

// What --print-config prints.
std::string example_settings();

// The names of keys that differ and that a running agent can't take over.
std::vector<std::string> changed_until_restart(const Settings& now, const Settings& then);

std::vector<wire::Label> label_list(const Settings& settings);
std::vector<WatchedProcess> watched_processes(const Settings& settings);

}  // namespace bw::agent
