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

bool tell(Findings& findings, Severity severity, std::string_view driver, std::string_view device,
          std::string text, std::string_view line) {
  findings.push_back(finding(EventKind::gpu_driver_error, severity,
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
  return tell(findings, Severity::warning, "nvgpu", *device,
              "the GPU's driver reported: " + std::string(rest), line);
}

// What hung or was reset, behind driver and device.
constexpr std::string_view kTrouble[] = {
    "GPU reset begin",     "GPU reset failed",      "GPU fault detected", "GPU HANG: ",
    "Resetting chip for ", "GPU recovery disabled", "Timedout job",       "Engine reset: ",
    "GPU reset(",          "device wedged"};
// The driver gave it up: nothing runs on it any more.
constexpr std::string_view kWedged[] = {"CRITICAL: Xe has declared device ", "GPU is wedged",
                                        "device wedged, needs recovery"};

template <std::size_t Size>
bool starts_with_any(std::string_view line, const std::string_view (&starts)[Size]) {
  return std::any_of(std::begin(starts), std::end(starts),
                     [&](std::string_view start) { return line.starts_with(start); });
}

// "GT0: ", which part of the card the line is about.
void take_part(std::string_view& line, std::string_view name) {
  std::string_view rest = line;
  if (take(rest, name) && take_number(rest) && take(rest, ": ")) line = rest;
}

// "amdgpu 0000:03:00.0: amdgpu: GPU reset begin!", "amdgpu 0000:03:00.0: amdgpu: ring gfx_0.0.0
// timeout, signaled seq=1, ...", "i915 0000:00:02.0: [drm] GPU HANG: ecode 12:1:85dffffb, in Xorg
// [1234]", "xe 0000:03:00.0: [drm] GT0: Engine reset: engine_class=rcs, ...", of newer kernels "xe
// 0000:03:00.0: [drm] Tile0: GT0: Engine reset: ...", and "xe 0000:03:00.0: [drm] *ERROR* CRITICAL:
// Xe has declared device 0000:03:00.0 as wedged."
bool recognise_card(std::string_view line, Findings& findings) {
  std::string_view rest = line;
  const auto driver = take_until(rest, " ");
  if (!driver || (*driver != "amdgpu" && *driver != "i915" && *driver != "xe")) return false;
  const auto address = take_until(rest, ": ");
  if (!address || !is_pci_address(*address)) return false;
  take(rest, "amdgpu: ");
  take(rest, "[drm] ");
  take(rest, "*ERROR* ");
  take_part(rest, "Tile");
  take_part(rest, "GT");
  if (starts_with_any(rest, kWedged)) {
    return tell(findings, Severity::critical, *driver, *address,
                "the GPU at " + std::string(*address) + " was given up by its driver", line);
  }
  const bool ring = rest.starts_with("ring ") && contains(rest, " timeout");
  if (!starts_with_any(rest, kTrouble) && !ring) return false;
  return tell(findings, Severity::warning, *driver, *address,
              "the GPU at " + std::string(*address) + " hung or was reset", line);
}

// "[drm:amdgpu_job_timedout [amdgpu]] *ERROR* ring gfx_0.0.0 timeout, signaled seq=1, ...": of
// older kernels, without a device.
bool recognise_ring(std::string_view line, Findings& findings) {
  std::string_view rest = line;
  if (!take(rest, "[drm:amdgpu_job_timedout [amdgpu]] *ERROR* ring ")) return false;
  return tell(findings, Severity::warning, "amdgpu", "",
              "a GPU hung: work that it was given did not end", line);
}

}  // namespace

bool recognise_graphics(const KernelMessage& message, Findings& findings) {
  const std::string_view line = message.text;
  return recognise_jetson(line, findings) || recognise_card(line, findings) ||
         recognise_ring(line, findings);
}

}  // namespace bw::agent
