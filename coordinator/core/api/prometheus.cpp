// The coordinator's own metrics in Prometheus' text format 0.0.4.
#include <string>
#include <string_view>
#include <utility>

#include "coordinator/core/api/handlers.h"
#include "schemas/wire/topics.h"

namespace bw::coordinator::api {

namespace {

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

class Exposition {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
    text_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
  }
  void sample(std::uint64_t value, Labels labels = {}) {
    text_.append(name_);
    char separator = '{';
    for (const auto& [name, content] : labels) {
      text_ += std::exchange(separator, ',');
      text_.append(name).append("=\"");
      append_escaped(content);
      text_ += '"';
    }
    if (separator != '{') text_ += '}';
    text_.append(" ").append(std::to_string(value)).append("\n");
  }
  void single(std::string_view name, std::string_view type, std::string_view help,
              std::uint64_t value) {
    family(name, type, help);
    sample(value);
  }
  std::string take() { return std::move(text_); }

 private:
  void append_escaped(std::string_view content) {
    for (const char c : content) {
      if (c == '\\' || c == '"') text_ += '\\';
      if (c == '\n') {
        text_ += "\\n";
      } else {
        text_ += c;
      }
    }
  }

  std::string text_;
  std::string_view name_;
};

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
  out.single("bw_store_commits_total", "counter", "Batches committed to the store.",
             service.commits);
  out.single("bw_store_commit_failures_total", "counter", "Batches that the store did not take.",
             service.commit_failures);
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
  write_store(out, service);
  Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = out.take();
  return response;
}

}  // namespace bw::coordinator::api
