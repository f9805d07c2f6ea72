// The agent's decisions: everything a node does, as one state machine. Read this first.
//
// The shell feeds it events (past facts) with the time and carries out the effects (verbs) it asks
// for; the simulator does the same with a virtual world. step() never fails and never blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "agent/core/collect/collector.h"
#include "agent/core/collect/readings.h"
#include "agent/core/detect/node_detector.h"
#include "agent/core/effects.h"
#include "agent/core/record/recorder.h"
#include "base/ids.h"
#include "base/time.h"
#include "schemas/wire/messages.h"

namespace bw::agent {

struct AgentOptions {
  NodeId node;
  std::string site;
  std::vector<wire::Label> labels;
  wire::Hardware hardware;
  std::string version;
  std::uint64_t epoch = 0;     // drawn by the shell at start, never 0
  std::uint64_t store_id = 0;  // of the outbox database, never 0
  std::int64_t started_ms = 0;
  std::uint64_t seed = 0;
  Duration period = std::chrono::seconds{1};  // between ticks
  Duration block = std::chrono::minutes{1};   // a history block's length
  Duration first_block = std::chrono::seconds{10};
  Duration second_block{};  // 0: drawn from the node's id, see recorder.h
  OutboxLimits outbox;
  DrainLimits drain;
  std::optional<DetectOptions> detect;  // none: it does not watch for anomalies
};

// Events: past facts.

// What the outbox held, oldest first: the first event of all, or a later one where the disk could
// not be read at start: then the first has `unread`. `store_id` is that of the database; 0: as in
// the options.
struct OutboxOpened {
  std::vector<StoredRecord> records;
  std::uint64_t store_id = 0;
  std::vector<Fact> facts = {};
  bool unread = false;
  std::vector<std::byte> model = {};  // that was kept last
};
// A tick: all that was read. Spans are valid during step() only.
struct Ticked {
  Readings readings;
};
struct LinkUp {};
struct LinkDown {};
struct AckReceived {
  wire::Ack ack;
};
struct CommandReceived {
  wire::Command command;
};
// The record is on disk, or could not be written.
struct RecordPersisted {
  RecordKey key;
};
struct PersistFailed {
  RecordKey key;
  std::string reason;
};
// The model is kept, or could not be: then why.
struct ModelKept {
  std::string trouble;
};
// The broker has the oldest history block or event that was published on this link and that it did
// not have.
struct PublishTaken {};
// RecordLoaded: the answer to LoadRecord, see recorder.h.
struct SettingsReloaded {
  std::string site;
  std::vector<wire::Label> labels;
};
struct StopRequested {};

using Event = std::variant<OutboxOpened, Ticked, LinkUp, LinkDown, AckReceived, CommandReceived,
                           RecordPersisted, PersistFailed, ModelKept, PublishTaken, RecordLoaded,
                           SettingsReloaded, StopRequested>;

class Agent {
 public:
  // Commands whose answers are remembered: one that comes again is not carried out again.
  static constexpr std::size_t kAnswersKept = 16;

  explicit Agent(AgentOptions options);

  // Appends to `effects`.
  void step(const Event& event, Instant now, Effects& effects);

  const AgentOptions& options() const { return options_; }
  const Collector& collector() const { return collector_; }
  // Null where it does not watch for anomalies.
  const NodeDetector* detector() const { return detector_ ? &*detector_ : nullptr; }
  const Outbox& outbox() const { return recorder_.outbox(); }
  bool linked() const { return linked_; }
  bool stopping() const { return stopping_; }

  // The state to leave as Last Will when connecting. Valid until the next step().
  wire::Bytes last_will();

