// Metrics of the wear of flash and of compressed swap: rows of the metric table.
#pragma once

#include "schemas/metrics/metric_info.h"

namespace bw::metrics {

consteval MetricInfo nvme(MetricInfo info) {
  return labelled("device", info);
}
consteval MetricInfo nvme_gauge(std::string_view name, std::string_view unit,
                                std::string_view text) {
  return nvme(gauge(SourceId::nvme_smart, name, unit, "", text));
}
consteval MetricInfo nvme_counter(std::string_view name, std::string_view unit,
                                  std::string_view text) {
  return nvme(counter(SourceId::nvme_smart, name, unit, "", text));
}
consteval MetricInfo zram_gauge(std::string_view name, std::string_view unit,
                                std::string_view text) {
  return labelled("device", gauge(SourceId::zram, name, unit, "", text));
}
consteval MetricInfo emmc(SourceId source, std::string_view name, std::string_view text) {
  return labelled("device", gauge(source, name, "1", "", text));
}

// What an NVMe drive tells of itself, in the order of NvmeSmart's values.
inline constexpr MetricInfo kNvmeMetrics[] = {
    nvme_gauge("nvme.critical_warning", "1", "Bits a drive warns with; 0 where all is well."),
    nvme_gauge("nvme.composite_temp", "C", "Temperature a drive tells of itself."),
    nvme_gauge("nvme.available_spare", "%", "Spare blocks left, of those there were."),
    nvme_gauge("nvme.available_spare_threshold", "%", "Spare below which the drive warns."),
    nvme_gauge("nvme.percentage_used", "%", "Part of its life used up; may go beyond 100."),
    nvme_counter("nvme.data_units_read", "count", "Data read, in units of 512,000 bytes."),
    nvme_counter("nvme.data_units_written", "count", "Data written, in units of 512,000 bytes."),
    nvme_counter("nvme.power_cycles", "count", "Times the drive was switched on."),
    nvme_counter("nvme.power_on_hours", "count", "Hours the drive was on."),
    nvme_counter("nvme.unsafe_shutdowns", "count", "Times it lost power without notice."),
    nvme_counter("nvme.media_errors", "count", "Times data could not be read back whole."),
    nvme_counter("nvme.error_log_entries", "count", "Entries the drive's error log ever had."),
};

inline constexpr MetricInfo kNvmeTempMetrics[] = {
    scaled(1e-3, labelled("device", gauge(SourceId::nvme_temp, "nvme.temp", "C", "",
                                          "Temperature of an NVMe drive."))),
};

// Steps of ten percent as the JEDEC standard 84-B51 has them.
inline constexpr MetricInfo kEmmcLifeMetrics[] = {
    emmc(SourceId::emmc_life, "emmc.life_time_a",
         "Life used up of an eMMC's fast cells: 1 is up to 10 %, 10 up to 100 %, 11 beyond."),
    emmc(SourceId::emmc_life, "emmc.life_time_b",
         "Life used up of an eMMC's dense cells: 1 is up to 10 %, 10 up to 100 %, 11 beyond."),
};
inline constexpr MetricInfo kEmmcSpareMetrics[] = {
    emmc(SourceId::emmc_pre_eol, "emmc.pre_eol",
         "Spare blocks of an eMMC: 1 normal, 2 with 80 % used up, 3 with 90 % used up."),
};

// The first three are the columns of the text, in its order.
inline constexpr MetricInfo kZramMetrics[] = {
    zram_gauge("zram.used", "B", "Data stored compressed in memory, before compression."),
    zram_gauge("zram.compressed", "B", "What that data takes compressed."),
    zram_gauge("zram.memory", "B", "Memory used for it, with all that is lost to fragmentation."),
    zram_gauge("zram.ratio", "1", "How many times smaller the data became."),
};

}  // namespace bw::metrics
