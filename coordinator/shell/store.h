// The coordinator's one SQLite file, <directory>/bellwether.db, and the threads that use it: one
// writes the core's batches in their order, each committed to the platter before it is answered;
// two read, and never wait for the writer; one makes rollups, which the writer takes in between
// batches, as it drops what is not to be kept any longer.
//
// All methods are called, and all handlers run, on the event loop's thread. A file found damaged,
// at start or in use, is set aside under a name with the time, and a new one begun.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/runtime/event_loop.h"
#include "coordinator/core/coordinator.h"
#include "coordinator/shell/store_reader.h"
#include "coordinator/shell/store_upkeep.h"

namespace bw::coordinator {

struct StoreOptions {
  std::string directory;
  std::size_t most_waiting_queries = 64;   // further ones are answered "busy"
  std::size_t most_waiting_batches = 256;  // further ones fail: the nodes send their records again
  std::size_t readers = 2;
  Retention retention = {};
  std::set<std::string> exports = {};                 // names of those that are configured
  Duration upkeep_period = std::chrono::seconds{10};  // of looking for what to drop or roll up
  ReadLimits limits = {};
  std::string setup_sql =
      {};  // run by the writer after each opening: the tests' way to a full disk
};

class Store {
 public:
  // Committed, CommitFailed, QueryFinished, StoreMeasured now and then, and StoreOpened where a
  // damaged file was replaced.
  using Handler = std::function<void(const Event&)>;

  // Where the file is damaged it is set aside here already. An error: it cannot be opened or made,
  // or another version wrote it.
  static Result<std::unique_ptr<Store>> open(EventLoop& loop, StoreOptions options,
                                             Handler handler);
  // Ends the threads: the batch in hand is finished, what waits is not, queries are cut short.
  ~Store();

  // What the file held when it was opened. Call once.
  StoreOpened take_opened();

  void write(StoreBatch batch);
  void query(RunQuery query);

  // Calls `done` once all that was handed to write() is answered, or after `most`.
  void drain(Duration most, std::function<void()> done);

  // Ends the threads as the destructor does, but waits for `most` only: false where that was not
  // enough, and then this object must not be destroyed.
  bool finish(Duration most);

  // For how long the writer has been at the batch in hand; zero where it has none.
  Duration writing_for() const;

 private:
  struct State;
  explicit Store(std::shared_ptr<State> state) : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

}  // namespace bw::coordinator
