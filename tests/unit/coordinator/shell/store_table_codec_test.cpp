#include "coordinator/shell/store_table_codec.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>
#include <zlib.h>

#include "base/rng.h"
#include "schemas/wire/limits.h"
#include "schemas/wire/varint.h"

namespace bw::coordinator {
namespace {

using Bytes = std::vector<std::byte>;

wire::SeriesInfo drawn_series(Rng& rng) {
  wire::SeriesInfo series{"metric." + std::to_string(rng.below(40)),
                          rng.chance(0.5) ? "ratio" : "",
                          rng.chance(0.3) ? wire::SeriesKind::counter : wire::SeriesKind::gauge,
                          {}};
  for (std::uint64_t i = rng.below(4); i > 0; --i) {
    series.labels.push_back(
        {"label" + std::to_string(i), "value " + std::to_string(rng.below(900))});
  }
  return series;
}

SeriesList drawn_table(Rng& rng, std::size_t count) {
  SeriesList table;
  while (table.size() < count) table.push_back(drawn_series(rng));
  return table;
}

// A few series are other ones, gone, new, or elsewhere.
SeriesList changed(Rng& rng, SeriesList table) {
  for (int i = 0; i < 8; ++i) {
    const auto at = static_cast<std::ptrdiff_t>(rng.below(table.size()));
    switch (rng.below(4)) {
      case 0:
        table[static_cast<std::size_t>(at)] = drawn_series(rng);
        break;
      case 1:
        table.erase(table.begin() + at);
        break;
      case 2:
        table.insert(table.begin() + at, drawn_series(rng));
        break;
      default:
        std::swap(table[static_cast<std::size_t>(at)], table[rng.below(table.size())]);
    }
  }
  return table;
}

TEST(StoreTableCodec, AnyTableComesBackWholeAndAsADifference) {
  Rng rng(1);
  for (int round = 0; round < 100; ++round) {
    const SeriesList base = drawn_table(rng, 1 + rng.below(200));
    const SeriesList table = base.size() < 20 ? drawn_table(rng, 30) : changed(rng, base);
    const Bytes whole = encode_table(base, nullptr);
    EXPECT_EQ(decode_table(whole, {}), base);
    EXPECT_EQ(decode_table(encode_table(table, &base), whole), table);
  }
}

TEST(StoreTableCodec, ATableOfNoSeriesAndOfTheMostComeBack) {
  Rng rng(2);
  EXPECT_EQ(decode_table(encode_table({}, nullptr), {}), SeriesList{});
  const SeriesList most = drawn_table(rng, wire::kMaxSeries);
  const Bytes whole = encode_table(most, nullptr);
  EXPECT_EQ(decode_table(whole, {}), most);
  EXPECT_EQ(decode_table(encode_table({}, &most), whole), SeriesList{});
  const SeriesList twice{most[0], most[0], most[0]};
  EXPECT_EQ(decode_table(encode_table(twice, &most), whole), twice);
}

TEST(StoreTableCodec, WhatFewChangesLeaveIsSmall) {
  Rng rng(3);
  SeriesList base;
  for (int i = 0; i < 700; ++i) {
    base.push_back({"disk.read_bytes",
                    "B",
                    wire::SeriesKind::counter,
                    {{"device", "nvme" + std::to_string(i)}}});
  }
  const SeriesList table = changed(rng, base);
  EXPECT_LT(encode_table(base, nullptr).size(), base.size() * 8);
  EXPECT_LT(encode_table(table, &base).size(), 400U);
  EXPECT_LT(encode_table(base, &base).size(), 30U);
}

// Body as it is, deflated.
Bytes table_of_body(const Bytes& body) {
  auto length = compressBound(static_cast<uLong>(body.size()));
  std::vector<Bytef> packed(length);
  compress(packed.data(), &length, reinterpret_cast<const Bytef*>(body.data()), body.size());
  Bytes bytes(1, std::byte{1});
  wire::put_varint(bytes, body.size());
  for (uLong i = 0; i < length; ++i) bytes.push_back(static_cast<std::byte>(packed[i]));
  return bytes;
}

TEST(StoreTableCodec, ARunMayStepToNoPlaceOutsideTheBase) {
  Rng rng(6);
  const SeriesList base = drawn_table(rng, 4);
  const auto stepping = [&](std::int64_t by) {
    Bytes body;
    // No texts, two series: two runs of one, the second some way behind the first.
    for (const std::uint64_t number : {0U, 2U, 3U, 0U, 3U}) wire::put_varint(body, number);
    wire::put_varint(body, wire::zigzag(by));
    return decode_difference(table_of_body(body), base);
  };
  EXPECT_EQ(stepping(2), (SeriesList{base[0], base[3]}));
  EXPECT_EQ(stepping(-1), (SeriesList{base[0], base[0]}));
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t by : {std::int64_t{3}, std::int64_t{-2}, kMost, -kMost, -kMost - 1}) {
    EXPECT_EQ(stepping(by), std::nullopt) << by;
  }
}

TEST(StoreTableCodec, DamageIsSeen) {
  Rng rng(5);
  const SeriesList base = drawn_table(rng, 40);
  const Bytes whole = encode_table(base, nullptr);
  const Bytes difference = encode_table(changed(rng, base), &base);
  for (const Bytes& good : {whole, difference}) {
    for (std::size_t i = 0; i < good.size(); ++i) {
      Bytes bad = good;
      bad[i] ^= std::byte{1};
      EXPECT_NE(decode_table(bad, whole), decode_table(good, whole)) << i;
      bad = good;
      bad.resize(i);
      EXPECT_EQ(decode_table(bad, whole), std::nullopt) << i;
    }
  }
  EXPECT_EQ(decode_table(difference, {}), std::nullopt);  // its base is missing
  EXPECT_EQ(decode_table({}, {}), std::nullopt);
}

}  // namespace
}  // namespace bw::coordinator
