// NVIDIA's GPUs: what the GPU thread read becomes series, and what changed becomes events.
//
// A GPU is known by its place on the PCI bus; its label is its index, in the order in which the
// agent found them. Series are declared once they have a value; what comes in the place of
// something else (a card, a driver, a program, an instance) is given its series.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/collect/gpu/gpu_readings.h"
#include "agent/core/collect/sample.h"
#include "agent/core/collect/told_event.h"
#include "base/time.h"
#include "schemas/metrics/event_kinds.h"

namespace bw::agent {

class GpuSeries {
 public:
  // Names of programs that a GPU's series tell apart; further ones are "other".
  static constexpr std::size_t kMaxPrograms = 8;
  // A program that was not seen so many times in a row gives its place to another: each change is a
  // new series table, so programs that come and go are "other".
  static constexpr std::size_t kForgetAfter = 6;
  // At most, of one GPU: its values, lost, hung, runtime_pm, info, programs, instances.
  static constexpr std::size_t kMaxOfOne =
      kGpuValues + 4 + 2 * (kMaxPrograms + 1) + 2 * kMaxMigInstances;

  explicit GpuSeries(Sample& sample) : sample_(sample) {}

  // Appends to `events` what has changed.
  void read(const GpuReadings& readings, WallTime wall, std::vector<ToldEvent>& events);

 private:
  using Alias = Sample::Alias;
  struct Program {
    std::string name;
    Alias memory = Sample::kNoAlias;
    Alias sm = Sample::kNoAlias;
    double memory_sum = 0;
    double sm_sum = 0;
    std::size_t unseen = 0;  // times in a row
  };
  struct Instance {
    std::string name;  // "GPU instance/compute instance"
    std::string uuid;
    Alias used = Sample::kNoAlias;
    Alias total = Sample::kNoAlias;
    bool present = false;
  };
  struct Gpu {
    Gpu() { aliases.fill(Sample::kNoAlias); }
    std::string pci;
    std::string index;
    GpuIdentity identity;
    std::shared_ptr<const GpuIdentity> told;  // that `identity` was taken from
    GpuCondition condition = GpuCondition::unreadable;
    bool known = false;  // has answered, or is known to sleep
    std::array<Alias, kGpuValues> aliases;
    Alias lost = Sample::kNoAlias;
    Alias hung = Sample::kNoAlias;
    Alias runtime = Sample::kNoAlias;
    Alias info = Sample::kNoAlias;
    std::vector<Program> programs;
    std::vector<Instance> instances;
  };

  Gpu& at(std::size_t index, const GpuReading& reading);
  void identify(Gpu& gpu, const GpuReading& reading);
  std::vector<wire::Label> labels(const Gpu& gpu) const;
  std::vector<wire::Label> labels(const Gpu& gpu, const Program& program) const;
  std::vector<wire::Label> labels(const Gpu& gpu, const Instance& instance) const;
  void set(const Gpu& gpu, Alias& alias, const metrics::MetricInfo& metric, double value);
  void set_condition(Gpu& gpu, const GpuReading& reading, std::vector<ToldEvent>& events);
  void set_values(Gpu& gpu, const GpuReading& reading);
  void relabel(const Gpu& gpu);
  void relabel(const Gpu& gpu, const Program& program);
  void relabel(const Gpu& gpu, const Instance& instance);
  void set_programs(Gpu& gpu, const GpuReading& reading);
  Program& program(Gpu& gpu, std::string_view name);
  void set_instances(Gpu& gpu, const GpuReading& reading);
  Instance* instance(Gpu& gpu, const MigReading& reading);
  void lose(Gpu& gpu);
  void tell_condition(const Gpu& gpu, GpuCondition before, std::vector<ToldEvent>& events) const;
  void tell_state(const GpuReadings& readings, std::vector<ToldEvent>& events);

  Sample& sample_;
  std::vector<Gpu> gpus_;
  Alias count_ = Sample::kNoAlias;
  Alias expected_ = Sample::kNoAlias;
  Alias state_ = Sample::kNoAlias;
  NvmlState last_state_ = NvmlState::ok;
  WallTime wall_{};  // of what is being read
};

}  // namespace bw::agent
