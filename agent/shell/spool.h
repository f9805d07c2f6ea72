// The outbox on a thread of its own, so that a slow disk never delays a tick. Asleep when idle.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <variant>
#include <vector>

#include <pthread.h>

#include "agent/core/agent.h"
#include "agent/shell/spool_store.h"
#include "base/time.h"

namespace bw::agent {

class Spool {
 public:
  // What waits for the disk, at most; what comes beyond it fails at once.
  static constexpr std::size_t kMaxWaiting = 256;

  // `answer` gets one RecordPersisted, PersistFailed, RecordLoaded or ModelKept for each call
  // below: from the spool's thread, or from the caller's own where too much waits. Before the
  // answer to a write it gets an OutboxOpened, where the store could tell only now what earlier
  // runs left.
  Spool(SpoolStore store, std::function<void(Event)> answer);
  // Waits until all is on disk.
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // What the effect points to is copied. Those with `more` wait for the one that completes them.
  void persist(const PersistRecord& effect);
  void load(RecordKey key);
  // Answered with ModelKept.
  void keep_model(wire::Bytes payload);

  // Takes nothing more, and waits until all is on disk, for `most`. False where that was too short.
  bool finish(Duration most);

 private:
  using Writes = std::vector<SpoolWrite>;  // one transaction
  struct ModelWrite {
    std::vector<std::byte> payload;
  };
  using Work = std::variant<Writes, RecordKey, ModelWrite>;

  bool enqueue(Work& work);
  void run();
  void carry_out(Work& work);

  SpoolStore store_;  // the thread's alone
  std::function<void(Event)> answer_;

  // The table of the last block: all blocks but those after a change of hardware have the same.
  std::uint64_t table_id_ = 0;
  EncodedTable table_;
  Writes gathered_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> waiting_;  // guarded by mutex_
  bool stopping_ = false;     // guarded by mutex_
  bool finished_ = false;     // guarded by mutex_
  pthread_t thread_{};
};

}  // namespace bw::agent
