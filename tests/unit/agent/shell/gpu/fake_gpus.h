// GPUs that are not there: a PCI bus of files, and the fake NVML with its script.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "tests/unit/agent/shell/fake_root.h"

namespace bw::agent {

inline std::string fake_nvml(std::string_view age = "new") {
  return std::string(BW_BINARY_DIR "/tests/fake_nvml/") + std::string(age) + "/libnvidia-ml.so.1";
}

// "0000:01:00.0" of GPU 0: the fake has GPU n at bus n + 1.
inline std::string pci_of(int gpu) {
  char address[16];
  std::snprintf(address, sizeof address, "0000:%02x:00.0", static_cast<unsigned>(gpu + 1));
  return address;
}

class FakeGpus {
 public:
  explicit FakeGpus(int count) : base_("count " + std::to_string(count) + "\n") {
    // Once for the process: a call that hangs goes on looking at it.
    setenv("BW_FAKE_NVML", path().c_str(), 1);
    for (int gpu = 0; gpu < count; ++gpu) plug(gpu);
    script("");
  }

  // Puts GPU n on the bus, and takes it off.
  void plug(int gpu, std::string_view status = "active", std::string_view state = "D0") const {
    const std::string device = "/sys/bus/pci/devices/" + pci_of(gpu);
    root_.write(device + "/vendor", "0x10de\n");
    root_.write(device + "/class", "0x030200\n");
    root_.write(device + "/power/runtime_status", std::string(status) + "\n");
    root_.write(device + "/power_state", std::string(state) + "\n");
  }
  // Whoever has a file open reads nothing more from it; the kernel has them fail.
  void unplug(int gpu) const {
    const std::string device = "/sys/bus/pci/devices/" + pci_of(gpu);
    root_.write(device + "/power/runtime_status", "");
    root_.write(device + "/power_state", "");
    root_.remove(device);
  }

  // What the library does from now on.
  void script(std::string_view lines) const {
    std::ofstream(path() + ".new", std::ios::trunc) << base_ << lines;
    std::filesystem::rename(path() + ".new", path());
  }

  const FakeRoot& root() const { return root_; }

 private:
  static const std::string& path() {
    static const FakeRoot folder;
    static const std::string path = folder.at("/script");
    return path;
  }

  FakeRoot root_;
  std::string base_;
};

}  // namespace bw::agent
