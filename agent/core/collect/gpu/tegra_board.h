// What NVIDIA's Jetson boards tell of their setting: whether jetson_clocks holds the clocks at
// their highest, and how much of the memory inside the chip (IRAM) is in use.
//
// That no file says outright whether jetson_clocks was run, and what it leaves behind, is as
// jetson_stats (github.com/rbonghi/jetson_stats) has it.
#pragma once

#include "agent/core/collect/source.h"

namespace bw::agent {

// Held: the lowest clock that GPU and CPUs may have is the highest one. Of the CPUs the first group
// tells, since jetson_clocks treats them alike. Boards without a Jetson's GPU have no value.
class TegraClockSource : public Source {
 public:
  explicit TegraClockSource(Sample& sample) : Source(sample) {}

  bool read(const TextReading& reading, Instant when) override;
  bool refused(const TextReading& reading) override;
  void finish() override;
  void lose() override { sample_.lose(alias_); }

 private:
  // Of one kind of clock: NaN until both were read.
  struct Range {
    double least = Sample::kNoValue;
    double most = Sample::kNoValue;
  };
  Range gpu_;
  Range cpu_;
  Sample::Alias alias_ = Sample::kNoAlias;
};

// "size" is a number of bytes, in hexadecimal; "clients" a line a client and, at its end, "total
// 24K".
class TegraIramSource : public Source {
 public:
  explicit TegraIramSource(Sample& sample) : Source(sample) {}

  bool read(const TextReading& reading, Instant when) override;
  bool refused(const TextReading& reading) override;
  void finish() override;
  void lose() override;

 private:
  double size_ = Sample::kNoValue;
  double used_ = Sample::kNoValue;
  Sample::Alias total_alias_ = Sample::kNoAlias;
  Sample::Alias used_alias_ = Sample::kNoAlias;
};

}  // namespace bw::agent
