#include "agent/core/collect/kernel_log/sxid_catalogue.h"

#include <algorithm>
#include <iterator>

namespace bw::agent {

namespace {

using enum SxidClass;

// By code.
constexpr SxidInfo kSxids[] = {
    {10001, fatal, "Host: access without privilege"},
    {10002, fatal, "Host: access timed out"},
    {10003, always_fatal, "Host: interrupt nobody handled"},
    {10004, fatal, "Host: too hot"},
    {10005, fatal, "Host: no longer too hot"},
    {11001, fatal, "Ingress: command not valid"},
    {11004, non_fatal, "Ingress: access list not valid"},
    {11009, fatal, "Ingress: set of virtual channels not valid"},
    {11012, non_fatal, "Memory errors of one bit, corrected"},
    {11013, fatal, "Ingress: header memory, two bits wrong"},
    {11018, fatal, "Ingress: request id memory, two bits wrong"},
    {11019, fatal, "Ingress: routing table memory, two bits wrong"},
    {11020, fatal, "Ingress: control parity"},
    {11021, non_fatal, "Memory errors of one bit, corrected"},
    {11022, non_fatal, "Memory errors of one bit, corrected"},
    {11023, non_fatal, "Memory errors of one bit, corrected"},
    {12001, fatal, "Egress: crossbar overflow"},
    {12002, fatal, "Egress: packet routed wrongly"},
    {12020, always_fatal, "Egress: sequence id wrong"},
    {12021, non_fatal, "Memory errors of one bit, corrected"},
    {12022, fatal, "Egress: input memory, two bits wrong"},
    {12023, non_fatal, "Memory errors of one bit, corrected"},
    {12024, fatal, "Egress: output memory, two bits wrong"},
    {12025, fatal, "Egress: credit overflow"},
    {12026, fatal, "Egress: destination's request id wrong"},
    {12027, fatal, "Egress: destination's response id wrong"},
    {12028, non_fatal, "Egress: non-posted access without privilege"},
    {12030, fatal, "Egress: control parity"},
    {12031, fatal, "Egress: credit parity"},
    {12032, fatal, "Egress: kind of flit does not match"},
    {14017, fatal, "Time stamp: timed out"},
    {15001, fatal, "Route: buffer over- or underflow"},
    {15006, fatal, "Route: done count over- or underflow"},
    {15008, non_fatal, "Memory errors of one bit, corrected"},
    {15009, fatal, "Route: link table memory, two bits wrong"},
    {15010, fatal, "Route: parity"},
    {15011, non_fatal, "Memory errors of one bit, corrected"},
    {15012, fatal, "Route: incoming memory, two bits wrong"},
    {15013, fatal, "Route: credit parity"},
    {19047, fatal, "Multicast: header memory, two bits wrong"},
    {19048, fatal, "Multicast: data memory, two bits wrong"},
    {19049, non_fatal, "Memory errors of one bit, corrected"},
    {19054, fatal, "Multicast: header memory, two bits wrong"},
    {19055, non_fatal, "Memory errors of one bit, corrected"},
    {19056, fatal, "Multicast: data memory 0, two bits wrong"},
    {19057, non_fatal, "Memory errors of one bit, corrected"},
    {19058, fatal, "Multicast: data memory 1, two bits wrong"},
    {19059, non_fatal, "Memory errors of one bit, corrected"},
    {19060, fatal, "Multicast: request header memory, two bits wrong"},
    {19061, fatal, "Multicast: request data memory, two bits wrong"},
    {19062, non_fatal, "Memory errors of one bit, corrected"},
    {19063, fatal, "Multicast: response header memory, two bits wrong"},
    {19064, fatal, "Multicast: response data memory, two bits wrong"},
    {19065, non_fatal, "Memory errors of one bit, corrected"},
    {19066, fatal, "Multicast: common header memory, two bits wrong"},
    {19067, fatal, "Multicast: common data memory, two bits wrong"},
    {19068, non_fatal, "Memory errors of one bit, corrected"},
    {19069, fatal, "Multicast: response 1 header memory, two bits wrong"},
    {19070, fatal, "Multicast: response 1 data memory, two bits wrong"},
    {19071, non_fatal, "Memory errors of one bit, corrected"},
    {19084, non_fatal, "No heartbeat of a multicast unit"},
    {20001, non_fatal, "Transmission was repeated"},
    {20009, non_fatal, "Receiver: high rate of errors for a short time"},
    {20012, non_fatal, "Connection broken or inconsistent"},
    {20034, fatal, "Link went down (LTSSM fault)"},
    {22003, always_fatal, "Link controller halted"},
    {22011, always_fatal, "Link controller: external error"},
    {22012, fatal, "Link controller: link not available"},
    {22013, non_fatal, "Link controller: request to bring a link down"},
    {23001, always_fatal, "Crossbar: ingress buffer overflow"},
    {23002, always_fatal, "Crossbar: ingress buffer underflow"},
    {23003, always_fatal, "Crossbar: egress credit overflow"},
    {23004, always_fatal, "Crossbar: egress credit underflow"},
    {23005, always_fatal, "Crossbar: ingress packet burst wrong"},
    {23006, always_fatal, "Crossbar: ingress packet error that stays"},
    {23007, always_fatal, "Crossbar: gaps at ingress"},
    {23008, always_fatal, "Crossbar: ingress packet for a destination not valid"},
    {23009, always_fatal, "Crossbar: ingress packet parity"},
    {23010, always_fatal, "Crossbar, other side: ingress buffer overflow"},
    {23011, always_fatal, "Crossbar, other side: ingress buffer underflow"},
    {23012, always_fatal, "Crossbar, other side: egress credit overflow"},
    {23013, always_fatal, "Crossbar, other side: egress credit underflow"},
    {23014, always_fatal, "Crossbar, other side: ingress packet burst wrong"},
    {23015, always_fatal, "Crossbar, other side: ingress packet error that stays"},
    {23016, always_fatal, "Crossbar, other side: gaps at ingress"},
    {23017, always_fatal, "Crossbar, other side: ingress credit parity"},
    {24001, non_fatal, "Memory errors of one bit, corrected"},
    {24002, non_fatal, "Memory errors of one bit, corrected"},
    {24003, non_fatal, "Memory errors of one bit, corrected"},
    {24004, fatal, "Source tracker: store 0 memory, two bits wrong"},
    {24005, fatal, "Source tracker: store 0 data, two bits wrong"},
    {24006, fatal, "Source tracker: store 1 memory, two bits wrong"},
    {24007, fatal, "Source tracker: timed out"},
};

constexpr bool sxids_in_order() {
  return std::ranges::is_sorted(kSxids, std::ranges::less_equal{}, &SxidInfo::code);
}
static_assert(sxids_in_order(), "find_sxid() searches by halves");

}  // namespace

const SxidInfo* find_sxid(unsigned code) {
  const auto* const found = std::ranges::lower_bound(kSxids, code, {}, &SxidInfo::code);
  return found != std::end(kSxids) && found->code == code ? found : nullptr;
}

std::span<const SxidInfo> all_sxids() {
  return kSxids;
}

std::string_view sxid_action(SxidClass severity) {
  switch (severity) {
    case non_fatal:
      return "nothing: look at the link if it comes often";
    case fatal:
      return "stop the programs on the GPUs of this switch and reset GPUs and switches together "
             "(restart the fabric manager, or the node)";
    case always_fatal:
      break;
  }
  return "drain the node and restart it: the whole fabric is affected; if it happens again, have "
         "the baseboard checked";
}

}  // namespace bw::agent
