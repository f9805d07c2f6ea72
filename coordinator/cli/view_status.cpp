#include "coordinator/cli/view_status.h"

#include "coordinator/cli/table.h"
#include "coordinator/cli/times.h"
#include "coordinator/cli/units.h"

namespace bw::cli {

namespace {

std::string nodes_text(const FleetStatus& status) {
  return count_text(status.online) + " online, " + count_text(status.draining) + " draining, " +
         count_text(status.offline) + " offline, " + count_text(status.silent) + " silent";
}

std::string records_text(const FleetStatus& status) {
  return "stored, " + count_text(status.duplicates) + " duplicates dropped, " +
         count_text(status.gaps) + " in gaps";
}

std::string join(const std::string& first, const std::string& second) {
  return first.empty() || second.empty() ? first + second : first + ", " + second;
}

Cell export_state(const ExportState& state) {
  if (!state.ok) return {"failing", Tone::bad};
  return state.lag_blocks > 0 ? Cell("behind", Tone::warning) : Cell("ok", Tone::good);
}

std::string export_text(const ExportState& state) {
  std::string text =
      state.name + " at " + state.url + ", " + count_text(state.samples) + " samples";
  if (state.lag_blocks > 0) {
    text += ", " + count_text(state.lag_blocks) + " blocks behind";
    if (state.lag_s > 0) {
      text += " (" + duration_text(static_cast<std::int64_t>(state.lag_s) * 1000) + ")";
    }
  }
  if (state.retries > 0) text += ", " + count_text(state.retries) + " retries";
  if (state.refused > 0) text += ", " + count_text(state.refused) + " samples refused";
  if (state.lost_blocks > 0) text += ", " + count_text(state.lost_blocks) + " blocks lost";
  if (!state.reason.empty()) return text + ": " + state.reason;
  return state.last_refusal.empty() ? text : text + "; last refusal: " + state.last_refusal;
}

}  // namespace

std::string status_view(const FleetStatus& status, const std::string& url, const View& view) {
  Table table;
  table.column("").column("").column("");
  const auto row = [&](const char* name, Cell state, std::string words) {
    table.row({{name, Tone::dim}, std::move(state), std::move(words)});
  };
  std::string about = "at " + url + ", version " + status.version;
  if (status.uptime_s) {
    about += ", up " + duration_text(static_cast<std::int64_t>(*status.uptime_s * 1000));
  }
  const bool well = status_troubles(status).empty();
  row("coordinator", well ? Cell("well", Tone::good) : Cell("unwell", Tone::bad), about);
  row("broker", status.broker_connected ? Cell("connected", Tone::good) : Cell("lost", Tone::bad),
      join(status.broker_url, status.broker_reason));
  row("store", status.store_ok ? Cell("ok", Tone::good) : Cell("failing", Tone::bad),
      status.store_reason);
  const std::uint64_t missing = status.silent + status.offline;
  const std::uint64_t all = missing + status.online + status.draining;
  row("nodes", {count_text(all), missing > 0 ? Tone::warning : Tone::plain}, nodes_text(status));
  row("records", count_text(status.stored), records_text(status));
  row("payloads",
      {count_text(status.refused_payloads),
       status.refused_payloads > 0 ? Tone::warning : Tone::plain},
      "refused");
  for (const ExportState& state : status.exports) {
    row("export", export_state(state), export_text(state));
  }
  if (view.wide) {
    row("started", "",
        local_time(status.started_ms) + " (" + ago(status.started_ms, view.now_ms) + ")");
  }
  return table.text(view.style);
}

std::string status_troubles(const FleetStatus& status) {
  std::string text;
  if (!status.broker_connected) {
    text += "no connection to the broker";
    if (!status.broker_url.empty()) text += " at " + visible(status.broker_url);
    if (!status.broker_reason.empty()) text += ": " + visible(status.broker_reason);
    text += "; no telemetry arrives, the agents keep theirs until it is back\n";
  }
  if (!status.store_ok) {
    text += "the store is failing";
    if (!status.store_reason.empty()) text += ": " + visible(status.store_reason);
    text += "; the agents keep their records until it is well\n";
  }
  return text;
}

}  // namespace bw::cli
