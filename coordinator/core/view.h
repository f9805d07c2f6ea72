// What the API sees of the coordinator: plain facts and pointers, valid during one call.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/core/records.h"
#include "schemas/wire/codec.h"

namespace bw::coordinator {

// silent: said to be there, but nothing was heard of it lately.
enum class NodeStatus : std::uint8_t { online, draining, offline, silent };
inline constexpr std::size_t kNodeStatuses = 4;
std::string_view name_of(NodeStatus status);

struct RecordCounts {
  std::uint64_t stored = 0;  // since the coordinator's start, as the two below
  std::uint64_t duplicates = 0;
  std::uint64_t gaps = 0;           // records that will never come
  std::int64_t last_stored_ms = 0;  // 0: never
};

struct NodeView {
  std::string_view id;
  NodeStatus status = NodeStatus::silent;
  std::int64_t since_ms = 0;
  std::int64_t last_seen_ms = 0;           // 0: not since the coordinator's start
  const wire::NodeBirth* birth = nullptr;  // null: not heard yet; its `series` are empty
  const std::vector<wire::SeriesInfo>* series = nullptr;  // null: not known yet
  std::span<const float> live;  // by alias; may be shorter than `series`, empty: none yet
  std::uint64_t live_sequence = 0;
  std::int64_t live_ms = 0;                     // the node's clock
  std::optional<std::int64_t> clock_offset_ms;  // the node's clock against ours
  RecordCounts records;
  const std::array<std::uint64_t, wire::kRefusals>* refused = nullptr;  // null: nothing
};

// How an export gets on; see core/export/delivery.h.
struct ExportStatus {
  std::string name;  // "remote_write/main"
  std::string url;
  bool has_begun = false;   // else `cursor` says nothing yet
  std::int64_t cursor = 0;  // blocks up to it are delivered
  std::int64_t lag_blocks = 0;
  std::optional<std::int64_t> oldest_waiting_ms;  // the end of the oldest block that waits
  std::uint64_t requests = 0;
  std::uint64_t samples = 0;          // taken by the receiver
  std::uint64_t refused_samples = 0;  // for good
  std::uint64_t late_samples = 0;     // of these: older than what the receiver has
  std::uint64_t lost_blocks = 0;      // left the store before they were sent
  std::uint64_t retries = 0;
  std::string trouble;  // why it does not get on; empty where it does
  std::string last_refusal;
  bool operator==(const ExportStatus&) const = default;
};

class ModelsView;  // see models.h

class FleetView {
 public:
  virtual ~FleetView() = default;
  virtual std::optional<NodeView> find(std::string_view id) const = 0;
  // Every node with an id above `after`, ascending, until `visit` returns false.
  virtual void each(std::string_view after,
                    const std::function<bool(const NodeView&)>& visit) const = 0;
};

struct ServiceView {
  std::string_view version;
  std::string_view broker_url;
  std::int64_t started_ms = 0;
  std::int64_t now_ms = 0;
  std::int64_t uptime_s = 0;
  bool is_connected = false;
  std::string_view disconnect_reason;
  bool is_stopping = false;
  bool store_is_open = false;
  bool store_is_well = false;
  std::string_view store_failure;
  StoreMeasures store;
  std::array<std::uint64_t, kNodeStatuses> nodes{};
  RecordCounts records;
  std::uint64_t deferred_records = 0;
  std::uint64_t commits = 0;
  std::uint64_t commit_failures = 0;
  std::uint64_t live_samples = 0;
  std::uint64_t conflicts = 0;
  std::uint64_t refused_nodes = 0;  // messages of nodes beyond the bound
  std::uint64_t refused_payloads = 0;
  std::span<const std::uint64_t> messages;  // by wire::Topic
  std::span<const ExportStatus> exports;
  const ModelsView* models = nullptr;  // null: there are none
  std::uint64_t odd_models = 0;        // that nodes sent, and nobody waited for
  std::uint64_t bad_models = 0;        // that nodes sent, and were none
  // Visits the counts of refused payloads by node, ascending.
  std::function<void(const std::function<void(std::string_view,
                                              const std::array<std::uint64_t, wire::kRefusals>&)>&)>
      each_refused;
};

}  // namespace bw::coordinator
