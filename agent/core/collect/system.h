// Small files of a line of numbers: /proc/uptime, file-nr and entropy_avail.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "agent/core/collect/source.h"

namespace bw::agent {

class SystemSource : public Source {
 public:
  // One of SourceId::uptime, file_nr and entropy.
  SystemSource(SourceId source, Sample& sample);

  bool read(const TextReading& reading, Instant when) override;
  void lose() override;

 private:
  static constexpr std::size_t kMaxWords = 4;

  SourceId source_;
  std::array<Sample::Alias, kMaxWords> aliases_;  // by word of the text
  bool declared_ = false;
};

}  // namespace bw::agent
