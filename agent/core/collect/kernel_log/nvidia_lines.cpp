#include "agent/core/collect/kernel_log/nvidia_lines.h"

#include <algorithm>
#include <utility>

#include "agent/core/collect/kernel_log/line_parts.h"
#include "agent/core/collect/kernel_log/sxid_catalogue.h"
#include "agent/core/collect/kernel_log/xid_catalogue.h"

namespace bw::agent {

namespace {

using wire::Severity;

constexpr unsigned kFallenOffBus = 79;
constexpr unsigned kFirstNvlink5 = 144;
constexpr unsigned kLastNvlink5 = 150;
constexpr unsigned kRecoveryAction = 154;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

// "0000:3b:00" of "PCI:0000:3b:00", of "PCI:0000:3b:00 GPU-I:05" and of "0000:3b:00"; empty where
// it is none.
std::string device_address(std::string_view device) {
  take(device, "PCI:");
  const std::string_view address = device.substr(0, device.find(' '));
  return is_pci_address(address) ? lower(address) : std::string{};
}

// "pid=1234, name=python3, " at the beginning; unknown ones are left out.
void take_process(std::string_view& line, Finding& found) {
  const auto known = [](std::string_view value) {
    return value.find("unknown") == std::string_view::npos;
  };
  if (take(line, "pid=")) {
    const std::string_view pid = line.substr(0, line.find(','));
    line.remove_prefix(std::min(line.size(), pid.size() + 2));
    if (known(pid)) found.with("pid", pid);
  }
  if (take(line, "name=")) {
    const std::string_view name = line.substr(0, line.find(", "));
    line.remove_prefix(std::min(line.size(), name.size() + 2));
    if (known(name)) found.with("process", name);
  }
}

// "RLW_REMAP Fatal XC0 i0 Link 08 (0x004505c6 0x00000001 ...)". True where it says fatal.
bool take_nvlink(std::string_view line, Finding& found) {
  const std::string_view unit = line.substr(0, line.find(' '));
  line.remove_prefix(unit.size());
  while (take(line, " ")) {
  }
  const bool fatal = line.starts_with("Fatal");
  if (!fatal && !line.starts_with("Nonfatal")) return false;
  found.with("unit", unit).with("fatal", fatal ? "yes" : "no");
  if (!take_until(line, " Link ")) return fatal;
  const std::string_view link = line.substr(0, line.find(' '));
  found.with("link", link);
  if (!take_until(line, "(0x")) return fatal;
  const auto info = take_number(line, 16);
  if (!info) return fatal;
  // NVIDIA's catalogue: bits 20 to 25 of the first word are the sub-code.
  found.with("sub_code", std::to_string((*info >> 20U) & 0x3fU));
  if (take(line, " 0x")) found.with("error_status", "0x" + std::string(first_word(line)));
  return fatal;
}

// "GPU recovery action changed from 0x0 (None) to 0x1 (GPU Reset Required)": what it is now.
std::string_view recovery_action(std::string_view line) {
  if (!take_until(line, " to 0x") || !take_until(line, "(")) return {};
  return line.substr(0, line.find(')'));
}

void tell_bus_loss(const std::string& pci, Findings& findings) {
  findings.push_back(finding(EventKind::gpu_fallen_off_bus, Severity::critical, pci,
                             "the GPU at " + pci + " has fallen off the bus")
                         .with("pci", pci)
                         .with("action", remedy_action(XidRemedy::restart_node)));
}

// "NVRM: Xid (PCI:0000:3b:00): 79, pid=1234, name=python3, GPU has fallen off the bus."
bool recognise_xid(std::string_view line, Findings& findings) {
  const auto device = take_until(line, "): ");
  if (!device) return false;
  const std::string pci = device_address(*device);
  const auto code = take_number(line);
  if (pci.empty() || !code || *code > 100'000 || (!line.empty() && line.front() != ',')) {
    return false;
  }
  if (!take(line, ", ")) take(line, ",");
  Finding found;
  found.kind = EventKind::xid;
  found.code = static_cast<unsigned>(*code);
  found.with("code", std::to_string(*code)).with("pci", pci);
  const std::size_t instance = device->find("GPU-I:");
  if (instance != std::string_view::npos) found.with("gpu_instance", device->substr(instance + 6));
  take_process(line, found);
  XidDescription known = describe_xid(found.code, pci);
  found.severity = known.severity;
  found.subject = std::to_string(*code) + " " + pci;
  std::string action(known.action);
  if (found.code >= kFirstNvlink5 && found.code <= kLastNvlink5) {
    found.severity = take_nvlink(line, found) ? Severity::critical : Severity::warning;
    // Each unit and link of a GPU has its own story.
    for (const wire::Label& label : found.details) {
      if (label.name == "unit" || label.name == "link") found.subject += " " + label.value;
    }
  } else if (found.code == kRecoveryAction) {
    const std::string_view now = recovery_action(line);
    found.with("recovery_action", now);
    found.severity = now == "None" ? Severity::info : Severity::critical;
    if (!now.empty()) action = now == "None" ? "nothing any more" : lower(now);
    found.subject.append(" ").append(now);
  }
  found.text = std::move(known.text);
  found.with("mnemonic", known.mnemonic).with("resolution", known.resolution);
  found.with("message", line).with("action", action);
  findings.push_back(std::move(found));
  if (*code == kFallenOffBus) tell_bus_loss(pci, findings);
  return true;
}

// "nvidia-nvswitch0: SXid (PCI:0000:05:00.0): 20034, Fatal, Link 30 LTSSM Fault Up"; lines "Data
// {...}" and "Severity 1 ..." go on about the one before.
bool recognise_sxid(std::string_view line, Findings& findings) {
  const std::string_view name = first_word(line);
  line.remove_prefix(name.size());
  if (!take(line, ": SXid (")) return false;
  const auto device = take_until(line, "): ");
  if (!device) return false;
  const std::string pci = device_address(*device);
  const auto code = take_number(line);
  if (pci.empty() || !code || *code > 10'000'000) return false;
  take(line, ", ");
  if (line.starts_with("Data {") || line.starts_with("Severity ")) return true;
  const SxidInfo* info = find_sxid(static_cast<unsigned>(*code));
  const bool says_fatal = line.starts_with("Fatal");
  const bool says_harmless = line.starts_with("Non-fatal");
  SxidClass severity = info == nullptr ? SxidClass::non_fatal : info->severity;
  if (says_fatal && severity == SxidClass::non_fatal) severity = SxidClass::fatal;
  if (says_harmless) severity = SxidClass::non_fatal;
  Finding found;
  found.kind = EventKind::sxid;
  found.code = static_cast<unsigned>(*code);
  found.severity = severity == SxidClass::non_fatal ? Severity::warning : Severity::critical;
  found.subject = std::to_string(*code) + " " + pci;
  found.text = "SXid " + std::to_string(*code) + " on " + std::string(name) + " at " + pci + ": ";
  found.text += info == nullptr ? "not in the catalogue" : std::string(info->meaning);
  found.with("code", std::to_string(*code)).with("pci", pci).with("switch", name);
  found.with("fatal", severity == SxidClass::non_fatal ? "no" : "yes");
  std::string_view rest = line;
  if (take_until(rest, "Link ")) {
    const std::string_view link = first_word(rest);
    found.with("link", link).subject.append(" ").append(link);
  }
  found.with("message", line).with("action", sxid_action(severity));
  findings.push_back(std::move(found));
  return true;
}

// "NVRM: GPU 0000:18:00.0: GPU has fallen off the bus.", "NVRM: GPU at 0000:18:00.0 has fallen off
// the bus." and "NVRM: The NVIDIA GPU 0000:18:00.0 (PCI ID: ...) ... fallen off the bus".
bool recognise_bus_loss(std::string_view line, Findings& findings) {
  if (!contains(line, "fallen off the bus")) return false;
  if (!take(line, "GPU at ") && !take(line, "GPU ") && !take(line, "The NVIDIA GPU ")) {
    return false;
  }
  take(line, "PCI:");
  std::string_view address = line.substr(0, line.find_first_of(" ,("));
  while (address.ends_with(':')) address.remove_suffix(1);
  if (!is_pci_address(address)) return false;
  // Without the function, as Xid lines have it: they are one story.
  tell_bus_loss(lower(address.substr(0, address.find('.'))), findings);
  return true;
}

struct DriverLine {
  std::string_view start;  // behind "NVRM: "
  Severity severity;
  std::string_view text;
  std::string_view action;
};

constexpr std::string_view kReload =
    "reload the driver's modules or restart the node, so that module and library are of one "
    "version";
constexpr DriverLine kDriverLines[] = {
    {"GPU initialization failed", Severity::critical, "a GPU could not be initialised",
     "restart the node; if it happens again, reseat the GPU and check its power"},
    {"rm_init_adapter failed", Severity::critical, "a GPU could not be initialised",
     "restart the node; if it happens again, reseat the GPU and check its power"},
    {"RmInitAdapter failed", Severity::critical, "a GPU could not be initialised",
     "restart the node; if it happens again, reseat the GPU and check its power"},
    {"The NVIDIA probe routine failed", Severity::critical, "the driver could not take up a GPU",
     "check that the driver supports this GPU and that no other driver holds it"},
    {"The NVIDIA probe routine was not called", Severity::warning,
     "the driver was not given a GPU that it supports", "unload the driver that holds the GPU"},
    {"Rate limiting GSP RPC error prints", Severity::critical,
     "a GPU's system processor does not answer: so many errors that they are no longer printed",
     "stop the agent, which holds the GPU open, and reset the GPU"},
    {"No NVIDIA GPU found", Severity::warning, "the driver found no GPU",
     "check the GPU's seat and power, and the firmware's PCI settings"},
};

bool recognise_driver(std::string_view line, Findings& findings) {
  if (line.starts_with("API mismatch")) {
    findings.push_back(
        finding(EventKind::gpu_driver_mismatch, Severity::critical, "",
                "the NVIDIA module and library are of different versions: GPUs can't be used")
            .with("message", line)
            .with("action", kReload));
    return true;
  }
  // "GPU 0000:3b:00.0: RmInitAdapter failed! (0x26:0x56:1474)"
  std::string_view what = line;
  std::string pci;
  if (take(what, "GPU ")) {
    const auto address = take_until(what, ": ");
    if (!address || !is_pci_address(*address)) return false;
    pci = lower(address->substr(0, address->find('.')));
  }
  for (const DriverLine& known : kDriverLines) {
    if (!what.starts_with(known.start)) continue;
    findings.push_back(finding(EventKind::gpu_driver_error, known.severity,
                               std::string(known.start) + pci, std::string(known.text))
                           .with("pci", pci)
                           .with("message", line)
                           .with("action", known.action));
    return true;
  }
  return false;
}

// nvidia-modeset, and the switches' driver where it speaks without a number.
bool recognise_modules(std::string_view line, Findings& findings) {
  std::string_view rest = line;
  std::string_view action = "look at the display's cable; collect nvidia-bug-report.sh";
  if (take(rest, "nvidia-modeset: ")) {
    if (!rest.starts_with("ERROR: ") && !rest.starts_with("WARNING: ")) return false;
  } else if (rest.starts_with("nvidia-nvswitch") || rest.starts_with("nvidia-fabricmanager")) {
    if (!take_until(rest, ": ")) return false;
    if (!contains(rest, "ERROR") && !contains(rest, "failed") && !contains(rest, "Fatal")) {
      return false;
    }
    action = "restart the fabric manager; if it happens again, drain and restart the node";
  } else if (take(rest, "nvidia-peermem ")) {
    if (!contains(rest, "ERROR")) return false;
    action = "restart the program that used RDMA to GPU memory, and check the driver's versions";
  } else {
    return false;
  }
  findings.push_back(finding(EventKind::gpu_driver_error, Severity::warning, rest,
                             "the NVIDIA driver reported a failure: " + std::string(rest))
                         .with("module", first_word(line))
                         .with("message", line)
                         .with("action", action));
  return true;
}

}  // namespace

bool recognise_nvidia(const KernelMessage& message, Findings& findings) {
  std::string_view line = message.text;
  if (take(line, "NVRM: ")) {
    if (take(line, "Xid (")) return recognise_xid(line, findings);
    return recognise_bus_loss(line, findings) || recognise_driver(line, findings);
  }
  if (!line.starts_with("nvidia-")) return false;
  return recognise_sxid(line, findings) || recognise_modules(line, findings);
}

}  // namespace bw::agent
