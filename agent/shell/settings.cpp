#include "agent/shell/settings.h"

#include <filesystem>
#include <functional>
#include <system_error>

#include "agent/shell/hardware.h"
#include "base/ids.h"
#include "base/runtime/log.h"
#include "base/runtime/mqtt_link.h"
#include "schemas/wire/limits.h"

namespace bw::agent {

namespace {

using Check = std::function<std::string()>;

constexpr std::size_t kMaxWatchPatterns = 32;

Check within(const std::int64_t& value, std::int64_t least, std::int64_t most) {
  return [&value, least, most]() -> std::string {
    if (value >= least && value <= most) return {};
    return std::to_string(value) + " is not within " + std::to_string(least) + " and " +
           std::to_string(most);
  };
}

std::string check_node(const std::string& node) {
  if (node.empty()) return {};
  const auto parsed = NodeId::parse(node);
  return parsed ? std::string{} : parsed.error().message;
}

std::string check_text(const std::string& text) {
  if (text.empty()) return "must not be empty";
  if (text.size() > wire::kMaxText) {
    return "longer than " + std::to_string(wire::kMaxText) + " bytes";
  }
  return {};
}

std::string check_labels(const std::map<std::string, std::string>& labels) {
  if (labels.size() > wire::kMaxLabels) {
    return "more than " + std::to_string(wire::kMaxLabels) + " labels";
  }
  for (const auto& [name, value] : labels) {
    if (const std::string wrong = check_text(name); !wrong.empty()) return "a name " + wrong;
    if (value.size() > wire::kMaxText) {
      return "the value of '" + name + "' is longer than " + std::to_string(wire::kMaxText) +
             " bytes";
    }
  }
  return {};
}

std::string check_url(const std::string& url) {
  const auto checked = check_mqtt_url(url);
  return checked ? std::string{} : checked.error().message;
}

std::string check_level(const std::string& level) {
  const auto parsed = parse_log_level(level);
  return parsed ? std::string{} : parsed.error().message;
}

std::string check_path(const std::string& path) {
  return path.starts_with('/') ? std::string{} : "must be an absolute path, beginning with '/'";
}

std::string check_root(const std::string& path) {
  if (const std::string wrong = check_path(path); !wrong.empty()) return wrong;
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored) ? std::string{}
                                                      : path + " is not a directory";
}

std::string check_nvml(const std::string& nvml) {
  if (nvml == kNvmlAuto || nvml == kNvmlOff || nvml.starts_with('/')) return {};
  return "must be auto, off or an absolute path, beginning with '/'";
}

// What no key by itself can tell.
Result<void> check_together(const Settings& settings) {
  std::string wrong;
  const auto say = [&wrong](const std::string& text) {
    wrong += wrong.empty() ? text : "\n" + text;
  };
  if (const std::string node = check_node(settings.node); settings.node.empty() || !node.empty()) {
    say("node.id: not set, and the host name '" + settings.node +
        "' can't take its place: " + (node.empty() ? "it is empty" : node));
  }
  const std::int64_t rows = settings.block_s * 1000 / settings.period_ms;
  if (rows > static_cast<std::int64_t>(wire::kMaxRows)) {
    say("history.block_s: " + std::to_string(settings.block_s) + " s at a collect.period_ms of " +
        std::to_string(settings.period_ms) + " are " + std::to_string(rows) +
        " rows a block; at most " + std::to_string(wire::kMaxRows));
  }
  if (settings.block_s * 1000 < settings.period_ms) {
    say("history.block_s: shorter than collect.period_ms");
  }
  if (settings.first_block_s > settings.block_s) {
    say("history.first_block_s: longer than history.block_s");
  }
  if (settings.alert_threshold > 0 && settings.contamination > 0) {
    say("detect.contamination: there is a detect.alert_threshold too, and only one of them can set "
        "the threshold");
  }
  return wrong.empty() ? Result<void>{} : Result<void>{Error{wrong}};
}

bool same_value(const ConfigKey& one, const ConfigKey& other) {
  return std::visit(
      [&](auto* value) { return *value == **std::get_if<decltype(value)>(&other.target); },
      one.target);
}

void add_node_keys(Settings& s, std::vector<ConfigKey>& keys) {
  keys.push_back({"node.id", &s.node,
                  "This node's name in the fleet: 1 to 64 of A-Z a-z 0-9 . _ -, beginning with a "
                  "letter or digit. Empty: the host name up to its first dot.",
                  false, [&s] { return check_node(s.node); }});
  keys.push_back({"node.site", &s.site,
                  "The place the node stands at: a shop, a plant, a rack. Nodes of a site are "
                  "shown together.",
                  true, [&s] { return check_text(s.site); }});
  keys.push_back({"node.labels", &s.labels,
                  "What else is to be known of the node, as name = \"value\"; at most 32.", true,
                  [&s] { return check_labels(s.labels); }});
}

void add_broker_keys(Settings& s, std::vector<ConfigKey>& keys) {
  keys.push_back({"broker.url", &s.broker_url, "The MQTT v5 broker: mqtt://host:port.", false,
                  [&s] { return check_url(s.broker_url); }});
  keys.push_back({"broker.keep_alive_s", &s.keep_alive_s,
                  "Seconds without traffic after which the broker is asked whether it is still "
                  "there; 4 to 600.",
                  false, within(s.keep_alive_s, 4, 600)});
  keys.push_back({"state.directory", &s.state_directory,
                  "Where the outbox lies: what the coordinator has not stored yet. One agent to a "
                  "directory.",
                  false, [&s] { return check_path(s.state_directory); }});
  keys.push_back({"outbox.max_mb", &s.outbox_max_mb,
                  "Megabytes that the outbox may hold while the coordinator is away; then the "
                  "oldest goes, and the gap is reported. 1 to 100000.",
                  false, within(s.outbox_max_mb, 1, 100'000)});
  keys.push_back({"outbox.max_age_h", &s.outbox_max_age_h,
                  "Hours after which a record that nobody took is given up; 1 to 87600. No longer "
                  "than the coordinator's store.raw_days: what comes later than that is in no "
                  "rollup.",
                  false, within(s.outbox_max_age_h, 1, 87'600)});
}

void add_link_keys(Settings& s, std::vector<ConfigKey>& keys) {
  keys.push_back({"link.history_share", &s.history_share,
                  "Percent of the uplink's measured rate that history may take while it catches up "
                  "after an outage; 1 to 100. Live samples and events go before it.",
                  false, within(s.history_share, 1, 100)});
  keys.push_back({"link.max_kbit", &s.max_kbit,
                  "Kilobits a second that history may take at most, whatever the uplink can do; 0 "
                  "for no bound, up to 10000000.",
                  false, within(s.max_kbit, 0, 10'000'000)});
}

void add_collect_keys(Settings& s, std::vector<ConfigKey>& keys) {
  keys.push_back({"collect.period_ms", &s.period_ms,
                  "Milliseconds between two measurements; 100 to 60000.", false,
                  within(s.period_ms, 100, 60'000)});
  keys.push_back({"collect.root", &s.root,
                  "The directory that holds proc, sys and etc: another one than / serves tests and "
                  "containers that see the box elsewhere.",
                  false, [&s] { return check_root(s.root); }});
  keys.push_back(
      {"gpu.nvml", &s.nvml,
       "NVIDIA's management library, for NVIDIA's GPUs: auto for libnvidia-ml.so.1 where "
       "the system has it, off, or the path of one.",
       false, [&s] { return check_nvml(s.nvml); }});
  keys.push_back({"history.block_s", &s.block_s,
                  "Seconds that one block of history covers, 1 to 600: what is lost when the power "
                  "fails. At most 600 measurements a block.",
                  false, within(s.block_s, 1, 600)});
  keys.push_back({"history.first_block_s", &s.first_block_s,
                  "Seconds that the first block after a start covers, so that a new node's history "
                  "is there soon; not more than history.block_s.",
                  false, within(s.first_block_s, 1, 600)});
  keys.push_back({"log.level", &s.log_level,
                  "The least that is logged: debug, info, warning or "
                  "error.",
                  true, [&s] { return check_level(s.log_level); }});
}

std::string check_watched(const std::map<std::string, std::string>& processes) {
  if (processes.size() > ProcessTable::kMaxWatched) {
    return "more than " + std::to_string(ProcessTable::kMaxWatched) + " processes";
  }
  for (const auto& [name, pattern] : processes) {
    if (const std::string wrong = check_text(name); !wrong.empty()) return "a name " + wrong;
    if (pattern.size() > wire::kMaxText) return "the pattern of '" + name + "' is too long";
  }
  return {};
}

std::string check_units(const std::vector<std::string>& units) {
  constexpr std::size_t kMaxUnitName = 255;  // systemd's own bound
  if (units.size() > ProcessTable::kMaxWatched) {
    return "more than " + std::to_string(ProcessTable::kMaxWatched) + " units";
  }
  for (const std::string& unit : units) {
    if (unit.find('.') == std::string::npos || unit.size() > kMaxUnitName) {
      return "'" + unit + "' is no name of a unit, such as sshd.service";
    }
  }
  return {};
}

void add_watch_keys(Settings& s, std::vector<ConfigKey>& keys) {
  keys.push_back({"kernel_log.enabled", &s.kernel_log,
                  "Whether the kernel log is read: GPU errors, kills for want of memory, failing "
                  "disks and the like become events.",
                  false});
  keys.push_back({"kernel_log.path", &s.kernel_log_path,
                  "The kernel log's device, below collect.root.", false,
                  [&s] { return check_path(s.kernel_log_path); }});
  keys.push_back(
      {"watch.processes", &s.watch_processes,
       "Processes that must run, as name = \"pattern\": what the command line must hold, "
       "where * stands for anything. An empty pattern: the process has that name. At "
       "most 16.",
       false, [&s] { return check_watched(s.watch_processes); }});
  keys.push_back({"watch.units", &s.watch_units,
                  "Units of systemd that must be active, such as sshd.service; at most 16.", false,
                  [&s] { return check_units(s.watch_units); }});
}

std::string check_patterns(const std::vector<std::string>& patterns) {
  if (patterns.size() > kMaxWatchPatterns) {
    return "more than " + std::to_string(kMaxWatchPatterns) + " patterns";
  }
  for (const std::string& pattern : patterns) {
    if (const std::string wrong = check_text(pattern); !wrong.empty()) return "a pattern " + wrong;
  }
  return {};
}

// Not beyond either end; a NaN is beyond both.
Check within_real(const double& value, double least, double most, std::string_view words) {
  return [&value, least, most, words]() -> std::string {
    if (value >= least && value <= most) return {};
    return "is not within " + std::string(words);
  };
}

void add_detect_keys(Settings& s, std::vector<ConfigKey>& keys) {
  keys.push_back({"detect.enabled", &s.detect,
                  "Whether the agent learns what is usual on this box, and tells what is not.",
                  false});
  keys.push_back({"detect.window", &s.detect_window,
                  "Measurements that a rolling mean is made of, 3 to 60: more notice what is slow, "
                  "fewer what is short. What was learnt with another number is learnt anew.",
                  false, within(s.detect_window, 3, 60)});
  keys.push_back({"detect.false_alarms_a_day", &s.false_alarms_a_day,
                  "False alarms a day that are put up with: the threshold sets itself by it. 0.01 "
                  "to 100.",
                  false, within_real(s.false_alarms_a_day, 0.01, 100, "0.01 and 100")});
  keys.push_back({"detect.alert_threshold", &s.alert_threshold,
                  "A threshold of the score (self.anomaly_score) by hand, in place of the one that "
                  "sets itself; 0 for none, up to 1000.",
                  false, within_real(s.alert_threshold, 0, 1000, "0 and 1000")});
  keys.push_back({"detect.contamination", &s.contamination,
                  "The share of measurements that is taken for anomalous, 0.001 to 0.5, in place "
                  "of the threshold that sets itself; 0 for none.",
                  false, [&s]() -> std::string {
                    if (s.contamination == 0) return {};
                    return within_real(s.contamination, 0.001, 0.5, "0.001 and 0.5, nor 0")();
                  }});
  keys.push_back({"detect.include", &s.detect_include,
                  "Series to watch before those that are watched by themselves, as patterns of "
                  "their names (fs.util) or of names with labels (fs.util{mount=/data*}), where * "
                  "stands for anything. 64 series are watched in all. At most 32 patterns.",
                  false, [&s] { return check_patterns(s.detect_include); }});
  keys.push_back({"detect.exclude", &s.detect_exclude, "Series not to watch, likewise.", false,
                  [&s] { return check_patterns(s.detect_exclude); }});
}

}  // namespace

std::vector<ConfigKey> settings_keys(Settings& settings) {
  std::vector<ConfigKey> keys;
  add_node_keys(settings, keys);
  add_broker_keys(settings, keys);
  add_link_keys(settings, keys);
  add_collect_keys(settings, keys);
  add_watch_keys(settings, keys);
  add_detect_keys(settings, keys);
  return keys;
}

Result<Settings> load_settings(const ConfigSources& sources) {
  Settings settings;
  if (const auto loaded = load_config(settings_keys(settings), sources); !loaded) {
    return loaded.error();
  }
  if (settings.node.empty()) settings.node = short_host_name();
  if (const auto checked = check_together(settings); !checked) return checked.error();
  return settings;
}

std::string example_settings() {
  Settings defaults;
  return example_config(settings_keys(defaults),
                        "Configuration of bellwether-agent: " + std::string(kDefaultConfigFile) +
                            ". What is commented out is the default.");
}

std::vector<std::string> changed_until_restart(const Settings& now, const Settings& then) {
  Settings before = now;
  Settings after = then;
  const auto old_keys = settings_keys(before);
  const auto new_keys = settings_keys(after);
  std::vector<std::string> changed;
  for (std::size_t i = 0; i < old_keys.size(); ++i) {
    if (old_keys[i].reloadable) continue;
    if (!same_value(old_keys[i], new_keys[i])) changed.push_back(old_keys[i].name);
  }
  return changed;
}

std::vector<wire::Label> label_list(const Settings& settings) {
  std::vector<wire::Label> labels;
  for (const auto& [name, value] : settings.labels) {
    labels.push_back(wire::Label{.name = name, .value = value});
  }
  return labels;
}

std::vector<WatchedProcess> watched_processes(const Settings& settings) {
  std::vector<WatchedProcess> watched;
  for (const auto& [name, pattern] : settings.watch_processes) watched.push_back({name, pattern});
  return watched;
}

}  // namespace bw::agent
