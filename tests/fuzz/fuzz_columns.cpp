// Any bytes as a block's columns: nothing outside them is read, and what can be read at all comes
// back the same after it was encoded anew.
#include <algorithm>
#include <bit>
#include <cmath>
#include <span>
#include <vector>

#include "base/assert.h"
#include "base/rng.h"
#include "schemas/wire/columns.h"
#include "schemas/wire/limits.h"
#include "tests/fuzz/seeded.h"

namespace {

using bw::wire::ColumnEncoder;
using bw::wire::ColumnReader;

// Small blocks with a column of each kind, and one as version 1 wrote it.
bw::fuzz::Seeds make_seeds() {
  bw::Rng rng(1);
  bw::fuzz::Seeds seeds;
  for (std::size_t rows : {1U, 3U, 9U, 20U}) {
    std::vector<std::int64_t> times;
    std::vector<double> values;
    double counter = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      times.push_back(static_cast<std::int64_t>(row * 1000 + rng.below(3)));
      counter += static_cast<double>(rng.below(9));
      values.insert(values.end(),
                    {1.5, std::nan(""), counter, counter * 4096, std::floor(counter / 10) / 100,
                     rng.unit(), row % 2 == 0 ? 7.0 : std::nan(""), -0.0, 3 - counter, 0.0, 0.0,
                     row % 5 < 2 ? counter : std::nan(""), counter + (row == 7 ? 1e9 : 0.0)});
    }
    ColumnEncoder encoder;
    const auto bytes = encoder.encode(times, values, values.size() / rows);
    seeds.emplace_back(bytes.begin(), bytes.end());
  }
  bw::fuzz::Seeds::value_type old;
  for (const int byte : {1,    3, 4,  3, 0, 0,    0,    0,    2,    5, 7,    0x01, 0x02,
                         0x03, 2, 10, 0, 1, 0x04, 0x62, 0xf8, 0x3f, 0, 0x61, 4}) {
    old.push_back(static_cast<std::byte>(byte));
  }
  seeds.push_back(old);
  return seeds;
}

bool same(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) ||
         std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

void check(std::span<const std::byte> bytes) {
  const auto reader = ColumnReader::open(bytes);
  if (!reader) return;
  const std::size_t rows = reader->rows();
  const std::size_t columns = reader->columns();
  BW_ASSERT(rows >= 1 && rows <= bw::wire::kMaxRows && columns <= bw::wire::kMaxSeries);
  std::vector<double> values(rows * columns);
  std::vector<double> column(rows);
  for (std::size_t alias = 0; alias < columns; ++alias) {
    (void)reader->read(alias, column);
    for (std::size_t row = 0; row < rows; ++row) values[row * columns + alias] = column[row];
  }
  ColumnEncoder encoder;
  const auto again = ColumnReader::open(encoder.encode(reader->times_ms(), values, columns));
  BW_ASSERT(again && again->rows() == rows && again->columns() == columns);
  BW_ASSERT(std::ranges::equal(again->times_ms(), reader->times_ms()));
  for (std::size_t alias = 0; alias < columns; ++alias) {
    BW_ASSERT(again->read(alias, column));
    for (std::size_t row = 0; row < rows; ++row) {
      BW_ASSERT(same(column[row], values[row * columns + alias]));
    }
  }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned random) {
  static const bw::fuzz::Seeds seeds = make_seeds();
  return bw::fuzz::mutate(seeds, data, size, max_size, random);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check(std::as_bytes(std::span(data, size)));
  return 0;
}
