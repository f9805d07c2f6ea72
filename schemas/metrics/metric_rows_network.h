// Metrics of network interfaces, sockets and the IP and UDP protocols: rows of the metric table.
#pragma once

#include "schemas/metrics/metric_info.h"

namespace bw::metrics {

consteval MetricInfo nic_counter(std::string_view name, std::string_view unit, std::string_view key,
                                 std::string_view text) {
  return labelled("interface", counter(SourceId::net_dev, name, unit, key, text));
}
consteval MetricInfo softnet_counter(std::string_view name, std::string_view key,
                                     std::string_view text) {
  return labelled("cpu", counter(SourceId::softnet, name, "count", key, text));
}
consteval MetricInfo snmp(std::string_view name, std::string_view key, std::string_view text) {
  return counter(SourceId::net_snmp, name, "count", key, text);
}
consteval MetricInfo ip_ext(std::string_view name, std::string_view key, std::string_view text) {
  return counter(SourceId::net_netstat, name, "count", key, text);
}
consteval MetricInfo sockets(std::string_view name, std::string_view unit, std::string_view key,
                             std::string_view text) {
  return gauge(SourceId::net_sockstat, name, unit, key, text);
}

// In the order of the text's columns, but for the two "compressed" ones, which it leaves out.
inline constexpr MetricInfo kInterfaceMetrics[] = {
    nic_counter("net.rx_bytes", "B", "rx bytes", "Data received."),
    nic_counter("net.rx_packets", "count", "rx packets", "Packets received."),
    nic_counter("net.rx_errs", "count", "rx errs", "Packets received damaged."),
    nic_counter("net.rx_drop", "count", "rx drop", "Packets received and dropped."),
    nic_counter("net.rx_fifo", "count", "rx fifo", "Packets lost as the device's buffer was full."),
    nic_counter("net.rx_frame", "count", "rx frame", "Packets received with a broken frame."),
    nic_counter("net.rx_multicast", "count", "rx multicast", "Multicast packets received."),
    nic_counter("net.tx_bytes", "B", "tx bytes", "Data sent."),
    nic_counter("net.tx_packets", "count", "tx packets", "Packets sent."),
    nic_counter("net.tx_errs", "count", "tx errs", "Packets that could not be sent."),
    nic_counter("net.tx_drop", "count", "tx drop", "Packets dropped instead of sent."),
    nic_counter("net.tx_fifo", "count", "tx fifo",
                "Packets not sent as the device's buffer ran empty."),
    nic_counter("net.tx_colls", "count", "tx colls", "Collisions met when sending."),
    nic_counter("net.tx_carrier", "count", "tx carrier", "Packets not sent for want of a carrier."),
};

inline constexpr MetricInfo kCarrierMetrics[] = {
    labelled("interface", gauge(SourceId::net_carrier, "net.carrier", "1", "",
                                "1 where the link is up, 0 where it is down or switched off.")),
    labelled("interface",
             gauge(SourceId::net_operstate, "net.operstate", "1", "",
                   "1 where the interface works, 0 where not; none where it can't tell.")),
    labelled("interface", counter(SourceId::net_carrier_changes, "net.carrier_changes", "count", "",
                                  "Times the link went up or down.")),
    labelled("interface", gauge(SourceId::net_speed, "net.speed", "Mbit/s", "",
                                "Speed the link agreed upon; none while it is down.")),
};

inline constexpr MetricInfo kConntrackMetrics[] = {
    gauge(SourceId::conntrack_count, "conntrack.count", "count", "1",
          "Connections the firewall keeps track of."),
    gauge(SourceId::conntrack_max, "conntrack.max", "count", "1",
          "Connections it can keep track of at most."),
};

inline constexpr MetricInfo kWirelessMetrics[] = {
    labelled("interface", gauge(SourceId::wireless, "wifi.link_quality", "1", "",
                                "Quality of a wireless link; 70 is the best of most drivers.")),
    labelled("interface", gauge(SourceId::wireless, "wifi.signal", "dBm", "",
                                "Strength of a wireless link's signal.")),
};

// In the order of the text's columns.
inline constexpr MetricInfo kSoftnetMetrics[] = {
    softnet_counter("net.softnet_processed", "1", "Packets taken from the devices."),
    softnet_counter("net.softnet_dropped", "2", "Packets dropped as the backlog was full."),
    softnet_counter("net.softnet_squeezed", "3", "Times work was left as the time was up."),
};

inline constexpr MetricInfo kIpMetrics[] = {
    snmp("ip.in_receives", "Ip.InReceives", "IPv4 packets received."),
    snmp("ip.in_hdr_errors", "Ip.InHdrErrors", "Packets with a bad header."),
    snmp("ip.in_addr_errors", "Ip.InAddrErrors", "Packets for an address that can't be."),
    snmp("ip.forwarded", "Ip.ForwDatagrams", "Packets passed on to others."),
    snmp("ip.in_unknown_protos", "Ip.InUnknownProtos", "Packets of a protocol nobody speaks."),
    snmp("ip.in_discards", "Ip.InDiscards", "Good packets dropped when received."),
    snmp("ip.in_delivers", "Ip.InDelivers", "Packets handed to a protocol."),
    snmp("ip.out_requests", "Ip.OutRequests", "Packets to be sent from here."),
    snmp("ip.out_discards", "Ip.OutDiscards", "Good packets dropped instead of sent."),
    snmp("ip.out_no_routes", "Ip.OutNoRoutes", "Packets to where no route leads."),
    snmp("ip.reasm_timeout", "Ip.ReasmTimeout", "Packets whose fragments came too late."),
    snmp("ip.reasm_reqds", "Ip.ReasmReqds", "Fragments received."),
    snmp("ip.reasm_oks", "Ip.ReasmOKs", "Packets put together from fragments."),
    snmp("ip.reasm_fails", "Ip.ReasmFails", "Packets that could not be put together."),
    snmp("ip.frag_oks", "Ip.FragOKs", "Packets sent in fragments."),
    snmp("ip.frag_fails", "Ip.FragFails", "Packets too large to send that forbade fragments."),
    snmp("icmp.in_msgs", "Icmp.InMsgs", "ICMP messages received."),
    snmp("icmp.in_errors", "Icmp.InErrors", "ICMP messages received damaged."),
    snmp("icmp.in_dest_unreachs", "Icmp.InDestUnreachs", "Told that a destination can't be met."),
    snmp("icmp.in_time_excds", "Icmp.InTimeExcds", "Told that a packet was too long on its way."),
    snmp("icmp.in_redirects", "Icmp.InRedirects", "Told of a better route."),
    snmp("icmp.in_echos", "Icmp.InEchos", "Pings received."),
    snmp("icmp.in_echo_reps", "Icmp.InEchoReps", "Answers to pings received."),
    snmp("icmp.out_msgs", "Icmp.OutMsgs", "ICMP messages sent."),
    snmp("icmp.out_errors", "Icmp.OutErrors", "ICMP messages that could not be sent."),
    snmp("icmp.out_dest_unreachs", "Icmp.OutDestUnreachs",
         "Told others that a destination can't be met."),
    snmp("udp.in_datagrams", "Udp.InDatagrams", "UDP datagrams received."),
    snmp("udp.no_ports", "Udp.NoPorts", "Datagrams for a port where nobody listens."),
    snmp("udp.in_errors", "Udp.InErrors", "Datagrams not handed over, for any other reason."),
    snmp("udp.out_datagrams", "Udp.OutDatagrams", "UDP datagrams sent."),
    snmp("udp.rcvbuf_errors", "Udp.RcvbufErrors", "Datagrams dropped as the receiver was slow."),
    snmp("udp.sndbuf_errors", "Udp.SndbufErrors", "Datagrams not sent as the buffer was full."),
    snmp("udp.in_csum_errors", "Udp.InCsumErrors", "Datagrams with a bad checksum."),
    snmp("udp.mem_errors", "Udp.MemErrors", "Datagrams dropped for want of memory."),
    ip_ext("ip.in_no_routes", "IpExt.InNoRoutes", "Packets received that no route leads on."),
    ip_ext("ip.in_truncated_pkts", "IpExt.InTruncatedPkts", "Packets received cut short."),
    ip_ext("ip.in_mcast_pkts", "IpExt.InMcastPkts", "Multicast packets received."),
    ip_ext("ip.out_mcast_pkts", "IpExt.OutMcastPkts", "Multicast packets sent."),
    ip_ext("ip.in_bcast_pkts", "IpExt.InBcastPkts", "Broadcast packets received."),
    ip_ext("ip.out_bcast_pkts", "IpExt.OutBcastPkts", "Broadcast packets sent."),
    counter(SourceId::net_netstat, "ip.in_octets", "B", "IpExt.InOctets", "IPv4 data received."),
    counter(SourceId::net_netstat, "ip.out_octets", "B", "IpExt.OutOctets", "IPv4 data sent."),
    ip_ext("ip.in_csum_errors", "IpExt.InCsumErrors", "Packets with a bad checksum."),
    ip_ext("ip.in_ce_pkts", "IpExt.InCEPkts", "Packets marked to have met congestion."),
};

inline constexpr MetricInfo kSocketMetrics[] = {
    sockets("sock.used", "count", "sockets.used", "Sockets of all kinds."),
    sockets("sock.tcp_inuse", "count", "TCP.inuse", "TCP sockets with a peer or listening."),
    sockets("sock.tcp_orphan", "count", "TCP.orphan", "TCP sockets no process holds any more."),
    sockets("sock.tcp_tw", "count", "TCP.tw", "TCP connections that wait out their end."),
    sockets("sock.tcp_alloc", "count", "TCP.alloc", "TCP sockets in any state."),
    sockets("sock.tcp_mem", "pages", "TCP.mem", "Memory of TCP's buffers."),
    sockets("sock.udp_inuse", "count", "UDP.inuse", "UDP sockets."),
    sockets("sock.udp_mem", "pages", "UDP.mem", "Memory of UDP's buffers."),
    sockets("sock.raw_inuse", "count", "RAW.inuse", "Raw sockets."),
    sockets("sock.frag_inuse", "count", "FRAG.inuse", "Packets being put together."),
    sockets("sock.frag_memory", "B", "FRAG.memory", "Memory of packets being put together."),
};

}  // namespace bw::metrics
