// All sources together: a tick's Readings in, the Sample brought up to date.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/core/collect/readings.h"
#include "agent/core/collect/sample.h"

namespace bw::agent {

class Collector {
 public:
  Collector();
  ~Collector();

  // Understands everything in `readings`; series whose source failed or whose device is gone lose
  // their value.
  void read(const Readings& readings);

  const Sample& sample() const;

  // The local file systems that the next Readings should tell of, in order of their aliases;
  // changes only when the mounts source was read.
  std::span<const std::string> mount_points() const;

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
