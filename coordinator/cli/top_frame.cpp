#include "coordinator/cli/top_frame.h"

#include <algorithm>
#include <array>
#include <span>

#include "coordinator/cli/display.h"
#include "coordinator/cli/sparkline.h"
#include "coordinator/cli/times.h"
#include "coordinator/cli/top_columns.h"
#include "coordinator/cli/units.h"
#include "coordinator/cli/view.h"
#include "coordinator/cli/view_nodes.h"

namespace bw::cli {

namespace {

constexpr std::array<std::string_view, 12> kListKeys = {
    "q leave", "Enter node", "r turn round", "sort: c cpu", "m mem",  "l load",
    "n net",   "d disk",     "t temp",       "s status",    "a name", "up, down"};
constexpr std::array<std::string_view, 4> kDetailKeys = {
    "q back", "/ filter", "up, down, page up, page down", "Ctrl-C leave"};
constexpr std::array<std::string_view, 2> kTypingKeys = {"Enter done", "Esc no filter"};
constexpr std::size_t kDetailBar = 20;

// Left and right on one line; the right part goes where both have no room.
std::string spread(std::string_view left, std::string_view right, std::size_t columns) {
  const std::size_t both = display_width(left) + display_width(right) + 2;
  if (both > columns) return std::string(without_trailing_spaces(fit(left, columns)));
  return pad(left, columns - display_width(right)) + std::string(right);
}

// As many of them as there is room for.
std::string keys_text(std::span<const std::string_view> keys, std::size_t columns) {
  std::string text;
  for (const auto key : keys) {
    if (text.size() + 2 + key.size() > columns) break;
    text.append(text.empty() ? "" : "  ").append(key);
  }
  return text;
}

std::string counts_text(const TopModel& model) {
  static constexpr std::array<std::string_view, 4> kStatuses = {"online", "draining", "offline",
                                                                "silent"};
  std::string text =
      count_text(model.nodes.size()) + (model.nodes.size() == 1 ? " node" : " nodes");
  std::string_view before = ": ";
  for (const auto status : kStatuses) {
    const auto count = std::count_if(model.nodes.begin(), model.nodes.end(),
                                     [&](const Node& node) { return node.status == status; });
    if (count == 0) continue;
    text.append(before).append(count_text(static_cast<std::uint64_t>(count))).append(" ");
    text += status;
    before = ", ";
  }
  return text;
}

// The first line alone: what to do about it is for those who have no view that tries again.
std::string trouble_text(const TopModel& model, const std::string& trouble) {
  if (trouble.empty()) return "";
  std::string text = "trying again";
  if (model.has_nodes) text += " (last answer " + ago(model.fetched_ms, model.now_ms) + ")";
  return text + ": " + visible(trouble.substr(0, trouble.find('\n')));
}

class Frame {
 public:
  Frame(TopSize size, const Style& style) : size_(size), style_(style) {}

  void add(Tone tone, std::string_view text) {
    lines_.push_back(style_.paint(tone, without_trailing_spaces(fit(text, size_.columns))));
  }
  void add_painted(std::string line) { lines_.push_back(std::move(line)); }
  void fill_to(std::size_t rows) {
    while (lines_.size() < rows) lines_.emplace_back();
  }
  std::vector<std::string> take() {
    if (lines_.size() > size_.rows) lines_.resize(size_.rows);
    return std::move(lines_);
  }

