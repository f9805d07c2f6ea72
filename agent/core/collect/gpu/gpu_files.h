// GPUs that tell their numbers in files: AMD (amdgpu), Intel (i915, xe) and NVIDIA's Jetson boards.
//
// A table says what a file of which name tells; the path says of which GPU. Sources of the names:
// the kernel's Documentation/gpu/amdgpu, Documentation/ABI/testing/sysfs-driver-intel-*, and the
// comments of xe_gt_freq.c; of the boards, NVIDIA's "Jetson Linux Developer Guide".
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/collect/device_files.h"
#include "agent/core/collect/device_table.h"
#include "agent/core/collect/source.h"

namespace bw::agent {

// How a file's text is read.
enum class GpuFileText : std::uint8_t {
  number,
  starred,       // "1: 1800Mhz *": the line with the star
  ras,           // "ue: 0\nce: 3": uncorrected errors, and corrected ones for `second`
  behind_colon,  // "pmode:0002"
};

struct GpuFile {
  std::string_view file;
  const metrics::MetricInfo* metric;
  double scale = 1;
  GpuFileText text = GpuFileText::number;
  std::string_view chip = {};  // the hardware monitor's name, where the file lies in one
  const metrics::MetricInfo* second = nullptr;
};

// The tables: what is read every tick, and what every tenth.
std::span<const GpuFile> card_files();
std::span<const GpuFile> card_state_files();
std::span<const GpuFile> tegra_files();
std::span<const GpuFile> tegra_state_files();

class GpuFileSource : public Source {
 public:
  static constexpr std::size_t kMaxFiles = 160;      // of cards
  static constexpr std::size_t kMaxTegraFiles = 64;  // of a board, which has one GPU

  // `chips`: what the monitors below /sys/class/hwmon are called.
  GpuFileSource(Sample& sample, std::span<const GpuFile> files, const NameSource& chips,
                std::size_t most = kMaxFiles)
      : Source(sample), table_(files), chips_(chips), files_(most) {}

  bool read(const TextReading& reading, Instant when) override;
  bool refused(const TextReading& reading) override;
  void finish() override;
  void lose() override;
  std::uint64_t ignored() const override { return files_.ignored(); }

 private:
  struct File : KnownDevice {  // by its path
    const GpuFile* what = nullptr;
    bool muted = false;  // another file tells the same
    Sample::Alias first = Sample::kNoAlias;
    Sample::Alias second = Sample::kNoAlias;
  };
  File* at(std::string_view path);
  const GpuFile* find(std::string_view path) const;
  void set(File& file, Sample::Alias& alias, const metrics::MetricInfo* metric, double value);
  bool told_elsewhere(Sample::Alias alias, const File& file);
  void forget(File& file);

  std::span<const GpuFile> table_;
  const NameSource& chips_;
  DeviceTable<File> files_;
  bool freed_ = false;  // a file is gone: what told the same may tell it now
};

// Whether the file below /sys/class/devfreq is of a Jetson's GPU; other boards have others.
bool is_jetson_gpu(std::string_view path);

// The labels that a metric's series have by the path of their file: `gpu`, and where the metric has
// them gt, fan, engine or event. Empty where the path is of no GPU.
std::vector<wire::Label> gpu_labels(const metrics::MetricInfo& metric, std::string_view path);

}  // namespace bw::agent
