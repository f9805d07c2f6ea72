// The columns of the live view's list: what each shows, and which of them a width has room for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "coordinator/cli/display.h"
#include "coordinator/cli/style.h"
#include "coordinator/cli/top_state.h"

namespace bw::cli {

enum class TopColumn : std::uint8_t {
  node,
  site,
  status,
  cpu,
  mem,
  load,
  psi,
  disk,
  rx,
  tx,
  temp,
  seen
};

struct PlacedColumn {
  TopColumn column;
  std::string_view title;
  std::size_t width;    // of the text
  std::size_t bar = 0;  // columns of a bar behind it; 0: none
};

// From left to right, two spaces between. Where there is no room for all, the least important go
// first; the node's id always stays.
std::vector<PlacedColumn> place_columns(const std::vector<Node>& nodes, std::size_t columns);

// A node's line; `selected` paints it as the cursor.
std::string node_line(const Node& node, const std::vector<PlacedColumn>& columns, bool selected,
                      std::int64_t now_ms, const Style& style);
// The titles; that of the column sorted by carries an arrow.
std::string title_line(const std::vector<PlacedColumn>& columns, const TopState& state,
                       const Style& style);

}  // namespace bw::cli
