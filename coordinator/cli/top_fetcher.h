// Asks the coordinator again and again, on a thread of its own: a slow answer never holds up a key.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "coordinator/cli/api_client.h"

namespace bw::cli {

struct TopNews {
  std::vector<Node> nodes;
  std::string trouble;         // why there are none
  NodeSeries series;           // of the node that was wanted, empty where none was
  std::string series_trouble;  // why there is none
  std::int64_t when_ms = 0;
};

// All calls from one thread.
class TopFetcher {
 public:
  // At most one round a second; a fleet whose list takes long is asked in a quarter of the time.
  static constexpr std::chrono::milliseconds kInterval{1000};
  static constexpr int kRestFactor = 3;

  explicit TopFetcher(std::string url);
  ~TopFetcher();
  TopFetcher(const TopFetcher&) = delete;
  TopFetcher& operator=(const TopFetcher&) = delete;

  // Whose series to fetch too, from now on; empty: nobody's.
  void want_series(const std::string& node);
  // What came since the last call.
  std::optional<TopNews> take();
  // Readable while something came.
  int fd() const { return fd_; }

  // One round, for a single frame.
  static TopNews fetch(ApiClient& api, const std::string& series_of);

 private:
  void work();

  HttpClient http_;
  ApiClient api_;
  int fd_;
  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::string wanted_;
  std::optional<TopNews> news_;
  bool hurry_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace bw::cli