 private:
  void on(const OutboxOpened& event, Instant now, Effects& effects);
  void on(const Ticked& event, Instant now, Effects& effects);
  void on(const LinkUp& event, Instant now, Effects& effects);
  void on(const LinkDown& event, Instant now, Effects& effects);
  void on(const AckReceived& event, Instant now, Effects& effects);
  void on(const CommandReceived& event, Instant now, Effects& effects);
  void on(const RecordPersisted& event, Instant now, Effects& effects);
  void on(const PersistFailed& event, Instant now, Effects& effects);
  void on(const ModelKept& event, Instant now, Effects& effects);
  void on(const PublishTaken& event, Instant now, Effects& effects);
  void on(const RecordLoaded& event, Instant now, Effects& effects);
  void on(const SettingsReloaded& event, Instant now, Effects& effects);
  void on(const StopRequested& event, Instant now, Effects& effects);

  void announce(Effects& effects);
  void publish_state(wire::NodeCondition condition, std::string reason, Effects& effects);
  void publish_live(Effects& effects);
  void watch_clock(const Readings& readings, Effects& effects);
  RecordHealth record_health(WallTime wall) const;
  void record_events(std::uint64_t tick);
  void tell_boot(const Readings& readings);
  void report_troubles(Instant now, Effects& effects);
  void stop_when_idle(Effects& effects);

  // agent_detect.cpp
  struct Answer {
    wire::CommandStatus status = wire::CommandStatus::done;
    std::string text;
    std::vector<std::byte> model;
  };
  struct Answered {
    std::string id;
    Answer answer;
  };
  // A silence that an earlier run was asked for.
  struct Silence {
    std::int64_t until_ms = 0;
    std::int64_t for_ms = 0;
  };
  void obey(const wire::Command& command, Instant now, Effects& effects);
  Answer carry_out(const wire::Command& command, Instant now, Effects& effects);
  Answer silence(const wire::Command& command, Instant now, Effects& effects);
  Answer train(const wire::Command& command, Effects& effects);
  Answer deploy(const wire::Command& command, Effects& effects);
  void answer(const std::string& id, const Answer& answer, Effects& effects);
  void restore_detector(const OutboxOpened& opened, Effects& effects);
  void restore_silence(const Readings& readings);
  void watch_anomalies(const Readings& readings, Effects& effects);
  void keep_model(Effects& effects);
  void forget_model(Effects& effects);
  void record_anomalies();
  void let_go_of_large();

  AgentOptions options_;
  Collector collector_;
  Recorder recorder_;
  bool linked_ = false;
  bool stopping_ = false;
  bool stopped_ = false;

  bool sampled_ = false;  // a tick has been read
  std::uint64_t sequence_ = 0;
  std::uint64_t samples_sent_ = 0;  // live
  WallTime wall_{};
  Duration clock_offset_{};  // wall clock minus monotonic, at the last tick
  Instant clock_jumped_{};
  bool clock_ever_jumped_ = false;

  std::string last_boot_;  // as the last run left it, until it was looked at
  bool boot_noted_ = false;

  std::optional<NodeDetector> detector_;
  std::deque<Answered> answered_;  // kAnswersKept at most
  std::optional<Silence> earlier_silence_;
  bool silence_commanded_ = false;  // in this run: what an earlier one was asked for is over
  std::string announced_model_;
  bool forgetting_ = false;  // what was asked of the disk last
  std::optional<Instant> forget_again_at_;
  Duration suspended_{};               // at the last tick
  std::size_t keeping_ = 0;            // models on their way to disk
  std::vector<std::byte> kept_bytes_;  // of this step's KeepModel
  bool answered_large_ = false;        // in this step: its encoder holds megabytes

  std::size_t troubles_told_ = 0;
  Instant tell_troubles_at_{};

  // One encoder a message that may be asked for in the same step: their spans live until the next
  // step.
  wire::Encoder birth_encoder_;
  wire::Encoder state_encoder_;
  wire::Encoder will_encoder_;
  wire::Encoder live_encoder_;
  wire::Encoder result_encoder_;
  wire::LiveSample live_;
};

}  // namespace bw::agent
