#include "agent/shell/spool.h"

#include <csignal>
#include <utility>

#include "base/assert.h"
#include "base/runtime/clock.h"

namespace bw::agent {

namespace {

// SQLite needs less than 64 KiB here; the default would be 8 MiB.
constexpr std::size_t kSpoolStackBytes = 256U << 10;

}  // namespace

Spool::Spool(SpoolStore store, std::function<void(Event)> answer)
    : store_(std::move(store)), answer_(std::move(answer)) {
  // Signals are the event loop's business: the thread is born with all of them blocked.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kSpoolStackBytes);
  const int error = pthread_create(
      &thread_, &attributes,
      [](void* self) -> void* {
        static_cast<Spool*>(self)->run();
        return nullptr;
      },
      this);
  pthread_attr_destroy(&attributes);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  BW_ASSERT(error == 0);  // a box that has no thread left: the service manager tries again later
}

Spool::~Spool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  pthread_join(thread_, nullptr);
}

void Spool::persist(const PersistRecord& effect) {
  if (effect.table_id != 0 && effect.table_id != table_id_) {
    BW_ASSERT(effect.series != nullptr);
    table_ = encode_table(effect.table_id, *effect.series);
    table_id_ = effect.table_id;
  }
  gathered_.push_back({.record = effect.record,
                       .payload = {effect.payload.begin(), effect.payload.end()},
                       .table_id = effect.table_id,
                       .table = effect.table_id != 0 ? table_ : nullptr,
                       .trims = effect.trims,
                       .drops = effect.drops,
                       .facts = effect.facts});
  if (effect.more) return;
  Work work = std::exchange(gathered_, {});
  if (enqueue(work)) return;
  for (const SpoolWrite& write : std::get<Writes>(work)) {
    answer_(PersistFailed{write.record.key, "too much waits for the disk already"});
  }
}

void Spool::load(RecordKey key) {
  Work work = key;
  if (!enqueue(work)) {
    answer_(RecordLoaded{.key = key, .payload = {}, .series = {}, .later = true});
  }
}

void Spool::keep_model(wire::Bytes payload) {
  Work work = ModelWrite{{payload.begin(), payload.end()}};
  if (!enqueue(work)) answer_(ModelKept{"too much waits for the disk already"});
}

// Where it is refused, `work` is left as it was.
bool Spool::enqueue(Work& work) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || waiting_.size() >= kMaxWaiting) return false;
    waiting_.push_back(std::move(work));
  }
  changed_.notify_all();
  return true;
}

bool Spool::finish(Duration most) {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
  return changed_.wait_for(lock, most, [&] { return finished_; });
}

void Spool::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) break;
    Work work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    carry_out(work);
    lock.lock();
  }
  finished_ = true;
  changed_.notify_all();
}

void Spool::carry_out(Work& work) {
  if (const RecordKey* key = std::get_if<RecordKey>(&work)) {
    answer_(store_.load(*key, wall_now()));
    return;
  }
  if (const ModelWrite* model = std::get_if<ModelWrite>(&work)) {
    const auto kept = store_.keep_model(model->payload, wall_now());
    answer_(ModelKept{kept ? std::string{} : kept.error().message});
    return;
  }
  const Writes& writes = std::get<Writes>(work);
  const auto written = store_.write(writes, wall_now());
  if (auto opened = store_.take_opened_late()) answer_(std::move(*opened));
  for (const SpoolWrite& write : writes) {
    if (written) {
      answer_(RecordPersisted{write.record.key});
    } else {
      answer_(PersistFailed{write.record.key, written.error().message});
    }
  }
}

}  // namespace bw::agent
