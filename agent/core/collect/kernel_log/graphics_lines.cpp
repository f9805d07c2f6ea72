#include "agent/core/collect/kernel_log/graphics_lines.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "agent/core/collect/kernel_log/line_parts.h"

namespace bw::agent {

namespace {

using wire::Severity;

constexpr std::string_view kLookAtProgram =
    "look at the program that used the GPU, and for updates of driver and firmware; restart the "
    "node if it goes on";

bool tell(Findings& findings, std::string_view driver, std::string_view device, std::string text,
          std::string_view line) {
  findings.push_back(finding(EventKind::gpu_driver_error, Severity::warning,
                             std::string(driver) + " " + std::string(device), std::move(text))
                         .with("module", driver)
                         .with(is_pci_address(device) ? "pci" : "device", device)
                         .with("message", line)
                         .with("action", kLookAtProgram));
  return true;
}

// "nvgpu: 17000000.ga10b gk20a_fifo_handle_mmu_fault_locked:1721 [ERR]  mmu fault on engine 0"
bool recognise_jetson(std::string_view line, Findings& findings) {
  std::string_view rest = line;
  if (!take(rest, "nvgpu: ")) return false;
  const auto device = take_until(rest, " ");
  if (!device || !take_until(rest, " [ERR] ")) return false;
  while (take(rest, " ")) {
  }
  return tell(findings, "nvgpu", *device, "the GPU's driver reported: " + std::string(rest), line);
}

// What hung or was reset, behind driver and device.
constexpr std::string_view kTrouble[] = {
    "GPU reset begin",     "GPU reset failed",      "GPU fault detected", "GPU HANG: ",
    "Resetting chip for ", "GPU recovery disabled", "Timedout job",       "Engine reset: ",
    "GPU reset(",          "GPU is wedged",         "device wedged"};

// "amdgpu 0000:03:00.0: amdgpu: GPU reset begin!", "amdgpu 0000:03:00.0: amdgpu: ring gfx_0.0.0
// timeout, signaled seq=1, ...", "i915 0000:00:02.0: [drm] GPU HANG: ecode 12:1:85dffffb, in Xorg
// [1234]", "xe 0000:03:00.0: [drm] GT0: Engine reset: engine_class=rcs, ..."
bool recognise_card(std::string_view line, Findings& findings) {
  std::string_view rest = line;
  const auto driver = take_until(rest, " ");
  if (!driver || (*driver != "amdgpu" && *driver != "i915" && *driver != "xe")) return false;
  const auto address = take_until(rest, ": ");
  if (!address || !is_pci_address(*address)) return false;
  take(rest, "amdgpu: ");
  take(rest, "[drm] ");
  take(rest, "*ERROR* ");
  if (rest.starts_with("GT") || rest.starts_with("Tile")) take_until(rest, ": ");
  const bool reset = std::any_of(std::begin(kTrouble), std::end(kTrouble),
                                 [&](std::string_view start) { return rest.starts_with(start); });
  const bool ring = rest.starts_with("ring ") && contains(rest, " timeout");
  if (!reset && !ring) return false;
  return tell(findings, *driver, *address,
              "the GPU at " + std::string(*address) + " hung or was reset", line);
}

// "[drm:amdgpu_job_timedout [amdgpu]] *ERROR* ring gfx_0.0.0 timeout, signaled seq=1, ...": of
// older kernels, without a device.
bool recognise_ring(std::string_view line, Findings& findings) {
  std::string_view rest = line;
  if (!take(rest, "[drm:amdgpu_job_timedout [amdgpu]] *ERROR* ring ")) return false;
  return tell(findings, "amdgpu", "", "a GPU hung: work that it was given did not end", line);
}

}  // namespace

bool recognise_graphics(const KernelMessage& message, Findings& findings) {
  const std::string_view line = message.text;
  return recognise_jetson(line, findings) || recognise_card(line, findings) ||
         recognise_ring(line, findings);
}

}  // namespace bw::agent
