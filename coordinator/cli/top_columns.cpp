#include "coordinator/cli/top_columns.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "coordinator/cli/sparkline.h"
#include "coordinator/cli/units.h"
#include "coordinator/cli/view.h"

namespace bw::cli {

namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kMinBar = 4;
constexpr std::size_t kMaxBar = 20;
constexpr std::size_t kRoomForBars = 100;
constexpr std::size_t kMinId = 8;
constexpr std::size_t kMaxId = 24;

struct Spec {
  TopColumn column;
  std::string_view title;
  std::size_t width;
  int importance;  // the lowest goes first
};
constexpr std::array<Spec, 12> kSpecs = {{{TopColumn::node, "NODE", kMinId, 100},
                                          {TopColumn::site, "SITE", 6, 3},
                                          {TopColumn::status, "STATUS", 8, 9},
                                          {TopColumn::cpu, "CPU", 6, 11},
                                          {TopColumn::mem, "MEM", 6, 10},
                                          {TopColumn::load, "LOAD", 6, 8},
                                          {TopColumn::psi, "PSI", 6, 1},
                                          {TopColumn::disk, "DISK", 6, 4},
                                          {TopColumn::rx, "RX/s", 6, 6},
                                          {TopColumn::tx, "TX/s", 6, 5},
                                          {TopColumn::temp, "TEMP", 6, 2},
                                          {TopColumn::seen, "SEEN", 7, 7}}};

bool is_left(TopColumn column) {
  return column == TopColumn::node || column == TopColumn::site || column == TopColumn::status;
}

std::size_t total_width(const std::vector<PlacedColumn>& columns) {
  std::size_t width = 0;
  for (const PlacedColumn& column : columns) {
    width += (width > 0 ? kGap : 0) + column.width + (column.bar > 0 ? column.bar + 1 : 0);
  }
  return width;
}

std::size_t widest(const std::vector<Node>& nodes, std::string Node::*text, std::size_t low,
                   std::size_t high) {
  std::size_t width = low;
  for (const Node& node : nodes) {
    if (width >= high) break;
    width = std::max(width, display_width(visible(node.*text)));
  }
  return std::min(width, high);
}

// "1.21M": bytes a second in six columns.
std::string short_rate(std::optional<double> rate) {
  if (!rate) return std::string(kUnknown);
  std::string text = bytes_text(std::round(*rate));
  const std::size_t gap = text.find(' ');
  return text.substr(0, gap) + text.substr(gap + 1, 1);
}

std::string temperature_text(std::optional<double> celsius) {
  return celsius ? number_text(std::round(*celsius)) + "°C" : std::string(kUnknown);
}

struct Shown {
  std::string text;
  Tone tone = Tone::plain;
  std::optional<double> percent = std::nullopt;
};

Shown percent_shown(std::optional<double> percent) {
  return {percent_text(percent), percent ? tone_of_percent(*percent) : Tone::dim, percent};
}

Shown shown(const Node& node, TopColumn column, std::int64_t now_ms) {
  const NodeSummary& now = node.summary;
  switch (column) {
    case TopColumn::node:
      return {node.id, Tone::strong};
    case TopColumn::site:
      return {node.site.empty() ? std::string(kUnknown) : node.site};
    case TopColumn::status:
      return {node.status, tone_of_status(node.status)};
    case TopColumn::cpu:
      return percent_shown(now.cpu_util);
    case TopColumn::mem:
      return percent_shown(memory_percent(now));
    case TopColumn::load:
      return {number_text(now.load1)};
    case TopColumn::psi:
      return percent_shown(now.psi_cpu);
    case TopColumn::disk:
      return percent_shown(now.disk_util);
    case TopColumn::rx:
      return {short_rate(now.net_rx)};
    case TopColumn::tx:
      return {short_rate(now.net_tx)};
    case TopColumn::temp:
      return {temperature_text(now.temperature)};
    case TopColumn::seen:
      break;
  }
  if (!node.last_seen_ms) return {std::string(kUnknown)};
  return {duration_text(std::max<std::int64_t>(0, now_ms - *node.last_seen_ms))};
}

void share_rest(std::vector<PlacedColumn>& placed, std::size_t columns) {
  std::size_t bars = 0;
  for (const PlacedColumn& column : placed) {
    bars += column.column == TopColumn::cpu || column.column == TopColumn::mem ? 1 : 0;
  }
  const std::size_t used = total_width(placed);
  if (bars == 0 || columns < used) return;
  const std::size_t share = (columns - used) / bars;
  if (share < kMinBar + 1) return;
  for (PlacedColumn& column : placed) {
    if (column.column == TopColumn::cpu || column.column == TopColumn::mem) {
      column.bar = std::min(share - 1, kMaxBar);
    }
  }
}

bool is_sorted_by(TopColumn column, SortKey sort) {
  switch (sort) {
    case SortKey::name:
      return column == TopColumn::node;
    case SortKey::cpu:
      return column == TopColumn::cpu;
    case SortKey::mem:
      return column == TopColumn::mem;
    case SortKey::load:
      return column == TopColumn::load;
    case SortKey::net:
      return column == TopColumn::rx || column == TopColumn::tx;
    case SortKey::disk:
      return column == TopColumn::disk;
    case SortKey::temp:
      return column == TopColumn::temp;
    case SortKey::status:
      break;
  }
  return column == TopColumn::status;
}

}  // namespace

