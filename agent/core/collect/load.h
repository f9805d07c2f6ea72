// /proc/loadavg: how many tasks run, or would like to.
#pragma once

#include <array>

#include "agent/core/collect/source.h"

namespace bw::agent {

class LoadSource : public Source {
 public:
  explicit LoadSource(Sample& sample) : Source(sample) { aliases_.fill(Sample::kNoAlias); }

  bool read(const TextReading& reading, Instant when) override;
  void lose() override;

 private:
  std::array<Sample::Alias, 5> aliases_;
  bool declared_ = false;
};

}  // namespace bw::agent
