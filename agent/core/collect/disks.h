// /proc/diskstats: what the block devices do. Whole devices only: partitions, loop devices and RAM
// disks are left out.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "agent/core/collect/device_table.h"
#include "agent/core/collect/scan.h"
#include "agent/core/collect/source.h"

namespace bw::agent {

class DiskSource : public Source {
 public:
  static constexpr std::size_t kMaxDisks = 64;
  static constexpr std::size_t kColumns = 17;     // 4.18 added 4 for discards, 5.5 2 for flushes
  static constexpr std::size_t kMinColumns = 11;  // of all kernels since 2.6

  explicit DiskSource(Sample& sample) : Source(sample), disks_(kMaxDisks) {}

  bool read(const TextReading& reading, Instant when) override;
  void lose() override;
  std::uint64_t ignored() const override { return disks_.ignored(); }

 private:
  struct Disk : KnownDevice {
    std::array<Sample::Alias, kColumns> columns{};
    Sample::Alias util = Sample::kNoAlias;
    Sample::Alias queue = Sample::kNoAlias;
    Sample::Alias await = Sample::kNoAlias;
    std::array<double, kColumns> last{};
    std::array<double, kColumns> pace{};  // see counter_increment()
    bool known = false;                   // `last` is that of the last tick
  };

  bool read_disk(Scanner& scanner, double seconds);
  void add(Disk& disk, std::size_t columns);
  void take(Disk& disk, std::span<const double> told, double seconds);
  void derive(Disk& disk, std::span<const double> rises, double seconds);
  void lose(Disk& disk);

  DeviceTable<Disk> disks_;
  std::string whole_;  // the device whose partitions may follow
  Instant last_{};
};

// True where `name` is a partition of the device `whole`: sda1 of sda, nvme0n1p2 of nvme0n1.
bool is_partition(std::string_view name, std::string_view whole);

}  // namespace bw::agent
