#include "agent/core/collect/pressure.h"

#include <cerrno>
#include <cmath>

#include "agent/core/collect/scan.h"
#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

constexpr std::string_view kLines[] = {"some", "full"};
constexpr std::string_view kKeys[] = {"avg10=", "avg60=", "avg300=", "total="};

}  // namespace

PressureSource::PressureSource(SourceId source, Sample& sample) : Source(sample), first_(0) {
  while (metrics::kPressureMetrics[first_].source != source) ++first_;
  for (auto& line : aliases_) line.fill(Sample::kNoAlias);
}

// "some avg10=0.00 avg60=1.08 avg300=2.21 total=17509117", then the same of "full".
bool PressureSource::read(const TextReading& reading, Instant) {
  Scanner scanner(reading.text);
  bool understood = false;
  for (std::size_t line = 0; line < std::size(kLines); ++line) {
    const bool there = scanner.skip(kLines[line]);
    for (std::size_t i = 0; i < kValues; ++i) {
      double value = Sample::kNoValue;
      scanner.skip_blanks();
      if (there && scanner.skip(kKeys[i])) value = scanner.decimal();
      Sample::Alias& alias = aliases_[line][i];
      if (!std::isnan(value)) {
        understood = true;
        if (alias == Sample::kNoAlias) {
          alias = sample_.declare(metrics::kPressureMetrics[first_ + line * kValues + i]);
        }
      }
      sample_.set(alias, value);
    }
    if (there) scanner.skip_line();
  }
  return understood;
}

bool PressureSource::refused(const TextReading& reading) {
  lose();
  return reading.error == EOPNOTSUPP;
}

void PressureSource::lose() {
  for (const auto& line : aliases_) {
    for (const auto alias : line) sample_.lose(alias);
  }
}

}  // namespace bw::agent
