// NVIDIA's GPUs as the PCI bus shows them, and whether they sleep, from files alone: nothing here
// wakes a GPU.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/collect/gpu/gpu_readings.h"

namespace bw::agent {

// The addresses ("0000:3b:00.0") of display devices of vendor 10de below `root`, sorted; at most
// kMaxGpus. Those handed to a virtual machine (vfio-pci) are not among them.
std::vector<std::string> nvidia_gpus_on_pci(const std::string& root);

// Reads one device's power state, tick after tick; its files stay open.
class RuntimePower {
 public:
  RuntimePower(const std::string& root, const std::string& address);
  ~RuntimePower();
  RuntimePower(RuntimePower&& other) noexcept;
  RuntimePower& operator=(RuntimePower&& other) = delete;

  struct State {
    bool present = false;          // the device is on the bus
    bool asleep = false;           // or about to be
    bool may_sleep = false;        // the kernel is to switch it off when nobody uses it
    double d_state = kNoGpuValue;  // 0 to 4 for D0 to D3cold
  };
  State read();

 private:
  struct File {
    std::string path;
    int fd = -1;
  };
  // The first word of the file, empty where it can't be read; valid until the next call.
  std::string_view word(File& file);

  std::string folder_;
  File status_;
  File state_;
  File control_;
  char text_[32] = {};
};

}  // namespace bw::agent
