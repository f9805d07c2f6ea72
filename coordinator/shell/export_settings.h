// Where history is sent to: the settings of one receiver, and how they stand in the configuration.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/runtime/config.h"
#include "coordinator/core/export/verdict.h"

namespace bw::coordinator {

struct ExportTarget {
  exporting::Protocol protocol = exporting::Protocol::remote_write;
  std::string url;
  std::map<std::string, std::string> headers;
  std::map<std::string, std::string> header_files;  // a header's name -> a file with its value
  std::string ca_file;                              // empty: the system's
  std::vector<std::string> metrics;                 // patterns; empty: all
  std::int64_t interval_s = 10;
  std::int64_t timeout_s = 30;
  std::int64_t resolution_s = 0;
  std::int64_t samples_per_s = 200'000;
  bool backfill = false;
  bool compress = true;
  bool operator==(const ExportTarget&) const = default;
};

// By name, "remote_write/main": what its cursor, its metrics and its log lines are called.
using ExportTargets = std::map<std::string, ExportTarget>;

inline constexpr std::size_t kMaxExportTargets = 8;  // a thread each

// The tables [export.remote_write.NAME] and [export.otlp.NAME]; their values go into `targets`,
// which must outlive them.
std::vector<ConfigGroup> export_groups(ExportTargets& targets);

// What is wrong with all of them together; empty where nothing is.
std::string check_targets(const ExportTargets& targets);

}  // namespace bw::coordinator
