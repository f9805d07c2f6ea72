#include "agent/core/collect/protocols.h"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/box.h"

namespace bw::agent {
namespace {

constexpr std::string_view kSnmp = "/proc/net/snmp";
constexpr std::string_view kSockstat = "/proc/net/sockstat";
constexpr std::string_view kSoftnet = "/proc/net/softnet_stat";
const Box::Labels kCpu0 = {{"cpu", "0"}};
const Box::Labels kCpu1 = {{"cpu", "1"}};

TEST(Protocols, NamesAndNumbersAreBroughtTogether) {
  Box box;
  box.set(kSnmp,
          "Ip: Forwarding InReceives\nIp: 1 17\n"
          "Tcp: MaxConn CurrEstab RetransSegs\nTcp: -1 3 12\n"
          "Udp: InDatagrams RcvbufErrors\nUdp: 5 6\n");
  box.set("/proc/net/netstat",
          "TcpExt: Unknown ListenDrops\nTcpExt: 1 9\nIpExt: InOctets\nIpExt: 77\n");
  box.tick();
  EXPECT_EQ(box.value("ip.in_receives"), 17);
  EXPECT_EQ(box.value("tcp.curr_estab"), 3);
  EXPECT_EQ(box.value("tcp.retrans_segs"), 12);
  EXPECT_EQ(box.value("udp.in_datagrams"), 5);
  EXPECT_EQ(box.value("udp.rcvbuf_errors"), 6);
  EXPECT_EQ(box.value("tcp.listen_drops"), 9);
  EXPECT_EQ(box.value("ip.in_octets"), 77);
}

TEST(Protocols, ThisMachinesFilesAreUnderstood) {
  Box box = Box::fixture("proc_two_cores");
  box.tick();
  box.tick();
  EXPECT_GT(box.value("tcp.in_segs"), 0);
  EXPECT_GT(box.value("tcp.rcv_coalesce"), 0);
  EXPECT_EQ(box.live("ip.in_octets"), 0);
  EXPECT_FALSE(std::isnan(box.value("tcp.rcvq_drop")));
  EXPECT_FALSE(std::isnan(box.value("ip.in_ce_pkts")));
  EXPECT_FALSE(std::isnan(box.value("udp.mem_errors")));
}

TEST(Protocols, OtherNamesAreLearntAnew) {
  Box box;
  box.set(kSnmp, "Tcp: InSegs OutSegs\nTcp: 1 2\nUdp: NoPorts\nUdp: 3\n").ticks(2);
  box.set(kSnmp, "Tcp: OutSegs New InSegs\nTcp: 12 0 11\nUdp: NoPorts\nUdp: 13\n").tick();
  EXPECT_EQ(box.value("tcp.in_segs"), 11);
  EXPECT_EQ(box.value("tcp.out_segs"), 12);
  EXPECT_EQ(box.value("udp.no_ports"), 13);
  box.set(kSnmp, "Udp: NoPorts\nUdp: 23\n").tick();
  EXPECT_TRUE(std::isnan(box.value("tcp.in_segs")));
  EXPECT_EQ(box.value("udp.no_ports"), 23);
  box.set(kSnmp, "Udp: NoPorts\nUdp: 24\nTcp: InSegs\nTcp: 5\n").tick();
  EXPECT_EQ(box.value("tcp.in_segs"), 5);
}

TEST(Protocols, GroupsOfNoInterestMayChange) {
  Box box;
  box.set(kSnmp, "IcmpMsg: InType3\nIcmpMsg: 1\nTcp: InSegs\nTcp: 1\n").tick();
  box.set(kSnmp, "IcmpMsg: InType3 OutType3\nIcmpMsg: 1 1\nTcp: InSegs\nTcp: 2\n").tick();
  EXPECT_EQ(box.value("tcp.in_segs"), 2);
  EXPECT_EQ(box.live("tcp.in_segs"), 1);
}

TEST(Protocols, FewerNumbersThanNamesLoseTheRest) {
  Box box;
  box.set(kSnmp, "Tcp: InSegs OutSegs\nTcp: 1 2\nUdp: NoPorts\nUdp: 3\n").tick();
  box.set(kSnmp, "Tcp: InSegs OutSegs\nTcp: 7\nUdp: NoPorts\nUdp: 8\n").tick();
  EXPECT_EQ(box.value("tcp.in_segs"), 7);
  EXPECT_TRUE(std::isnan(box.value("tcp.out_segs")));
  EXPECT_EQ(box.value("udp.no_ports"), 8);
}

TEST(Protocols, NamesWithoutTheirNumbersAreNothing) {
  Box box;
  box.set(kSnmp, "Tcp: InSegs\nTcp: 1\nUdp: NoPorts\nUdp: 3\n").tick();
  box.set(kSnmp, "Tcp: InSegs\nUdp: NoPorts\nUdp: 8\n").ticks(2);
  EXPECT_TRUE(std::isnan(box.value("tcp.in_segs")));
  EXPECT_EQ(box.value("udp.no_ports"), 8);
}

TEST(Protocols, EveryTruncationLosesValuesOnly) {
  const std::string whole = Box::fixture("proc_two_cores").text(kSnmp);
  Box box;
  box.set(kSnmp, whole).tick();
  const double segments = box.value("tcp.in_segs");
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    box.set(kSnmp, whole.substr(0, size)).tick();
    const bool told = !std::isnan(box.value("udp.no_ports"));
    EXPECT_FALSE(told && size < whole.find("Udp:")) << size;
  }
  box.set(kSnmp, whole).tick();
  EXPECT_EQ(box.value("tcp.in_segs"), segments);
  EXPECT_EQ(box.trouble("net_snmp"), "");
}

TEST(Protocols, GarbageIsTrouble) {
  Box box;
  for (const std::string& text : {std::string(), std::string("x\ny\n"), std::string("\n\n\n\n"),
                                  repeated(3000, ' '), std::string(" Tcp: InSegs\n Tcp: 1\n")}) {
    box.set(kSnmp, text).tick();
    EXPECT_EQ(box.trouble("net_snmp"), "/proc/net/snmp: not understood") << text;
  }
  std::string many;
  for (int i = 0; i < 500; ++i) {
    many += "G" + std::to_string(i) + ": a\nG" + std::to_string(i) + ": 1\n";
  }
  std::string wide = "Tcp:";
  for (std::size_t i = 0; i < ProtocolSource::kMaxColumns; ++i) wide += " x";
  box.set(kSnmp, "Tcp: InSegs\nTcp: 4\n" + many + wide + " OutSegs\nTcp: 1\n").ticks(2);
  EXPECT_EQ(box.value("tcp.in_segs"), 4);
  EXPECT_FALSE(box.has("tcp.out_segs"));
}

TEST(Sockets, AreCountedByKind) {
  Box box = Box::fixture("proc_two_cores");
  box.set(kSockstat,
          "sockets: used 17\nTCP: inuse 1 orphan 2 tw 3 alloc 4 mem 138\nUDP: inuse 5 mem 6\n"
          "UDPLITE: inuse 0\nRAW: inuse 7\nFRAG: inuse 8 memory 9\n");
  box.tick();
  EXPECT_EQ(box.value("sock.used"), 17);
  EXPECT_EQ(box.value("sock.tcp_inuse"), 1);
  EXPECT_EQ(box.value("sock.tcp_tw"), 3);
  EXPECT_EQ(box.value("sock.tcp_mem"), 138);
  EXPECT_EQ(box.value("sock.udp_inuse"), 5);
  EXPECT_EQ(box.value("sock.raw_inuse"), 7);
  EXPECT_EQ(box.value("sock.frag_memory"), 9);
}

TEST(Sockets, WhatIsMissingHasNoValue) {
  Box box;
  box.set(kSockstat, "sockets: used 17\nTCP: inuse 1 orphan 0\n").tick();
  box.set(kSockstat, "sockets: used\nTCP: inuse 2 orphan x").ticks(10);
  EXPECT_TRUE(std::isnan(box.value("sock.used")));
  EXPECT_TRUE(std::isnan(box.value("sock.tcp_orphan")));
  EXPECT_EQ(box.value("sock.tcp_inuse"), 2);
  box.set(kSockstat, "sockets used 4\n").ticks(10);
  EXPECT_EQ(box.trouble("net_sockstat"), "/proc/net/sockstat: not understood");
}

TEST(Softnet, IsToldByCpu) {
  Box box = Box::fixture("proc_jetson");
  box.tick();
  EXPECT_EQ(box.value("net.softnet_processed", kCpu0), 123456);
  EXPECT_EQ(box.value("net.softnet_squeezed", kCpu0), 18);
  EXPECT_EQ(box.value("net.softnet_dropped", kCpu1), 1);
  EXPECT_EQ(box.count("net.softnet_dropped"), 4U);
}

TEST(Softnet, AnOldKernelTellsThemToo) {
  Box box = Box::fixture("proc_armv7");
  box.tick();
  EXPECT_EQ(box.value("net.softnet_processed", kCpu0), 3012280);
  EXPECT_EQ(box.value("net.softnet_squeezed", kCpu0), 4);
}

TEST(Softnet, ANewKernelNumbersItsCpus) {
  const std::string zeros = " 0 0 0 0 0 0 0 0 0 0 0 ";
  Box box;
  box.set(kSoftnet, "a" + zeros + "0\nb" + zeros + "1\n").tick();
  EXPECT_EQ(box.value("net.softnet_processed", kCpu1), 11);
  box.set(kSoftnet, "c" + zeros + "1\n").tick();
  EXPECT_EQ(box.value("net.softnet_processed", kCpu1), 12);
  EXPECT_EQ(box.live("net.softnet_processed", kCpu1), 1);
  EXPECT_TRUE(std::isnan(box.value("net.softnet_processed", kCpu0)));
}

TEST(Softnet, CountersOf32BitsWrapByCpu) {
  Box box;
  box.set(kSoftnet, "fffffff0 0 0\n").tick();
  box.set(kSoftnet, "fffffff8 0 0\n").tick();
  box.set(kSoftnet, "00000008 0 0\n").tick();
  EXPECT_EQ(box.live("net.softnet_processed", kCpu0), 16);
}

TEST(Softnet, GarbageIsTrouble) {
  Box box;
  box.set(kSoftnet, "00000001 00000000 00000000\n").tick();
  box.set(kSoftnet, "xyz 1\n").tick();
  EXPECT_EQ(box.trouble("softnet"), "/proc/net/softnet_stat: not understood");
  EXPECT_TRUE(std::isnan(box.value("net.softnet_processed", kCpu0)));
}

}  // namespace
}  // namespace bw::agent
