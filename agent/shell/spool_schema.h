// The tables of the outbox database, and their making out of those that earlier versions wrote.
//
// A record's id is its epoch's ordinal in the upper half and its number in the lower: in the order
// of ids lie the epochs in the order they began, each by its numbers, and no index has to be
// written beside the table. Epochs, table ids and the store id are unsigned: SQLite keeps their
// bits as signed numbers.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/runtime/sqlite.h"

namespace bw::agent {

// Makes the tables, or brings those that are there to today's form; within a transaction of the
// caller's. An error where they are of a version to come.
Result<void> set_up_spool(Database& database);
// Then: moves over what the first form held, in transactions of its own, which a later call goes on
// with where one fails.
Result<void> take_over_first_form(Database& database);

constexpr std::int64_t to_stored(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}
constexpr std::uint64_t from_stored(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

// 2^32 records of one run are more than a century of them, one a second.
inline constexpr int kNumberBits = 32;
inline constexpr std::uint64_t kMostNumber = (1ULL << kNumberBits) - 1;

constexpr std::int64_t record_id(std::int64_t ordinal, std::uint64_t number) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(ordinal) << kNumberBits | number);
}

}  // namespace bw::agent
