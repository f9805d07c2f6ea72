// Metrics of /proc/meminfo: rows of the metric table.
#pragma once

#include "schemas/metrics/metric_info.h"

namespace bw::metrics {

// The text's kB are units of 1024 bytes.
consteval MetricInfo memory(std::string_view name, std::string_view key, std::string_view text) {
  MetricInfo info = gauge(SourceId::meminfo, name, "B", key, text);
  info.scale = 1024;
  return info;
}
consteval MetricInfo huge_pages(std::string_view name, std::string_view key,
                                std::string_view text) {
  return gauge(SourceId::meminfo, name, "count", key, text);
}

inline constexpr MetricInfo kMemoryMetrics[] = {
    memory("mem.total", "MemTotal", "Memory the kernel can use."),
    memory("mem.free", "MemFree", "Memory used for nothing at all."),
    memory("mem.available", "MemAvailable", "Memory that can be had without swapping."),
    gauge(SourceId::meminfo, "mem.used", "B", "", "Memory that can not be had: total - available."),
    gauge(SourceId::meminfo, "mem.util", "%", "", "Share of the memory that can not be had."),
    memory("mem.buffers", "Buffers", "Cached blocks of disks."),
    memory("mem.cached", "Cached", "Cached files, shared memory included."),
    memory("swap.cached", "SwapCached", "Memory that also lies in swap, unchanged."),
    memory("mem.active", "Active", "Memory used of late."),
    memory("mem.inactive", "Inactive", "Memory not used of late: the first to be taken back."),
    memory("mem.active_anon", "Active(anon)", "Memory of programs used of late."),
    memory("mem.inactive_anon", "Inactive(anon)", "Memory of programs not used of late."),
    memory("mem.active_file", "Active(file)", "Cached files used of late."),
    memory("mem.inactive_file", "Inactive(file)", "Cached files not used of late."),
    memory("mem.unevictable", "Unevictable", "Memory that can't be taken back."),
    memory("mem.mlocked", "Mlocked", "Memory locked by programs."),
    memory("mem.high_total", "HighTotal", "High memory of a 32-bit kernel."),
    memory("mem.high_free", "HighFree", "Free high memory of a 32-bit kernel."),
    memory("mem.low_total", "LowTotal", "Low memory of a 32-bit kernel, which alone it can use."),
    memory("mem.low_free", "LowFree", "Free low memory of a 32-bit kernel."),
    memory("swap.total", "SwapTotal", "Swap space there is."),
    memory("swap.free", "SwapFree", "Swap space used for nothing."),
    gauge(SourceId::meminfo, "swap.used", "B", "", "Swap space in use: total - free."),
    memory("swap.zswap", "Zswap", "Memory that holds compressed swap."),
    memory("swap.zswapped", "Zswapped", "What is held compressed, before compression."),
    memory("mem.dirty", "Dirty", "Memory that waits to be written to disk."),
    memory("mem.writeback", "Writeback", "Memory being written to disk now."),
    memory("mem.anon", "AnonPages", "Memory of programs that no file backs."),
    memory("mem.mapped", "Mapped", "Files mapped by programs, libraries among them."),
    memory("mem.shmem", "Shmem", "Shared memory and tmpfs."),
    memory("mem.reclaimable", "KReclaimable", "Memory of the kernel that it would give back."),
    memory("mem.slab", "Slab", "Data structures of the kernel."),
    memory("mem.slab_reclaimable", "SReclaimable", "The part of slab that is cache."),
    memory("mem.slab_unreclaimable", "SUnreclaim", "The part of slab that is in use."),
    memory("mem.kernel_stack", "KernelStack", "Stacks of tasks in the kernel."),
    memory("mem.page_tables", "PageTables", "Page tables of programs."),
    memory("mem.sec_page_tables", "SecPageTables", "Page tables of virtual machines and IOMMUs."),
    memory("mem.bounce", "Bounce", "Bounce buffers of devices that can't reach all memory."),
    memory("mem.writeback_tmp", "WritebackTmp", "Buffers of FUSE file systems being written."),
    memory("mem.commit_limit", "CommitLimit", "What may be promised where overcommit is off."),
    memory("mem.committed_as", "Committed_AS", "What was promised to programs."),
    memory("mem.vmalloc_used", "VmallocUsed", "Virtually contiguous memory of the kernel."),
    memory("mem.percpu", "Percpu", "Memory of the kernel held once a CPU."),
    memory("mem.hardware_corrupted", "HardwareCorrupted", "Memory put aside as broken."),
    memory("mem.anon_huge", "AnonHugePages", "Memory of programs in transparent huge pages."),
    memory("mem.shmem_huge", "ShmemHugePages", "Shared memory in transparent huge pages."),
    memory("mem.file_huge", "FileHugePages", "Cached files in transparent huge pages."),
    memory("mem.cma_total", "CmaTotal", "Memory set apart for devices that need it contiguous."),
    memory("mem.cma_free", "CmaFree", "The free part of the memory set apart for devices."),
    memory("mem.balloon", "Balloon", "Memory given back to the hypervisor."),
    memory("mem.gpu_active", "GPUActive", "System memory in use by graphics drivers."),
    memory("mem.gpu_reclaim", "GPUReclaim", "System memory graphics drivers would give back."),
    huge_pages("mem.huge_pages_total", "HugePages_Total", "Huge pages set apart."),
    huge_pages("mem.huge_pages_free", "HugePages_Free", "Huge pages set apart and not in use."),
    huge_pages("mem.huge_pages_reserved", "HugePages_Rsvd", "Huge pages promised, not yet in use."),
    huge_pages("mem.huge_pages_surplus", "HugePages_Surp", "Huge pages beyond those set apart."),
    memory("mem.huge_page_size", "Hugepagesize", "Size of a huge page."),
    memory("mem.hugetlb", "Hugetlb", "Memory set apart as huge pages of all sizes."),
    memory("mem.direct_map_4k", "DirectMap4k", "Memory the kernel maps by 4 KiB pages."),
    memory("mem.direct_map_2m", "DirectMap2M", "Memory the kernel maps by 2 MiB pages."),
    memory("mem.direct_map_4m", "DirectMap4M", "Memory the kernel maps by 4 MiB pages."),
    memory("mem.direct_map_1g", "DirectMap1G", "Memory the kernel maps by 1 GiB pages."),
};

inline constexpr MetricInfo kFragmentationMetrics[] = {
    gauge(SourceId::buddyinfo, "mem.largest_free_block", "B", "",
          "The largest piece of free memory that hangs together."),
    gauge(SourceId::buddyinfo, "mem.largest_free_blocks", "count", "",
          "How many pieces of that size there are."),
};

}  // namespace bw::metrics
