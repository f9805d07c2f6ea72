// One request after another over libcurl, bounded in time and in bytes; the connection is kept
// between them. No proxy: a coordinator is on the operator's own network.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace bw::cli {

struct HttpLimits {
  std::chrono::milliseconds connect{3000};
  std::chrono::milliseconds total{30000};
  std::size_t body_bytes = 64U << 20U;
};

struct HttpReply {
  enum class Outcome : std::uint8_t {
    answered,     // status, content_type and body are set; else `reason` is, in plain words
    unreachable,  // nobody there
    failed,       // somebody there, but no whole answer came
    cancelled,
  };
  Outcome outcome = Outcome::failed;
  long status = 0;
  std::string content_type;
  std::string body;
  std::string reason;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::string body = {};  // empty: none is sent
};

class HttpClient {
 public:
  explicit HttpClient(HttpLimits limits = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // One thread at a time.
  HttpReply get(const std::string& url) { return request({.method = "GET", .url = url}); }
  HttpReply request(const HttpRequest& request);

  // Any thread: the request under way and all that follow end soon (within a second), cancelled.
  void cancel() { cancelled_ = true; }

  // `text` as it may stand in a path segment or a query value.
  static std::string escape(const std::string& text);

 private:
  struct Handle;

  HttpLimits limits_;
  std::unique_ptr<Handle> handle_;
  std::atomic<bool> cancelled_ = false;
};

}  // namespace bw::cli
