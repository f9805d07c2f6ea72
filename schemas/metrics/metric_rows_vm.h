// Metrics of /proc/vmstat: rows of the metric table. What the kernel counts in pages stays in
// pages: their size differs between machines (4, 16 or 64 KiB), and no file tells it.
#pragma once

#include "schemas/metrics/metric_info.h"

namespace bw::metrics {

// "vm." and the kernel's own name.
consteval MetricInfo vm_events(std::string_view name, std::string_view text) {
  return counter(SourceId::vmstat, name, "count", name.substr(3), text);
}
consteval MetricInfo vm_pages(std::string_view name, std::string_view text) {
  return counter(SourceId::vmstat, name, "pages", name.substr(3), text);
}
consteval MetricInfo vm_level(std::string_view name, std::string_view key, std::string_view text) {
  return gauge(SourceId::vmstat, name, "pages", key, text);
}

inline constexpr MetricInfo kVmMetrics[] = {
    vm_level("vm.isolated_anon", "nr_isolated_anon", "Memory of programs being taken back now."),
    vm_level("vm.isolated_file", "nr_isolated_file", "Cached files being taken back now."),
    vm_level("vm.dirty_threshold", "nr_dirty_threshold",
             "Dirty memory from which on writers must wait."),
    vm_level("vm.dirty_background_threshold", "nr_dirty_background_threshold",
             "Dirty memory from which on the kernel writes it to disk."),
    vm_pages("vm.workingset_refault_anon", "Pages of programs taken back too early."),
    vm_pages("vm.workingset_refault_file", "Cached file pages taken back too early."),
    vm_pages("vm.workingset_activate_anon", "Returned pages of programs found to be in use."),
    vm_pages("vm.workingset_activate_file", "Returned file pages found to be in use."),
    vm_pages("vm.workingset_restore_anon", "Returned pages of programs that had been in use."),
    vm_pages("vm.workingset_restore_file", "Returned file pages that had been in use."),
    vm_pages("vm.nr_vmscan_write", "Pages written by reclaim itself."),
    vm_pages("vm.nr_vmscan_immediate_reclaim", "Pages taken back as soon as they are written."),
    vm_pages("vm.nr_dirtied", "Pages made dirty."),
    vm_pages("vm.nr_written", "Dirty pages written."),
    vm_pages("vm.nr_throttled_written", "Pages written while reclaim waited for it."),
    vm_pages("vm.nr_foll_pin_acquired", "Pages pinned for devices."),
    vm_pages("vm.nr_foll_pin_released", "Pages no longer pinned for devices."),
    vm_pages("vm.numa_hit", "Pages had from the memory node that was wanted."),
    vm_pages("vm.numa_miss", "Pages had from another memory node than the one wanted."),
    vm_pages("vm.numa_foreign", "Pages wanted here and had elsewhere."),
    vm_pages("vm.numa_local", "Pages had from the memory node of the CPU."),
    vm_pages("vm.numa_other", "Pages had from another memory node than the CPU's."),
    vm_events("vm.numa_hint_faults", "Faults taken to learn which memory node a task uses."),
    vm_pages("vm.numa_pages_migrated", "Pages moved to the memory node that uses them."),
    counter(SourceId::vmstat, "vm.pgpgin", "KiB", "pgpgin", "Data read from block devices."),
    counter(SourceId::vmstat, "vm.pgpgout", "KiB", "pgpgout", "Data written to block devices."),
    counter(SourceId::vmstat, "swap.in", "pages", "pswpin", "Pages read from swap."),
    counter(SourceId::vmstat, "swap.out", "pages", "pswpout", "Pages written to swap."),
    vm_pages("vm.pgalloc_dma", "Pages given out below 16 MiB, or where narrow devices reach."),
    vm_pages("vm.pgalloc_dma32", "Pages given out below 4 GiB."),
    vm_pages("vm.pgalloc_normal", "Pages given out of ordinary memory."),
    vm_pages("vm.pgalloc_movable", "Pages given out of memory that can be moved."),
    vm_events("vm.allocstall_dma32", "Waits for memory below 4 GiB to be taken back."),
    vm_events("vm.allocstall_normal", "Waits for ordinary memory to be taken back."),
    vm_events("vm.allocstall_movable", "Waits for movable memory to be taken back."),
    vm_pages("vm.pgfree", "Pages given back."),
    vm_pages("vm.pgactivate", "Pages found to be in use."),
    vm_pages("vm.pgdeactivate", "Pages found not to be in use."),
    vm_events("vm.pgfault", "Page faults, minor ones included."),
    vm_events("vm.pgmajfault", "Page faults that had to wait for a disk."),
    vm_pages("vm.pgrefill", "Active pages looked at, to find some to take back."),
    vm_pages("vm.pgreuse", "Shared pages taken over by their last user."),
    vm_pages("vm.pgsteal_kswapd", "Pages taken back in the background."),
    vm_pages("vm.pgsteal_direct", "Pages taken back by tasks that wanted memory."),
    vm_pages("vm.pgsteal_khugepaged", "Pages taken back to build huge pages."),
    vm_pages("vm.pgsteal_anon", "Pages of programs taken back."),
    vm_pages("vm.pgsteal_file", "Cached file pages taken back."),
    vm_pages("vm.pgscan_kswapd", "Pages looked at for reclaim in the background."),
    vm_pages("vm.pgscan_direct", "Pages looked at by tasks that wanted memory."),
    vm_pages("vm.pgscan_khugepaged", "Pages looked at to build huge pages."),
    vm_pages("vm.pgscan_anon", "Pages of programs looked at for reclaim."),
    vm_pages("vm.pgscan_file", "Cached file pages looked at for reclaim."),
    vm_events("vm.pgscan_direct_throttle", "Tasks made to wait because memory was nearly out."),
    vm_events("vm.zone_reclaim_failed", "Vain tries to take memory back on the own node."),
    vm_events("vm.pginodesteal", "Cached pages taken back along with their inode."),
    vm_events("vm.slabs_scanned", "Objects of the kernel looked at for reclaim."),
    vm_events("vm.kswapd_low_wmark_hit_quickly",
              "Low mark met again soon after background reclaim."),
    vm_events("vm.kswapd_high_wmark_hit_quickly",
              "High mark met again soon after background reclaim."),
    vm_events("vm.pageoutrun", "Runs of background reclaim."),
    vm_pages("vm.pgrotated", "Pages put up for reclaim once they were written."),
    vm_events("vm.drop_pagecache", "Times somebody dropped the file cache by hand."),
    vm_events("vm.drop_slab", "Times somebody dropped the kernel's caches by hand."),
    vm_events("vm.oom_kill", "Processes killed for want of memory."),
    vm_pages("vm.pgmigrate_success", "Pages moved elsewhere in memory."),
    vm_pages("vm.pgmigrate_fail", "Pages that could not be moved."),
    vm_pages("vm.compact_migrate_scanned", "Pages looked at by compaction to be moved."),
    vm_pages("vm.compact_free_scanned", "Pages looked at by compaction to move others to."),
    vm_pages("vm.compact_isolated", "Pages taken aside by compaction."),
    vm_events("vm.compact_stall", "Waits of tasks for compaction."),
    vm_events("vm.compact_fail", "Compactions that tasks waited for in vain."),
    vm_events("vm.compact_success", "Compactions that tasks waited for with success."),
    vm_events("vm.compact_daemon_wake", "Compactions in the background."),
    vm_events("vm.htlb_buddy_alloc_success", "Huge pages had from ordinary memory."),
    vm_events("vm.htlb_buddy_alloc_fail", "Huge pages ordinary memory had no room for."),
    vm_pages("vm.unevictable_pgs_scanned", "Pages that can't be taken back, looked at anyway."),
    vm_events("vm.thp_fault_alloc", "Transparent huge pages given at a fault."),
    vm_events("vm.thp_fault_fallback", "Faults that got small pages for want of a huge one."),
    vm_events("vm.thp_collapse_alloc", "Transparent huge pages made of small ones."),
    vm_events("vm.thp_collapse_alloc_failed", "Huge pages not made, for want of memory."),
    vm_events("vm.thp_split_page", "Transparent huge pages split up."),
    vm_events("vm.thp_swpout", "Transparent huge pages swapped out in one piece."),
    vm_events("vm.thp_swpout_fallback", "Transparent huge pages split to be swapped out."),
    vm_pages("vm.balloon_inflate", "Pages given to the hypervisor."),
    vm_pages("vm.balloon_deflate", "Pages had back from the hypervisor."),
    vm_pages("vm.swap_ra", "Pages read from swap ahead of use."),
    vm_pages("vm.swap_ra_hit", "Pages read from swap ahead and then used."),
    vm_pages("vm.zswpin", "Pages had back from compressed swap."),
    vm_pages("vm.zswpout", "Pages put into compressed swap."),
    vm_pages("vm.zswpwb", "Pages written from compressed swap to disk."),
};

}  // namespace bw::metrics
