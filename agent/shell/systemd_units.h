// Asks systemd over the system bus how its units are, on a thread of the slow lanes, so that a bus
// that hangs delays nobody.
//
// Speaks D-Bus itself: libsystemd would bring four libraries into the agent's memory for three
// questions. One connection is kept, and made anew after an error.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/core/collect/processes/unit_metrics.h"
#include "agent/shell/slow_lanes.h"

namespace bw::agent {

class SystemdUnits {
 public:
  static constexpr std::uint64_t kEveryTicks = 10;
  // Units failed are counted at every so manieth question.
  static constexpr std::uint64_t kFailedEvery = 6;
  // For each of the bus' answers.
  static constexpr int kAnswerMs = 1000;

  // `lanes` must outlive it.
  SystemdUnits(const std::string& root, std::vector<std::string> units, SlowLanes& lanes);
  ~SystemdUnits();

  // Hands over what was answered, and asks again where it is time. Valid until the next call.
  SystemdReading read(std::uint64_t tick, Instant now);

 private:
  class Question;
  bool running_ = false;
  SlowLanes& lanes_;
  std::shared_ptr<Question> question_;
  bool asked_ = false;
  std::uint64_t ask_at_ = 0;
  std::vector<UnitReading> units_;
  std::string error_;
};

}  // namespace bw::agent
