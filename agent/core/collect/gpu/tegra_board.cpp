#include "agent/core/collect/gpu/tegra_board.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "agent/core/collect/gpu/gpu_files.h"
#include "agent/core/collect/gpu/tegra.h"
#include "agent/core/collect/scan.h"
#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

using metrics::metric;

double hexadecimal(std::string_view text) {
  constexpr int kBase = 16;
  if (text.starts_with("0x")) text.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, kBase);
  return error == std::errc{} ? static_cast<double>(value) : Sample::kNoValue;
}

// Of the last line "total 24K".
double total_of(std::string_view text) {
  double total = Sample::kNoValue;
  Scanner lines(text);
  while (!lines.done()) {
    Scanner line(lines.line());
    if (line.word() == "total") total = nvmap_size(line.word());
  }
  return total;
}

}  // namespace

bool TegraClockSource::read(const TextReading& reading, Instant) {
  const bool is_cpu = reading.path.starts_with("/sys/devices/system/cpu/");
  if (!is_cpu && !is_jetson_gpu(reading.path)) return true;
  const double clock = Scanner(reading.text).whole();
  Range& range = is_cpu ? cpu_ : gpu_;
  (reading.path.ends_with("min_freq") ? range.least : range.most) = clock;
  return !std::isnan(clock);
}

bool TegraClockSource::refused(const TextReading& reading) {
  return is_no_tegra_trouble(reading.error);
}

void TegraClockSource::finish() {
  const auto is_known = [](const Range& range) {
    return !std::isnan(range.least) && !std::isnan(range.most);
  };
  double held = Sample::kNoValue;
  if (is_known(gpu_) && is_known(cpu_)) {
    held = gpu_.least >= gpu_.most && cpu_.least >= cpu_.most ? 1 : 0;
  }
  if (alias_ == Sample::kNoAlias && !std::isnan(held)) {
    alias_ = sample_.declare(metric("tegra.jetson_clocks"));
  }
  sample_.set(alias_, held);
  gpu_ = cpu_ = Range{};
}

bool TegraIramSource::read(const TextReading& reading, Instant) {
  if (file_name(reading.path) == "size") {
    size_ = hexadecimal(reading.text);
    return !std::isnan(size_);
  }
  used_ = total_of(reading.text);
  return !std::isnan(used_);
}

bool TegraIramSource::refused(const TextReading& reading) {
  return is_no_tegra_trouble(reading.error);
}

void TegraIramSource::finish() {
  const auto set = [this](Sample::Alias& alias, const metrics::MetricInfo& metric, double value) {
    if (alias == Sample::kNoAlias && !std::isnan(value)) alias = sample_.declare(metric);
    sample_.set(alias, value);
  };
  set(total_alias_, metric("tegra.iram_total"), size_);
  set(used_alias_, metric("tegra.iram_used"), used_);
  size_ = used_ = Sample::kNoValue;
}

void TegraIramSource::lose() {
  sample_.lose(total_alias_);
  sample_.lose(used_alias_);
}

}  // namespace bw::agent
