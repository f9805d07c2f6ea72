#include "coordinator/shell/settings.h"

#include <charconv>
#include <functional>

#include <arpa/inet.h>

#include "base/runtime/log.h"
#include "base/runtime/mqtt_link.h"

namespace bw::coordinator {

namespace {

std::function<std::string()> within(const std::int64_t& value, std::int64_t least,
                                    std::int64_t most) {
  return [&value, least, most]() -> std::string {
    if (value >= least && value <= most) return {};
    return std::to_string(value) + " is not within " + std::to_string(least) + " and " +
           std::to_string(most);
  };
}

template <typename T>
std::string reason_of(const Result<T>& result) {
  return result ? std::string{} : result.error().message;
}

// It becomes a line of the broker's configuration, which knows no quotes.
std::string check_path(const std::string& path) {
  if (!path.starts_with('/')) return "must be an absolute path, beginning with '/'";
  for (const char c : path) {
    if (static_cast<unsigned char>(c) < 0x20) return "must not hold control characters";
  }
  return {};
}

bool is_loopback(const std::string& address) {
  in_addr v4{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool is_address(const std::string& address, bool in_brackets) {
  in6_addr any{};
  return inet_pton(in_brackets ? AF_INET6 : AF_INET, address.c_str(), &any) == 1;
}

bool same_value(const ConfigKey& one, const ConfigKey& other) {
  return std::visit(
      [&](auto* value) { return *value == **std::get_if<decltype(value)>(&other.target); },
      one.target);
}

// Each rollup outlives what it is made of.
std::string check_longer(std::int64_t days, std::int64_t finer, const char* finer_name) {
  if (days > finer) return {};
  return std::to_string(days) + " must be more than store." + finer_name + " (" +
         std::to_string(finer) + "), of which it is made";
}

void add_store_keys(std::vector<ConfigKey>& keys, Settings& s) {
  constexpr std::int64_t kMostDays = 36'500;
  const auto and_longer = [](std::function<std::string()> first, const std::int64_t& days,
                             const std::int64_t& finer, const char* finer_name) {
    return [first = std::move(first), &days, &finer, finer_name] {
      const std::string trouble = first();
      return trouble.empty() ? check_longer(days, finer, finer_name) : trouble;
    };
  };
  keys.push_back({"store.raw_days", &s.raw_days,
                  "Days for which history is kept as it was measured; 1 to 36500. What nodes send "
                  "later than that is in no rollup.",
                  false, within(s.raw_days, 1, kMostDays)});
  keys.push_back(
      {"store.minute_days", &s.minute_days,
       "Days for which its rollups by minutes are kept; more than store.raw_days.", false,
       and_longer(within(s.minute_days, 1, kMostDays), s.minute_days, s.raw_days, "raw_days")});
  keys.push_back(
      {"store.hour_days", &s.hour_days,
       "Days for which its rollups by hours are kept; more than store.minute_days.", false,
       and_longer(within(s.hour_days, 1, kMostDays), s.hour_days, s.minute_days, "minute_days")});
  keys.push_back({"store.events_days", &s.events_days,
                  "Days for which events are kept; 1 to 36500.", false,
                  within(s.events_days, 1, kMostDays)});
  keys.push_back({"store.max_gb", &s.max_gb,
                  "Gigabytes (10^9 bytes) that the store may use; 1 to 100000. Beyond, the oldest "
                  "goes first: history as measured, then its rollups, then events.",
                  false, within(s.max_gb, 1, 100'000)});
}

}  // namespace

Result<ListenAddress> parse_listen(const std::string& text) {
  const Error form{"must have the form 127.0.0.1:8420 or [::1]:8420"};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return form;
  std::string address = text.substr(0, colon);
  const bool in_brackets = address.size() > 2 && address.front() == '[' && address.back() == ']';
  if (in_brackets) address = address.substr(1, address.size() - 2);
  if (!is_address(address, in_brackets)) return form;
  const char* const begin = text.data() + colon + 1;
  const char* const end = text.data() + text.size();
  ListenAddress listen{address, 0};
  const auto [stopped, error] = std::from_chars(begin, end, listen.port);
  if (error != std::errc{} || stopped != end) return form;
  if (!is_loopback(address)) {
    return Error{address +
                 " can be reached from other machines, and the API has no encryption and no log-in "
                 "yet: name a loopback address, and reach it from elsewhere through an SSH tunnel"};
  }
  return listen;
}

std::vector<ConfigKey> settings_keys(Settings& s) {
  std::vector<ConfigKey> keys;
  keys.push_back({"broker.url", &s.broker_url,
                  "The MQTT v5 broker: mqtt://host:port. Empty: the coordinator starts a Mosquitto "
                  "of its own on 127.0.0.1, and takes it down with it.",
                  false, [&s] {
                    return s.broker_url.empty() ? std::string{}
                                                : reason_of(check_mqtt_url(s.broker_url));
                  }});
  keys.push_back({"broker.port", &s.broker_port,
                  "The port of the coordinator's own broker; 1 to 65535.", false,
                  within(s.broker_port, 1, 65'535)});
  keys.push_back({"broker.executable", &s.broker_executable,
                  "The program that is started as the coordinator's own broker. Empty: "
                  "/usr/sbin/mosquitto, or mosquitto in PATH.",
                  false, [&s] {
                    return s.broker_executable.empty() ? std::string{}
                                                       : check_path(s.broker_executable);
                  }});
  keys.push_back({"api.listen", &s.api_listen,
                  "Where the API listens: a loopback address and a port; an IPv6 address stands in "
                  "brackets.",
                  false, [&s] { return reason_of(parse_listen(s.api_listen)); }});
  keys.push_back({"state.directory", &s.state_directory,
                  "Where the store lies, and what the coordinator's own broker keeps. One "
                  "coordinator to a directory.",
                  false, [&s] { return check_path(s.state_directory); }});
  add_store_keys(keys, s);
  keys.push_back({"fleet.live_timeout_s", &s.live_timeout_s,
                  "Seconds without a live sample after which a node is no longer shown as live; 1 "
                  "to 3600.",
                  false, within(s.live_timeout_s, 1, 3600)});
  keys.push_back({"log.level", &s.log_level,
                  "The least that is logged: debug, info, warning or error.", true,
                  [&s] { return reason_of(parse_log_level(s.log_level)); }});
  return keys;
}

Result<Settings> load_settings(const ConfigSources& sources) {
  Settings settings;
  const auto groups = export_groups(settings.exports);
  if (const auto loaded = load_config(settings_keys(settings), sources, groups); !loaded) {
    return loaded.error();
  }
  if (auto wrong = check_targets(settings.exports); !wrong.empty()) return Error{wrong};
  return settings;
}

Retention retention_of(const Settings& settings) {
  Retention retention;
  retention.raw_ms = settings.raw_days * api::kDayMs;
  retention.minutes_ms = settings.minute_days * api::kDayMs;
  retention.hours_ms = settings.hour_days * api::kDayMs;
  retention.events_ms = settings.events_days * api::kDayMs;
  retention.most_bytes = settings.max_gb * 1'000'000'000;
  return retention;
}

std::string example_settings() {
  Settings defaults;
  ExportTargets examples;
  return example_config(
      settings_keys(defaults),
      "Configuration of bellwether-coordinator: " + std::string(kDefaultConfigFile) +
          ". What is commented out is the default.",
      export_groups(examples));
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
  if (now.exports != then.exports) changed.emplace_back("export");
  return changed;
}

}  // namespace bw::coordinator
