#include "agent/shell/box_reader.h"

namespace bw::agent {

BoxReader::BoxReader(const Settings& settings)
    : files_(settings.root), file_systems_(settings.root) {}

Readings BoxReader::read(std::uint64_t tick, std::span<const std::string> mount_points) {
  Readings readings;
  readings.tick = tick;
  readings.texts = files_.read(tick);
  readings.file_systems = file_systems_.read(mount_points, tick);
  return readings;
}

}  // namespace bw::agent
