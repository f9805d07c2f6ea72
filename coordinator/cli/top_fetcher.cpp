#include "coordinator/cli/top_fetcher.h"

#include <algorithm>
#include <csignal>

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/assert.h"
#include "coordinator/cli/decode.h"
#include "coordinator/cli/environment.h"

namespace bw::cli {

namespace {

HttpLimits limits() {
  HttpLimits limits;
  limits.total = std::chrono::seconds{10};
  return limits;
}

}  // namespace

TopFetcher::TopFetcher(std::string url)
    : http_(limits()), api_(std::move(url), http_), fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  BW_ASSERT(fd_ >= 0);
  // Signals are the main thread's: the new one inherits a mask that blocks them all.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { work(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TopFetcher::~TopFetcher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  http_.cancel();
  changed_.notify_all();
  thread_.join();
  close(fd_);
}

void TopFetcher::want_series(const std::string& node) {
  const std::lock_guard lock(mutex_);
  if (wanted_ == node) return;
  wanted_ = node;
  hurry_ = !node.empty();
  changed_.notify_all();
}

std::optional<TopNews> TopFetcher::take() {
  const std::lock_guard lock(mutex_);
  eventfd_t count = 0;
  eventfd_read(fd_, &count);
  std::optional<TopNews> taken;
  taken.swap(news_);
  return taken;
}

TopNews TopFetcher::fetch(ApiClient& api, const std::string& series_of) {
  TopNews news;
  auto nodes = api.nodes({});
  if (nodes) {
    news.nodes = std::move(nodes.value());
  } else {
    news.trouble = nodes.error().message;
  }
  if (nodes && !series_of.empty()) {
    const Answer answer = api.get("/api/v1/nodes/" + HttpClient::escape(series_of) + "/series");
    auto series = answer.ok() ? decode_series(answer.body) : Error{answer.error};
    if (series) {
      news.series = std::move(series.value());
      news.series.node = series_of;
    } else {
      news.series_trouble = series.error().message;
    }
  }
  news.when_ms = wall_clock_ms();
  return news;
}

void TopFetcher::work() {
  using Clock = std::chrono::steady_clock;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const std::string wanted = wanted_;
    hurry_ = false;
    lock.unlock();
    const Clock::time_point begin = Clock::now();
    TopNews news = fetch(api_, wanted);
    const Clock::duration took = Clock::now() - begin;
    lock.lock();
    if (stopping_) return;
    news_ = std::move(news);
    eventfd_write(fd_, 1);
    const Clock::time_point next =
        begin + std::max<Clock::duration>(kInterval, took * (1 + kRestFactor));
    changed_.wait_until(lock, next, [this] { return stopping_ || hurry_; });
  }
}

}  // namespace bw::cli
