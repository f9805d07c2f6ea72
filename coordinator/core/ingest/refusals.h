// Counts the payloads that were not taken, by node and reason. Names come from topics, however odd:
// they are made printable, and those that no node bears are bounded.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "schemas/wire/codec.h"

namespace bw::coordinator {

using RefusalCounts = std::array<std::uint64_t, wire::kRefusals>;  // by wire::Refusal

class Refusals {
 public:
  static constexpr std::size_t kMaxUnknownNames = 256;
  // What names beyond the bound are counted under; no node id begins like this.
  static constexpr std::string_view kOther = "_other";

  // `is_known`: a node of the fleet, whose number is bounded there.
  void count(std::string_view node, bool is_known, wire::Refusal reason);

  // Null where nothing of it was refused.
  const RefusalCounts* of(std::string_view node) const;
  const std::map<std::string, RefusalCounts, std::less<>>& all() const { return counts_; }
  std::uint64_t total() const { return total_; }

 private:
  std::map<std::string, RefusalCounts, std::less<>> counts_;
  std::size_t unknown_names_ = 0;
  std::uint64_t total_ = 0;
};

// `name` with everything that is not printable ASCII, and what could end a quotation, as '?', cut
// to 64 characters.
std::string printable_name(std::string_view name);

}  // namespace bw::coordinator
