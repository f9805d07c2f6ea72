// Metrics of TCP, from /proc/net/snmp and /proc/net/netstat: rows of the metric table.
#pragma once

#include "schemas/metrics/metric_info.h"

namespace bw::metrics {

consteval MetricInfo tcp(std::string_view name, std::string_view key, std::string_view text) {
  return counter(SourceId::net_snmp, name, "count", key, text);
}
consteval MetricInfo tcp_ext(std::string_view name, std::string_view key, std::string_view text) {
  return counter(SourceId::net_netstat, name, "count", key, text);
}

inline constexpr MetricInfo kTcpMetrics[] = {
    tcp("tcp.active_opens", "Tcp.ActiveOpens", "Connections begun from here."),
    tcp("tcp.passive_opens", "Tcp.PassiveOpens", "Connections begun from elsewhere."),
    tcp("tcp.attempt_fails", "Tcp.AttemptFails", "Connections that did not come about."),
    tcp("tcp.estab_resets", "Tcp.EstabResets", "Connections that broke off."),
    gauge(SourceId::net_snmp, "tcp.curr_estab", "count", "Tcp.CurrEstab", "Connections there are."),
    tcp("tcp.in_segs", "Tcp.InSegs", "Segments received."),
    tcp("tcp.out_segs", "Tcp.OutSegs", "Segments sent, but for those sent again."),
    tcp("tcp.retrans_segs", "Tcp.RetransSegs", "Segments sent again."),
    tcp("tcp.in_errs", "Tcp.InErrs", "Segments received damaged."),
    tcp("tcp.out_rsts", "Tcp.OutRsts", "Connections reset from here."),
    tcp("tcp.in_csum_errors", "Tcp.InCsumErrors", "Segments with a bad checksum."),
};

inline constexpr MetricInfo kTcpExtMetrics[] = {
    tcp_ext("tcp.syncookies_sent", "TcpExt.SyncookiesSent", "SYN cookies sent."),
    tcp_ext("tcp.syncookies_recv", "TcpExt.SyncookiesRecv", "SYN cookies that came back."),
    tcp_ext("tcp.syncookies_failed", "TcpExt.SyncookiesFailed", "SYN cookies that were not valid."),
    tcp_ext("tcp.embryonic_rsts", "TcpExt.EmbryonicRsts", "Resets before a connection was made."),
    tcp_ext("tcp.prune_called", "TcpExt.PruneCalled", "Times buffers had to be trimmed."),
    tcp_ext("tcp.rcv_pruned", "TcpExt.RcvPruned", "Segments dropped as the buffer was full."),
    tcp_ext("tcp.ofo_pruned", "TcpExt.OfoPruned", "Segments out of order dropped for room."),
    tcp_ext("tcp.time_waits", "TcpExt.TW", "Connections that waited out their end."),
    tcp_ext("tcp.paws_estab", "TcpExt.PAWSEstab", "Segments refused for an old time stamp."),
    tcp_ext("tcp.delayed_acks", "TcpExt.DelayedACKs", "Acknowledgements sent late on purpose."),
    tcp_ext("tcp.delayed_ack_lost", "TcpExt.DelayedACKLost",
            "Segments that came again as the acknowledgement was late or lost."),
    tcp_ext("tcp.listen_overflows", "TcpExt.ListenOverflows",
            "Connections dropped as the queue of a listener was full."),
    tcp_ext("tcp.listen_drops", "TcpExt.ListenDrops", "Connections dropped by a listener."),
    tcp_ext("tcp.sack_recovery", "TcpExt.TCPSackRecovery", "Recoveries from loss by SACK."),
    tcp_ext("tcp.sack_reneging", "TcpExt.TCPSACKReneging",
            "Times a peer took back what it had acknowledged."),
    tcp_ext("tcp.sack_reorder", "TcpExt.TCPSACKReorder", "Reordering seen by SACK."),
    tcp_ext("tcp.ts_reorder", "TcpExt.TCPTSReorder", "Reordering seen by time stamps."),
    tcp_ext("tcp.dsack_undo", "TcpExt.TCPDSACKUndo", "Slow-downs undone: nothing had been lost."),
    tcp_ext("tcp.loss_undo", "TcpExt.TCPLossUndo", "Timeouts undone: nothing had been lost."),
    tcp_ext("tcp.lost_retransmit", "TcpExt.TCPLostRetransmit", "Segments lost again when resent."),
    tcp_ext("tcp.loss_failures", "TcpExt.TCPLossFailures", "Timeouts during recovery from loss."),
    tcp_ext("tcp.fast_retrans", "TcpExt.TCPFastRetrans", "Segments sent again without a timeout."),
    tcp_ext("tcp.slow_start_retrans", "TcpExt.TCPSlowStartRetrans",
            "Segments sent again in slow start."),
    tcp_ext("tcp.timeouts", "TcpExt.TCPTimeouts", "Timeouts of segments."),
    tcp_ext("tcp.loss_probes", "TcpExt.TCPLossProbes", "Probes sent for lost last segments."),
    tcp_ext("tcp.loss_probe_recovery", "TcpExt.TCPLossProbeRecovery",
            "Losses mended by such a probe."),
    tcp_ext("tcp.rcv_collapsed", "TcpExt.TCPRcvCollapsed", "Segments packed tighter for room."),
    tcp_ext("tcp.backlog_coalesce", "TcpExt.TCPBacklogCoalesce", "Segments joined in the backlog."),
    tcp_ext("tcp.dsack_old_sent", "TcpExt.TCPDSACKOldSent", "Told a peer of a doubled segment."),
    tcp_ext("tcp.dsack_recv", "TcpExt.TCPDSACKRecv", "Told by a peer of a doubled segment."),
    tcp_ext("tcp.abort_on_data", "TcpExt.TCPAbortOnData",
            "Connections reset as data came after the end."),
    tcp_ext("tcp.abort_on_close", "TcpExt.TCPAbortOnClose",
            "Connections reset as they were closed with data unread."),
    tcp_ext("tcp.abort_on_memory", "TcpExt.TCPAbortOnMemory",
            "Connections reset for want of memory."),
    tcp_ext("tcp.abort_on_timeout", "TcpExt.TCPAbortOnTimeout",
            "Connections reset after too many tries."),
    tcp_ext("tcp.abort_on_linger", "TcpExt.TCPAbortOnLinger",
            "Connections reset after lingering too long."),
    tcp_ext("tcp.abort_failed", "TcpExt.TCPAbortFailed", "Resets that could not be sent."),
    tcp_ext("tcp.memory_pressures", "TcpExt.TCPMemoryPressures", "Times TCP ran short of memory."),
    counter(SourceId::net_netstat, "tcp.memory_pressure_time", "ms",
            "TcpExt.TCPMemoryPressuresChrono", "Time TCP was short of memory."),
    tcp_ext("tcp.spurious_rtos", "TcpExt.TCPSpuriousRTOs", "Timeouts that proved needless."),
    tcp_ext("tcp.backlog_drop", "TcpExt.TCPBacklogDrop", "Segments dropped: backlog full."),
    tcp_ext("tcp.pfmemalloc_drop", "TcpExt.PFMemallocDrop", "Segments dropped: memory nearly out."),
    tcp_ext("tcp.ip_reverse_path_filter", "TcpExt.IPReversePathFilter",
            "Packets dropped as their sender is not where they came from."),
    tcp_ext("tcp.time_wait_overflow", "TcpExt.TCPTimeWaitOverflow",
            "Connections ended early: too many were waiting out their end."),
    tcp_ext("tcp.req_q_full_do_cookies", "TcpExt.TCPReqQFullDoCookies",
            "Times SYN cookies were sent as a queue was full."),
    tcp_ext("tcp.req_q_full_drop", "TcpExt.TCPReqQFullDrop", "Connections dropped: queue full."),
    tcp_ext("tcp.retrans_fail", "TcpExt.TCPRetransFail", "Segments that could not be sent again."),
    tcp_ext("tcp.rcv_coalesce", "TcpExt.TCPRcvCoalesce", "Segments joined when received."),
    tcp_ext("tcp.ofo_queue", "TcpExt.TCPOFOQueue", "Segments received out of order."),
    tcp_ext("tcp.ofo_drop", "TcpExt.TCPOFODrop", "Segments out of order dropped: no room."),
    tcp_ext("tcp.challenge_ack", "TcpExt.TCPChallengeACK", "Challenges sent to doubtful peers."),
    tcp_ext("tcp.to_zero_window_adv", "TcpExt.TCPToZeroWindowAdv",
            "Times a program read too slowly and the peer was told to stop."),
    tcp_ext("tcp.from_zero_window_adv", "TcpExt.TCPFromZeroWindowAdv",
            "Times a peer that had been told to stop might go on."),
    tcp_ext("tcp.syn_retrans", "TcpExt.TCPSynRetrans", "SYNs sent again."),
    tcp_ext("tcp.orig_data_sent", "TcpExt.TCPOrigDataSent", "Segments with data sent first time."),
    tcp_ext("tcp.win_probe", "TcpExt.TCPWinProbe", "Probes of a peer that had said to stop."),
    tcp_ext("tcp.keepalive", "TcpExt.TCPKeepAlive", "Keep-alives sent."),
    tcp_ext("tcp.delivered", "TcpExt.TCPDelivered", "Segments a peer has confirmed."),
    tcp_ext("tcp.zero_window_drop", "TcpExt.TCPZeroWindowDrop",
            "Segments dropped that came although the window was shut."),
    tcp_ext("tcp.rcvq_drop", "TcpExt.TCPRcvQDrop", "Segments dropped: receive queue full."),
};

}  // namespace bw::metrics
