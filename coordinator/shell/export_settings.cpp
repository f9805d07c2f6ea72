#include "coordinator/shell/export_settings.h"

#include <functional>

#include "coordinator/core/export/glob.h"

namespace bw::coordinator {

namespace {

using exporting::Protocol;

std::function<std::string()> within(const std::int64_t& value, std::int64_t least,
                                    std::int64_t most) {
  return [&value, least, most]() -> std::string {
    if (value >= least && value <= most) return {};
    return std::to_string(value) + " is not within " + std::to_string(least) + " and " +
           std::to_string(most);
  };
}

std::string check_url(const std::string& url, std::string_view example) {
  const bool has_scheme = url.starts_with("http://") || url.starts_with("https://");
  bool is_plain = true;
  for (const char c : url) is_plain = is_plain && c > ' ' && c < 0x7f;
  if (has_scheme && is_plain && url.size() > url.find("://") + 3) {
    const std::size_t host = url.find("://") + 3;
    // The address is logged, and shown by the API. An @ may stand in a path, but also in a password
    // that holds a slash.
    if (url.substr(host, url.find_first_of("?#", host) - host).find('@') == std::string::npos) {
      return {};
    }
    return "must hold no user and password, since addresses are shown: give them as an "
           "Authorization header, by header_files";
  }
  return "must be given, as " + std::string(example);
}

bool is_token(const std::string& name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  for (const char c : name) {
    const bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!is_word && kMarks.find(c) == std::string_view::npos) return false;
  }
  return !name.empty();
}

// Those that make the request what it is are not to be had.
std::string check_header_name(const std::string& name) {
  if (!is_token(name)) return "'" + name + "' is no name of a header";
  std::string small;
  for (const char c : name) small += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const char* ours : {"content-type", "content-encoding", "content-length", "host",
                           "transfer-encoding", "x-prometheus-remote-write-version"}) {
    if (small == ours) return name + " is set by the coordinator itself";
  }
  return {};
}

std::string check_headers(const std::map<std::string, std::string>& headers) {
  for (const auto& [name, value] : headers) {
    if (auto wrong = check_header_name(name); !wrong.empty()) return wrong;
    for (const char c : value) {
      if (static_cast<unsigned char>(c) < 0x20) return name + " holds control characters";
    }
  }
  return {};
}

std::string check_header_files(const std::map<std::string, std::string>& files) {
  for (const auto& [name, path] : files) {
    if (auto wrong = check_header_name(name); !wrong.empty()) return wrong;
    if (!path.starts_with('/')) return name + ": '" + path + "' must be an absolute path";
  }
  return {};
}

std::string check_ca_file(const std::string& path) {
  return path.empty() || path.starts_with('/') ? std::string{} : "must be an absolute path";
}

// What both kinds have, but for the address.
void add_common_keys(std::vector<ConfigKey>& keys, const std::string& prefix, ExportTarget& t) {
  keys.push_back({prefix + "headers", &t.headers,
                  "HTTP headers of every request, such as { X-Scope-OrgID = \"fleet\" }.", false,
                  [&t] { return check_headers(t.headers); }});
  keys.push_back({prefix + "header_files", &t.header_files,
                  "Headers whose value is a secret: the file that holds it, read before each "
                  "request, such as { Authorization = \"/etc/bellwether/metrics.token\" }.",
                  false, [&t] { return check_header_files(t.header_files); }});
  keys.push_back({prefix + "ca_file", &t.ca_file,
                  "The certificate authorities that the receiver's certificate is checked against, "
                  "PEM. Empty: the system's.",
                  false, [&t] { return check_ca_file(t.ca_file); }});
  keys.push_back({prefix + "metrics", &t.metrics,
                  "Which metrics are sent, by their names in 'bellwether metrics': patterns with * "
                  "and ?; one that begins with ! leaves out what it matches. Empty: all.",
                  false, [&t] { return exporting::check_patterns(t.metrics); }});
  keys.push_back({prefix + "resolution_s", &t.resolution_s,
                  "Seconds: of each stretch of this length only the last sample of a series is "
                  "sent. 0: every sample; at most 3600.",
                  false, within(t.resolution_s, 0, 3600)});
  keys.push_back({prefix + "interval_s", &t.interval_s,
                  "Seconds between looks for new history; 1 to 3600.", false,
                  within(t.interval_s, 1, 3600)});
  keys.push_back({prefix + "timeout_s", &t.timeout_s,
                  "Seconds that a request may take before it is given up and sent again; 1 to 600.",
                  false, within(t.timeout_s, 1, 600)});
  keys.push_back({prefix + "samples_per_s", &t.samples_per_s,
                  "How many samples are sent a second at most, on average: the pace at which a "
                  "backlog is caught up with; 100 to 100000000.",
                  false, within(t.samples_per_s, 100, 100'000'000)});
  keys.push_back({prefix + "backfill", &t.backfill,
                  "Whether a receiver that is new gets what the store already holds. False: only "
                  "what comes from then on."});
}

std::vector<ConfigKey> target_keys(Protocol protocol, const std::string& name,
                                   ExportTargets& targets) {
  const std::string kind(name_of(protocol));
  const std::string prefix = "export." + kind + "." + name + ".";
  ExportTarget& t = targets[kind + "/" + name];
  t.protocol = protocol;
  const bool is_otlp = protocol == Protocol::otlp;
  const std::string example =
      is_otlp ? "http://127.0.0.1:4318/v1/metrics" : "http://127.0.0.1:9090/api/v1/write";
  std::vector<ConfigKey> keys;
  keys.push_back({prefix + "url", &t.url, "Where to, whole: " + example + ".", false,
                  [&t, example] { return check_url(t.url, example); }});
  if (is_otlp) {
    keys.push_back({prefix + "compress", &t.compress, "Whether requests are compressed by gzip."});
  }
  add_common_keys(keys, prefix, t);
  return keys;
}

}  // namespace

std::vector<ConfigGroup> export_groups(ExportTargets& targets) {
  return {
      {"export.remote_write",
       "A receiver of Prometheus remote write 1.0 (Prometheus with "
       "--web.enable-remote-write-receiver, Mimir, Thanos, VictoriaMetrics) that all history is "
       "sent to; NAME is yours to choose, several tables are several receivers.",
       [&targets](const std::string& name) {
         return target_keys(Protocol::remote_write, name, targets);
       }},
      {"export.otlp",
       "A receiver of OTLP/HTTP metrics in protobuf (an OpenTelemetry collector) that all history "
       "is sent to.",
       [&targets](const std::string& name) { return target_keys(Protocol::otlp, name, targets); }}};
}

std::string check_targets(const ExportTargets& targets) {
  if (targets.size() <= kMaxExportTargets) return {};
  return "export: " + std::to_string(targets.size()) + " receivers are named, at most " +
         std::to_string(kMaxExportTargets) + " may be";
}

}  // namespace bw::coordinator
