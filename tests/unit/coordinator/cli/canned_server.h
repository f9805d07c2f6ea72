// A small HTTP server on loopback with answers given beforehand, for tests of the command line.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace bw::cli::testing {

class CannedServer {
 public:
  CannedServer();
  ~CannedServer();
  CannedServer(const CannedServer&) = delete;
  CannedServer& operator=(const CannedServer&) = delete;

  // For this path, whatever its query. `path` with its query goes before; and so does one with its
  // method, where that is not GET: "POST /api".
  void answer(const std::string& path, std::string body, int status = 200,
              std::string type = "application/json");
  // The bytes themselves, then the connection is closed.
  void answer_raw(const std::string& path, std::string bytes);
  // Takes the request and says nothing.
  void stay_silent(const std::string& path);

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // Targets asked for, in order.
  std::vector<std::string> targets() const;
  // Of the last request.
  std::string last_method() const;
  std::string last_body() const;

 private:
  void serve();
  void serve_one(int connection);
  std::string reply_to(const std::string& method, const std::string& target) const;

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> replies_;  // whole, with their heads; empty: silence
  std::vector<std::string> targets_;
  std::string method_;
  std::string body_;
  std::vector<int> kept_open_;
  std::thread thread_;
};

// A loopback address where nobody listens.
std::string unused_url();

}  // namespace bw::cli::testing
