// What the live view remembers between two frames, and what keys change in it. No terminal here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/cli/keys.h"
#include "coordinator/cli/model.h"

namespace bw::cli {

enum class SortKey : std::uint8_t { name, cpu, mem, load, net, disk, temp, status };
// As --sort names them; nothing for another word.
std::optional<SortKey> sort_key_of(std::string_view name);

// What was fetched.
struct TopModel {
  std::string url;
  std::vector<Node> nodes;
  bool has_nodes = false;       // an answer came at least once
  std::string trouble;          // why the last try failed; empty where it did not
  std::int64_t fetched_ms = 0;  // when the last answer came
  std::int64_t now_ms = 0;
  NodeSeries series;           // of `series.node`
  std::string series_trouble;  // why there is none
};

struct TopSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

struct TopState {
  SortKey sort = SortKey::cpu;
  bool reversed = false;
  std::string selected;  // id of the node under the cursor
  bool follows = false;  // the cursor stays with its node; else on the first line, whoever is there
  std::size_t offset = 0;  // first node shown
  bool detail = false;     // one node's series instead of the list
  std::size_t detail_offset = 0;
  std::string filter;   // of the series, by a part of name or labels
  bool typing = false;  // keys go into the filter
  bool quit = false;
};

// Indices of the nodes in the order they are shown. Numbers sort from the highest, names from A;
// unknown values come last either way.
std::vector<std::size_t> sorted_nodes(const TopModel& model, const TopState& state);

// A line of one node's series: a group's title (then there is no series), or a series of it. A
// group is what the names have before their first '.'.
struct DetailRow {
  std::string group;
  const SeriesValue* series = nullptr;
};
// Of the series that the filter lets pass, in the order of their names.
std::vector<DetailRow> detail_rows(const TopModel& model, const TopState& state);

// Lines for nodes, or for series, on a screen of that size.
std::size_t body_rows(const TopState& state, TopSize size);

// Does what the key says, as far as model and size allow.
void press(TopState& state, const Key& key, const TopModel& model, TopSize size);

// Keeps the cursor on its node and both on the screen, after nodes or size changed.
void settle(TopState& state, const TopModel& model, TopSize size);

}  // namespace bw::cli
