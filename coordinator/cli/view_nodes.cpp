#include "coordinator/cli/view_nodes.h"

#include <algorithm>

#include "coordinator/cli/table.h"
#include "coordinator/cli/times.h"
#include "coordinator/cli/units.h"

namespace bw::cli {

namespace {

Cell percent_cell(std::optional<double> percent) {
  return {percent_text(percent), percent ? tone_of_percent(*percent) : Tone::dim};
}

std::string or_unknown(const std::string& text) {
  return text.empty() ? std::string(kUnknown) : text;
}

std::string count_or_unknown(std::optional<std::uint64_t> count) {
  return count ? count_text(*count) : std::string(kUnknown);
}

std::string memory_text(std::optional<std::uint64_t> bytes) {
  return bytes ? bytes_text(static_cast<double>(*bytes)) : std::string(kUnknown);
}

std::string temperature_text(std::optional<double> celsius) {
  return celsius ? value_text(*celsius, "C") : std::string(kUnknown);
}

// "2026-03-01 10:00:00 (3s ago)"
std::string when_text(std::optional<std::int64_t> ms, std::int64_t now_ms) {
  return ms ? local_time(ms) + " (" + ago(ms, now_ms) + ")" : std::string(kUnknown);
}

std::string cpu_text(const Node& node) {
  std::string text = or_unknown(node.cpu_model);
  if (node.cpus) text = std::to_string(*node.cpus) + " x " + text;
  return text;
}

std::string refused_text(const NodeDetail& detail) {
  std::string text;
  for (const auto& [reason, count] : detail.refused) {
    if (count == 0) continue;
    if (!text.empty()) text += ", ";
    text += count_text(count) + " " + reason;
  }
  return text.empty() ? "none" : text;
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? std::string(kUnknown) : text;
}

// Rows of a name and what it is, under titles. All sections' values begin in the same column.
class Sections {
 public:
  static constexpr std::size_t kNameWidth = 14;

  explicit Sections(const View& view) : view_(view) { begin(); }

  void row(const char* name, Cell value) {
    table_.row({{"  " + pad(name, kNameWidth), Tone::dim}, std::move(value)});
  }
  void section(const char* title) {
    flush();
    text_ += view_.style.paint(Tone::strong, title) + "\n";
  }
  std::string take() {
    flush();
    return std::move(text_);
  }

 private:
  void begin() {
    table_ = Table{};
    table_.column("").column("");
  }
  void flush() {
    text_ += table_.text(view_.style);
    begin();
  }

