#include "coordinator/core/export/delivery.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "base/assert.h"

namespace bw::coordinator::exporting {

Delivery::Delivery(DeliveryOptions options) : options_(options), rng_(options.seed) {}

Delivery::Next Delivery::next(Instant now) {
  BW_ASSERT(!under_way_);
  if (now < not_before_) return Wait{not_before_};
  if (!todo_.empty()) {
    Range& range = todo_.back();
    const Range request{range.first, end_of_request(range)};
    range.first = request.last;
    if (range.first == range.last) todo_.pop_back();
    under_way_ = request;
    return Send{{pieces_.begin() + static_cast<std::ptrdiff_t>(request.first),
                 pieces_.begin() + static_cast<std::ptrdiff_t>(request.last)}};
  }
  if (now < read_at_) return Wait{read_at_};
  return Read{cursor_};
}

void Delivery::have_read(std::vector<BlockShape> blocks, std::int64_t newest, Instant now) {
  newest_ = newest;
  if (trouble_.starts_with("the store")) trouble_.clear();
  if (blocks.empty()) {
    // A store that is new, or was empty, gives ids anew: what it holds was not sent yet.
    const bool is_new = newest < cursor_;
    if (is_new) cursor_ = 0;
    read_at_ = is_new ? now : now + options_.interval;
    return;
  }
  batch_ = std::move(blocks);
  batch_end_ = batch_.back().id;
  const auto missing = batch_end_ - cursor_ - static_cast<std::int64_t>(batch_.size());
  if (missing > 0) {
    counts_.lost_blocks += static_cast<std::uint64_t>(missing);
    last_refusal_ = std::to_string(missing) + " blocks left the store before they were sent";
  }
  const auto lost = std::count_if(batch_.begin(), batch_.end(),
                                  [](const BlockShape& block) { return block.is_lost; });
  if (lost > 0) {
    counts_.lost_blocks += static_cast<std::uint64_t>(lost);
    last_refusal_ = std::to_string(lost) + " blocks are of a series table that can't be read";
  }
  plan();
  if (todo_.empty()) finish_batch(now);
}

void Delivery::could_not_read(const std::string& reason, Instant now) {
  trouble_ = "the store cannot be read: " + reason;
  read_at_ = now + options_.interval;
}

// By time, then node: a receiver refuses what is much older than the newest sample of all, and
// several blocks of a node keep their order.
void Delivery::plan() {
  std::vector<std::size_t> order(batch_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
    return std::tie(batch_[a].start_ms, batch_[a].node) <
           std::tie(batch_[b].start_ms, batch_[b].node);
  });
  pieces_.clear();
  for (const std::size_t at : order) {
    const BlockShape& block = batch_[at];
    const std::size_t rows = std::max<std::size_t>(1, block.rows);
    const std::size_t most = std::max<std::size_t>(1, kMaxSamples / rows);
    for (std::size_t first = 0; first < block.series; first += most) {
      const std::size_t last = std::min(block.series, first + most);
      pieces_.push_back({at, first, last, (last - first) * rows});
    }
  }
  todo_.clear();
  if (!pieces_.empty()) todo_.push_back({0, pieces_.size()});
}

// A request holds a node's series once: its next block goes into the next request.
std::size_t Delivery::end_of_request(const Range& range) const {
  std::size_t samples = 0;
  std::size_t end = range.first;
  for (; end < range.last; ++end) {
    const Piece& piece = pieces_[end];
    if (end > range.first && samples + piece.samples > kMaxSamples) break;
    const auto is_same_node = [&](const Piece& other) {
      return other.block != piece.block && batch_[other.block].node == batch_[piece.block].node;
    };
    const auto begin = pieces_.begin() + static_cast<std::ptrdiff_t>(range.first);
    if (std::any_of(begin, pieces_.begin() + static_cast<std::ptrdiff_t>(end), is_same_node)) break;
    samples += piece.samples;
  }
  return end;
}

void Delivery::finish_batch(Instant now) {
  const bool was_full = batch_end_ < newest_;
  cursor_ = batch_end_;
  batch_.clear();
  pieces_.clear();
  read_at_ = was_full ? now : now + options_.interval;
}

void Delivery::answered(const HttpAnswer& answer, std::uint64_t samples, std::uint64_t rejected,
                        const std::string& warning, Instant now) {
  BW_ASSERT(under_way_.has_value());
  const Range request = *std::exchange(under_way_, std::nullopt);
  ++counts_.requests;
  const Judgement judgement = judge(options_.protocol, answer);
  if (judgement.verdict == Verdict::again) {
    todo_.push_back(request);
    retry(answer, judgement, now);
    return;
  }
  trouble_.clear();
  backoff_.reset();
  if (judgement.verdict == Verdict::taken) {
    taken(samples, rejected, warning);
  } else {
    refuse(request, samples, judgement);
  }
  const auto per_second =
      static_cast<std::uint64_t>(std::max<std::int64_t>(1, options_.samples_per_s));
  not_before_ = now + std::chrono::microseconds{samples * 1'000'000 / per_second};
  if (todo_.empty()) finish_batch(now);
}

void Delivery::taken(std::uint64_t samples, std::uint64_t rejected, const std::string& warning) {
  const std::uint64_t refused = std::min(rejected, samples);
  counts_.samples += samples - refused;
  counts_.refused += refused;
  if (!warning.empty()) last_refusal_ = warning;
}

void Delivery::refuse(const Range& request, std::uint64_t samples, const Judgement& judgement) {
  last_refusal_ = judgement.words;
  if (request.last - request.first > 1) {
    const std::size_t middle = request.first + (request.last - request.first) / 2;
    todo_.push_back({middle, request.last});
    todo_.push_back({request.first, middle});
    return;
  }
  counts_.refused += samples;
  if (judgement.is_late) counts_.late += samples;
}

void Delivery::retry(const HttpAnswer& answer, const Judgement& judgement, Instant now) {
  ++counts_.retries;
  trouble_ = judgement.words;
  Duration wait = judgement.is_settings ? kSettingsRetry : backoff_.next(rng_);
  if (answer.retry_after_s && *answer.retry_after_s > 0) {
    const auto asked = std::chrono::seconds{std::min(*answer.retry_after_s, kMaxRetryAfterS)};
    wait = std::max<Duration>(wait, asked);
  }
  not_before_ = now + wait;
}

std::optional<std::int64_t> Delivery::oldest_waiting_ms() const {
  std::optional<std::int64_t> oldest;
  const auto look_at = [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      const std::int64_t end_ms = batch_[pieces_[i].block].end_ms;
      if (!oldest || end_ms < *oldest) oldest = end_ms;
    }
  };
  for (const Range& range : todo_) look_at(range.first, range.last);
  if (under_way_) look_at(under_way_->first, under_way_->last);
  return oldest;
}

}  // namespace bw::coordinator::exporting
