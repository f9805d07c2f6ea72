#include "agent/shell/gpu/pci_gpus.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace bw::agent {

namespace {

constexpr std::string_view kNvidia = "0x10de";
constexpr std::string_view kDisplay = "0x03";  // of "0x030200": class, subclass, interface

std::string devices_folder(const std::string& root) {
  return root + "/sys/bus/pci/devices";
}

std::string first_word(const std::filesystem::path& path) {
  std::string word;
  std::ifstream(path) >> word;
  return word;
}

bool is_gpu(const std::filesystem::path& device) {
  if (first_word(device / "vendor") != kNvidia) return false;
  if (!first_word(device / "class").starts_with(kDisplay)) return false;
  std::error_code ignored;
  return std::filesystem::read_symlink(device / "driver", ignored).filename() != "vfio-pci";
}

}  // namespace

std::vector<std::string> nvidia_gpus_on_pci(const std::string& root) {
  std::vector<std::string> found;
  std::error_code error;
  for (std::filesystem::directory_iterator at(devices_folder(root), error), end;
       !error && at != end; at.increment(error)) {
    if (is_gpu(at->path())) found.push_back(at->path().filename().string());
  }
  std::sort(found.begin(), found.end());
  if (found.size() > kMaxGpus) found.resize(kMaxGpus);
  return found;
}

RuntimePower::RuntimePower(const std::string& root, const std::string& address)
    : folder_(devices_folder(root) + "/" + address),
      status_{folder_ + "/power/runtime_status"},
      state_{folder_ + "/power_state"},
      control_{folder_ + "/power/control"} {}

RuntimePower::~RuntimePower() {
  if (status_.fd >= 0) close(status_.fd);
  if (state_.fd >= 0) close(state_.fd);
  if (control_.fd >= 0) close(control_.fd);
}

RuntimePower::RuntimePower(RuntimePower&& other) noexcept
    : folder_(std::move(other.folder_)),
      status_{std::move(other.status_.path), std::exchange(other.status_.fd, -1)},
      state_{std::move(other.state_.path), std::exchange(other.state_.fd, -1)},
      control_{std::move(other.control_.path), std::exchange(other.control_.fd, -1)} {}

std::string_view RuntimePower::word(File& file) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (file.fd < 0) file.fd = open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file.fd < 0) return {};
    const ssize_t got = pread(file.fd, text_, sizeof text_, 0);
    if (got > 0) {
      const std::string_view text(text_, static_cast<std::size_t>(got));
      return text.substr(0, text.find_first_of(" \n"));
    }
    // The device may have come back as another one, behind the same name.
    close(file.fd);
    file.fd = -1;
  }
  return {};
}

RuntimePower::State RuntimePower::read() {
  State state;
  const std::string_view status = word(status_);
  state.present = !status.empty();
  state.asleep = status == "suspended" || status == "suspending";
  if (status == "active" || status == "unsupported") state.d_state = 0;
  state.may_sleep = word(control_) == "auto";
  constexpr std::string_view kStates[] = {"D0", "D1", "D2", "D3hot", "D3cold"};
  const std::string_view told = word(state_);
  for (std::size_t i = 0; i < std::size(kStates); ++i) {
    if (told == kStates[i]) state.d_state = static_cast<double>(i);
  }
  // A kernel without power management of devices has no such files.
  if (!state.present) state.present = access(folder_.c_str(), F_OK) == 0;
  return state;
}

}  // namespace bw::agent
