#include "agent/core/collect/kernel_log/machine_lines.h"

#include <utility>

#include "agent/core/collect/kernel_log/line_parts.h"

namespace bw::agent {

namespace {

using wire::Severity;

constexpr std::string_view kReplacePart =
    "note which part it names; replace it if it goes on, at once where errors are not corrected";
constexpr std::uint64_t kUncorrected = 1ULL << 61U;  // of a bank's status (Intel SDM 3B, 17.3.2.2)

bool tell_hardware(Findings& findings, Severity severity, std::string_view subject,
                   std::string text, std::string_view line) {
  findings.push_back(finding(EventKind::hardware_error, severity, subject, std::move(text))
                         .with("corrected", severity == Severity::critical ? "no" : "yes")
                         .with("message", line)
                         .with("action", kReplacePart));
  return true;
}

// "{1}[Hardware Error]: event severity: fatal" (CPER), "mce: [Hardware Error]: CPU 1: Machine
// Check: 0 Bank 5: be00000000800400", "mce: [Hardware Error]: Machine check events logged",
// "[Hardware Error]: Corrected error, no action required." Their other lines are about the same
// error.
bool recognise_hardware_error(std::string_view line, Findings& findings) {
  const std::string_view whole = line;
  take(line, "mce: ");
  const bool at_start = take(line, "BERT: ");
  if (take(line, "{") && !take_until(line, "}")) return false;
  if (!take(line, "[Hardware Error]: ")) return false;
  if (take(line, "event severity: ")) {
    const bool fatal = line.starts_with("fatal") || line.starts_with("recoverable");
    return tell_hardware(findings, fatal ? Severity::critical : Severity::warning, "firmware",
                         "the firmware reports a hardware error: " + std::string(line), whole);
  }
  if (take(line, "CPU ")) {
    const auto cpu = take_number(line);
    std::string_view rest = line;
    if (!cpu || !contains(line, "Machine Check") || !take_until(rest, "Bank ")) return true;
    const auto bank = take_number(rest);
    const auto status = take(rest, ": ") ? take_number(rest, 16) : std::nullopt;
    const bool corrected = status && (*status & kUncorrected) == 0;
    findings.push_back(
        finding(EventKind::hardware_error, corrected ? Severity::warning : Severity::critical,
                "cpu" + std::to_string(*cpu),
                "CPU " + std::to_string(*cpu) + " reports a hardware error (machine check)" +
                    (corrected ? ", corrected" : ", not corrected"))
            .with("cpu", std::to_string(*cpu))
            .with("bank", bank ? std::to_string(*bank) : "")
            .with("corrected", corrected ? "yes" : "no")
            .with("message", whole)
            .with("action", kReplacePart));
    return true;
  }
  if (line.starts_with("Machine check events logged") || line.starts_with("Corrected error")) {
    return tell_hardware(findings, Severity::warning, "cpu",
                         "the CPU logged hardware errors that it corrected", whole);
  }
  if (line.starts_with("Uncorrected") || line.starts_with("Deferred error") ||
      line.starts_with("Fatal ")) {
    return tell_hardware(findings, Severity::critical, "cpu",
                         "the CPU logged hardware errors that it could not correct", whole);
  }
  if (at_start && line.starts_with("Error records from previous boot")) {
    return tell_hardware(findings, Severity::critical, "firmware",
                         "the firmware kept a hardware error from before this boot", whole);
  }
  return true;  // the details of one that was told
}

// "EDAC MC0: 1 CE memory read error on CPU_SrcID#0_MC#0_Chan#0_DIMM#0 (channel:0 slot:0 ...)",
// "Memory failure: 0x12345: recovery action for dirty LRU page: Recovered".
bool recognise_memory_error(std::string_view line, Findings& findings) {
  const std::string_view whole = line;
  if (take(line, "Memory failure: ")) {
    if (!contains(line, "recovery action")) return true;
    findings.push_back(finding(EventKind::memory_error, Severity::critical, "page",
                               "a page of memory is damaged and was taken out of use")
                           .with("message", whole)
                           .with("action", kReplacePart));
    return true;
  }
  if (!take(line, "EDAC ")) return false;
  const auto controller = take_until(line, ": ");
  const auto count = controller ? take_number(line) : std::nullopt;
  if (!count) return false;
  const bool corrected = line.starts_with(" CE ");
  if (!corrected && !line.starts_with(" UE ")) return false;
  std::string_view where = line;
  where = take_until(where, " on ") ? where.substr(0, where.find(' ')) : std::string_view{};
  std::string text =
      corrected ? "memory errors were corrected" : "a memory error could not be corrected";
  if (!where.empty()) text.append(", at ").append(where);
  findings.push_back(
      finding(EventKind::memory_error, corrected ? Severity::warning : Severity::critical,
              std::string(*controller) + " " + std::string(where) + (corrected ? "" : " UE"),
              std::move(text))
          .with("controller", *controller)
          .with("module", where)
          .with("errors", std::to_string(*count))
          .with("corrected", corrected ? "yes" : "no")
          .with("message", whole)
          .with("action", kReplacePart));
  return true;
}

// "nvme 0000:01:00.0: PCIe Bus Error: severity=Corrected, type=Physical Layer, (Receiver ID)", and
// the port's own "pcieport 0000:00:1c.0: AER: Corrected error received: 0000:01:00.0", in later
// kernels "AER: Correctable error message received from 0000:01:00.0"; "pcieport 0000:00:03.1: DPC:
// containment event, status:0x1f01 source:0x0000".
bool recognise_pcie(std::string_view line, Findings& findings) {
  const std::string_view whole = line;
  const auto driver = take_until(line, " ");
  if (!driver) return false;
  const auto address = take_until(line, ": ");
  if (!address || !is_pci_address(*address)) return false;
  std::string_view device = *address;
  std::string_view severity;
  if (take(line, "PCIe Bus Error: severity=")) {
    severity = line.substr(0, line.find(','));
  } else if (take(line, "AER: ")) {
    take(line, "Multiple ");
    severity = line;
    std::string_view rest = line;
    if (!take_until(rest, " received from ") && !take_until(rest, " received: ")) return false;
    if (is_pci_address(rest.substr(0, rest.find(' ')))) device = rest.substr(0, rest.find(' '));
  } else if (line.starts_with("DPC: containment event")) {
    severity = "(Fatal)";  // the port was switched off to keep the error from spreading
  } else {
    return false;
  }
  const bool corrected = severity.starts_with("Correct");
  const bool fatal = contains(severity, "(Fatal)");
  findings.push_back(
      finding(EventKind::pcie_error,
              corrected ? Severity::info
              : fatal   ? Severity::critical
                        : Severity::warning,
              device,
              "PCI Express device " + std::string(device) + " had an error that was " +
                  (corrected ? "corrected" : "not corrected"))
          .with("pci", device)
          .with("corrected", corrected ? "yes" : "no")
          .with("type", value_of(line, "type="))
          .with("message", whole)
          .with("action", corrected ? "reseat the card or riser if it comes often"
                                    : "reseat the card or riser; replace it if it goes on"));
  return true;
}

// "CPU0: Core temperature above threshold, cpu clock throttled (total events = 12)", "thermal
// thermal_zone0: critical temperature reached (105 C), shutting down", "soctherm: OC ALARM 0x1".
bool recognise_heat(std::string_view line, Findings& findings) {
  const std::string_view whole = line;
  take(line, "mce: ");
  Severity severity = Severity::warning;
  std::string_view subject;
  std::string text;
  if (line.starts_with("CPU") && contains(line, "temperature above threshold")) {
    subject = contains(line, "Package") ? "package" : "core";
    text = "CPUs are too hot and were slowed down";
  } else if (contains(line, "ritical temperature reached") &&
             (line.starts_with("thermal") || line.starts_with("Critical"))) {
    severity = Severity::critical;
    subject = "critical";
    text = "the box is so hot that it shuts down";
  } else if (line.starts_with("soctherm") && contains(line, "OC ALARM")) {
    subject = "soctherm";
    text = "the system on chip draws too much and was slowed down";
  } else {
    return false;
  }
  findings.push_back(finding(EventKind::thermal_throttle, severity, subject, std::move(text))
                         .with("message", whole)
                         .with("action",
                               "check fans, filters and the room's temperature; move "
                               "work away from the node"));
  return true;
}

// "Under-voltage detected! (0x00050005)", "hwmon hwmon1: Undervoltage detected!"; and of a card
// "mlx5_core 0000:5c:00.0: mlx5_pcie_event:299:(pid 2): Detected insufficient power on the PCIe
// slot (27W).".
bool recognise_voltage(std::string_view line, Findings& findings) {
  const std::string_view whole = line;
  if (line.starts_with("mlx5_core ") && contains(line, "Detected insufficient power on the PCIe")) {
    take(line, "mlx5_core ");
    const std::string_view pci = line.substr(0, line.find(": "));
    findings.push_back(finding(EventKind::under_voltage, Severity::warning, pci,
                               "the card at " + std::string(pci) + " gets too little power")
                           .with("pci", pci)
                           .with("message", whole)
                           .with("action", "check the slot's power, and the card's own plug"));
    return true;
  }
  if (take(line, "hwmon ")) take_until(line, ": ");
  take(line, "rpi_volt: ");
  if (!line.starts_with("Under-voltage detected") && !line.starts_with("Undervoltage detected")) {
    return false;
  }
  findings.push_back(finding(EventKind::under_voltage, Severity::warning, "",
                             "the supply voltage is too low: the board slows down or fails")
                         .with("message", whole)
                         .with("action",
                               "use a stronger power supply and a shorter cable; unplug "
                               "devices that draw from the board"));
  return true;
}

}  // namespace

bool recognise_machine(const KernelMessage& message, Findings& findings) {
  const std::string_view line = message.text;
  return recognise_hardware_error(line, findings) || recognise_memory_error(line, findings) ||
         recognise_pcie(line, findings) || recognise_heat(line, findings) ||
         recognise_voltage(line, findings);
}

}  // namespace bw::agent
