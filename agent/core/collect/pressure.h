// /proc/pressure/{cpu,memory,io}: how long tasks waited for want of a resource (PSI).
#pragma once

#include <array>
#include <cstddef>

#include "agent/core/collect/source.h"

namespace bw::agent {

class PressureSource : public Source {
 public:
  PressureSource(SourceId source, Sample& sample);

  bool read(const TextReading& reading, Instant when) override;
  // A kernel whose PSI is switched off has the files all the same.
  bool refused(const TextReading& reading) override;
  void lose() override;

 private:
  // avg10, avg60, avg300 and total, of "some" and of "full".
  static constexpr std::size_t kValues = 4;

  std::size_t first_;  // of its rows in metrics::kPressureMetrics
  std::array<std::array<Sample::Alias, kValues>, 2> aliases_;
};

}  // namespace bw::agent