 private:
  TopSize size_;
  const Style& style_;
  std::vector<std::string> lines_;
};

void add_head(Frame& frame, const TopModel& model, std::size_t columns) {
  frame.add(Tone::strong,
            spread("bellwether top  " + model.url, local_clock(model.now_ms), columns));
}

std::vector<std::string> list_frame(const TopModel& model, const TopState& state, TopSize size,
                                    const Style& style) {
  Frame frame(size, style);
  add_head(frame, model, size.columns);
  const auto order = sorted_nodes(model, state);
  const std::size_t rows = body_rows(state, size);
  const std::size_t end = std::min(order.size(), state.offset + rows);
  std::string shown;
  if (order.size() > rows) {
    shown = std::to_string(state.offset + 1) + "-" + std::to_string(end) + " of " +
            std::to_string(order.size());
  }
  const std::string counts = model.has_nodes ? counts_text(model) : "waiting for the first answer";
  frame.add(Tone::plain, spread(counts, shown, size.columns));
  frame.add(Tone::bad, trouble_text(model, model.trouble));
  const auto columns = place_columns(model.nodes, size.columns);
  frame.add_painted(title_line(columns, state, style));
  for (std::size_t i = state.offset; i < end; ++i) {
    const Node& node = model.nodes[order[i]];
    frame.add_painted(node_line(node, columns, node.id == state.selected, model.now_ms, style));
  }
  if (size.rows > 0) frame.fill_to(size.rows - 1);
  frame.add(Tone::dim, keys_text(kListKeys, size.columns));
  return frame.take();
}

struct DetailWidths {
  std::size_t name = 0;
  std::size_t labels = 0;
  std::size_t value = 0;
};

DetailWidths widths_of(const std::vector<DetailRow>& rows) {
  DetailWidths widths{6, 0, 8};
  for (const DetailRow& row : rows) {
    if (row.series == nullptr) continue;
    widths.name = std::max(widths.name, display_width(visible(row.series->name)));
    widths.labels =
        std::max(widths.labels, display_width(visible(labels_text(row.series->labels))));
    widths.value = std::max(widths.value, display_width(series_value_text(*row.series)));
  }
  widths.labels = std::min<std::size_t>(widths.labels, 40);
  return widths;
}

std::string detail_line(const DetailRow& row, DetailWidths widths, std::size_t columns,
                        const Style& style) {
  if (row.series == nullptr) {
    const std::string title = fit(visible(row.group), columns);
    return style.paint(Tone::accent, without_trailing_spaces(title));
  }
  const SeriesValue& series = *row.series;
  std::string line = "  " + fit(visible(series.name), widths.name) + "  " +
                     fit(visible(labels_text(series.labels)), widths.labels) + "  " +
                     fit(visible(series_value_text(series)), widths.value, Align::right);
  const bool has_room = display_width(line) + 2 + kDetailBar <= columns;
  line = without_trailing_spaces(fit(line, columns));
  if (has_room && series.unit == "%" && series.kind != "counter" && series.value) {
    const std::string drawn = bar(*series.value / 100, kDetailBar, style.unicode);
    line += "  " + style.paint(tone_of_percent(*series.value), without_trailing_spaces(drawn));
  }
  return line;
}

void add_node_lines(Frame& frame, const Node& node, std::int64_t now_ms) {
  std::string about = node.id + "  " + node.status;
  if (!node.site.empty()) about += "  site " + node.site;
  about += "  seen " + ago(node.last_seen_ms, now_ms);
  if (!node.labels.empty()) about += "  " + labels_text(node.labels);
  frame.add(tone_of_status(node.status), visible(about));
  std::string hardware = node.os + "  " + node.arch + "  ";
  if (node.cpus) hardware += std::to_string(*node.cpus) + " x ";
  hardware += node.cpu_model;
  if (node.memory_bytes) hardware += "  " + bytes_text(static_cast<double>(*node.memory_bytes));
  frame.add(Tone::plain, visible(hardware));
}

std::vector<std::string> detail_frame(const TopModel& model, const TopState& state, TopSize size,
                                      const Style& style) {
  Frame frame(size, style);
  add_head(frame, model, size.columns);
  const auto found = std::find_if(model.nodes.begin(), model.nodes.end(),
                                  [&](const Node& node) { return node.id == state.selected; });
  if (found != model.nodes.end()) {
    add_node_lines(frame, *found, model.now_ms);
  } else {
    frame.add(Tone::bad, visible(state.selected) + "  is no longer there");
    frame.add(Tone::plain, "");
  }
  const std::string& trouble = model.trouble.empty() ? model.series_trouble : model.trouble;
  frame.add(Tone::bad, trouble_text(model, trouble));
  const auto rows = detail_rows(model, state);
  const std::size_t end = std::min(rows.size(), state.detail_offset + body_rows(state, size));
  std::string title = "NEWEST VALUES";
  if (state.typing || !state.filter.empty()) {
    title += "  with '" + visible(state.filter) + (state.typing ? "_" : "") + "'";
  }
  std::string shown = std::to_string(end) + " of " + std::to_string(rows.size());
  if (rows.empty() && model.series.node != state.selected && trouble.empty()) shown = "asking";
  frame.add(Tone::dim, spread(title, shown, size.columns));
  const DetailWidths widths = widths_of(rows);
  for (std::size_t i = state.detail_offset; i < end; ++i) {
    frame.add_painted(detail_line(rows[i], widths, size.columns, style));
  }
  if (size.rows > 0) frame.fill_to(size.rows - 1);
  const std::span<const std::string_view> keys =
      state.typing ? std::span<const std::string_view>(kTypingKeys) : kDetailKeys;
  frame.add(Tone::dim, keys_text(keys, size.columns));
  return frame.take();
}

}  // namespace

std::vector<std::string> top_frame(const TopModel& model, const TopState& state, TopSize size,
                                   const Style& style) {
  return state.detail ? detail_frame(model, state, size, style)
                      : list_frame(model, state, size, style);
}

std::string top_once(const TopModel& model, SortKey sort, std::size_t columns, bool unicode) {
  const Style style{false, unicode};
  TopState state;
  state.sort = sort;
  const auto placed = place_columns(model.nodes, columns);
  std::string text = spread("bellwether top  " + model.url, local_clock(model.now_ms), columns);
  text += "\n" + counts_text(model) + "\n\n";
  const auto append = [&](const std::string& line) {
    text.append(without_trailing_spaces(line)).push_back('\n');
  };
  append(title_line(placed, state, style));
  for (const std::size_t index : sorted_nodes(model, state)) {
    append(node_line(model.nodes[index], placed, false, model.now_ms, style));
  }
  return text;
}

}  // namespace bw::cli
