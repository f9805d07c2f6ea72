#include "coordinator/cli/top_state.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>

#include "coordinator/cli/view.h"

namespace bw::cli {

namespace {

// Title, state line, blank, column titles; and the line of keys at the bottom.
constexpr std::size_t kListFrameRows = 5;
constexpr std::size_t kDetailFrameRows = 6;
constexpr std::size_t kMaxFilter = 100;

struct SortName {
  std::string_view name;
  char key;
  SortKey sort;
};
constexpr std::array<SortName, 8> kSorts = {{{"name", 'a', SortKey::name},
                                             {"cpu", 'c', SortKey::cpu},
                                             {"mem", 'm', SortKey::mem},
                                             {"load", 'l', SortKey::load},
                                             {"net", 'n', SortKey::net},
                                             {"disk", 'd', SortKey::disk},
                                             {"temp", 't', SortKey::temp},
                                             {"status", 's', SortKey::status}}};

// Those that need a look first.
double weight_of_status(std::string_view status) {
  if (status == "silent") return 4;
  if (status == "offline") return 3;
  if (status == "draining") return 2;
  return status == "online" ? 1 : 0;
}

std::optional<double> value_of(const Node& node, SortKey key) {
  // Of nodes that do not speak nobody knows how they are now.
  const bool is_known = node.status != "silent" && node.status != "offline";
  const NodeSummary now = is_known ? node.summary : NodeSummary{};
  switch (key) {
    case SortKey::cpu:
      return now.cpu_util;
    case SortKey::mem:
      return now.mem_used_ratio;
    case SortKey::load:
      return now.load1;
    case SortKey::net:
      if (!now.net_rx && !now.net_tx) return std::nullopt;
      return now.net_rx.value_or(0) + now.net_tx.value_or(0);
    case SortKey::disk:
      return now.disk_util;
    case SortKey::temp:
      return now.temperature;
    case SortKey::status:
      return weight_of_status(node.status);
    case SortKey::name:
      break;
  }
  return std::nullopt;
}

void move_by(TopState& state, const TopModel& model, std::int64_t step) {
  const auto order = sorted_nodes(model, state);
  if (order.empty()) return;
  std::int64_t at = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (model.nodes[order[i]].id == state.selected) at = static_cast<std::int64_t>(i);
  }
  at = std::clamp<std::int64_t>(at + step, 0, static_cast<std::int64_t>(order.size()) - 1);
  state.selected = model.nodes[order[static_cast<std::size_t>(at)]].id;
  state.follows = at > 0;
}

void scroll_by(TopState& state, std::int64_t step) {
  const auto at = static_cast<std::int64_t>(state.detail_offset) + step;
  state.detail_offset = at < 0 ? 0 : static_cast<std::size_t>(at);  // settle() knows the end
}

void type(TopState& state, const Key& key) {
  switch (key.kind) {
    case Key::Kind::character:
      if (state.filter.size() < kMaxFilter) state.filter += key.text;
      break;
    case Key::Kind::backspace:
      // A whole character: its continuation bytes too.
      while (!state.filter.empty() && (state.filter.back() & 0xc0) == 0x80) state.filter.pop_back();
      if (!state.filter.empty()) state.filter.pop_back();
      break;
    case Key::Kind::escape:
      state.filter.clear();
      state.typing = false;
      break;
    case Key::Kind::enter:
      state.typing = false;
      break;
    default:
      break;
  }
  state.detail_offset = 0;
}

void leave_detail(TopState& state) {
  state.detail = false;
  state.detail_offset = 0;
  state.filter.clear();
}

void press_character(TopState& state, char c) {
  if (c == 'q') {
    if (state.detail) {
      leave_detail(state);
    } else {
      state.quit = true;
    }
  } else if (state.detail) {
    if (c == '/') state.typing = true;
  } else if (c == 'r') {
    state.reversed = !state.reversed;
  } else {
    for (const SortName& sort : kSorts) {
      if (sort.key != c) continue;
      state.sort = sort.sort;
      state.reversed = false;
      state.follows = false;  // what is on top now is what was asked for
    }
  }
}

void press_move(TopState& state, const Key& key, const TopModel& model, std::int64_t page) {
  constexpr std::int64_t kFar = 1'000'000;
  std::int64_t step = 0;
  switch (key.kind) {
    case Key::Kind::up:
      step = -1;
      break;
    case Key::Kind::down:
      step = 1;
      break;
    case Key::Kind::page_up:
      step = -page;
      break;
    case Key::Kind::page_down:
      step = page;
      break;
    case Key::Kind::home:
      step = -kFar;
      break;
    case Key::Kind::end:
      step = kFar;
      break;
    default:
      return;
  }
  if (state.detail) {
    scroll_by(state, step);
  } else {
    move_by(state, model, step);
  }
}

}  // namespace

