#include "coordinator/shell/exporter.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/runtime/clock.h"
#include "base/runtime/log.h"
#include "coordinator/core/export/batch.h"
#include "coordinator/core/export/otlp.h"
#include "coordinator/core/export/remote_write.h"
#include "coordinator/shell/export_poster.h"
#include "coordinator/shell/export_source.h"

namespace bw::coordinator {

namespace {

using exporting::Delivery;
using exporting::Protocol;

constexpr std::string_view kExporterPart = "export";
constexpr Duration kTellAgainAfter = std::chrono::minutes{1};
constexpr Duration kMetadataPeriod = std::chrono::minutes{10};
constexpr Duration kSourceRetry = std::chrono::seconds{5};

exporting::DeliveryOptions delivery_options(const ExportTarget& target, std::uint64_t seed) {
  exporting::DeliveryOptions options;
  options.protocol = target.protocol;
  options.interval = std::chrono::seconds{target.interval_s};
  options.samples_per_s = target.samples_per_s;
  options.seed = seed;
  return options;
}

}  // namespace

// One receiver and its thread.
struct Exporter::Worker {
  Worker(std::string the_name, ExportTarget the_target, std::string path, std::uint64_t seed)
      : name(std::move(the_name)),
        target(std::move(the_target)),
        store_path(std::move(path)),
        filter(target.metrics),
        poster(target),
        delivery(delivery_options(target, seed)) {
    shown.name = name;
    shown.url = target.url;
  }

  void run();
  bool prepare();
  void begin();
  void read(std::int64_t after);
  void send(const Delivery::Send& send);
  void send_metadata();
  void wait_until(Instant until);
  void say_what_changed();
  void show();
  ExportStatus status();
  void ask_to_stop();

  const std::string name;
  const ExportTarget target;
  const std::string store_path;
  const exporting::MetricFilter filter;
  ExportPoster poster;

  // The thread's.
  Delivery delivery;
  exporting::Batch batch;
  exporting::BootTimes boots;
  std::optional<ExportSource> source;
  bool has_begun = false;
  bool is_all_new = false;  // the store was replaced: all that it holds is still to be sent
  std::optional<Instant> metadata_at;
  std::string told_trouble;
  std::optional<Instant> told_at;
  std::uint64_t told_lost = 0;  // refused samples and lost blocks
  std::optional<Instant> told_lost_at;

  // Shared; `mutex` guards all of it.
  std::mutex mutex;
  std::condition_variable wake;
  ExportStatus shown;
  bool is_stopping = false;
  bool is_over = false;       // the thread
  bool is_new_store = false;  // begin anew

