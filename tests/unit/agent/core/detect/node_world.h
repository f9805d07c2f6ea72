// A node whose series the detector watches, made up: DetectWorld's metrics under names of the watch
// list, and a NodeDetector that gets a row a second.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/core/detect/node_detector.h"
#include "tests/unit/agent/core/detect/detect_world.h"

namespace bw::agent {

inline std::vector<wire::SeriesInfo> node_series() {
  std::vector<wire::SeriesInfo> series;
  for (const auto* name : {"cpu.util", "mem.util", "cpu.load1", "swap.used", "sched.ctx_switches",
                           "sched.procs_running"}) {
    series.push_back({name, "1", wire::SeriesKind::gauge, {}});
  }
  return series;
}

// Trouble that cannot be overlooked.
inline void break_node(std::vector<double>& row) {
  row[4] = 1600;
  row[0] = 20;
}

class NodeWorld {
 public:
  using Change = std::function<void(std::vector<double>&)>;

  explicit NodeWorld(const DetectOptions& options = {}, std::uint64_t seed = 1)
      : detector(options, std::chrono::seconds{1}, seed), world(seed) {}

  void second(const Change& change = {}) {
    auto row = world.row();
    row.resize(series.size(), 1);
    if (change) change(row);
    now += std::chrono::seconds{1};
    wall += std::chrono::seconds{1};
    const std::vector<float> live(row.begin(), row.end());
    Effects effects;
    detector.tick(now, wall, series, table, live, effects);
    for (const Effect& effect : effects) {
      if (const auto* line = std::get_if<Log>(&effect)) log += line->text + "\n";
    }
    for (wire::EventRecord& event : detector.take_events()) events.push_back(std::move(event));
  }
  void run(int seconds, const Change& change = {}) {
    for (int i = 0; i < seconds; ++i) second(change);
  }
  std::vector<std::string> kinds() const {
    std::vector<std::string> found;
    for (const wire::EventRecord& event : events) found.push_back(event.kind);
    return found;
  }

  NodeDetector detector;
  DetectWorld world;
  std::vector<wire::SeriesInfo> series = node_series();
  std::uint64_t table = 1;
  Instant now{std::chrono::seconds{5000}};
  WallTime wall = wall_from_ms(1'790'000'000'000);
  std::vector<wire::EventRecord> events;
  std::string log;
};

}  // namespace bw::agent
