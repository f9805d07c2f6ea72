// The tables of the coordinator's one SQLite file, and what of them is read at start.
//
// A birth is kept without its series, which are kept once, as a birth of nothing but a table.
// 64-bit epochs, numbers and table ids are kept as the int64 of the same bits. Births, states,
// series tables and events are kept as the wire's own payloads, checksum included: what a newer
// program adds to a message needs no new column. PRAGMA user_version names the form.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "base/runtime/sqlite.h"
#include "coordinator/core/records.h"

namespace bw::coordinator {

inline constexpr std::int64_t kStoreVersion = 1;

// A block whose rows span more than this (a clock jumped within it) is found by an index of its
// own, so that the search for all others is a narrow range of start times.
inline constexpr std::int64_t kUsualBlockSpanMs = 10 * 60 * 1000;

// Creates the tables in an empty database. Refuses one of a newer form, which is left as it is.
Result<void> prepare_schema(Database& database);

// All nodes, by name. What cannot be decoded any more is left at its default.
Result<std::vector<StoredNode>> load_nodes(Database& database);

constexpr std::int64_t to_stored(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}
constexpr std::uint64_t from_stored(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

// Numbers as little-endian 8 bytes each.
std::vector<std::byte> pack_numbers(const std::vector<std::uint64_t>& numbers);
std::vector<std::uint64_t> unpack_numbers(std::span<const std::byte> bytes);

}  // namespace bw::coordinator
