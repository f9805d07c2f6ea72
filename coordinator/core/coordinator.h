// The coordinator's decisions, as one state machine. Read this first.
//
// The shell feeds it events (past facts) with the time and carries out the effects (verbs) it asks
// for; the simulator does the same with a virtual world. step() never fails and never blocks. The
// logic is in the folders beside this file; here is wiring.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/log_level.h"
#include "base/time.h"
#include "coordinator/core/api/http.h"
#include "coordinator/core/api/query.h"
#include "coordinator/core/records.h"
#include "coordinator/core/view.h"
#include "schemas/wire/codec.h"
#include "schemas/wire/messages.h"

namespace bw::coordinator {

struct CoordinatorOptions {
  std::string version;
  std::uint64_t seed = 0;
  std::int64_t started_ms = 0;
  std::string broker_url;                           // for display
  Duration live_timeout = std::chrono::seconds{5};  // a node silent for longer is no longer live
};

// Events: past facts.

// What the store holds, read at start, or after a damaged store was replaced (then all empty).
// First event of all.
struct StoreOpened {
  std::vector<StoredNode> nodes;
  StoredModels models = {};
};
struct LinkUp {};
struct LinkDown {
  std::string reason;
};
// A verified message of a node. `payload` is what it was decoded from; valid during step() only.
struct MessageReceived {
  NodeId node;
  wire::UpMessage message;
  wire::Bytes payload;
  WallTime wall;  // the coordinator's own
};
// A payload that failed verification. `node` is what stood in the topic, however odd.
struct PayloadRefused {
  std::string_view node;
  wire::Refusal reason;
};
// A batch is on disk, or is not: then nothing of it is.
struct Committed {
  std::uint64_t batch = 0;
};
struct CommitFailed {
  std::uint64_t batch = 0;
  std::string reason;
};
// Once a second.
struct Ticked {
  WallTime wall;
};
struct RequestReceived {
  std::uint64_t id = 0;
  api::Request request;
  WallTime wall;
};
// The answer to RunQuery.
struct QueryFinished {
  std::uint64_t id = 0;
  api::QueryResult result;
};
// How all exports get on, once a second where something changed.
struct ExportReported {
  std::vector<ExportStatus> exports;
};
// How full the store is, and what it dropped; where something changed.
struct StoreMeasured {
  StoreMeasures measures;
};
struct StopRequested {};

using Event = std::variant<StoreOpened, LinkUp, LinkDown, MessageReceived, PayloadRefused,
                           Committed, CommitFailed, Ticked, RequestReceived, QueryFinished,
                           ExportReported, StoreMeasured, StopRequested>;

// Effects: verbs. Spans are valid until the next step().

// Writes all of it in one transaction, then answers Committed or CommitFailed. Batches are carried
// out in order.
struct StoreBatch {
  std::uint64_t batch = 0;
  std::vector<Change> changes;
};
struct PublishDown {
  NodeId node;
  wire::Topic topic;
  wire::Bytes payload;
};
struct Respond {
  std::uint64_t id = 0;
  api::Response response;
};
// Reads the store, then answers QueryFinished with the same id.
struct RunQuery {
  std::uint64_t id = 0;
  api::StoreQuery query;
};
struct Log {
  LogLevel level;
  std::string text;
};

using Effect = std::variant<StoreBatch, PublishDown, Respond, RunQuery, Log>;
using Effects = std::vector<Effect>;

class Coordinator {
 public:
  explicit Coordinator(CoordinatorOptions options);
  ~Coordinator();

  // Appends to `effects`.
  void step(const Event& event, Instant now, Effects& effects);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bw::coordinator
