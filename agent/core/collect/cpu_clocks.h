// What else is known of CPUs: their clocks, how often heat slowed them down, how long tasks waited
// for them, and errors of the memory they are wired to.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "agent/core/collect/device_files.h"

namespace bw::agent {

// SourceId::cpu_freq or cpu_core_throttle.
class CpuFileSource : public DeviceFileSource {
 public:
  static constexpr std::size_t kMaxCpus = 256;
  CpuFileSource(SourceId source, Sample& sample);
};

// Every CPU of a package tells the package's count: the first that is online is listened to.
class PackageThrottleSource : public Source {
 public:
  static constexpr std::size_t kMaxPackages = 64;
  PackageThrottleSource(Sample& sample, const NameSource& packages)
      : Source(sample), packages_(packages), cpus_(CpuFileSource::kMaxCpus) {}

  bool read(const TextReading& reading, Instant when) override;
  bool refused(const TextReading& reading) override;
  void finish() override;
  void lose() override;
  std::uint64_t ignored() const override { return cpus_.ignored(); }

 private:
  struct Package {
    std::string id;
    Sample::Alias alias = Sample::kNoAlias;
    bool told = false;  // in this pass
  };
  struct Cpu : KnownDevice {  // by its file's path
    std::size_t package = kMaxPackages;
  };
  Cpu* at(std::string_view path);
  std::size_t package_of(std::string_view path);

  const NameSource& packages_;
  std::vector<Package> known_;
  DeviceTable<Cpu> cpus_;
};

// SourceId::edac_ce or edac_ue.
class EdacSource : public DeviceFileSource {
 public:
  static constexpr std::size_t kMaxControllers = 32;
  EdacSource(SourceId source, Sample& sample);
};

// /proc/schedstat: a line a CPU, and lines of scheduling domains that are passed over.
class SchedulerSource : public Source {
 public:
  static constexpr std::size_t kMaxCpus = CpuFileSource::kMaxCpus;
  explicit SchedulerSource(Sample& sample) : Source(sample), cpus_(kMaxCpus) {}

  bool read(const TextReading& reading, Instant when) override;
  void lose() override;
  std::uint64_t ignored() const override { return cpus_.ignored(); }

 private:
  struct Cpu : KnownDevice {
    Sample::Alias run_delay = Sample::kNoAlias;
  };
  DeviceTable<Cpu> cpus_;
};

// What the performance counters of all cores together tell.
class CpuCounterValues {
 public:
  explicit CpuCounterValues(Sample& sample) : sample_(sample) {}
  void set(const CpuCounters& counters);

 private:
  Sample& sample_;
  Sample::Alias instructions_ = Sample::kNoAlias;
  Sample::Alias cycles_ = Sample::kNoAlias;
};

}  // namespace bw::agent
