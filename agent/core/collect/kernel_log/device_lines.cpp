#include "agent/core/collect/kernel_log/device_lines.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "agent/core/collect/kernel_log/line_parts.h"

namespace bw::agent {

namespace {

using wire::Severity;

constexpr std::size_t kMaxInterface = 15;  // IFNAMSIZ - 1

// "0000:01:00.0", "1-1.2:1.0" of USB, "fd580000.ethernet", "virtio0": what a driver speaks for.
bool is_device_address(std::string_view word) {
  if (word.ends_with(':')) word.remove_suffix(1);
  if (is_pci_address(word) || word.starts_with("virtio")) return true;
  if (word.find_first_not_of("0123456789-:.") == std::string_view::npos) {
    return contains(word, "-") && contains(word, ":");
  }
  const std::size_t dot = word.find('.');
  return dot != std::string_view::npos && dot > 0 &&
         word.substr(0, dot).find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// The interface a driver's line is about, be it "eth0: link down", "e1000e: eth0 NIC Link is Down",
// "r8169 0000:01:00.0 eth0: Link is Down", "ixgbe 0000:01:00.0: eth0: NIC Link is Down" or "igb
// 0000:01:00.0 eth0: igb: eth0 NIC Link is Down". Empty where there is none, or where the words
// stand elsewhere: a USB device may call itself anything, and be quoted.
std::string_view interface_before(std::string_view line, std::string_view words) {
  const std::size_t at = line.find(words);
  constexpr std::size_t kMostBefore = 96;
  if (at == std::string_view::npos || at == 0 || at > kMostBefore) return {};
  std::string_view before = line.substr(0, at);
  constexpr std::size_t kMostWords = 5;
  std::array<std::string_view, kMostWords> found;
  std::size_t count = 0;
  while (!before.empty()) {
    if (count == kMostWords) return {};
    found[count++] = before.substr(0, before.find(' '));
    before.remove_prefix(std::min(before.size(), found[count - 1].size() + 1));
  }
  constexpr std::string_view kOthers[] = {"usb", "hub", "hid", "input", "scsi", "sd"};
  for (const std::string_view other : kOthers) {
    if (count > 1 && found[0].starts_with(other)) return {};
  }
  if (count == 2 && !found[0].ends_with(':')) return {};
  if (count > 2 && !is_device_address(found[1])) return {};
  if (count > 3 && !found[count - 2].ends_with(':')) return {};
  std::string_view interface = found[count - 1];
  while (interface.ends_with(':')) interface.remove_suffix(1);
  return interface.size() <= kMaxInterface ? interface : std::string_view {};
}

enum class LinkMedium : std::uint8_t { wired, wireless };

// `severity`: of a link that went down; info where the box itself let go of it.
bool tell_link(Findings& findings, bool up, std::string_view interface, std::string_view line,
               LinkMedium medium = LinkMedium::wired, Severity severity = Severity::warning) {
  Finding found =
      finding(up ? EventKind::link_up : EventKind::link_down, up ? Severity::info : severity,
              interface, "the link of " + std::string(interface) + (up ? " is up" : " is down"));
  found.with("interface", interface).with("message", line);
  if (!up && severity != Severity::info) {
    found.with("action", medium == LinkMedium::wireless
                             ? "check the signal's strength and the access point"
                             : "check cable, transceiver and the switch's port");
  }
  findings.push_back(std::move(found));
  return true;
}

// The kernel's wireless stack (mac80211): "wlan0: deauthenticated from aa:bb:cc:dd:ee:ff (Reason:
// 2=PREV_AUTH_NOT_VALID)", "wlan0: disconnect from AP aa:bb:cc:dd:ee:ff for new auth to
// 11:22:33:44:55:66" where it changes to another one; what follows each in time is "wlan0:
// associated".
bool recognise_wireless(std::string_view line, Findings& findings) {
  struct Words {
    std::string_view words;
    std::string_view later;  // somewhere behind
    bool up;
    Severity severity;
  };
  constexpr Words kWords[] = {
      {": Connection to AP ", " lost", false, Severity::warning},
      {": deauthenticated from ", "", false, Severity::warning},
      {": disassociated from ", "", false, Severity::warning},
      {": deauthenticating from ", " by local choice", false, Severity::info},
      {": disassociating from ", " by local choice", false, Severity::info},
      {": disconnect from AP ", " for new ", false, Severity::info},
      {": associated", "", true, Severity::info},
  };
  for (const Words& words : kWords) {
    const std::string_view interface = interface_before(line, words.words);
    if (interface.empty()) continue;
    std::string_view rest = line;
    take_until(rest, words.words);
    if (!contains(rest, words.later)) continue;
    return tell_link(findings, words.up, interface, line, LinkMedium::wireless, words.severity);
  }
  return false;
}

bool recognise_link(std::string_view line, Findings& findings) {
  struct Words {
    std::string_view words;
    bool up;
  };
  constexpr Words kWords[] = {{" NIC Link is Down", false},
                              {" NIC Link is Up", true},
                              {": Link is Down", false},
                              {": Link is Up", true},
                              {": Link is down", false},
                              {": Link is up", true},
                              {": Link down", false},
                              {": Link up", true},
                              {": link down", false},
                              {": link up", true},
                              {" NIC Copper Link is Down", false},
                              {" NIC Copper Link is Up", true},
                              {": NIC Link is Down", false},
                              {": carrier lost", false},
                              {": carrier acquired", true}};
  // "bond0: (slave eth0): link status definitely down, disabling slave"
  std::string_view rest = line;
  if (const auto bond = take_until(rest, ": (slave ");
      bond && bond->size() <= kMaxInterface && !contains(*bond, " ")) {
    const std::string_view slave = rest.substr(0, rest.find(')'));
    if (contains(rest, "link status definitely down"))
      return tell_link(findings, false, slave, line);
    if (contains(rest, "link status definitely up")) return tell_link(findings, true, slave, line);
    return false;
  }
  for (const Words& words : kWords) {
    const std::string_view interface = interface_before(line, words.words);
    if (interface.empty()) continue;
    if (interface.starts_with("ata")) return false;  // "ata1: SATA link down": a disk's
    return tell_link(findings, words.up, interface, line);
  }
  return false;
}

// "NETDEV WATCHDOG: eth0 (e1000e): transmit queue 0 timed out", later "e1000e 0000:00:1f.6 eth0:
// NETDEV WATCHDOG: CPU: 1: transmit queue 0 timed out 5000 ms"; "...: Detected Hardware Unit Hang".
bool recognise_nic_reset(std::string_view line, Findings& findings) {
  std::string_view interface;
  std::string_view rest = line;
  if (take(rest, "NETDEV WATCHDOG: ")) {
    interface = first_word(rest);
  } else if (contains(line, "NETDEV WATCHDOG: CPU")) {
    interface = interface_before(line, ": NETDEV WATCHDOG: CPU");
  } else if (contains(line, "Detected Hardware Unit Hang")) {
    interface = interface_before(line, ": Detected Hardware Unit Hang");
  } else if (contains(line, ": Detected Tx Unit Hang")) {
    interface = interface_before(line, ": Detected Tx Unit Hang");
  } else if (contains(line, ": Reset adapter")) {
    interface = interface_before(line, ": Reset adapter");
  }
  if (interface.empty()) return false;
  findings.push_back(finding(EventKind::nic_reset, Severity::warning, interface,
                             "network interface " + std::string(interface) + " hung and was reset")
                         .with("interface", interface)
                         .with("message", line)
                         .with("action",
                               "update the interface's driver and firmware; replace it "
                               "if it goes on"));
  return true;
}

// "xhci_hcd 0000:00:14.0: HC died; cleaning up", "usb 1-1: USB disconnect, device number 4", "usb
// usb1-port2: over-current condition", "usb 1-1: device descriptor read/64, error -71", "hub
// 1-0:1.0: over-current change on port 2".
bool recognise_usb(std::string_view line, Findings& findings) {
  const std::string_view whole = line;
  if (line.starts_with("xhci_hcd ") && contains(line, ": HC died")) {
    std::string_view rest = line.substr(line.find(' ') + 1);
    const std::string_view controller = rest.substr(0, rest.find(": "));
    findings.push_back(finding(EventKind::usb_error, Severity::critical, controller,
                               "a USB controller stopped: its devices are gone")
                           .with("pci", controller)
                           .with("message", whole)
                           .with("action", "restart the node; look for firmware updates"));
    return true;
  }
  if (!take(line, "usb ") && !take(line, "hub ")) return false;
  const auto port = take_until(line, ": ");
  if (!port || port->size() > 32) return false;
  const std::string named = "USB device at " + std::string(*port);
  if (line.starts_with("USB disconnect")) {
    findings.push_back(finding(EventKind::usb_disconnect, Severity::info, *port, named + " is gone")
                           .with("port", *port)
                           .with("message", whole));
    return true;
  }
  std::string text;
  std::string_view action = "check the plug and cable; try another port";
  if (line.starts_with("over-current")) {
    text = "USB port " + std::string(*port) + " draws too much and was switched off";
    action = "unplug the device; use a hub with its own power supply";
  } else if (line.starts_with("reset ") && contains(line, "-speed USB device")) {
    text = named + " was reset";
  } else if (line.starts_with("device descriptor read") ||
             line.starts_with("device not accepting address") ||
             line.starts_with("device not responding") ||
             line.starts_with("Cannot enable. Maybe the USB cable is bad") ||
             line.starts_with("unable to enumerate USB device")) {
    text = named + " does not answer";
  } else {
    return false;
  }
  findings.push_back(finding(EventKind::usb_error, Severity::warning, *port, std::move(text))
                         .with("port", *port)
                         .with("message", whole)
                         .with("action", action));
  return true;
}

}  // namespace

bool recognise_device(const KernelMessage& message, Findings& findings) {
  const std::string_view line = message.text;
  return recognise_usb(line, findings) || recognise_nic_reset(line, findings) ||
         recognise_wireless(line, findings) || recognise_link(line, findings);
}

}  // namespace bw::agent
