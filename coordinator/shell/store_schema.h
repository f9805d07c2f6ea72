// The tables of the coordinator's one SQLite file, and what of them is read at start. STORE.md
// beside this file tells them one by one.
//
// For those who follow the blocks, such as an export: blocks.id only grows. It is the order of
// commits, late blocks included, and is never given twice, not even where the block of the highest
// id was dropped. Read `id > cursor ORDER BY id` on a connection of your own. Retention waits for
// nobody: what is gone before a cursor came to it is counted by its row in `cursors`, if it has
// one.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/runtime/sqlite.h"
#include "coordinator/core/records.h"

namespace bw::coordinator {

inline constexpr std::int64_t kStoreVersion = 2;

// Of a new file. Blocks of 2 to 10 kB lie mostly in overflow pages, which are full but for the
// last: small pages waste 4 % of the file where the usual 4096 bytes waste 11 %. And a commit
// writes whole pages, so that small ones also write least.
inline constexpr std::int64_t kStorePageBytes = 1024;

// A block whose rows span more than this (a clock jumped within it) is found by an index of its
// own, so that the search for all others is a narrow range of start times.
inline constexpr std::int64_t kUsualBlockSpanMs = 10 * 60 * 1000;

// Creates the tables in an empty database, in one transaction. Refuses one of another form, which
// is left as it is.
Result<void> prepare_schema(Database& database);

// Numbers of the store's own, kept in `facts`.
enum class StoreFact : std::uint8_t {
  rolled_until,    // hours since 1970: all before it are rolled up, but for those in `stale`
  marked_until,    // hours: a block of one before it makes its hour stale; never below rolled_until
  block_floor,     // the highest id of a block that was ever dropped
  dropped_blocks,  // by retention, ever
  dropped_rollups,
  dropped_events,
  missed_blocks,   // dropped before a cursor in `cursors` came to them
  skipped_hours,   // makings of a rollup that lacks something: more blocks or series than are read
  unmarked_hours,  // beyond what one block may make stale
};
inline constexpr std::size_t kStoreFacts = 9;
using StoreFacts = std::array<std::int64_t, kStoreFacts>;
constexpr std::int64_t& fact(StoreFacts& facts, StoreFact which) {
  return facts[static_cast<std::size_t>(which)];
}
constexpr std::int64_t fact(const StoreFacts& facts, StoreFact which) {
  return facts[static_cast<std::size_t>(which)];
}
Result<StoreFacts> load_facts(Database& database);
// Within a transaction of the caller's.
Result<void> save_facts(Database& database, const StoreFacts& facts);

// Until when time has surely come: the wall clock, but no more than kMostAheadMs beyond the median
// end of the newest blocks by commit. A clock that jumps years ahead must not make everything too
// old, and neither does one node's. Without blocks: the wall clock.
inline constexpr std::int64_t kMostAheadMs = std::int64_t{24} * 3600 * 1000;
inline constexpr std::int64_t kNewestBlocks = 255;
Result<std::int64_t> trusted_now(Database& database, std::int64_t wall_ms);

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