std::vector<PlacedColumn> place_columns(const std::vector<Node>& nodes, std::size_t columns) {
  std::vector<PlacedColumn> placed;
  const bool has_sites =
      std::any_of(nodes.begin(), nodes.end(), [](const Node& node) { return !node.site.empty(); });
  for (const Spec& spec : kSpecs) {
    std::size_t width = spec.width;
    if (spec.column == TopColumn::node) width = widest(nodes, &Node::id, kMinId, kMaxId);
    if (spec.column == TopColumn::site) width = widest(nodes, &Node::site, spec.width, 12);
    if (spec.column != TopColumn::site || has_sites) {
      placed.push_back({spec.column, spec.title, width});
    }
  }
  const auto importance = [](const PlacedColumn& column) {
    for (const Spec& spec : kSpecs) {
      if (spec.column == column.column) return spec.importance;
    }
    return 0;
  };
  // A wide screen has bars before it has the last columns.
  const std::size_t reserved = columns >= kRoomForBars ? 2 * (kMinBar + 1) : 0;
  while (placed.size() > 1 && total_width(placed) + reserved > columns) {
    placed.erase(std::min_element(placed.begin(), placed.end(),
                                  [&](const PlacedColumn& a, const PlacedColumn& b) {
                                    return importance(a) < importance(b);
                                  }));
  }
  if (placed.size() == 1) placed.front().width = std::min(placed.front().width, columns);
  share_rest(placed, columns);
  return placed;
}

std::string node_line(const Node& node, const std::vector<PlacedColumn>& columns, bool selected,
                      std::int64_t now_ms, const Style& style) {
  const bool stale = node.status == "silent" || node.status == "offline";
  const Style inner = selected ? Style{false, style.unicode} : style;
  std::string line;
  for (const PlacedColumn& column : columns) {
    Shown cell = shown(node, column.column, now_ms);
    if (stale && column.column != TopColumn::status) cell.tone = Tone::dim;
    if (!line.empty()) line.append(kGap, ' ');
    const Align align = is_left(column.column) ? Align::left : Align::right;
    line += inner.paint(cell.tone, fit(visible(cell.text), column.width, align));
    if (column.bar > 0) {
      const std::string drawn = cell.percent ? bar(*cell.percent / 100, column.bar, style.unicode)
                                             : std::string(column.bar, ' ');
      line += " " + inner.paint(cell.tone, drawn);
    }
  }
  return selected ? style.paint(Tone::selected, line) : line;
}

std::string title_line(const std::vector<PlacedColumn>& columns, const TopState& state,
                       const Style& style) {
  // Names grow downwards, numbers fall.
  const bool upwards = (state.sort == SortKey::name) != state.reversed;
  std::string line;
  for (const PlacedColumn& column : columns) {
    if (!line.empty()) line.append(kGap, ' ');
    std::string title(column.title);
    const bool sorted = is_sorted_by(column.column, state.sort);
    if (sorted && style.unicode) title += upwards ? "▲" : "▼";
    if (sorted && !style.unicode) title += upwards ? "^" : "v";
    const Align align = is_left(column.column) ? Align::left : Align::right;
    line += style.paint(sorted ? Tone::accent : Tone::dim, fit(title, column.width, align));
    if (column.bar > 0) line.append(column.bar + 1, ' ');
  }
  return line;
}

}  // namespace bw::cli
