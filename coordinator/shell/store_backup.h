// Copies of the store while it is in use, and the proof that one is whole. Both only read it, on a
// connection of their own, beside a running coordinator or without one.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace bw::coordinator {

// From 0 to 100, now and then, from the caller's thread or another.
using Progress = std::function<void(int percent)>;

// Writes one state of the store at `path` to `target`, without its free pages. The file appears
// under its name once it is whole and on the platter; an error leaves nothing behind. An existing
// one is replaced only where `replaces`.
Result<void> back_up_store(const std::string& path, const std::string& target, bool replaces,
                           const Progress& progress);

struct StoreCheck {
  struct Node {
    std::string name;
    std::uint64_t blocks = 0;
    std::uint64_t samples = 0;  // values of all series
    std::uint64_t events = 0;
    std::uint64_t gaps = 0;  // records that will never come
  };
  std::vector<Node> nodes;  // by name
  std::uint64_t rollups = 0;
  std::uint64_t models = 0;
  std::vector<std::string> troubles;  // the first kMostTroubles of them; empty: it is whole
  std::uint64_t troubles_in_all = 0;
};
inline constexpr std::size_t kMostTroubles = 20;

// Looks at every page, decodes every block, event, rollup and model, and looks for records kept
// twice. An error: the file cannot be read at all, or is no store.
Result<StoreCheck> check_store(const std::string& path, const Progress& progress);

// As a table, with what is wrong behind it.
std::string text_of(const StoreCheck& check);

}  // namespace bw::coordinator
