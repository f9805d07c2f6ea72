#include "schemas/metrics/prometheus_name.h"

namespace bw::metrics {

namespace {

constexpr BaseUnit kUnits[] = {
    {"%", "ratio", "1", 1, 100},
    {"s", "seconds", "s"},
    {"ms", "seconds", "s", 1, 1e3},
    {"us", "seconds", "s", 1, 1e6},
    {"ns", "seconds", "s", 1, 1e9},
    {"B", "bytes", "By"},
    {"KiB", "bytes", "By", 1024},
    {"MiB", "bytes", "By", 1024 * 1024},
    {"KB/s", "bytes_per_second", "By/s", 1000},
    {"B/s", "bytes_per_second", "By/s"},
    {"bits", "bits", "bit"},
    {"Mbit/s", "bits_per_second", "bit/s", 1e6},
    {"C", "celsius", "Cel"},
    {"Hz", "hertz", "Hz"},
    {"kHz", "hertz", "Hz", 1e3},
    {"MHz", "hertz", "Hz", 1e6},
    {"W", "watts", "W"},
    {"mW", "watts", "W", 1, 1e3},
    {"uW", "watts", "W", 1, 1e6},
    {"J", "joules", "J"},
    {"mJ", "joules", "J", 1, 1e3},
    {"uJ", "joules", "J", 1, 1e6},
    {"V", "volts", "V"},
    {"mV", "volts", "V", 1, 1e3},
    {"uV", "volts", "V", 1, 1e6},
    {"A", "amperes", "A"},
    {"mA", "amperes", "A", 1, 1e3},
    {"uA", "amperes", "A", 1, 1e6},
    {"rpm", "rpm", "{revolution}/min"},
    {"dBm", "dbm", "dB[mW]"},
    {"pages", "pages", "{page}"},
    {"tasks", "tasks", "{task}"},
    {"lanes", "lanes", "{lane}"},
    {"count", "", "{count}"},
    {"1", "", "1"},
};
constexpr BaseUnit kUnknown{"", "", "1"};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

void append_words(std::string& out, std::string_view words) {
  for (const char c : words) {
    out += is_letter(c) || (c >= '0' && c <= '9') ? c : '_';
  }
}

// "bw_disk_read_time_seconds"
std::string named(std::string_view name, std::string_view suffix) {
  std::string out = "bw_";
  append_words(out, name);
  if (suffix.empty()) return out;
  const std::string end = "_" + std::string(suffix);
  if (!out.ends_with(end)) out += end;
  return out;
}

}  // namespace

const BaseUnit& base_unit(std::string_view unit) {
  for (const BaseUnit& known : kUnits) {
    if (known.unit == unit) return known;
  }
  return kUnknown;
}

std::string prometheus_name(std::string_view name, std::string_view unit, wire::SeriesKind kind) {
  std::string out = named(name, base_unit(unit).suffix);
  if (kind == wire::SeriesKind::counter && !out.ends_with("_total")) out += "_total";
  return out;
}

std::string prometheus_rate_name(std::string_view name, std::string_view unit) {
  std::string out = named(name, base_unit(unit).suffix);
  if (out.ends_with("_total")) out.resize(out.size() - 6);
  return out + "_per_second";
}

std::string prometheus_label(std::string_view name) {
  std::string out;
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) out += '_';
  append_words(out, name);
  return out;
}

}  // namespace bw::metrics
