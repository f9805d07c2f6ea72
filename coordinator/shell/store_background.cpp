// What the store's threads do beside batches and queries: rollups, retention, and saying how it is.
#include <sys/resource.h>
#include <unistd.h>

#include "base/runtime/clock.h"
#include "base/runtime/log.h"
#include "coordinator/shell/store_state.h"

namespace bw::coordinator {

namespace {

constexpr std::string_view kBackgroundPart = "store";

constexpr Duration kMeasurePeriod = std::chrono::seconds{10};
// Between two slices of what is dropped: records come first.
constexpr Duration kSlicePause = std::chrono::milliseconds{20};
// Where rollups are all made, or something went wrong.
constexpr Duration kRollupPause = std::chrono::seconds{10};
constexpr int kRollupNiceness = 10;

}  // namespace

// The writer's.

void Store::State::carry_out(const Job& rollups) {
  bool is_done = false;
  if (writer && rollups.generation == generation) {
    const auto done = writer->upkeep().carry_out(rollups.job);
    is_done = bool(done);
    if (!done) {
      log(LogLevel::warning, kBackgroundPart,
          "rollups could not be written: " + done.error().message);
      if (writer->last_fault() == SqliteFault::corrupt) replace_damaged();
    }
  }
  const std::lock_guard lock(mutex);
  was_carried_out = is_done;
  wake_rollups.notify_all();
}

void Store::State::keep_up() {
  const Instant now = monotonic_now();
  next_upkeep = now + std::min(options.upkeep_period, kMeasurePeriod);
  if (!writer) return;
  const std::int64_t wall_ms = to_ms(wall_now());
  const auto now_ms = trusted_now(writer->database(), wall_ms);
  if (now_ms) say_clock(wall_ms, *now_ms);
  const auto more =
      now_ms ? writer->upkeep().drop_some(options.retention, *now_ms) : now_ms.error();
  if (!more) {
    log(LogLevel::warning, kBackgroundPart,
        "what is too old could not be dropped: " + more.error().message);
    if (writer->last_fault() == SqliteFault::corrupt) replace_damaged();
    return;
  }
  if (*more) next_upkeep = now + kSlicePause;
  if (now < next_measure) return;
  next_measure = now + std::min(options.upkeep_period, kMeasurePeriod);
  const auto measures = writer->upkeep().measure();
  if (!measures || measures.value() == measured) return;
  measured = *measures;
  tell(StoreMeasured{*measures}, false);
}

void Store::State::say_clock(std::int64_t wall_ms, std::int64_t now_ms) {
  const bool is_ahead = wall_ms > now_ms;
  if (is_ahead && !was_ahead) {
    log(LogLevel::warning, kBackgroundPart,
        "the newest history is more than a day older than this machine's clock says: retention and "
        "rollups go by the history until newer comes");
  }
  was_ahead = is_ahead;
}

// The rollups' thread.

void Store::State::roll_up_until_stopped() {
  // Of this thread alone, as Linux has it.
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kRollupNiceness);
  std::optional<RollupMaker> maker;
  Generation of = 0;
  while (!is_stopping) {
    if (roll_up(maker, of)) continue;
    std::unique_lock lock(mutex);
    wake_rollups.wait_for(lock, std::min(options.upkeep_period, kRollupPause),
                          [this] { return is_stopping.load(); });
  }
}

// True: there may be more to do.
bool Store::State::roll_up(std::optional<RollupMaker>& maker, Generation& of) {
  if (!maker || of != generation) {
    maker.reset();
    const std::lock_guard hold(files);
    of = generation;
    SqliteFault fault = SqliteFault::none;
    auto database = Database::open_read_only(path, &fault);
    if (!database) {
      if (fault == SqliteFault::corrupt) report_damage(of);
      return false;
    }
    auto opened_maker = RollupMaker::open(std::move(*database));
    if (!opened_maker) return false;
    maker.emplace(std::move(*opened_maker));
  }
  const std::int64_t wall_ms = to_ms(wall_now());
  const auto until_ms = maker->trusted_now(wall_ms);
  auto next = until_ms ? maker->next(wall_ms, *until_ms) : until_ms.error();
  if (!next) {
    log(LogLevel::warning, kBackgroundPart, "rollups could not be made: " + next.error().message);
    if (maker->last_fault() == SqliteFault::corrupt) report_damage(of);
    maker.reset();
    return false;
  }
  if (!*next) return false;
  if (hand_over(std::move(**next), of)) return true;
  maker.reset();  // it went on from what was not written
  return false;
}

// Waits until it is carried out, or not.
bool Store::State::hand_over(RollupJob next, Generation of) {
  std::unique_lock lock(mutex);
  was_carried_out.reset();
  job = Job{std::move(next), of};
  wake_writer.notify_one();
  wake_rollups.wait(lock, [this] { return is_stopping || was_carried_out; });
  return was_carried_out.value_or(false);
}

}  // namespace bw::coordinator
