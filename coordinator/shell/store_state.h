// What the store's threads share; of store.cpp and store_background.cpp alone.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "coordinator/shell/store.h"
#include "coordinator/shell/store_rollup.h"
#include "coordinator/shell/store_writer.h"

namespace bw::coordinator {

// Each replacement of the file begins a new generation. What was asked of an older one is not
// carried out on a newer: it rests on nodes and tables that are no longer there.
using Generation = std::uint64_t;

struct Store::State : std::enable_shared_from_this<Store::State> {
  struct Batch {
    StoreBatch batch;
    Generation generation;
  };
  struct Job {
    RollupJob job;
    Generation generation;
  };
  struct Query {
    RunQuery query;
    Instant asked;
  };

  State(EventLoop& event_loop, StoreOptions store_options, Handler event_handler)
      : loop(event_loop),
        options(std::move(store_options)),
        path(options.directory + "/bellwether.db"),
        handler(std::move(event_handler)),
        drain_timer(event_loop) {}

  Result<StoreOpened> open_file();
  Result<StoreOpened> set_up(Database database, SqliteFault& fault);
  void say_set_aside(const std::string& name);
  void start();
  void ask_to_stop();
  void run_thread(void (State::*work)());

  void write_until_stopped();
  void carry_out(const Batch& batch);
  void replace_damaged();
  Result<void> ensure_writer(SqliteFault& fault);

  // In store_background.cpp.
  void carry_out(const Job& job);
  void keep_up();
  void say_clock(std::int64_t wall_ms, std::int64_t now_ms);
  void roll_up_until_stopped();
  bool roll_up(std::optional<RollupMaker>& maker, Generation& of);
  bool hand_over(RollupJob next, Generation of);

  void read_until_stopped();
  api::QueryResult answer(const Query& query, std::optional<StoreReader>& reader, Generation& of);

  void report_damage(Generation of);
  void tell(Event event, bool ends_batch);
  void check_drained();

  EventLoop& loop;
  const StoreOptions options;
  const std::string path;

  // The loop's.
  Handler handler;
  StoreOpened opened;
  Generation loop_generation = 0;
  std::size_t unanswered = 0;  // batches
  std::function<void()> drained;
  Timer drain_timer;

  // The writer's.
  std::optional<StoreWriter> writer;
  std::optional<Instant> last_replaced;
  Instant next_upkeep{};  // set before its thread begins
  Instant next_measure{};
  std::optional<StoreMeasures> measured;
  bool was_ahead = false;  // the clock, of all history

  // Shared; `mutex` guards all of it.
  std::mutex mutex;
  std::condition_variable wake_writer;
  std::condition_variable wake_readers;
  std::condition_variable wake_rollups;
  std::deque<Batch> batches;
  std::deque<Query> queries;
  std::optional<Job> job;               // for the writer
  std::optional<bool> was_carried_out;  // the job before
  std::condition_variable thread_ended;
  std::size_t running = 0;                // threads
  std::atomic<bool> is_stopping = false;  // atomic, so that a query in hand may look at it
  Generation damaged = 0;                 // generation + 1 that a reader found damaged

  // Held while files are renamed, and by readers while they open one.
  std::mutex files;
  std::atomic<Generation> generation = 0;
  std::atomic<Instant::rep> busy_since = 0;  // 0: the writer has no batch in hand

  std::vector<std::thread> threads;
};

}  // namespace bw::coordinator
