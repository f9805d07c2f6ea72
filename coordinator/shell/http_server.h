// HTTP/1.1 for the API, on the event loop; Boost.Beast stays in http_server.cpp.
//
// Turns bytes into requests and responses into bytes, within bounds: what is no HTTP, or too much
// of it, is answered here with a problem document (RFC 9457) and the connection closed. All else is
// the core's to answer, 404 and 405 included; the body of an answer to HEAD stays here.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/runtime/event_loop.h"
#include "coordinator/core/api/http.h"

namespace bw::coordinator {

struct HttpOptions {
  std::string address = "127.0.0.1";   // IPv4 or IPv6, without brackets
  std::uint16_t port = 0;              // 0: any free one
  std::size_t most_connections = 256;  // further ones are closed as soon as they are accepted
  std::size_t most_header_bytes = 16U << 10;
  std::size_t most_target_bytes = 8U << 10;
  std::size_t most_body_bytes = 64U << 10;
  // Of a POST that says how long it is; of all such at once. Those that find no room get a 503.
  std::size_t most_upload_bytes = 4U << 20;
  std::size_t most_uploads_bytes = 16U << 20;
  // Of all answers being written; those that would exceed it become a 503. A client holds its
  // answer's share until it has all of it: for `timeout` at most where it is one text, else for
  // `timeout` and as long as least_bytes_per_s allows.
  std::size_t most_answer_bytes = 256U << 20;
  // That a client takes an answer in pieces with, on average once `timeout` is over.
  std::size_t least_bytes_per_s = 64U << 10;
  // Until a request is there, whole, since its connection opened or the last answer was sent; and
  // for a client to take an answer, or each piece of one. Then the connection is closed.
  Duration timeout = std::chrono::seconds{30};
};

class HttpServer {
 public:
  // `id` names the request in respond().
  using Handler = std::function<void(std::uint64_t id, api::Request request)>;

  // An error: the address cannot be listened on.
  static Result<std::unique_ptr<HttpServer>> listen(EventLoop& loop, HttpOptions options,
                                                    Handler handler);
  ~HttpServer();  // closes every connection

  // Answers a request, once. A client that is gone by now is no error.
  void respond(std::uint64_t id, api::Response response);

  std::uint16_t port() const;
  std::size_t connections() const;

 private:
  struct State;
  explicit HttpServer(std::shared_ptr<State> state) : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

}  // namespace bw::coordinator
