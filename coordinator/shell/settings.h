// The coordinator's configuration: what can be set, within which bounds, and what it is by default.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/runtime/config.h"
#include "coordinator/shell/export_settings.h"
#include "coordinator/shell/store_upkeep.h"

namespace bw::coordinator {

inline constexpr std::string_view kDefaultConfigFile = "/etc/bellwether/coordinator.toml";

struct Settings {
  std::string broker_url;  // empty: the embedded broker
  std::int64_t broker_port = 1883;
  std::string broker_executable;  // empty: looked for
  std::string api_listen = "127.0.0.1:8420";
  std::string state_directory = "/var/lib/bellwether-coordinator";
  std::int64_t raw_days = 30;
  std::int64_t minute_days = 120;
  std::int64_t hour_days = 1095;
  std::int64_t events_days = 365;
  std::int64_t max_gb = 50;
  std::int64_t live_timeout_s = 5;
  std::string log_level = "info";
  ExportTargets exports;
};

// Where the API listens: an IP address without brackets, and a port (0: any free one).
struct ListenAddress {
  std::string address;
  std::uint16_t port = 0;
};

// "127.0.0.1:8420" or "[::1]:8420". An error too where the address is not the box's own: without
// TLS nothing is offered to others.
Result<ListenAddress> parse_listen(const std::string& text);

// Every key, its target a member of `settings`, which must outlive the table.
std::vector<ConfigKey> settings_keys(Settings& settings);

// Loads and checks everything. Errors: all that were found, one a line.
Result<Settings> load_settings(const ConfigSources& sources);

// For how long the store keeps what, and how much in all.
Retention retention_of(const Settings& settings);

// What --print-config prints.
std::string example_settings();

// The names of keys that differ and that a running coordinator can't take over.
std::vector<std::string> changed_until_restart(const Settings& now, const Settings& then);

}  // namespace bw::coordinator
