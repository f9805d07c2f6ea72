#include "coordinator/shell/store.h"

#include <utility>

#include "base/runtime/clock.h"
#include "base/runtime/log.h"
#include "coordinator/shell/store_models.h"
#include "coordinator/shell/store_schema.h"
#include "coordinator/shell/store_state.h"

namespace bw::coordinator {

namespace {

constexpr std::string_view kStorePart = "store";

// A disk that damages every new file too must not be filled with damaged ones.
constexpr Duration kLeastBetweenReplacements = std::chrono::minutes{1};

// A log of 16 MB: pages that many commits change are written back once. And it is cut again where a
// long query made it grow.
constexpr const char* kWriterSetup =
    "PRAGMA wal_autocheckpoint = 16384;"
    "PRAGMA journal_size_limit = 67108864;"
    "PRAGMA cache_size = -16384";

}  // namespace

// Opening.

Result<StoreOpened> Store::State::set_up(Database database, SqliteFault& fault) {
  const auto prepare = [&]() -> Result<StoreOpened> {
    if (const auto prepared = prepare_schema(database); !prepared) return prepared.error();
    if (const auto done = database.execute(kWriterSetup); !done) return done.error();
    if (!options.setup_sql.empty()) {
      const auto done = database.execute(options.setup_sql.c_str());
      if (!done) return done.error();
    }
    auto nodes = load_nodes(database);
    if (!nodes) return nodes.error();
    auto models = load_models(database);
    if (!models) return models.error();
    return StoreOpened{std::move(*nodes), std::move(*models)};
  };
  auto held = prepare();
  fault = database.last_fault();
  if (!held) return held;
  auto opened_writer = StoreWriter::open(std::move(database));
  if (!opened_writer) return opened_writer.error();
  writer.emplace(std::move(*opened_writer));
  writer->upkeep().expect_exports(options.exports);
  return held;
}

void Store::State::say_set_aside(const std::string& name) {
  log(LogLevel::error, kStorePart,
      path + " is damaged: it is set aside as " + name +
          ", and a new store is begun without its history and models");
}

Result<StoreOpened> Store::State::open_file() {
  std::string set_aside;
  auto database = Database::open_or_set_aside(path, true, wall_now(), &set_aside,
                                              SqliteCheck::after_crash, kStorePageBytes);
  if (!set_aside.empty()) say_set_aside(set_aside);
  if (!database) return database.error();
  SqliteFault fault = SqliteFault::none;
  auto held = set_up(std::move(*database), fault);
  if (held || fault != SqliteFault::corrupt) return held;
  // What no check has seen.
  auto moved = Database::set_aside(path, wall_now());
  if (!moved) return moved.error();
  say_set_aside(*moved);
  auto fresh = Database::open(path, true, nullptr, kStorePageBytes);
  if (!fresh) return fresh.error();
  return set_up(std::move(*fresh), fault);
}

// The writer's thread.

void Store::State::write_until_stopped() {
  std::unique_lock lock(mutex);
  while (true) {
    wake_writer.wait_for(lock, next_upkeep - monotonic_now(), [this] {
      return is_stopping || damaged != 0 || !batches.empty() || job.has_value();
    });
    if (is_stopping) return;
    if (const Generation found = std::exchange(damaged, 0); found != 0) {
      if (found != generation + 1) continue;  // replaced since
      lock.unlock();
      replace_damaged();
      lock.lock();
      continue;
    }
    // One of each at a time: neither records nor what is done in the background waits long.
    std::optional<Batch> batch;
    if (!batches.empty()) {
      batch = std::move(batches.front());
      batches.pop_front();
    }
    std::optional<Job> rollups = std::exchange(job, std::nullopt);
    lock.unlock();
    busy_since = monotonic_now().time_since_epoch().count();
    if (batch) carry_out(*batch);
    if (rollups) carry_out(*rollups);
    if (monotonic_now() >= next_upkeep) keep_up();
    busy_since = 0;
    lock.lock();
  }
}

void Store::State::carry_out(const Batch& batch) {
  const std::uint64_t id = batch.batch.batch;
  if (batch.generation != generation) {
    tell(CommitFailed{id, "the store was replaced"}, true);
    return;
  }
  SqliteFault fault = SqliteFault::none;
  const auto write = [&]() -> Result<void> {
    if (const auto ensured = ensure_writer(fault); !ensured) return ensured;
    const auto written = writer->carry_out(batch.batch.changes);
    if (!written) fault = writer->last_fault();
    return written;
  };
  const auto written = write();
  if (written) {
    tell(Committed{id}, true);
    return;
  }
  tell(CommitFailed{id, written.error().message}, true);
  if (fault == SqliteFault::corrupt) {
    replace_damaged();
  } else if (fault != SqliteFault::full) {
    writer.reset();  // opened anew for the next batch: what it stumbled over may have passed
  }
}

Result<void> Store::State::ensure_writer(SqliteFault& fault) {
  if (writer) return {};
  auto database = Database::open(path, true, &fault, kStorePageBytes);
  if (!database) return database.error();
  if (const auto held = set_up(std::move(*database), fault); !held) return held.error();
  return {};
}

void Store::State::replace_damaged() {
  const Instant now = monotonic_now();
  if (last_replaced && now - *last_replaced < kLeastBetweenReplacements) {
    log(LogLevel::error, kStorePart, path + " is damaged again, soon after it was replaced");
    return;
  }
  last_replaced = now;
  writer.reset();
  Generation next = 0;
  {
    const std::lock_guard hold(files);
    const auto set_aside = Database::set_aside(path, wall_now());
    if (!set_aside) {
      log(LogLevel::error, kStorePart,
          path + " is damaged, and cannot be set aside: " + set_aside.error().message);
      return;
    }
    say_set_aside(*set_aside);
    next = ++generation;
  }
  SqliteFault fault = SqliteFault::none;
  // Where that fails it is tried again with each batch, and the batch tells the reason.
  if (const auto ensured = ensure_writer(fault); !ensured) {
    log(LogLevel::error, kStorePart, "no new store yet: " + ensured.error().message);
  }
  loop.post([weak = weak_from_this(), next] {
    const auto self = weak.lock();
    if (!self) return;
    self->loop_generation = next;
    self->handler(Event{StoreOpened{}});
  });
}

// The readers' threads.

void Store::State::read_until_stopped() {
  std::optional<StoreReader> reader;
  Generation of = 0;
  std::unique_lock lock(mutex);
  while (true) {
    wake_readers.wait(lock, [this] { return is_stopping || !queries.empty(); });
    if (is_stopping) return;
    Query query = std::move(queries.front());
    queries.pop_front();
    lock.unlock();
    tell(QueryFinished{query.query.id, answer(query, reader, of)}, false);
    lock.lock();
  }
}

api::QueryResult Store::State::answer(const Query& query, std::optional<StoreReader>& reader,
                                      Generation& of) {
  SqliteFault fault = SqliteFault::none;
  if (!reader || of != generation) {
    reader.reset();
    const std::lock_guard hold(files);
    of = generation;
    auto opened_reader = StoreReader::open(path, options.limits, fault);
    if (!opened_reader) {
      if (fault == SqliteFault::corrupt) report_damage(of);
      return api::QueryError{opened_reader.error().message};
    }
    reader.emplace(std::move(*opened_reader));
  }
  auto result = reader->run(query.query.query, monotonic_now(), is_stopping);
  if (!std::holds_alternative<api::QueryError>(result)) return result;
  fault = reader->last_fault();
  if (fault == SqliteFault::none) return result;  // a bound was reached
  reader.reset();
  if (fault == SqliteFault::corrupt) report_damage(of);
  return result;
}

void Store::State::report_damage(Generation of) {
  const std::lock_guard lock(mutex);
  damaged = of + 1;
  wake_writer.notify_one();
}

// Between the threads.

void Store::State::start() {
  running = 2 + options.readers;
  next_upkeep = monotonic_now() + options.upkeep_period;
  threads.emplace_back([this] { run_thread(&State::write_until_stopped); });
  threads.emplace_back([this] { run_thread(&State::roll_up_until_stopped); });
  for (std::size_t i = 0; i < options.readers; ++i) {
    threads.emplace_back([this] { run_thread(&State::read_until_stopped); });
  }
}

void Store::State::run_thread(void (State::*work)()) {
  (this->*work)();
  const std::lock_guard lock(mutex);
  --running;
  thread_ended.notify_all();
}

void Store::State::ask_to_stop() {
  {
    const std::lock_guard lock(mutex);
    is_stopping = true;
  }
  wake_writer.notify_all();
  wake_readers.notify_all();
  wake_rollups.notify_all();
}

void Store::State::tell(Event event, bool ends_batch) {
  // Shared, since a std::function must be copyable and a result may be large.
  auto shared = std::make_shared<Event>(std::move(event));
  loop.post([weak = weak_from_this(), shared = std::move(shared), ends_batch] {
    const auto self = weak.lock();
    if (!self) return;
    if (ends_batch) --self->unanswered;
    self->handler(*shared);
    self->check_drained();
  });
}

void Store::State::check_drained() {
  if (unanswered != 0 || !drained) return;
  drain_timer.cancel();
  std::exchange(drained, nullptr)();
}

// The loop's side.

Result<std::unique_ptr<Store>> Store::open(EventLoop& loop, StoreOptions options, Handler handler) {
  auto state = std::make_shared<State>(loop, std::move(options), std::move(handler));
  auto held = state->open_file();
  if (!held) return held.error();
  state->opened = std::move(*held);
  state->start();
  return std::unique_ptr<Store>(new Store(std::move(state)));
}

Store::~Store() {
  state_->ask_to_stop();
  for (std::thread& thread : state_->threads) thread.join();
}

bool Store::finish(Duration most) {
  state_->ask_to_stop();
  std::unique_lock lock(state_->mutex);
  return state_->thread_ended.wait_for(lock, most, [this] { return state_->running == 0; });
}

StoreOpened Store::take_opened() {
  return std::move(state_->opened);
}

void Store::write(StoreBatch batch) {
  ++state_->unanswered;
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->batches.size() < state_->options.most_waiting_batches) {
      state_->batches.push_back({std::move(batch), state_->loop_generation});
      state_->wake_writer.notify_one();
      return;
    }
  }
  state_->tell(CommitFailed{batch.batch, "the store is busy: too many batches wait"}, true);
}

void Store::query(RunQuery query) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->queries.size() < state_->options.most_waiting_queries) {
      state_->queries.push_back({std::move(query), monotonic_now()});
      state_->wake_readers.notify_one();
      return;
    }
  }
  state_->tell(QueryFinished{query.id, api::QueryError{"busy"}}, false);
}

void Store::drain(Duration most, std::function<void()> done) {
  state_->drained = std::move(done);
  state_->drain_timer.after(most, [state = state_.get()] {
    if (state->drained) std::exchange(state->drained, nullptr)();
  });
  state_->loop.post([weak = std::weak_ptr<State>(state_)] {
    if (const auto state = weak.lock()) state->check_drained();
  });
}

Duration Store::writing_for() const {
  const Instant::rep since = state_->busy_since;
  if (since == 0) return Duration::zero();
  return monotonic_now() - Instant{Duration{since}};
}

}  // namespace bw::coordinator
