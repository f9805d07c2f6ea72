// Series tables as the store keeps them: whole, or as what differs from another table of the same
// node, since most changes of a table touch a few of its series. STORE.md gives the bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "schemas/wire/messages.h"

namespace bw::coordinator {

using SeriesList = std::vector<wire::SeriesInfo>;

// `base`: where given, the table that the result is a difference to.
std::vector<std::byte> encode_table(const SeriesList& series, const SeriesList* base);

// Nothing where it is damaged, or beyond what a table may hold. `base`: as stored; empty where the
// table is whole. Reads also what form 2 of the store kept: births of nothing but a table.
std::optional<SeriesList> decode_table(std::span<const std::byte> bytes,
                                       std::span<const std::byte> base);

}  // namespace bw::coordinator
