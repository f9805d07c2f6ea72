#include "agent/shell/box_reader.h"

#include <utility>

#include <unistd.h>

#include "agent/shell/kernel_clock.h"

namespace bw::agent {

BoxReader::BoxReader(const Settings& settings)
    : page_size_(static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE))),
      files_(settings.root),
      slow_files_(settings.root, lanes_),
      file_systems_(settings.root, lanes_),
      kernel_log_(settings.root, settings.kernel_log ? settings.kernel_log_path : std::string{}),
      processes_(settings.root, watched_processes(settings), lanes_),
      systemd_(settings.root, settings.watch_units, lanes_) {
  if (settings.nvml == kNvmlOff) return;
  GpuReaderOptions options;
  options.nvml.root = settings.root;
  if (settings.nvml != kNvmlAuto) options.nvml.library = settings.nvml;
  gpus_.emplace(std::move(options));
}

bool BoxReader::is_due(SourceId source, std::uint64_t tick, std::uint64_t& due) const {
  if (tick < due) return false;
  const std::uint64_t every = metrics::source_spec(source).every;
  due = (tick / every + 1) * every;
  return true;
}

std::string_view BoxReader::text_of(SourceId source) const {
  for (const TextReading& text : texts_) {
    if (text.source == source) return text.text;
  }
  return {};
}

Readings BoxReader::read(std::uint64_t tick, Instant now,
                         std::span<const MountPoint> mount_points) {
  Readings readings;
  readings.tick = tick;
  readings.page_size = page_size_;
  readings.suspended = suspended_time();
  // While they are begun anew, what they told is kept.
  if (std::exchange(first_, false)) {
    slow_files_.begin(tick, now);
    lanes_.go();
    const auto texts = files_.read(tick);
    texts_.assign(texts.begin(), texts.end());
    lanes_.wait(kFirstWait);
    slow_files_.collect(now, texts_);
  } else {
    const auto texts = files_.read(tick);
    texts_.assign(texts.begin(), texts.end());
    slow_files_.collect(now, texts_);
    readings.file_systems = file_systems_.collect(now);
    slow_files_.begin(tick, now);
  }
  file_systems_.begin(mount_points, tick, now);
  readings.systemd = systemd_.read(tick, now);
  readings.processes = processes_.read(tick, now, text_of(SourceId::stat));
  lanes_.go();
  readings.texts = texts_;
  readings.kernel_log = kernel_log_.read(tick, std::exchange(kernel_log_taken_, 0));
  if (gpus_) readings.gpus = gpus_->read(tick, now);
  if (is_due(SourceId::clock, tick, clock_due_)) readings.clock = read_clock();
  if (is_due(SourceId::cpu_counters, tick, counters_due_)) {
    readings.cpu_counters = cpu_counters_.read();
  }
  return readings;
}

}  // namespace bw::agent
