// Series tables as the store keeps them: whole, or as what differs from another table of the same
// node, since most changes of a table touch a few of its series. STORE.md gives the bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "schemas/wire/limits.h"
#include "schemas/wire/messages.h"

namespace bw::coordinator {

using SeriesList = std::vector<wire::SeriesInfo>;

// Of a table's texts and numbers, inflated. A table that a node sends has a sixteenth of it at
// most; those made for rollups stay below it by themselves.
inline constexpr std::size_t kMostTableBytes = 16 * wire::kMaxTablePayload;

// `base`: where given, the table that the result is a difference to.
std::vector<std::byte> encode_table(const SeriesList& series, const SeriesList* base);

// Nothing where it is damaged, or beyond what a table may hold. `base`: as stored; empty where the
// table is whole.
std::optional<SeriesList> decode_table(std::span<const std::byte> bytes,
                                       std::span<const std::byte> base);
// The same with the base as it is; without series where the table is whole.
std::optional<SeriesList> decode_difference(std::span<const std::byte> bytes,
                                            const SeriesList& base);

}  // namespace bw::coordinator
