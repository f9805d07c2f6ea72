#include "agent/core/collect/network.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/box.h"

namespace bw::agent {
namespace {

constexpr std::string_view kPath = "/proc/net/dev";
constexpr std::string_view kTitles =
    "Inter-|   Receive                            |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs\n";
const Box::Labels kEth0 = {{"interface", "eth0"}};
const Box::Labels kEth1 = {{"interface", "eth1"}};

std::string line(const std::string& name, int received) {
  return "  " + name + ": " + std::to_string(received) + " 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n";
}
std::string titled(const std::string& lines) {
  return std::string(kTitles) + lines;
}

TEST(Network, EveryColumnOfUseIsTold) {
  Box box;
  box.set(kPath, titled(line("eth0", 1))).tick();
  const std::pair<std::string_view, double> told[] = {
      {"net.rx_bytes", 1},    {"net.rx_packets", 2},  {"net.rx_errs", 3},      {"net.rx_drop", 4},
      {"net.rx_fifo", 5},     {"net.rx_frame", 6},    {"net.rx_multicast", 8}, {"net.tx_bytes", 9},
      {"net.tx_packets", 10}, {"net.tx_errs", 11},    {"net.tx_drop", 12},     {"net.tx_fifo", 13},
      {"net.tx_colls", 14},   {"net.tx_carrier", 15},
  };
  for (const auto& [name, value] : told) EXPECT_EQ(box.value(name, kEth0), value) << name;
  box.set(kPath, titled(line("eth0", 1001))).tick();
  EXPECT_EQ(box.live("net.rx_bytes", kEth0), 1000);
  EXPECT_EQ(box.live("net.tx_bytes", kEth0), 0);
}

TEST(Network, NumbersMayStandRightBehindTheColon) {
  Box box = Box::fixture("proc_armv7");
  box.tick();
  EXPECT_EQ(box.value("net.rx_bytes", kEth0), 4294960000.0);
  EXPECT_EQ(box.value("net.tx_packets", kEth0), 2012344);
}

TEST(Network, CountersOf32BitsWrap) {
  Box box = Box::fixture("proc_armv7");
  box.tick();
  box.replace(kPath, "eth0:4294960000", "eth0:4294965000").tick();
  EXPECT_EQ(box.live("net.rx_bytes", kEth0), 5000);
  box.replace(kPath, "eth0:4294965000", "eth0:2704").tick();
  EXPECT_EQ(box.live("net.rx_bytes", kEth0), 5000);
}

TEST(Network, AnInterfaceThatVanishesLosesItsValuesAndReturns) {
  Box box;
  const std::string both = titled(line("eth0", 5) + line("eth1", 7));
  box.set("/sys/class/net/eth1/carrier", "1\n");
  box.set(kPath, both).ticks(2);
  EXPECT_EQ(box.live("net.rx_bytes", kEth1), 0);
  EXPECT_EQ(box.value("net.carrier", kEth1), 1);
  box.set(kPath, titled(line("eth0", 6))).tick();
  EXPECT_TRUE(std::isnan(box.value("net.rx_bytes", kEth1)));
  EXPECT_TRUE(std::isnan(box.live("net.rx_bytes", kEth1)));
  EXPECT_TRUE(std::isnan(box.value("net.carrier", kEth1)));
  EXPECT_EQ(box.value("net.rx_bytes", kEth0), 6);
  const std::size_t series = box.sample().series().size();
  box.set(kPath, titled(line("eth1", 9) + line("eth0", 7))).tick();
  EXPECT_EQ(box.value("net.rx_bytes", kEth1), 9);
  EXPECT_TRUE(std::isnan(box.live("net.rx_bytes", kEth1)));
  EXPECT_EQ(box.live("net.rx_bytes", kEth0), 1);
  EXPECT_EQ(box.sample().series().size(), series);
}

TEST(Network, ANamespaceWithoutInterfacesIsNoTrouble) {
  Box box;
  box.set(kPath, titled("")).tick();
  EXPECT_EQ(box.trouble("net_dev"), "");
}

TEST(Network, GarbageIsTroubleAndTruncationCostsItsLineOnly) {
  Box box;
  box.set(kPath, titled(line("eth0", 5) + line("eth1", 7))).tick();
  const std::string whole = box.text(kPath);
  box.set(kPath, whole.substr(0, whole.rfind("eth1") + 5)).tick();
  EXPECT_EQ(box.trouble("net_dev"), "");
  EXPECT_EQ(box.value("net.rx_bytes", kEth0), 5);
  EXPECT_TRUE(std::isnan(box.value("net.rx_bytes", kEth1)));
  box.set(kPath, whole.substr(0, whole.rfind("eth1") + 10)).tick();
  EXPECT_EQ(box.value("net.rx_packets", kEth1), 2);
  EXPECT_TRUE(std::isnan(box.value("net.rx_errs", kEth1)));
  for (const auto* text :
       {"", "a\nb\nno colon 1 2 3\n", "a\nb\n: 1 2 3\n", "a\nb\neth0: 99999999999999999999 1\n"}) {
    box.set(kPath, text).tick();
    EXPECT_EQ(box.trouble("net_dev"), "/proc/net/dev: not understood") << text;
    EXPECT_TRUE(std::isnan(box.value("net.rx_bytes", kEth0))) << text;
  }
}

TEST(Network, InterfacesOfContainersLeaveRoomForOthers) {
  Box box;
  // Each tick another container: none of the earlier ones returns.
  const int churn = static_cast<int>(NetworkSource::kMaxEphemeral) + 17;
  for (int i = 0; i < churn; ++i) {
    box.set(kPath, titled(line("eth0", i) + line("veth" + std::to_string(i), 1))).tick();
  }
  EXPECT_EQ(box.count("net.rx_bytes"), NetworkSource::kMaxEphemeral + 1);
  EXPECT_EQ(box.value("self.devices_ignored"), 1);
  EXPECT_EQ(box.live("net.rx_bytes", kEth0), 1);
  box.set(kPath, titled(line("eth0", 1) + line("veth3", 8) + line("eth1", 1))).ticks(10);
  EXPECT_EQ(box.value("net.rx_bytes", kEth1), 1);
  EXPECT_EQ(box.value("net.rx_bytes", {{"interface", "veth3"}}), 8);
  EXPECT_EQ(box.value("self.devices_ignored"), 0);
}

TEST(Network, InterfacesBeyondTheBoundAreIgnoredAndCounted) {
  std::string lines;
  for (std::size_t i = 0; i < NetworkSource::kMaxInterfaces + 5; ++i) {
    lines += line("eth" + std::to_string(i), 1);
  }
  Box box;
  box.set(kPath, titled(lines)).ticks(2);
  EXPECT_EQ(box.count("net.rx_bytes"), NetworkSource::kMaxInterfaces);
  EXPECT_EQ(box.value("self.devices_ignored"), 5);
}

TEST(Carrier, IsToldByInterface) {
  Box box = Box::fixture("proc_jetson");
  box.tick();
  EXPECT_EQ(box.value("net.carrier", {{"interface", "wlan0"}}), 1);
  EXPECT_EQ(box.value("net.carrier", kEth0), 0);
}

TEST(Carrier, AnInterfaceThatIsSwitchedOffHasNone) {
  Box box = Box::fixture("proc_jetson");
  box.fail("/sys/class/net/eth0/carrier", EINVAL).tick();
  EXPECT_EQ(box.value("net.carrier", kEth0), 0);
  EXPECT_EQ(box.trouble("net_carrier"), "");
  EXPECT_EQ(box.value("self.source_errors"), 0);
}

TEST(Carrier, OneThatCanNotBeReadIsTroubleForItselfOnly) {
  Box box = Box::fixture("proc_jetson");
  box.fail("/sys/class/net/eth0/carrier", EIO).tick();
  EXPECT_FALSE(std::isnan(box.value("net.carrier", {{"interface", "wlan0"}})));
  EXPECT_TRUE(std::isnan(box.value("net.carrier", kEth0)));
  EXPECT_EQ(box.trouble("net_carrier"), "/sys/class/net/eth0/carrier: Input/output error");
  box.fail("/sys/class/net/eth0/carrier", ENODEV).ticks(10);
  EXPECT_EQ(box.trouble("net_carrier"), "");
  box.set("/sys/class/net/eth0/carrier", "x").ticks(10);
  EXPECT_EQ(box.trouble("net_carrier"), "/sys/class/net/eth0/carrier: not understood");
}

TEST(Carrier, AFileThatIsGoneLosesItsValue) {
  Box box = Box::fixture("proc_jetson");
  box.tick();
  box.remove("/sys/class/net/wlan0/carrier").ticks(10);
  EXPECT_TRUE(std::isnan(box.value("net.carrier", {{"interface", "wlan0"}})));
  EXPECT_EQ(box.value("net.carrier", kEth0), 0);
}

TEST(Carrier, AnInterfaceThatIsNotKeptHasNone) {
  Box box;
  box.set("/sys/class/net/eth9/carrier", "1\n").set(kPath, titled(line("eth0", 1))).tick();
  EXPECT_FALSE(box.has("net.carrier", {{"interface", "eth9"}}));
}

TEST(Links, StateChangesAndSpeedAreTold) {
  Box box = Box::fixture("proc_jetson");
  const std::string eth0 = "/sys/class/net/eth0/";
  box.set(eth0 + "operstate", "down\n").set(eth0 + "carrier_changes", "7\n");
  box.set(eth0 + "speed", "-1\n").set("/sys/class/net/lo/operstate", "unknown\n");
  box.fail("/sys/class/net/wlan0/speed", EINVAL).tick();
  EXPECT_EQ(box.value("net.operstate", kEth0), 0);
  EXPECT_EQ(box.value("net.carrier_changes", kEth0), 7);
  EXPECT_FALSE(box.has("net.speed", kEth0));
  EXPECT_FALSE(box.has("net.operstate", {{"interface", "lo"}}));
  EXPECT_EQ(box.trouble("net_speed"), "");
  box.set(eth0 + "operstate", "up\n").set(eth0 + "carrier_changes", "8\n");
  box.set(eth0 + "speed", "1000\n").ticks(60);
  EXPECT_EQ(box.value("net.operstate", kEth0), 1);
  EXPECT_EQ(box.value("net.carrier_changes", kEth0), 8);
  EXPECT_EQ(box.value("net.speed", kEth0), 1000);
  box.set(eth0 + "speed", "-1\n").ticks(60);
  EXPECT_TRUE(std::isnan(box.value("net.speed", kEth0)));
  box.set(eth0 + "operstate", "\n").ticks(10);
  EXPECT_EQ(box.trouble("net_operstate"), eth0 + "operstate: not understood");
}

TEST(Wireless, SignalAndQualityAreToldWhileTheyAreThere) {
  constexpr std::string_view kWireless = "/proc/net/wireless";
  const std::string titles =
      "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n"
      " face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n";
  const Box::Labels wlan0 = {{"interface", "wlan0"}};
  Box box = Box::fixture("proc_jetson");
  box.set(kWireless, titles + " wlan0: 0000   54.  -56.  -256        0      0      0      0\n")
      .tick();
  EXPECT_EQ(box.value("wifi.signal", wlan0), -56);
  EXPECT_EQ(box.value("wifi.link_quality", wlan0), 54);
  box.set(kWireless, titles + " wlan0: 0000   54.  200.  0        0      0      0      0\n")
      .ticks(10);
  EXPECT_EQ(box.value("wifi.signal", wlan0), -56);
  box.set(kWireless, titles).ticks(10);
  EXPECT_TRUE(std::isnan(box.value("wifi.signal", wlan0)));
  EXPECT_EQ(box.trouble("wireless"), "");
  box.set(kWireless, "nothing").ticks(10);
  EXPECT_EQ(box.trouble("wireless"), "/proc/net/wireless: not understood");
}

}  // namespace
}  // namespace bw::agent