  std::thread thread;
};

void Exporter::Worker::run() {
  while (true) {
    {
      const std::lock_guard lock(mutex);
      if (is_stopping) break;
      if (std::exchange(is_new_store, false)) {
        source.reset();
        has_begun = false;
        is_all_new = true;
      }
    }
    if (!prepare()) {
      wait_until(monotonic_now() + kSourceRetry);
      continue;
    }
    const Delivery::Next next = delivery.next(monotonic_now());
    if (const auto* const reading = std::get_if<Delivery::Read>(&next)) {
      read(reading->after);
    } else if (const auto* const sending = std::get_if<Delivery::Send>(&next)) {
      send(*sending);
    } else {
      wait_until(std::get<Delivery::Wait>(next).until);
    }
    say_what_changed();
    show();
  }
  const std::lock_guard lock(mutex);
  is_over = true;
  wake.notify_all();
}

// Opens the store, and finds where to go on.
bool Exporter::Worker::prepare() {
  if (source && has_begun) return true;
  const auto open = [this]() -> Result<void> {
    if (!source) {
      auto opened = ExportSource::open(store_path);
      if (!opened) return opened.error();
      source.emplace(std::move(*opened));
    }
    if (!has_begun) {
      const auto cursor = source->cursor(name);
      if (!cursor) return cursor.error();
      const auto newest = source->newest();
      if (!newest) return newest.error();
      const std::int64_t fresh = target.backfill || is_all_new ? 0 : *newest;
      delivery = Delivery(delivery_options(target, static_cast<std::uint64_t>(*newest) + 1));
      delivery.start_at(cursor->value_or(fresh));
      has_begun = true;
    }
    return {};
  };
  const auto opened = open();
  if (!opened) {
    delivery.could_not_read(opened.error().message, monotonic_now());
    source.reset();
    say_what_changed();
    show();
  }
  return opened.has_value();
}

void Exporter::Worker::read(std::int64_t after) {
  auto blocks = source->read(after);
  const auto newest = source->newest();
  if (!blocks || !newest) {
    delivery.could_not_read((!blocks ? blocks.error() : newest.error()).message, monotonic_now());
    source.reset();
    return;
  }
  batch = exporting::Batch(std::move(blocks->blocks), std::move(blocks->rows), filter);
  delivery.have_read(batch.shapes(), *newest, monotonic_now());
}

void Exporter::Worker::send(const Delivery::Send& send) {
  const auto request =
      batch.encode(target.protocol, target.resolution_s * 1000, send.pieces, boots);
  if (request.samples == 0) {  // no series had a value
    return delivery.answered({.status = 204}, 0, 0, "", monotonic_now());
  }
  const ExportPoster::Reply reply = poster.post(request.bytes);
  std::uint64_t rejected = 0;
  std::string warning;
  if (target.protocol == Protocol::otlp && reply.answer.status / 100 == 2) {
    if (auto partial = exporting::read_partial_success(reply.body)) {
      rejected = partial->rejected;
      warning = partial->message.substr(0, exporting::kMaxReason);
    }
  }
  delivery.answered(reply.answer, request.samples, rejected, warning, monotonic_now());
  if (const auto newest = source->newest()) delivery.see_newest(*newest);
  if (reply.answer.status / 100 == 2) send_metadata();
}

// HELP and TYPE, now and then, to a receiver that is well: of no consequence where it is refused.
void Exporter::Worker::send_metadata() {
  if (target.protocol != Protocol::remote_write) return;
  const Instant now = monotonic_now();
  if (metadata_at && now < *metadata_at) return;
  metadata_at = now + kMetadataPeriod;
  exporting::RemoteWriteEncoder encoder;
  encoder.add_metadata(filter);
  const auto reply = poster.post(encoder.take());
  if (reply.answer.status / 100 != 2) {
    log(LogLevel::debug, kExporterPart,
        name + ": the metrics' descriptions were not taken: " +
            judge(target.protocol, reply.answer).words);
  }
}

void Exporter::Worker::wait_until(Instant until) {
  std::unique_lock lock(mutex);
  wake.wait_for(lock, until - monotonic_now(), [this] { return is_stopping || is_new_store; });
}

void Exporter::Worker::say_what_changed() {
  const Instant now = monotonic_now();
  const auto may_tell = [now](const std::optional<Instant>& told) {
    return !told || now - *told >= kTellAgainAfter;
  };
  if (const std::string& trouble = delivery.trouble(); trouble.empty()) {
    if (!told_trouble.empty()) log(LogLevel::info, kExporterPart, name + ": delivers again");
    told_trouble.clear();
  } else if (trouble != told_trouble && (told_trouble.empty() || may_tell(told_at))) {
    told_trouble = trouble;
    told_at = now;
    log(LogLevel::warning, kExporterPart,
        name + ": cannot deliver to " + target.url + ": " + trouble +
            "; it is tried again, and nothing is lost while the store keeps it");
  }
  const auto& counts = delivery.counts();
  const std::uint64_t lost = counts.refused + counts.lost_blocks;
  if (lost == told_lost || !may_tell(told_lost_at)) return;
  told_lost = lost;
  told_lost_at = now;
  log(LogLevel::warning, kExporterPart,
      name + ": " + std::to_string(counts.refused) + " samples were refused for good so far, " +
          std::to_string(counts.late) + " of them for being older than what is there, and " +
          std::to_string(counts.lost_blocks) +
          " blocks left the store unsent; the last time: " + delivery.last_refusal());
}

void Exporter::Worker::show() {
  const auto& counts = delivery.counts();
  const std::lock_guard lock(mutex);
  shown.cursor = delivery.cursor();
  shown.has_begun = has_begun && !is_new_store;
  shown.lag_blocks = delivery.lag_blocks();
  shown.oldest_waiting_ms = delivery.oldest_waiting_ms();
  shown.requests = counts.requests;
  shown.samples = counts.samples;
  shown.refused_samples = counts.refused;
  shown.late_samples = counts.late;
  shown.lost_blocks = counts.lost_blocks;
  shown.retries = counts.retries;
  shown.trouble = delivery.trouble();
  shown.last_refusal = delivery.last_refusal();
}

ExportStatus Exporter::Worker::status() {
  const std::lock_guard lock(mutex);
  return shown;
}

void Exporter::Worker::ask_to_stop() {
  {
    const std::lock_guard lock(mutex);
    is_stopping = true;
  }
  wake.notify_all();
  poster.interrupt();
}

Exporter::Exporter(EventLoop& loop, const ExportTargets& targets, const std::string& store_path,
                   std::uint64_t seed, Handler handler)
    : loop_(loop), handler_(std::move(handler)), timer_(loop) {
  for (const auto& [name, target] : targets) {
    workers_.push_back(std::make_unique<Worker>(name, target, store_path, ++seed));
    log(LogLevel::info, kExporterPart, name + ": history goes to " + workers_.back()->target.url);
  }
  for (const auto& worker : workers_) {
    worker->thread = std::thread([one = worker.get()] { one->run(); });
  }
  report();
}

Exporter::~Exporter() {
  for (const auto& worker : workers_) worker->ask_to_stop();
  for (const auto& worker : workers_) worker->thread.join();
}

void Exporter::start_over() {
  for (const auto& worker : workers_) {
    const std::lock_guard lock(worker->mutex);
    worker->is_new_store = true;
    worker->shown.has_begun = false;
    worker->wake.notify_all();
  }
}

bool Exporter::stop(Duration most) {
  timer_.cancel();
  for (const auto& worker : workers_) worker->ask_to_stop();
  const Instant deadline = monotonic_now() + most;
  bool all_over = true;
  for (const auto& worker : workers_) {
    std::unique_lock lock(worker->mutex);
    const auto over = [&] { return worker->is_over; };
    all_over = worker->wake.wait_for(lock, deadline - monotonic_now(), over) && all_over;
  }
  report();
  timer_.cancel();
  return all_over;
}

void Exporter::report() {
  std::vector<ExportStatus> all;
  for (const auto& worker : workers_) all.push_back(worker->status());
  if (all != reported_) {
    reported_ = all;
    handler_(ExportReported{std::move(all)});
  }
  timer_.after(kReportPeriod, [this] { report(); });
}

}  // namespace bw::coordinator
