// /proc/meminfo: what the memory and the swap space are used for.
#pragma once

#include "agent/core/collect/key_lines.h"
#include "agent/core/collect/source.h"

namespace bw::agent {

class MemorySource : public Source {
 public:
  explicit MemorySource(Sample& sample) : Source(sample), lines_(SourceId::meminfo, sample) {}

  bool read(const TextReading& reading, Instant when) override;
  void lose() override;

 private:
  void derive();

  KeyLines lines_;
  bool declared_ = false;
  Sample::Alias total_ = Sample::kNoAlias;
  Sample::Alias available_ = Sample::kNoAlias;
  Sample::Alias used_ = Sample::kNoAlias;
  Sample::Alias util_ = Sample::kNoAlias;
  Sample::Alias swap_total_ = Sample::kNoAlias;
  Sample::Alias swap_free_ = Sample::kNoAlias;
  Sample::Alias swap_used_ = Sample::kNoAlias;
};

}  // namespace bw::agent
