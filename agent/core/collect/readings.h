// What the shell reads from the box for one tick, as texts and numbers not yet understood.
//
// This is the whole contract between the readers (agent/shell) and the sources
// (agent/core/collect): kSources (schemas/metrics) says what to read and how often; Readings is
// what came of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/time.h"
#include "schemas/metrics/sources.h"

namespace bw::agent {

using metrics::kNoSource;
using metrics::kSourceCount;
using metrics::kSources;
using metrics::SourceId;
using metrics::SourceSpec;

// What is read of one file at most; a text of this size may end within a line.
inline constexpr std::size_t kMaxSourceText = 1U << 20;

// One file as read. Files that do not exist give no reading (a kernel without PSI is no error);
// files that exist and can't be read give one with `error` set and no text.
struct TextReading {
  SourceId source;
  std::string_view path;  // below the root prefix, '*' replaced
  std::string_view text;  // cut at kMaxSourceText
  int error = 0;          // errno
};

// statvfs of one mount point the collector asked for (Collector::mount_points()).
struct FileSystemReading {
  std::string_view mount_point;
  std::uint64_t block_size = 0;  // f_frsize, bytes
  std::uint64_t blocks = 0;
  std::uint64_t blocks_free = 0;
  std::uint64_t blocks_available = 0;
  std::uint64_t inodes = 0;
  std::uint64_t inodes_free = 0;
  bool read_only = false;
  int error = 0;
};

// The agent's own numbers that no file tells.
struct SelfReading {
  Duration cpu_time{};             // user and system, of the process
  Duration lateness{};             // of this tick against its schedule
  std::uint64_t missed_ticks = 0;  // since start
  std::uint64_t bytes_sent = 0;    // payload bytes, since start
  bool connected = false;
};

// The texts are valid only during the call they are handed to, and come in the order of kSources. A
// source that was not due has no reading; when it is due, all its files are read.
struct Readings {
  Instant when{};
  WallTime wall{};
  std::uint64_t tick = 0;  // counts from 0, missed ones too
  std::span<const TextReading> texts;
  std::span<const FileSystemReading> file_systems;
  SelfReading self;
};

}  // namespace bw::agent
