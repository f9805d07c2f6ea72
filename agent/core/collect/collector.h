// All sources together: a tick's Readings in, the Sample brought up to date.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/core/collect/anomaly_metrics.h"
#include "agent/core/collect/readings.h"
#include "agent/core/collect/sample.h"
#include "agent/core/collect/self.h"
#include "agent/core/collect/told_event.h"

namespace bw::agent {

class Collector {
 public:
  Collector();
  ~Collector();

  // Understands everything in `readings`; series whose source failed or whose device is gone lose
  // their value. `record`: how the record fares, for the agent's own metrics.
  void read(const Readings& readings, const RecordHealth& record = {});

  const Sample& sample() const;

  // There is a detector, whose metrics go along: before the first read().
  void expect_anomalies();
  // What it made of the sample that was just read.
  void set(const AnomalyHealth& health, std::uint64_t tick);

  // The file systems that the next Readings should tell of, in order of their aliases; changes only
  // when the mounts source was read.
  std::span<const MountPoint> mount_points() const;

  // Something that the caller found has happened: among the events of the next read(), counted and
  // folded as they are.
  void note(wire::EventRecord event);
  // What happened, by the last read(); the caller may take them away.
  std::vector<ToldEvent>& events();

  // Bytes of the last reading's kernel log that are done with.
  std::size_t kernel_log_taken() const;
  // How far the kernel log has been told; empty where that is known from the last call. No event
  // may be missing from the record that was told before.
  std::string kernel_log_position();
  // What an earlier run stored can't be read yet: the kernel log waits a while for it.
  void hold_kernel_log();
  // The position that an earlier run stored last; empty: none.
  void restore_kernel_log(std::string_view position);

  // Sources that could not be read or understood at the last tick, by name, for the log; cleared
  // when they recover.
  struct Trouble {
    std::string_view source;
    std::string_view what;
  };
  std::span<const Trouble> troubles() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bw::agent
