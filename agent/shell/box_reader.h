// Everything that is read of the box at a tick, from all its readers, as the core's Readings.
//
// What may be slow or hang is read by threads of the reader that owns it: read() never waits.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "agent/core/collect/readings.h"
#include "agent/shell/file_reader.h"
#include "agent/shell/file_systems.h"
#include "agent/shell/settings.h"

namespace bw::agent {

class BoxReader {
 public:
  explicit BoxReader(const Settings& settings);

  // All but `when`, `wall` and `self`. `mount_points`: what the core wants to know the room of.
  // Valid until the next call.
  Readings read(std::uint64_t tick, std::span<const std::string> mount_points);

  // Files found and not read, for want of room, at the last look.
  std::size_t left_out() const { return files_.left_out(); }

 private:
  FileReader files_;
  FileSystems file_systems_;
};

}  // namespace bw::agent