  const View& view_;
  Table table_;
  std::string text_;
};

void add_now(Sections& out, const NodeSummary& now) {
  out.section("now");
  out.row("cpu", percent_cell(now.cpu_util));
  out.row("memory", percent_cell(memory_percent(now)));
  out.row("load", number_text(now.load1));
  out.row("cpu pressure", percent_cell(now.psi_cpu));
  out.row("busiest disk", percent_cell(now.disk_util));
  out.row("network", "in " + rate_text(now.net_rx) + ", out " + rate_text(now.net_tx));
  out.row("hottest", temperature_text(now.temperature));
}

void add_agent(Sections& out, const NodeDetail& detail, const View& view) {
  const auto& node = detail.node;
  out.section("agent");
  out.row("version", or_unknown(node.agent_version));
  out.row("started", when_text(detail.started_ms, view.now_ms));
  out.row("period", detail.period_ms ? value_text(static_cast<double>(*detail.period_ms), "ms")
                                     : std::string(kUnknown));
  out.row("series", count_or_unknown(node.series));
  out.row("capabilities", listed(detail.capabilities));
  out.row("class", or_unknown(detail.node_class));
  out.row("model", detail.model.empty() ? "its own" : detail.model);
  if (!view.wide) return;
  out.row("epoch", or_unknown(detail.epoch));
  out.row("store id", or_unknown(detail.store_id));
  out.row("table id", or_unknown(detail.table_id));
  out.row("boot id", or_unknown(detail.boot_id));
  out.row("machine id", or_unknown(detail.machine_id));
}

}  // namespace

std::string nodes_view(const std::vector<Node>& nodes, const View& view) {
  if (nodes.empty()) return "no nodes\n";
  Table table;
  table.column("NODE").column("SITE").column("STATUS").column("CPU", Align::right);
  table.column("MEM", Align::right).column("LOAD", Align::right).column("SEEN", Align::right);
  if (view.wide) {
    table.column("CPUS", Align::right).column("MEMORY", Align::right);
    table.column("TEMP", Align::right).column("SERIES", Align::right);
    table.column("AGENT").column("ARCH").column("OS").column("KERNEL").column("LABELS");
  }
  for (const Node& node : nodes) {
    std::vector<Cell> row = {node.id,
                             or_unknown(node.site),
                             {or_unknown(node.status), tone_of_status(node.status)},
                             percent_cell(node.summary.cpu_util),
                             percent_cell(memory_percent(node.summary)),
                             number_text(node.summary.load1),
                             ago(node.last_seen_ms, view.now_ms)};
    if (view.wide) {
      for (Cell& cell : std::vector<Cell>{
               count_or_unknown(node.cpus), memory_text(node.memory_bytes),
               temperature_text(node.summary.temperature), count_or_unknown(node.series),
               or_unknown(node.agent_version), or_unknown(node.arch), or_unknown(node.os),
               or_unknown(node.kernel), or_unknown(labels_text(node.labels))}) {
        row.push_back(std::move(cell));
      }
    }
    table.row(std::move(row));
  }
  return table.text(view.style);
}

std::string node_view(const NodeDetail& detail, const View& view) {
  const Node& node = detail.node;
  Sections out(view);
  out.section("node");
  out.row("id", {node.id, Tone::strong});
  out.row("site", or_unknown(node.site));
  out.row("status", {or_unknown(node.status), tone_of_status(node.status)});
  out.row("since", when_text(node.since_ms, view.now_ms));
  out.row("last seen", when_text(node.last_seen_ms, view.now_ms));
  out.row("labels", or_unknown(labels_text(node.labels)));
  add_now(out, node.summary);
  out.section("hardware");
  out.row("hostname", or_unknown(node.hostname));
  out.row("cpu", cpu_text(node));
  out.row("memory", memory_text(node.memory_bytes));
  out.row("os", or_unknown(node.os));
  out.row("kernel", or_unknown(node.kernel) + " " + node.arch);
  add_agent(out, detail, view);
  out.section("records");
  out.row("stored", count_text(detail.stored));
  out.row("duplicates", count_text(detail.duplicates));
  out.row("in gaps", {count_text(detail.gaps), detail.gaps > 0 ? Tone::warning : Tone::plain});
  out.row("last stored", when_text(detail.last_stored_ms, view.now_ms));
  out.row("refused", refused_text(detail));
  if (detail.clock_offset_ms) out.row("clock offset", value_text(*detail.clock_offset_ms, "ms"));
  return out.take();
}

std::string series_value_text(const SeriesValue& series) {
  if (!series.value) return std::string(kUnknown);
  return value_text(*series.value, series.unit);
}

std::string series_view(const NodeSeries& series, const View& view) {
  if (series.series.empty()) return "no series\n";
  Table table;
  table.column("SERIES").column("LABELS").column("VALUE", Align::right);
  if (view.wide) table.column("KIND").column("UNIT");
  std::vector<SeriesValue> sorted = series.series;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const SeriesValue& a, const SeriesValue& b) { return a.name < b.name; });
  for (const SeriesValue& one : sorted) {
    std::vector<Cell> row = {one.name, labels_text(one.labels), series_value_text(one)};
    if (view.wide) {
      row.emplace_back(one.kind);
      row.emplace_back(one.unit);
    }
    table.row(std::move(row));
  }
  return table.text(view.style);
}

}  // namespace bw::cli
