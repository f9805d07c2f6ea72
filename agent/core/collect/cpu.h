// /proc/stat: where the time of the CPUs went, interrupts, context switches, new processes.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "agent/core/collect/device_table.h"
#include "agent/core/collect/key_lines.h"
#include "agent/core/collect/scan.h"
#include "agent/core/collect/source.h"

namespace bw::agent {

class CpuSource : public Source {
 public:
  // Cores kept, beside the line for all of them.
  static constexpr std::size_t kMaxCpus = 256;
  static constexpr std::size_t kColumns = 10;
  static constexpr std::size_t kSoftInterrupts = 10;
  // Ticks of the text a second: Linux tells programs 100 whatever its own clock is (USER_HZ).
  static constexpr double kTicksPerSecond = 100;
  // The kernel lets idle, iowait and steal time go back a little; up to this many ticks the highest
  // value is held, so that the counter does not fall. Beyond, the counter was reset.
  static constexpr double kHeldTicks = 300;

  explicit CpuSource(Sample& sample);

  bool read(const TextReading& reading, Instant when) override;
  void lose() override;
  std::uint64_t ignored() const override { return cpus_.ignored(); }

 private:
  struct Cpu : KnownDevice {
    Sample::Alias util = Sample::kNoAlias;
    std::array<Sample::Alias, kColumns> columns{};
    std::array<double, kColumns> ticks{};  // as told last, held where they fell a little
    bool known = false;                    // ticks are those of the last tick
  };

  bool read_cpu(Scanner& scanner);
  void add(Cpu& cpu, std::size_t columns);
  void take(Cpu& cpu, std::span<const double> ticks);
  void lose(Cpu& cpu);
  void read_soft_interrupts(std::string_view text);

  DeviceTable<Cpu> cpus_;
  KeyLines lines_;
  std::array<Sample::Alias, kSoftInterrupts> soft_interrupts_;
  bool soft_interrupts_declared_ = false;
};

}  // namespace bw::agent
