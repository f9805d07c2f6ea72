#include "agent/core/collect/kernel_log/device_lines.h"

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/kernel_log/lines.h"

namespace bw::agent {
namespace {

std::string told(std::string_view line) {
  return told_by(recognise_device, line);
}

TEST(DeviceLines, LinksThatGoDownAndUpAreToldByTheirInterface) {
  EXPECT_EQ(told("igb 0000:01:00.0 eno1: igb: eno1 NIC Link is Down"), "link_down/warning/eno1");
  EXPECT_EQ(told("e1000e 0000:00:1f.6 eth0: NIC Link is Up 1000 Mbps Full Duplex"),
            "link_up/info/eth0");
  EXPECT_EQ(told("e1000e: eth0 NIC Link is Down"), "link_down/warning/eth0");
  EXPECT_EQ(told("r8169 0000:02:00.0 enp2s0: Link is Down"), "link_down/warning/enp2s0");
  EXPECT_EQ(told("ixgbe 0000:01:00.0: eth0: NIC Link is Down"), "link_down/warning/eth0");
  EXPECT_EQ(told("smsc95xx 1-1.1:1.0 eth0: Link is Down"), "link_down/warning/eth0");
  EXPECT_EQ(told("bcmgenet fd580000.ethernet eth0: Link is Down"), "link_down/warning/eth0");
  EXPECT_EQ(told("mlx5_core 0000:5c:00.0 ens1f0: Link down"), "link_down/warning/ens1f0");
  EXPECT_EQ(told("eth1: link up, 100Mbps, full-duplex, lpa 0x45E1"), "link_up/info/eth1");
  EXPECT_EQ(told("bond0: (slave eth0): link status definitely down, disabling slave"),
            "link_down/warning/eth0");
  EXPECT_EQ(told("bond0: (slave eth0): link status definitely up, 1000 Mbps full duplex"),
            "link_up/info/eth0");
  EXPECT_EQ(told("bond0: (slave eth0): Enslaving as an active interface"), "unknown");
}

TEST(DeviceLines, DriversThatWriteItOtherwiseAreUnderstood) {
  EXPECT_EQ(told("tg3 0000:02:00.0 eth0: Link is down"), "link_down/warning/eth0");
  EXPECT_EQ(told("tg3 0000:02:00.0: eth0: Link is up at 1000 Mbps, full duplex"),
            "link_up/info/eth0");
}

TEST(DeviceLines, WirelessLinksThatAreLostAskForALookAtTheSignal) {
  const auto action = [](std::string_view line) {
    Findings findings;
    recognise_device(message_of(line), findings);
    return findings.empty() ? "none" : detail(findings[0].details, "action");
  };
  for (const auto* line :
       {"wlan0: Connection to AP aa:bb:cc:dd:ee:ff lost",
        "wlan0: deauthenticated from aa:bb:cc:dd:ee:ff (Reason: 2=PREV_AUTH_NOT_VALID)",
        "wlan0: disassociated from aa:bb:cc:dd:ee:ff (Reason: 8=DISASSOC_STA_HAS_LEFT)"}) {
    EXPECT_EQ(told(line), "link_down/warning/wlan0") << line;
    EXPECT_EQ(action(line), "check the signal's strength and the access point") << line;
  }
  EXPECT_EQ(action("eth0: link down"), "check cable, transceiver and the switch's port");
}

TEST(DeviceLines, AWirelessLinkThatTheBoxLeavesOrChangesGoesDownBeforeItComesUp) {
  for (const auto* line :
       {"wlan0: disconnect from AP aa:bb:cc:dd:ee:ff for new auth to 11:22:33:44:55:66",
        "wlan0: disconnect from AP aa:bb:cc:dd:ee:ff for new assoc to 11:22:33:44:55:66",
        "wlan0: deauthenticating from aa:bb:cc:dd:ee:ff by local choice (Reason: 3=DEAUTH_LEAVING)",
        "wlan0: disassociating from aa:bb:cc:dd:ee:ff by local choice (Reason: "
        "3=DEAUTH_LEAVING)"}) {
    EXPECT_EQ(told(line), "link_down/info/wlan0") << line;
  }
  EXPECT_EQ(told("wlan0: associated"), "link_up/info/wlan0");
}

TEST(DeviceLines, WhatElseAWirelessInterfaceSaysIsNoChangeOfItsLink) {
  for (const auto* line :
       {"wlan0: authenticate with aa:bb:cc:dd:ee:ff", "wlan0: authenticated",
        "wlan0: associate with aa:bb:cc:dd:ee:ff (try 1/3)",
        "wlan0: RX AssocResp from aa:bb:cc:dd:ee:ff (capab=0x411 status=0 aid=1)",
        "wlan0: deauthenticating from aa:bb:cc:dd:ee:ff", "usb 1-1: Product: wlan0: associated"}) {
    EXPECT_EQ(told(line), "unknown") << line;
  }
}

TEST(DeviceLines, AUsbControllerThatDiedIsCritical) {
  EXPECT_EQ(told("xhci_hcd 0000:00:14.0: HC died; cleaning up"), "usb_error/critical/0000:00:14.0");
  EXPECT_EQ(told("xhci_hcd 0000:00:14.0: xHCI Host Controller"), "unknown");
}

TEST(DeviceLines, WhatIsNoNetworkLinkIsLeftAlone) {
  EXPECT_EQ(told("ata1: SATA link down (SStatus 0 SControl 300)"), "unknown");
  EXPECT_EQ(told("IPv6: ADDRCONF(NETDEV_CHANGE): cali1: link becomes ready"), "unknown");
  EXPECT_EQ(told(": Link is Down"), "unknown");
  // A device may call itself anything.
  for (const auto* line :
       {"usb 1-1: Product: eth0: link down", "usb 1-1: eth0: link down", "input: eth0: link down",
        "hid-generic 0003:046D:C077.0001: eth0: link down",
        "usb 1-1: SerialNumber: eth0: Link is Up", "scsi 0:0:0:0: Direct-Access eth0: link down",
        "usb 1-1: Product: eth0: Reset adapter", "logitech 0003:046D:C52B.0003: eth0: link down",
        "usb 1: (slave eth0): link status "
        "definitely down",
        "a b c d e f eth0: link down", "some thing eth0: link down"}) {
    EXPECT_EQ(told(line), "unknown") << line;
  }
  EXPECT_EQ(told("a_name_that_is_too_long_for_one: Link is Down"), "unknown");
}

TEST(DeviceLines, InterfacesThatHangAreTold) {
  EXPECT_EQ(told("NETDEV WATCHDOG: eth0 (e1000e): transmit queue 0 timed out"),
            "nic_reset/warning/eth0");
  EXPECT_EQ(told("e1000e 0000:00:1f.6 eth0: NETDEV WATCHDOG: CPU: 1: transmit queue 0 timed out"),
            "nic_reset/warning/eth0");
  EXPECT_EQ(told("e1000e 0000:00:1f.6 eth0: Detected Hardware Unit Hang:"),
            "nic_reset/warning/eth0");
  EXPECT_EQ(told("ixgbe 0000:01:00.0 eth2: Reset adapter"), "nic_reset/warning/eth2");
}

TEST(DeviceLines, UsbDevicesThatGoOrFailAreTold) {
  EXPECT_EQ(told("usb 1-1.4: USB disconnect, device number 4"), "usb_disconnect/info/1-1.4");
  EXPECT_EQ(told("usb usb1-port2: over-current condition"), "usb_error/warning/usb1-port2");
  EXPECT_EQ(told("hub 1-0:1.0: over-current change on port 2"), "usb_error/warning/1-0:1.0");
  EXPECT_EQ(told("usb 1-1: device descriptor read/64, error -71"), "usb_error/warning/1-1");
  EXPECT_EQ(told("usb 1-1: device not accepting address 5, error -71"), "usb_error/warning/1-1");
  EXPECT_EQ(told("usb 1-1: reset high-speed USB device number 4 using xhci_hcd"),
            "usb_error/warning/1-1");
  EXPECT_EQ(told("usb 1-1: new high-speed USB device number 2 using xhci_hcd"), "unknown");
  EXPECT_EQ(told("usb 1-1"), "unknown");
}

}  // namespace
}  // namespace bw::agent
