// Any bytes as a series table of the store, whole or as a difference: it is read or refused, and
// what is read comes back from what is written of it.
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <zlib.h>

#include "base/assert.h"
#include "coordinator/shell/store_table_codec.h"
#include "schemas/wire/varint.h"
#include "tests/fuzz/seeded.h"

namespace {

using bw::coordinator::SeriesList;
using Bytes = std::vector<std::byte>;

SeriesList base_table() {
  SeriesList table;
  for (int i = 0; i < 6; ++i) {
    table.push_back({"net.rx", "B", bw::wire::SeriesKind::counter, {{"name", std::to_string(i)}}});
  }
  return table;
}

// As the store keeps it: a version, the length, and the body deflated, which no mutation would
// hit.
Bytes stored(std::span<const std::byte> body) {
  Bytes bytes(1, std::byte{1});
  bw::wire::put_varint(bytes, body.size());
  auto length = compressBound(static_cast<uLong>(body.size()));
  const std::size_t head = bytes.size();
  bytes.resize(head + length);
  const int code = compress2(reinterpret_cast<Bytef*>(bytes.data() + head), &length,
                             reinterpret_cast<const Bytef*>(body.data()), body.size(), 0);
  BW_ASSERT(code == Z_OK);
  bytes.resize(head + length);
  return bytes;
}

bw::fuzz::Seeds bodies() {
  // No texts; four series of the base, and those in another order.
  Bytes copies;
  for (const std::uint64_t number : {0U, 6U, 9U, 0U, 5U, 4U}) {
    bw::wire::put_varint(copies, number);
  }
  // Two texts, one series of them.
  Bytes series;
  for (const std::uint64_t number : {2U, 1U, 1U}) bw::wire::put_varint(series, number);
  for (const char c : {'a', 'b'}) series.push_back(static_cast<std::byte>(c));
  for (const std::uint64_t number : {1U, 2U, 0U, 1U, 3U, 0U, 1U}) {
    bw::wire::put_varint(series, number);
  }
  return {copies, series};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const SeriesList base = base_table();
  const auto input = std::as_bytes(std::span(data, size));
  (void)bw::coordinator::decode_table(input, input);
  const auto table = bw::coordinator::decode_difference(stored(input), base);
  if (!table) return 0;
  const Bytes again = bw::coordinator::encode_table(*table, &base);
  BW_ASSERT(bw::coordinator::decode_difference(again, base) == table);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned random) {
  static const bw::fuzz::Seeds seeds = bodies();
  return bw::fuzz::mutate(seeds, data, size, max_size, random);
}
