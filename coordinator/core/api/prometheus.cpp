// The coordinator's own metrics in Prometheus' text format 0.0.4.
#include <string>
#include <string_view>
#include <utility>

#include "coordinator/core/api/exposition.h"
#include "coordinator/core/api/handlers.h"
#include "coordinator/core/api/json_parts.h"
#include "coordinator/core/models.h"
#include "schemas/wire/topics.h"

namespace bw::coordinator::api {

namespace {

void write_traffic(Exposition& out, const ServiceView& service) {
  out.family("bw_messages_total", "counter", "Messages of nodes that were well-formed.");
  for (std::size_t i = 0; i < service.messages.size(); ++i) {
    const wire::TopicInfo& info = wire::topic_info(static_cast<wire::Topic>(i));
    if (info.path.starts_with("up/"))
      out.sample(service.messages[i], {{"topic", info.path.substr(3)}});
  }
  out.family("bw_payloads_refused_total", "counter",
             "Payloads that were counted and dropped, by node and reason.");
  service.each_refused([&](std::string_view node, const auto& counts) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] == 0) continue;
      out.sample(counts[i],
                 {{"node", node}, {"reason", wire::name_of(static_cast<wire::Refusal>(i))}});
    }
  });
  out.single("bw_live_samples_total", "counter", "Live samples taken.", service.live_samples);
  out.single("bw_broker_connected", "gauge", "1 while there is a link to the broker, else 0.",
             service.is_connected ? 1 : 0);
}

void write_models(Exposition& out, const ServiceView& service) {
  if (service.models == nullptr) return;
  std::uint64_t models = 0;
  std::array<std::uint64_t, kWishStates> wishes{};
  service.models->each([&](const ModelRecord&) { ++models; });
  service.models->each_wish(
      [&](const NodeId&, const Wish& wish) { ++wishes[static_cast<std::size_t>(wish.state)]; });
  out.single("bw_models", "gauge", "Anomaly models that are kept.", models);
  out.family("bw_model_wishes", "gauge", "Nodes by what became of the model wished of them.");
  for (std::size_t i = 0; i < kWishStates; ++i) {
    out.sample(wishes[i], {{"state", name_of(static_cast<WishState>(i))}});
  }
  out.single("bw_models_unasked_total", "counter",
             "Models of nodes that nobody waited for: late, or twice.", service.odd_models);
  out.single("bw_models_unreadable_total", "counter", "Models of nodes that were none.",
             service.bad_models);
}

void write_store(Exposition& out, const ServiceView& service) {
  out.single("bw_records_stored_total", "counter", "Records committed to the store.",
             service.records.stored);
  out.single("bw_records_duplicate_total", "counter", "Records that had come before.",
             service.records.duplicates);
  out.single("bw_record_gaps_total", "counter", "Records that will never come.",
             service.records.gaps);
  out.single("bw_records_deferred_total", "counter",
             "Records not taken for want of room; their nodes send them again.",
             service.deferred_records);
  out.single("bw_store_ok", "gauge", "1 while the store takes records, else 0.",
             service.store_is_open && service.store_is_well ? 1 : 0);
  out.single("bw_store_bytes", "gauge", "Size of the store's file.", service.store.bytes);
  out.single("bw_store_used_bytes", "gauge", "Of it, without pages that wait to be used again.",
             service.store.used_bytes);
  out.single("bw_store_dropped_blocks_total", "counter",
             "Blocks dropped as too old or too many, since the file was made.",
             service.store.dropped_blocks);
  out.single("bw_store_dropped_rollups_total", "counter",
             "Rollups dropped as too old or too many, since the file was made.",
             service.store.dropped_rollups);
  out.single("bw_store_dropped_events_total", "counter",
             "Events dropped as too old or too many, since the file was made.",
             service.store.dropped_events);
  out.single("bw_store_missed_blocks_total", "counter",
             "Blocks dropped before they were exported, since the file was made.",
             service.store.missed_blocks);
  out.single("bw_store_skipped_hours_total", "counter",
             "Makings of an hour's or a day's rollup of a node that lack something, having more "
             "blocks or series than are read.",
             service.store.skipped_hours);
  out.single("bw_store_unmarked_hours_total", "counter",
             "Hours that late blocks changed, but that are not rolled up again.",
             service.store.unmarked_hours);
  out.single("bw_store_rolled_until_seconds", "gauge",
             "All history before this time is rolled up, since 1970.",
             static_cast<std::uint64_t>(service.store.rolled_until_ms / 1000));
  out.single("bw_store_commits_total", "counter", "Batches committed to the store.",
             service.commits);
  out.single("bw_store_commit_failures_total", "counter", "Batches that the store did not take.",
             service.commit_failures);
}

