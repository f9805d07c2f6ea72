#include "agent/core/collect/kernel_log/storage_lines.h"

#include <utility>

#include "agent/core/collect/kernel_log/line_parts.h"

namespace bw::agent {

namespace {

using wire::Severity;

constexpr std::string_view kCheckDisk =
    "look at the disk's health (smartctl) and cable; save its data and replace it if it goes on";
constexpr std::string_view kCheckFileSystem =
    "look for errors of its disk first; then unmount and check the file system (fsck, xfs_repair, "
    "btrfs scrub)";
constexpr std::string_view kReadOnly =
    "nothing can be written there: save the data, look for errors of its disk, check the file "
    "system and mount it again";

bool tell(Findings& findings, EventKind kind, Severity severity, std::string_view device,
          std::string text, std::string_view line, std::string_view action) {
  findings.push_back(finding(kind, severity, device, std::move(text))
                         .with("device", device)
                         .with("message", line)
                         .with("action", action));
  return true;
}

// "EXT4-fs error (device sda1): ext4_find_entry:1455: ...", "EXT4-fs (sda1): Remounting filesystem
// read-only", "XFS (sda1): metadata I/O error ...", "BTRFS error (device sda1): ...".
bool recognise_file_system(std::string_view line, Findings& findings) {
  const std::string_view whole = line;
  const std::string_view kind = first_word(line);
  constexpr std::string_view kKinds[] = {"EXT4-fs", "EXT3-fs", "EXT2-fs",  "XFS",  "BTRFS",
                                         "F2FS-fs", "FAT-fs",  "exFAT-fs", "JBD2", "SQUASHFS"};
  bool known = false;
  for (const std::string_view one : kKinds) known = known || kind == one;
  if (!known) return false;
  line.remove_prefix(kind.size());
  const bool says_error =
      line.starts_with(" error") || line.starts_with(": error") || line.starts_with(" critical");
  std::string_view device;
  std::string_view rest = line;
  if (take_until(rest, "(")) {
    take(rest, "device ");
    device = rest.substr(0, rest.find_first_of("),"));
    if (!take_until(rest, ")")) return false;
    take(rest, ": ");
  } else {
    rest = line;
  }
  const std::string named = std::string(kind) + " on " + std::string(device.empty() ? "?" : device);
  if (contains(rest, "emounting filesystem read-only") || contains(rest, "forced readonly") ||
      contains(rest, "Filesystem has been set read-only")) {
    return tell(findings, EventKind::file_system_readonly, Severity::critical, device,
                named + " was made read-only after errors", whole, kReadOnly);
  }
  const bool shuts_down = contains(rest, "shutdown") || contains(rest, "Shutting down filesystem");
  if (shuts_down && kind == "XFS" && !contains(rest, "Please")) {
    return tell(findings, EventKind::file_system_readonly, Severity::critical, device,
                named + " was shut down after errors", whole, kReadOnly);
  }
  const bool bad = says_error || rest.starts_with("error, ") || contains(rest, "I/O error") ||
                   contains(rest, "I/O Error") || contains(rest, "Detected IO errors") ||
                   contains(rest, "orruption") || contains(rest, "error ") ||
                   contains(rest, "rror:") || contains(rest, "failed checksum") ||
                   contains(rest, "Aborting journal");
  if (!bad || contains(rest, "errors=") || contains(rest, "no error")) return false;
  return tell(findings, EventKind::file_system_error,
              says_error || contains(rest, "orruption") ? Severity::critical : Severity::warning,
              device, named + " reported an error", whole, kCheckFileSystem);
}

// "Aborting journal on device sda1-8.", of ext3 and ext4; "WARNING: Pool 'tank' has encountered an
// uncorrectable I/O failure and has been suspended." of ZFS.
bool recognise_stop(std::string_view line, Findings& findings) {
  std::string_view rest = line;
  if (take(rest, "Aborting journal on device ")) {
    const std::string_view device = rest.substr(0, rest.rfind('-'));
    return tell(findings, EventKind::file_system_error, Severity::critical, device,
                "the file system on " + std::string(device) + " gave up its journal after errors",
                line, kCheckFileSystem);
  }
  if (!take(rest, "WARNING: Pool '")) return false;
  const auto pool = take_until(rest, "' has encountered an uncorrectable I/O failure");
  if (!pool) return false;
  return tell(findings, EventKind::file_system_error, Severity::critical, *pool,
              "the ZFS pool " + std::string(*pool) + " can't be used: its disks fail", line,
              kCheckDisk);
}

// "blk_update_request: I/O error, dev sda, sector 1234 op ...", "critical medium error, dev sda,
// ...", "Buffer I/O error on dev dm-0, logical block 13, lost async page write".
bool recognise_block(std::string_view line, Findings& findings) {
  const std::string_view whole = line;
  take(line, "blk_update_request: ");
  take(line, "print_req_error: ");
  constexpr std::string_view kErrors[] = {"I/O error, dev ",
                                          "critical medium error, dev ",
                                          "critical target error, dev ",
                                          "critical space allocation error, dev ",
                                          "critical nexus error, dev ",
                                          "protection error, dev ",
                                          "timeout error, dev ",
                                          "recoverable transport error, dev ",
                                          "Buffer I/O error on dev ",
                                          "Buffer I/O error on device "};
  for (const std::string_view error : kErrors) {
    if (!take(line, error)) continue;
    const std::string_view device = first_word(line);
    // A drive without a disk in it is no disk that fails.
    if (device.starts_with("sr") || device.starts_with("fd")) return true;
    std::string text = "disk " + std::string(device) + " failed to ";
    text += contains(line, "WRITE") || contains(line, "write") ? "write" : "read or write";
    findings.push_back(
        finding(EventKind::disk_error, Severity::critical, device, std::move(text))
            .with("device", device)
            .with("sector", contains(line, "sector ") ? value_of(line, "sector ") : "")
            .with("message", whole)
            .with("action", kCheckDisk));
    return true;
  }
  return false;
}

// "kworker/u8:1: attempt to access beyond end of device": behind a program's name, which is to be
// taken for nothing else.
bool recognise_beyond_end(std::string_view line, Findings& findings) {
  constexpr std::size_t kMaxName = 15;  // TASK_COMM_LEN - 1
  if (line.find(": attempt to access beyond end of device") > kMaxName) return false;
  return tell(findings, EventKind::disk_error, Severity::warning, "",
              "something was looked for beyond a disk's end", line, kCheckFileSystem);
}

// "nvme0n1: Read(0x2) @ LBA 8, 8 blocks, Unrecovered Read Error (sct 0x2 / sc 0x81) DNR". Status
// code types: NVM Express Base Specification, 2 is media and data integrity, 3 the path.
bool recognise_nvme_command(std::string_view line, Findings& findings) {
  std::string_view rest = line;
  const auto device = take_until(rest, ": ");
  if (!device || !device->starts_with("nvme") || contains(*device, " ")) return false;
  if (!contains(rest, " @ LBA ") || !take_until(rest, "(sct 0x")) return false;
  const auto type = take_number(rest, 16);
  if (!type) return false;
  constexpr std::uint64_t kMedia = 2;
  const bool media = *type == kMedia;
  return tell(findings, EventKind::nvme_error, media ? Severity::critical : Severity::warning,
              *device,
              "NVMe disk " + std::string(*device) +
                  (media ? " lost data: its medium has an error" : " failed a command"),
              line, kCheckDisk);
}

// "nvme nvme0: I/O 22 QID 0 timeout, reset controller", "nvme nvme0: I/O tag 22 ... timeout, ...",
// "nvme nvme0: controller is down; will reset: CSTS=0xffffffff", "nvme nvme4: Disabling device
// after reset failure: -19", "block nvme0n1: no available path - failing I/O".
bool recognise_nvme(std::string_view line, Findings& findings) {
  const std::string_view whole = line;
  if (take(line, "block nvme")) {
    if (!contains(line, "no available path - failing I/O")) return false;
    return tell(findings, EventKind::nvme_error, Severity::critical,
                "nvme" + std::string(first_word(line)), "an NVMe disk can't be reached any more",
                whole, kCheckDisk);
  }
  if (!take(line, "nvme ")) return false;
  const std::string_view device = first_word(line);
  if (!device.starts_with("nvme")) return false;
  const std::string named = "NVMe controller " + std::string(device);
  if (contains(line, "Disabling device after reset failure") ||
      contains(line, "Removing after probe failure") || contains(line, "Device not ready") ||
      contains(line, "frozen state error detected, reset") ||
      contains(line, "Device shutdown incomplete")) {
    return tell(findings, EventKind::nvme_error, Severity::critical, device,
                named + " was given up: it does not answer", whole, kCheckDisk);
  }
  if (contains(line, "controller is down; will reset")) {
    return tell(findings, EventKind::nvme_error, Severity::critical, device,
                named + " went down and is reset", whole, kCheckDisk);
  }
  std::string_view rest = line.substr(device.size());
  const bool command = take(rest, ": I/O ") && contains(rest, " timeout");
  if (command || contains(line, ": timeout request 0x") || contains(line, ": timeout cid 0x")) {
    return tell(findings, EventKind::nvme_error, Severity::warning, device,
                named + " did not answer in time", whole, kCheckDisk);
  }
  if (contains(line, "I/O Error") || contains(line, "resetting controller")) {
    return tell(findings, EventKind::nvme_error, Severity::warning, device,
                named + " reported an error", whole, kCheckDisk);
  }
  return false;
}

// "ata1.00: exception Emask 0x0 SAct ...", "ata1: SATA link down", "ata1.00: failed command: ...",
// "ata1: hard resetting link".
bool recognise_ata(std::string_view line, Findings& findings) {
  if (!line.starts_with("ata") || line.size() < 5 || line[3] < '0' || line[3] > '9') return false;
  const std::string_view port = first_word(line).substr(0, line.find_first_of(".:"));
  if (contains(line, ": exception Emask") || contains(line, ": failed command: ") ||
      contains(line, ": hard resetting link") || contains(line, "error: {") ||
      contains(line, ": disabled") || contains(line, "COMRESET failed")) {
    return tell(findings, EventKind::disk_error,
                contains(line, ": disabled") ? Severity::critical : Severity::warning, port,
                "the disk at " + std::string(port) + " had an error", line, kCheckDisk);
  }
  return false;
}

// "sd 0:0:0:0: [sda] tag#12 FAILED Result: hostbyte=... driverbyte=...", "... Sense Key : Medium
// Error [current]", "... rejecting I/O to offline device".
bool recognise_scsi(std::string_view line, Findings& findings) {
  std::string_view rest = line;
  if (!take(rest, "sd ")) return false;
  std::string_view device = rest.substr(0, rest.find(' '));
  std::string_view bracket = rest;
  if (take_until(bracket, "[")) device = bracket.substr(0, bracket.find(']'));
  const bool offline = contains(rest, "rejecting I/O to offline device") ||
                       contains(rest, "rejecting I/O to dead device") ||
                       contains(rest, "Device offlined");
  constexpr std::string_view kKeys[] = {"Sense Key : Medium Error", "Sense Key : Hardware Error",
                                        "Sense Key : Aborted Command",
                                        "FAILED Result: ", "timing out command"};
  bool bad = offline;
  for (const std::string_view key : kKeys) bad = bad || contains(rest, key);
  if (!bad) return false;
  return tell(findings, EventKind::disk_error, offline ? Severity::critical : Severity::warning,
              device, "disk " + std::string(device) + (offline ? " is gone" : " had an error"),
              line, kCheckDisk);
}

// "md/raid1:md0: Disk failure on sdb1, disabling device.", "md/raid0md0: Disk failure on ...
// detected, failing array.", "device-mapper: multipath: Failing path 8:16."
bool recognise_array(std::string_view line, Findings& findings) {
  std::string_view rest = line;
  if (take(rest, "md/raid")) {
    const auto array = take_until(rest, ": Disk failure on ");
    if (!array) return false;
    const std::string_view disk = first_word(rest);
    return tell(findings, EventKind::raid_failure, Severity::critical, disk,
                "disk " + std::string(disk) + " of array " + std::string(*array) + " failed", line,
                "replace the disk and let the array rebuild");
  }
  if (!take(rest, "device-mapper: multipath: ")) return false;
  if (!contains(rest, "Failing path ")) return false;
  return tell(findings, EventKind::disk_error, Severity::warning, rest, "a path to a disk was lost",
              line, "check cable, adapter and storage of this path");
}

// "mmc0: Timeout waiting for hardware interrupt.", "mmcblk0: error -110 transferring data", "nfs:
// server files not responding, still trying".
bool recognise_others(std::string_view line, Findings& findings) {
  if (line.starts_with("mmc")) {
    const std::string_view device = first_word(line);
    std::string_view rest = line.substr(device.size());
    if (!rest.starts_with(": ")) return false;
    if (!contains(rest, "imeout waiting") && !contains(rest, ": error -") &&
        !contains(rest, "card never left busy") && !contains(rest, "recovery failed")) {
      return false;
    }
    return tell(findings, EventKind::disk_error, Severity::warning, device,
                "memory card " + std::string(device) + " had an error", line,
                "check the supply voltage; save the card's data and replace it if it goes on");
  }
  std::string_view rest = line;
  if (!take(rest, "nfs: server ")) return false;
  const std::string_view server = rest.substr(0, rest.find(' '));
  if (!contains(rest, "not responding") && !contains(rest, "timed out")) return false;
  return tell(findings, EventKind::file_system_error, Severity::warning, server,
              "file server " + std::string(server) + " does not answer", line,
              "check the server and the network to it; programs that use it wait");
}

}  // namespace

bool recognise_storage(const KernelMessage& message, Findings& findings) {
  const std::string_view line = message.text;
  return recognise_beyond_end(line, findings) || recognise_file_system(line, findings) ||
         recognise_stop(line, findings) || recognise_block(line, findings) ||
         recognise_nvme(line, findings) || recognise_nvme_command(line, findings) ||
         recognise_ata(line, findings) || recognise_scsi(line, findings) ||
         recognise_array(line, findings) || recognise_others(line, findings);
}

}  // namespace bw::agent
