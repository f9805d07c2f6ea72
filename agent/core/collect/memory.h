// /proc/meminfo and buddyinfo: what the memory and the swap space are used for, and how much of it
// hangs together.
#pragma once

#include <cstddef>
#include <cstdint>

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

// /proc/buddyinfo: of each zone how many free blocks there are of 1, 2, 4, ... pages.
class FragmentationSource : public Source {
 public:
  static constexpr std::size_t kMaxOrders = 16;

  explicit FragmentationSource(Sample& sample) : Source(sample) {}

  // Of what follows: the kernel tells of pages, not of bytes.
  void set_page_size(std::uint64_t bytes) { page_size_ = static_cast<double>(bytes); }
  bool read(const TextReading& reading, Instant when) override;
  void lose() override;

 private:
  double page_size_ = 4096;
  bool declared_ = false;
  Sample::Alias size_ = Sample::kNoAlias;
  Sample::Alias count_ = Sample::kNoAlias;
};

}  // namespace bw::agent
