#include "agent/core/collect/disks.h"

#include <algorithm>
#include <cmath>

#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

// Columns, as metrics::kDiskMetrics has them.
constexpr std::size_t kReadOps = 0;
constexpr std::size_t kReadTime = 3;
constexpr std::size_t kWriteOps = 4;
constexpr std::size_t kWriteTime = 7;
constexpr std::size_t kBusyTime = 9;
constexpr std::size_t kWeightedTime = 10;

constexpr std::size_t kMaxDiskName = 64;
constexpr double kMsPerSecond = 1000;

// The kernel counts whole milliseconds: what lies below a thousandth of a quotient is noise.
double to_thousandths(double value) {
  return std::round(value * 1000) / 1000;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Devices that tell nothing of a disk: files and memory made to look like one, removable drives of
// old, and the boot parts of eMMC chips.
bool is_left_out(std::string_view name) {
  const auto numbered = [name](std::string_view kind) {
    return name.starts_with(kind) && name.size() > kind.size() && is_digit(name[kind.size()]);
  };
  if (numbered("loop") || numbered("ram") || numbered("fd") || numbered("sr")) return true;
  return name.starts_with("mmcblk") && (name.find("boot") != std::string_view::npos ||
                                        name.find("rpmb") != std::string_view::npos);
}

}  // namespace

bool is_partition(std::string_view name, std::string_view whole) {
  if (whole.empty() || name.size() <= whole.size() || !name.starts_with(whole)) return false;
  std::string_view rest = name.substr(whole.size());
  if (is_digit(whole.back())) {
    if (rest[0] != 'p') return false;
    rest.remove_prefix(1);
  }
  return !rest.empty() && std::all_of(rest.begin(), rest.end(), is_digit);
}

bool DiskSource::read(const TextReading& reading, Instant when) {
  const double seconds = to_seconds(when - last_);
  last_ = when;
  whole_.clear();
  Scanner scanner(reading.text);
  bool understood = reading.text.empty();  // a box without any block device
  while (!scanner.done()) understood = read_disk(scanner, seconds) || understood;
  disks_.end_pass([this](Disk& disk) { lose(disk); });
  return understood;
}

void DiskSource::lose() {
  disks_.lose([this](Disk& disk) { lose(disk); });
}

// "254 0 vda 96825 30775 ...": major and minor number, name, columns.
bool DiskSource::read_disk(Scanner& scanner, double seconds) {
  scanner.word();
  scanner.word();
  const std::string_view name = scanner.word();
  if (name.empty() || name.size() > kMaxDiskName) {
    scanner.skip_line();
    return false;
  }
  if (is_left_out(name) || is_partition(name, whole_)) {
    scanner.skip_line();
    return true;
  }
  std::array<double, kColumns> told;
  std::size_t columns = 0;
  scanner.skip_blanks();
  while (columns < kColumns && !scanner.at_line_end()) {
    told[columns++] = scanner.whole();
    scanner.skip_blanks();
  }
  scanner.skip_line();
  if (columns < kMinColumns || std::isnan(told[kReadOps])) return false;
  whole_.assign(name);
  using Verdict = DeviceTable<Disk>::Verdict;
  Disk* disk = disks_.next(
      name, [](std::string_view) { return Verdict::follow; },
      [&](Disk& added) { add(added, columns); });
  if (disk != nullptr) take(*disk, {told.data(), columns}, seconds);
  return true;
}

void DiskSource::add(Disk& disk, std::size_t columns) {
  const std::vector<wire::Label> labels = {{"device", disk.name}};
  for (std::size_t i = 0; i < kColumns; ++i) {
    disk.columns[i] =
        i < columns ? sample_.declare(metrics::kDiskMetrics[i], labels) : Sample::kNoAlias;
  }
  disk.util = sample_.declare(metrics::metric("disk.util"), labels);
  disk.queue = sample_.declare(metrics::metric("disk.queue"), labels);
  disk.await = sample_.declare(metrics::metric("disk.await"), labels);
}

void DiskSource::take(Disk& disk, std::span<const double> told, double seconds) {
  std::array<double, kColumns> rises;
  rises.fill(Sample::kNoValue);
  const bool tellable = disk.known && seconds > 0;
  for (std::size_t i = 0; i < kColumns; ++i) {
    const double value = i < told.size() ? told[i] : Sample::kNoValue;
    if (tellable) {
      rises[i] = counter_increment(disk.last[i], value, disk.pace[i], seconds);
      if (!std::isnan(rises[i])) disk.pace[i] = counter_pace(disk.pace[i], rises[i], seconds);
    }
    disk.last[i] = value;
    sample_.set(disk.columns[i], value * metrics::kDiskMetrics[i].scale);
  }
  disk.known = true;
  derive(disk, rises, seconds);
}

// The kernel's times are of another instant than ours, and of a busy device now and then a little
// longer than the tick.
void DiskSource::derive(Disk& disk, std::span<const double> rises, double seconds) {
  const double elapsed = seconds * kMsPerSecond;
  const double busy = rises[kBusyTime];
  sample_.set(disk.util, std::isnan(busy) ? busy : rounded_share(std::min(busy, elapsed), elapsed));
  sample_.set(disk.queue, to_thousandths(rises[kWeightedTime] / elapsed));
  const double ops = rises[kReadOps] + rises[kWriteOps];
  const double time = rises[kReadTime] + rises[kWriteTime];
  sample_.set(disk.await, ops > 0 ? to_thousandths(time / ops) : Sample::kNoValue);
}

void DiskSource::lose(Disk& disk) {
  disk.known = false;
  for (const auto alias : disk.columns) sample_.lose(alias);
  sample_.lose(disk.util);
  sample_.lose(disk.queue);
  sample_.lose(disk.await);
}

}  // namespace bw::agent