void write_exports(Exposition& out, const ServiceView& service) {
  struct Column {
    std::string_view name;
    std::string_view type;
    std::string_view help;
    std::uint64_t (*value)(const ExportStatus&, std::int64_t now_ms);
  };
  constexpr Column kColumns[] = {
      {"bw_export_ok", "gauge", "1 while the receiver takes what it is sent, else 0.",
       [](const ExportStatus& one, std::int64_t) { return std::uint64_t{one.trouble.empty()}; }},
      {"bw_export_lag_seconds", "gauge",
       "Age of the oldest history that waits for the receiver; 0 where none does.",
       [](const ExportStatus& one, std::int64_t now_ms) { return lag_s(one, now_ms); }},
      {"bw_export_lag_blocks", "gauge", "Blocks of the store that wait for the receiver.",
       [](const ExportStatus& one, std::int64_t) {
         return static_cast<std::uint64_t>(one.lag_blocks);
       }},
      {"bw_export_samples_total", "counter", "Samples that the receiver took.",
       [](const ExportStatus& one, std::int64_t) { return one.samples; }},
      {"bw_export_samples_refused_total", "counter",
       "Samples that the receiver refused for good, late ones among them.",
       [](const ExportStatus& one, std::int64_t) { return one.refused_samples; }},
      {"bw_export_samples_late_total", "counter",
       "Samples refused because the receiver has newer ones.",
       [](const ExportStatus& one, std::int64_t) { return one.late_samples; }},
      {"bw_export_blocks_lost_total", "counter",
       "Blocks that left the store before they were sent.",
       [](const ExportStatus& one, std::int64_t) { return one.lost_blocks; }},
      {"bw_export_requests_total", "counter", "Requests sent.",
       [](const ExportStatus& one, std::int64_t) { return one.requests; }},
      {"bw_export_retries_total", "counter", "Requests that have to be sent again.",
       [](const ExportStatus& one, std::int64_t) { return one.retries; }},
  };
  if (service.exports.empty()) return;
  for (const Column& column : kColumns) {
    out.family(column.name, column.type, column.help);
    for (const ExportStatus& one : service.exports) {
      out.sample(column.value(one, service.now_ms), {{"target", one.name}});
    }
  }
}

}  // namespace

Answer show_metrics(const Call& call) {
  const ServiceView& service = call.service;
  Exposition out;
  out.family("bw_build_info", "gauge", "1; the version is in the label.");
  out.sample(1, {{"version", service.version}});
  out.single("bw_start_time_seconds", "gauge", "When the coordinator was started, since 1970.",
             static_cast<std::uint64_t>(service.started_ms / 1000));
  out.family("bw_nodes", "gauge", "Nodes by status.");
  for (std::size_t i = 0; i < kNodeStatuses; ++i) {
    out.sample(service.nodes[i], {{"status", name_of(static_cast<NodeStatus>(i))}});
  }
  out.single("bw_node_conflicts_total", "counter",
             "Times a second agent with the id of a living one was refused.", service.conflicts);
  out.single("bw_nodes_refused_total", "counter",
             "Messages of nodes beyond the number that the coordinator takes.",
             service.refused_nodes);
  write_traffic(out, service);
  write_models(out, service);
  write_store(out, service);
  write_exports(out, service);
  Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = out.take();
  return response;
}

}  // namespace bw::coordinator::api
