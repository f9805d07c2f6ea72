#include "schemas/wire/bounds.h"

#include <cstddef>
#include <cstdint>

#include "schemas/command_generated.h"
#include "schemas/telemetry_generated.h"
#include "schemas/wire/limits.h"
#include "schemas/wire/topics.h"

namespace bw::wire {

namespace {

using FbText = flatbuffers::String;
template <typename T>
using FbVector = flatbuffers::Vector<flatbuffers::Offset<T>>;

// Holds a verified message to limits.h. In a FlatBuffer many fields may name the same text, so that
// a small payload can stand for a huge message: all texts together may not exceed what the topic
// could carry without that.
class Bounds {
 public:
  explicit Bounds(Topic topic) : room_(topic_info(topic).max_payload) {}

  bool text(const FbText* text) {
    constexpr std::size_t kLeastOverhead = 8;  // of any text: its offset and its length
    if (text == nullptr) return true;
    if (text->size() > kMaxText || text->size() + kLeastOverhead > room_) return false;
    room_ -= text->size() + kLeastOverhead;
    return true;
  }

  bool name(const FbText* text) { return text->size() > 0 && this->text(text); }

  bool texts(const FbVector<FbText>* list, std::size_t most) {
    if (list == nullptr) return true;
    if (list->size() > most) return false;
    for (const FbText* one : *list) {
      if (!text(one)) return false;
    }
    return true;
  }

  bool labels(const FbVector<fbs::Label>* list) {
    if (list == nullptr) return true;
    if (list->size() > kMaxLabels) return false;
    for (const fbs::Label* one : *list) {
      if (!text(one->name()) || !text(one->value())) return false;
    }
    return true;
  }

  bool series(const FbVector<fbs::Series>* list) {
    if (list == nullptr) return true;
    if (list->size() > kMaxSeries) return false;
    for (const fbs::Series* one : *list) {
      if (!name(one->name()) || !text(one->unit()) || one->kind() > fbs::SeriesKind::MAX ||
          !labels(one->labels())) {
        return false;
      }
    }
    return true;
  }

  bool hardware(const fbs::Hardware* hardware) {
    return hardware == nullptr ||
           (text(hardware->hostname()) && text(hardware->machine_id()) &&
            text(hardware->boot_id()) && text(hardware->kernel()) && text(hardware->os()) &&
            text(hardware->arch()) && text(hardware->cpu_model()));
  }

  static bool time(std::int64_t ms) { return ms >= kMinTimeMs && ms <= kMaxTimeMs; }

  // Of a record.
  static bool numbers(std::uint64_t number, std::uint64_t oldest) {
    return number >= 1 && oldest <= number;
  }

 private:
  std::size_t room_;
};

bool fits_model(const flatbuffers::Vector<std::uint8_t>* model) {
  return model == nullptr || model->size() <= kMaxModelPayload;
}

}  // namespace

bool in_bounds(const fbs::NodeBirth& in) {
  Bounds bounds(Topic::birth);
  return in.epoch() != 0 && in.table_id() != 0 && Bounds::time(in.started_ms()) &&
         bounds.text(in.site()) && bounds.labels(in.labels()) && bounds.hardware(in.hardware()) &&
         bounds.text(in.agent_version()) && bounds.texts(in.capabilities(), kMaxCapabilities) &&
         bounds.series(in.series()) && bounds.text(in.model());
}

bool in_bounds(const fbs::NodeState& in) {
  Bounds bounds(Topic::state);
  return in.epoch() != 0 && in.condition() <= fbs::NodeCondition::MAX &&
         Bounds::time(in.since_ms()) && bounds.text(in.reason());
}

bool in_bounds(const fbs::LiveSample& in) {
  return in.epoch() != 0 && in.table_id() != 0 && Bounds::time(in.time_ms()) &&
         (in.values() == nullptr || in.values()->size() <= kMaxSeries);
}

bool in_bounds(const fbs::HistoryBlock& in) {
  Bounds bounds(Topic::history);
  return in.epoch() != 0 && in.table_id() != 0 && Bounds::numbers(in.number(), in.oldest()) &&
         Bounds::time(in.start_ms()) && Bounds::time(in.end_ms()) && in.rows() >= 1 &&
         in.rows() <= kMaxRows &&
         (in.columns() == nullptr || in.columns()->size() <= kMaxColumnBytes) &&
         bounds.series(in.series());
}

bool in_bounds(const fbs::Event& in) {
  Bounds bounds(Topic::event);
  return in.epoch() != 0 && Bounds::numbers(in.number(), in.oldest()) &&
         Bounds::time(in.time_ms()) && bounds.name(in.kind()) &&
         in.severity() <= fbs::Severity::MAX && bounds.text(in.text()) &&
         bounds.labels(in.details());
}

bool in_bounds(const fbs::CommandResult& in) {
  Bounds bounds(Topic::result);
  return bounds.name(in.id()) && in.epoch() != 0 && in.status() <= fbs::CommandStatus::MAX &&
         bounds.text(in.text()) && fits_model(in.model());
}

bool in_bounds(const fbs::Ack& in) {
  if (in.epochs() == nullptr) return true;
  if (in.epochs()->size() > kMaxAckEpochs) return false;
  for (const fbs::EpochAck* one : *in.epochs()) {
    if (one->epoch() == 0) return false;
  }
  return true;
}

bool in_bounds(const fbs::Command& in) {
  Bounds bounds(Topic::command);
  return bounds.name(in.id()) && in.kind() <= fbs::CommandKind::MAX && in.epoch() != 0 &&
         Bounds::time(in.expires_ms()) && bounds.text(in.reason()) &&
         in.for_ms() <= kMaxSilenceMs && fits_model(in.model());
}

}  // namespace bw::wire