std::optional<SortKey> sort_key_of(std::string_view name) {
  for (const SortName& sort : kSorts) {
    if (sort.name == name) return sort.sort;
  }
  return std::nullopt;
}

std::vector<std::size_t> sorted_nodes(const TopModel& model, const TopState& state) {
  struct Entry {
    std::optional<double> value;
    std::size_t index;
  };
  std::vector<Entry> entries;
  entries.reserve(model.nodes.size());
  for (std::size_t i = 0; i < model.nodes.size(); ++i) {
    entries.push_back({value_of(model.nodes[i], state.sort), i});
  }
  const bool by_name = state.sort == SortKey::name;
  std::sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) {
    const std::string& id_a = model.nodes[a.index].id;
    const std::string& id_b = model.nodes[b.index].id;
    if (by_name) return state.reversed ? id_a > id_b : id_a < id_b;
    if (a.value.has_value() != b.value.has_value()) return a.value.has_value();
    if (a.value && *a.value != *b.value) return (*a.value > *b.value) != state.reversed;
    return id_a < id_b;
  });
  std::vector<std::size_t> order;
  order.reserve(entries.size());
  for (const Entry& entry : entries) order.push_back(entry.index);
  return order;
}

std::vector<DetailRow> detail_rows(const TopModel& model, const TopState& state) {
  std::vector<DetailRow> rows;
  if (model.series.node != state.selected) return rows;
  for (const SeriesValue& series : model.series.series) {
    const std::string text = series.name + " " + labels_text(series.labels);
    if (text.find(state.filter) == std::string::npos) continue;
    rows.push_back({series.name.substr(0, series.name.find('.')), &series});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const DetailRow& a, const DetailRow& b) {
    return std::tie(a.group, a.series->name) < std::tie(b.group, b.series->name);
  });
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i > 0 && rows[i].group == rows[i - 1].group) continue;
    rows.insert(rows.begin() + static_cast<std::ptrdiff_t>(i), DetailRow{rows[i].group, nullptr});
    ++i;
  }
  return rows;
}

std::size_t body_rows(const TopState& state, TopSize size) {
  const std::size_t frame = state.detail ? kDetailFrameRows : kListFrameRows;
  return size.rows > frame ? size.rows - frame : 0;
}

void press(TopState& state, const Key& key, const TopModel& model, TopSize size) {
  if (key.kind == Key::Kind::interrupt) {
    state.quit = true;
  } else if (state.typing) {
    type(state, key);
  } else if (key.kind == Key::Kind::character) {
    press_character(state, key.text.front());
  } else if (key.kind == Key::Kind::escape && state.detail) {
    leave_detail(state);
  } else if (key.kind == Key::Kind::enter && !state.detail) {
    state.detail = !model.nodes.empty();
  } else {
    const auto page = static_cast<std::int64_t>(std::max<std::size_t>(body_rows(state, size), 1));
    press_move(state, key, model, page);
  }
  settle(state, model, size);
}

void settle(TopState& state, const TopModel& model, TopSize size) {
  const std::size_t rows = body_rows(state, size);
  if (state.detail) {
    const std::size_t count = detail_rows(model, state).size();
    state.detail_offset = std::min(state.detail_offset, count > rows ? count - rows : 0);
    return;
  }
  const auto order = sorted_nodes(model, state);
  std::size_t at = order.size();
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (model.nodes[order[i]].id == state.selected) at = i;
  }
  if (at == order.size() || !state.follows) {
    // Its node is gone, or none was chosen yet.
    at = 0;
    state.follows = false;
    state.selected = order.empty() ? "" : model.nodes[order[0]].id;
  }
  const std::size_t last_offset = order.size() > rows ? order.size() - rows : 0;
  if (at < state.offset) state.offset = at;
  if (rows > 0 && at >= state.offset + rows) state.offset = at - rows + 1;
  state.offset = std::min(state.offset, last_offset);
}

}  // namespace bw::cli
