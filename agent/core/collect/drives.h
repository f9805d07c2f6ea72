// What drives tell of their wear and health, and swap that is kept compressed in memory.
#pragma once

#include <cstddef>
#include <string_view>

#include "agent/core/collect/device_files.h"

namespace bw::agent {

// The SMART / Health Information log page (02h) of an NVMe drive, 512 bytes as the drive gave them.
// Layout: NVM Express Base Specification 1.4, section 5.14.1.2.
class NvmeSmartSource : public DeviceFileSource {
 public:
  static constexpr std::size_t kMaxDrives = 32;
  static constexpr std::size_t kPageBytes = 512;
  explicit NvmeSmartSource(Sample& sample);
};

class NvmeTempSource : public DeviceFileSource {
 public:
  explicit NvmeTempSource(Sample& sample);
};

// SourceId::emmc_life or emmc_pre_eol.
class EmmcSource : public DeviceFileSource {
 public:
  static constexpr std::size_t kMaxDrives = 8;
  EmmcSource(SourceId source, Sample& sample);
};

class ZramSource : public DeviceFileSource {
 public:
  static constexpr std::size_t kMaxDevices = 8;
  explicit ZramSource(Sample& sample);
};

bool parse_nvme_smart(std::string_view page, DeviceFileSource::Values& values);

}  // namespace bw::agent
