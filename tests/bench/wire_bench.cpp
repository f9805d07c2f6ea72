// The wire's hot paths: checksum, live samples, and the column codec of history.
#include <vector>

#include <benchmark/benchmark.h>

#include "base/crc32c.h"
#include "base/rng.h"
#include "schemas/wire/codec.h"
#include "schemas/wire/columns.h"

namespace bw::wire {
namespace {

constexpr std::size_t kColumns = 370;
constexpr std::size_t kRows = 60;

// A minute of a host, by kinds of series: constants, counters that grow unevenly, gauges with two
// decimals.
std::vector<double> host_minute() {
  Rng rng(1);
  std::vector<double> values(kRows * kColumns);
  for (std::size_t column = 0; column < kColumns; ++column) {
    double value = static_cast<double>(rng.below(1'000'000'000));
    for (std::size_t row = 0; row < kRows; ++row) {
      if (column % 3 == 1) value += static_cast<double>(rng.below(5000));
      if (column % 3 == 2) value = static_cast<double>(rng.below(10'000)) / 100;
      values[row * kColumns + column] = value;
    }
  }
  return values;
}

std::vector<std::int64_t> minute_times() {
  std::vector<std::int64_t> times;
  for (std::size_t row = 0; row < kRows; ++row) {
    times.push_back(1'790'000'000'000 + static_cast<std::int64_t>(row) * 1000);
  }
  return times;
}

void checksum(benchmark::State& state) {
  const std::vector<std::byte> data(static_cast<std::size_t>(state.range(0)), std::byte{7});
  for (auto _ : state) benchmark::DoNotOptimize(crc32c(data));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(checksum)->Arg(1500)->Arg(16384);

void encode_live_sample(benchmark::State& state) {
  Encoder encoder;
  LiveSample sample{1, 2, 3, 1'790'000'000'000, std::vector<float>(kColumns, 1.5F)};
  for (auto _ : state) benchmark::DoNotOptimize(encoder.encode(sample));
}
BENCHMARK(encode_live_sample);

void decode_live_sample(benchmark::State& state) {
  Encoder encoder;
  const Bytes payload =
      encoder.encode(LiveSample{1, 2, 3, 1'790'000'000'000, std::vector<float>(kColumns, 1.5F)});
  for (auto _ : state) benchmark::DoNotOptimize(decode_live(payload));
}
BENCHMARK(decode_live_sample);

void encode_minute(benchmark::State& state) {
  const auto values = host_minute();
  const auto times = minute_times();
  ColumnEncoder encoder;
  std::size_t bytes = 0;
  for (auto _ : state) bytes = encoder.encode(times, values, kColumns).size();
  state.counters["bytes_per_sample"] = static_cast<double>(bytes) / (kRows * kColumns);
}
BENCHMARK(encode_minute);

void read_one_column(benchmark::State& state) {
  ColumnEncoder encoder;
  const auto bytes = encoder.encode(minute_times(), host_minute(), kColumns);
  std::vector<double> column(kRows);
  for (auto _ : state) {
    const auto reader = ColumnReader::open(bytes);
    benchmark::DoNotOptimize(reader->read(kColumns / 2, column));
  }
}
BENCHMARK(read_one_column);

}  // namespace
}  // namespace bw::wire
