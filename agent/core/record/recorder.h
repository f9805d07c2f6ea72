// The record of a node: rows become blocks, blocks and events become numbered records, and each
// record goes to disk, then to the coordinator, and is kept until it is acknowledged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/core/effects.h"
#include "agent/core/record/block_builder.h"
#include "agent/core/record/outbox.h"
#include "agent/core/record/write_queue.h"
#include "base/time.h"
#include "schemas/wire/messages.h"

namespace bw::agent {

// The answer to LoadRecord; an empty payload: it is not there, or damaged, or, where `later`, the
// disk could not be read this time.
struct RecordLoaded {
  RecordKey key;
  std::vector<std::byte> payload;
  std::vector<wire::SeriesInfo> series;  // of its table, for a history block
  bool later = false;
};

struct RecorderOptions {
  std::uint64_t epoch = 0;
  std::uint64_t seed = 0;
  Duration period = std::chrono::seconds{1};
  Duration block = std::chrono::minutes{1};
  Duration first_block = std::chrono::seconds{10};
  // Of the second block, where not 0: so that nodes that started together don't end their blocks
  // together for ever.
  Duration second_block{};
  OutboxLimits outbox;
  DrainLimits drain;
};

class Recorder {
 public:
  // The fact that the run named by its value ended as it should.
  static constexpr const char* kCleanEndFact = "run.clean_end";

  explicit Recorder(RecorderOptions options);

  // Begins a step: payloads handed out in the one before are no longer valid.
  void begin_step() { sent_.clear(); }

  // Ends a step: asks for the writes that are due.
  void end_step(Instant now, Effects& effects) { queue_.end_step(now, outbox_, effects); }

  // What lies on disk from earlier runs; may come late, when the disk could not be read at start.
  // The time since its end becomes an event: nothing was measured then, or it is lost.
  void restore(std::vector<StoredRecord> records, const std::vector<Fact>& facts, Instant now,
               Effects& effects);

  // A tick's values; closes the block where it is full or the series table has changed.
  void add_row(Instant now, WallTime wall, std::span<const double> values, std::uint64_t table_id,
               const std::vector<wire::SeriesInfo>& series);
  void close_block();
  // The block that is being made or is next is no longer than this.
  void write_within(Duration most);
  // The event's number and epoch are filled in here; it is written at the end of the step, or,
  // where it only informs, with the next block. `drops`: records to be forgotten in the same write;
  // `facts`: remembered in the same write, and the record is not sent before it.
  void add_event(wire::EventRecord event, std::vector<RecordKey> drops = {},
                 std::vector<Fact> facts = {});
  // To be remembered with the next record; an empty value forgets the name.
  void set_fact(Fact fact) { queue_.set_fact(std::move(fact)); }

  // Once a tick, after add_row().
  void tick(Instant now, WallTime wall, bool clock_trusted, Effects& effects);

  // `birth_table`: of the birth just published; blocks of other tables carry their own.
  void link_up(Instant now, std::uint64_t birth_table, Effects& effects);
  void link_down(Instant now) {
    linked_ = false;
    outbox_.link_down(now);
  }
  void announced(std::uint64_t birth_table) { birth_table_ = birth_table; }

  void acknowledged(const wire::Ack& ack, Instant now, Effects& effects);
  void persisted(RecordKey key, Instant now, Effects& effects);
  void persist_failed(RecordKey key, const std::string& reason, Instant now, Effects& effects);
  void loaded(const RecordLoaded& loaded, Instant now, Effects& effects);
  // The broker has the oldest record that was published and that it did not have.
  void taken(Instant now, Effects& effects);

  // The last block, and everything that is not on disk, however the disk does: the last try of a
  // run.
  void finish();
  // Nothing is on its way to disk, nor about to be.
  bool idle() const { return queue_.idle(); }
  // Records that are not on disk.
  std::size_t only_in_memory() const { return queue_.only_in_memory(); }
  const Outbox& outbox() const { return outbox_; }
  bool disk_failing() const { return queue_.disk_failing(); }
  // Events of its own that it told, since start.
  std::uint64_t outbox_gaps_told() const { return outbox_gaps_told_; }
  std::uint64_t history_gaps_told() const { return history_gaps_told_; }

 private:
  // A record on its way from disk.
  struct Loading {
    StoredRecord record;
    bool again = false;
  };
  // Where the history of earlier runs ends.
  struct Before {
    std::uint64_t epoch = 0;
    std::int64_t last_ms = 0;
    bool was_clean = false;
  };

  void keep(Kept kept);
  void add(wire::EventRecord event, bool urgent, std::vector<RecordKey> drops,
           std::vector<Fact> facts);
  void tell_before(WallTime wall);
  void tell_gaps(WallTime wall, bool clock_trusted, Effects& effects);
  void rewrite(RecordKey key, wire::EventRecord event, std::vector<RecordKey> drops);
  void pump(Instant now, Effects& effects);
  void send(const StoredRecord& record, wire::Bytes payload, std::uint64_t table_id,
            const std::vector<wire::SeriesInfo>* table, bool again, Instant now, Effects& effects);

  RecorderOptions options_;
  Outbox outbox_;
  BlockBuilder builder_;
  Instant block_began_{};
  Duration block_length_;
  std::size_t blocks_ = 0;      // made
  std::uint64_t table_id_ = 0;  // of the rows in builder_
  std::shared_ptr<const std::vector<wire::SeriesInfo>> table_;
  std::int64_t began_ms_ = 0;  // the first row's time
  std::int64_t last_ms_ = 0;   // the last row's
  std::optional<Before> before_;

  bool linked_ = false;
  std::uint64_t birth_table_ = 0;
  std::uint64_t carried_table_ = 0;  // the last that a block took along on this link
  WriteQueue queue_;
  std::vector<Loading> loading_;
  std::vector<RecordKey> drops_;  // given up, until an event tells of it

  Gap open_gap_;  // the last one told, and the event that tells it
  RecordKey open_gap_event_;
  std::uint64_t outbox_gaps_told_ = 0;
  std::uint64_t history_gaps_told_ = 0;

  wire::Encoder encoder_;
  std::vector<std::vector<std::byte>> sent_;  // payloads of this step's Publish effects
};

}  // namespace bw::agent
