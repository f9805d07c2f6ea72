#include "coordinator/shell/http_server.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "base/json_writer.h"
#include "base/runtime/clock.h"
#include "base/runtime/log.h"

namespace bw::coordinator {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

namespace {

constexpr std::string_view kHttpServerPart = "http";

// Descriptors may be used up: accepting is tried again after this.
constexpr auto kAcceptPause = std::chrono::milliseconds{100};

// For clients whose answer finds no room: others' take seconds at most to be written.
constexpr std::string_view kRetryAfterSeconds = "5";

// After an answer to what may go on arriving: reading a little of it lets the answer reach a client
// that is still writing, where closing at once would reset the connection.
constexpr auto kLinger = std::chrono::seconds{1};

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

api::Response problem(int status, std::string_view title, std::string_view detail) {
  JsonWriter json;
  json.begin_object().member("title", title).member("status", status).member("detail", detail);
  json.end_object();
  return {status, "application/problem+json", json.take(), {}};
}

api::Response no_room() {
  api::Response response = problem(503, "Service Unavailable",
                                   "too much is being sent to other clients: ask again later");
  response.headers.emplace_back("Retry-After", kRetryAfterSeconds);
  return response;
}

}  // namespace

struct HttpServer::State : std::enable_shared_from_this<HttpServer::State> {
  class Session;

  State(EventLoop& loop, HttpOptions http_options, Handler request_handler)
      : options(std::move(http_options)),
        handler(std::move(request_handler)),
        acceptor(loop.context()),
        pause(loop.context()) {}

  Result<void> open();
  void accept();
  void accepted(const error_code& error, tcp::socket socket);
  void close();

  const HttpOptions options;
  Handler handler;
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  std::set<std::shared_ptr<Session>> sessions;
  std::map<std::uint64_t, std::weak_ptr<Session>> waiting;  // requests not answered yet
  std::uint64_t next_id = 1;
  bool is_open = false;
  bool is_crowded = false;
  error_code accept_error;       // the last attempt's
  std::size_t answer_bytes = 0;  // of the bodies being written
  std::size_t upload_bytes = 0;  // of the large ones being read
};

// One connection: reads a request, hands it over, writes its answer, and again.
class HttpServer::State::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(const std::shared_ptr<State>& server, tcp::socket socket)
      : server_(server), options_(server->options), stream_(std::move(socket)) {}

  void read() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(options_.most_header_bytes));
    parser_->body_limit(options_.most_upload_bytes);
    stream_.expires_after(options_.timeout);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](const error_code& error, std::size_t) {
                              self->have_read_header(error);
                            });
  }

  void answer(api::Response response) {
    const auto server = server_.lock();
    if (!server) return;
    const std::size_t room =
        options_.most_answer_bytes - std::min(options_.most_answer_bytes, server->answer_bytes);
    if (!is_head_ && response.body.size() + response.more_bytes > room) response = no_room();
    if (response.more) return answer_in_pieces(std::move(response), *server);
    message_.emplace(static_cast<http::status>(response.status), version_);
    set_header(*message_, response);
    message_->content_length(response.body.size());
    if (!is_head_) message_->body() = std::move(response.body);
    server->answer_bytes += message_->body().size();
    stream_.expires_after(options_.timeout);
    http::async_write(stream_, *message_,
                      [self = shared_from_this()](const error_code& error, std::size_t) {
                        self->have_written(error);
                      });
  }

  void close() {
    error_code ignored;
    stream_.socket().close(ignored);
  }

 private:
  // Only what says that it is large may be: its share is taken from what all have.
  void have_read_header(const error_code& error) {
    const auto server = server_.lock();
    if (!server) return;
    if (error) return refuse(error);
    const auto length = parser_->content_length();
    const bool is_upload = is_post() && length && *length > options_.most_body_bytes;
    if (!is_upload) {
      if (length && *length > options_.most_body_bytes) return refuse(http::error::body_limit);
      if (!length) parser_->body_limit(options_.most_body_bytes);
      return answer_continue();
    }
    if (server->upload_bytes + *length > options_.most_uploads_bytes) {
      keep_alive_ = false;
      return answer(no_room());
    }
    upload_bytes_ = *length;
    server->upload_bytes += upload_bytes_;
    answer_continue();
  }

  // A client that asks whether it may send its body is told so.
  void answer_continue() {
    if (!http::token_list(parser_->get()[http::field::expect]).exists("100-continue")) {
      return read_body();
    }
    asio::async_write(stream_, asio::buffer(kContinue),
                      [self = shared_from_this()](const error_code& error, std::size_t) {
                        if (!error) return self->read_body();
                        self->give_back_upload();
                        self->end();
                      });
  }

  void read_body() {
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](const error_code& error, std::size_t) {
                       self->have_read(error);
                     });
  }

  bool is_post() const { return parser_->get().method() == http::verb::post; }

  void give_back_upload() {
    if (const auto server = server_.lock()) server->upload_bytes -= upload_bytes_;
    upload_bytes_ = 0;
  }

  template <typename Message>
  void set_header(Message& message, const api::Response& response) const {
    message.set(http::field::server, "bellwether");
    message.set(http::field::content_type, response.content_type);
    message.set(http::field::cache_control, "no-store");
    message.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : response.headers) message.set(name, value);
    message.keep_alive(keep_alive_);
  }

  // Each piece is asked for when the one before it was taken.
  struct Pieces {
    http::response<http::empty_body> head;
    std::optional<http::response_serializer<http::empty_body>> serializer;
    std::function<std::string()> more;
    std::size_t bytes;
    std::string piece;
    Instant begin;
    std::size_t written = 0;
  };

  void answer_in_pieces(api::Response response, State& server) {
    // HTTP/1.0 knows no chunks: there the end of the connection is that of the answer.
    const bool is_chunked = version_ >= 11;
    if (!is_chunked) keep_alive_ = false;
    pieces_.emplace(Pieces{.head = {},
                           .serializer = {},
                           .more = {},
                           .bytes = 0,
                           .piece = {},
                           .begin = monotonic_now()});
    pieces_->head.result(static_cast<http::status>(response.status));
    pieces_->head.version(version_);
    set_header(pieces_->head, response);
    if (is_chunked) pieces_->head.chunked(true);
    if (!is_head_) {
      pieces_->more = std::move(response.more);
      pieces_->bytes = response.more_bytes;
      pieces_->piece = std::move(response.body);
      server.answer_bytes += pieces_->bytes;
    }
    pieces_->serializer.emplace(pieces_->head);
    stream_.expires_after(options_.timeout);
    http::async_write_header(stream_, *pieces_->serializer,
                             [self = shared_from_this()](const error_code& error, std::size_t) {
                               if (error || self->is_head_) return self->end_pieces(error);
                               // A first piece that is empty ends nothing.
                               if (self->pieces_->piece.empty()) return self->write_next({});
                               self->write_piece();
                             });
  }

  void write_next(const error_code& error) {
    if (error) return end_pieces(error);
    pieces_->written += pieces_->piece.size();
    if (is_too_slow()) return end_pieces(beast::error::timeout);
    pieces_->piece = pieces_->more();
    write_piece();
  }

  // A client that takes a little now and then would hold what others could have.
  bool is_too_slow() const {
    const Duration spent = monotonic_now() - pieces_->begin;
    const auto seconds = std::chrono::duration<double>(spent - options_.timeout).count();
    return seconds > 0 && static_cast<double>(pieces_->written) <
                              seconds * static_cast<double>(options_.least_bytes_per_s);
  }

  // However long all of it takes: a client that goes on taking pieces, and not too slowly, is
  // served.
  void write_piece() {
    stream_.expires_after(options_.timeout);
    const bool is_end = pieces_->piece.empty();
    const auto done = [self = shared_from_this(), is_end](const error_code& error, std::size_t) {
      return is_end ? self->end_pieces(error) : self->write_next(error);
    };
    if (version_ < 11) {
      if (is_end) return end_pieces({});
      asio::async_write(stream_, asio::buffer(pieces_->piece), done);
    } else if (is_end) {
      asio::async_write(stream_, http::make_chunk_last(), done);
    } else {
      asio::async_write(stream_, http::make_chunk(asio::buffer(pieces_->piece)), done);
    }
  }

  void end_pieces(const error_code& error) {
    if (const auto server = server_.lock()) server->answer_bytes -= pieces_->bytes;
    pieces_.reset();
    have_written_all(error);
  }

  void have_read(const error_code& error) {
    const auto server = server_.lock();
    if (!server) return;
    give_back_upload();
    if (error) return refuse(error);
    auto& request = parser_->get();
    version_ = request.version();
    is_head_ = request.method() == http::verb::head;
    keep_alive_ = request.keep_alive();
    if (request.target().size() > options_.most_target_bytes) {
      return reject(problem(414, "URI Too Long", too_long()));
    }
    const std::uint64_t id = server->next_id++;
    server->waiting.emplace(id, weak_from_this());
    stream_.expires_never();
    const auto header = [&](const auto& name) { return std::string(request[name]); };
    server->handler(id, {.method = std::string(request.method_string()),
                         .target = std::string(request.target()),
                         .body = std::move(request.body()),
                         .host = header(http::field::host),
                         .origin = header(http::field::origin),
                         .fetch_site = header("Sec-Fetch-Site")});
  }

  std::string too_long() const {
    return "a request's target may have " + std::to_string(options_.most_target_bytes) + " bytes";
  }

  void refuse(const error_code& error) {
    if (error == http::error::header_limit) {
      // The request line alone was too long where there is no target yet.
      if (parser_->get().target().empty()) return reject(problem(414, "URI Too Long", too_long()));
      return reject(
          problem(431, "Request Header Fields Too Large",
                  "the header may have " + std::to_string(options_.most_header_bytes) + " bytes"));
    }
    if (error == http::error::body_limit) {
      const bool may_be_large = is_post() && parser_->get().has_content_length();
      const auto most = may_be_large ? options_.most_upload_bytes : options_.most_body_bytes;
      return reject(problem(413, "Content Too Large",
                            "the body may have " + std::to_string(most) + " bytes"));
    }
    // Of its own kind is what the parser did not understand; the rest is the network's, a time-out
    // or a goodbye.
    const bool is_malformed =
        error.category() == make_error_code(http::error::bad_version).category();
    if (is_malformed && error != http::error::end_of_stream &&
        error != http::error::partial_message) {
      return reject(problem(400, "Bad Request", "this is no HTTP request: " + error.message()));
    }
    end();
  }

  void reject(api::Response response) {
    keep_alive_ = false;
    answer(std::move(response));
  }

  void have_written(const error_code& error) {
    if (const auto server = server_.lock()) server->answer_bytes -= message_->body().size();
    message_.reset();
    have_written_all(error);
  }

  void have_written_all(const error_code& error) {
    if (error) return end();
    if (keep_alive_) return read();
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    stream_.expires_after(kLinger);
    discard();
  }

  void discard() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(4096),
                            [self = shared_from_this()](const error_code& error, std::size_t) {
                              if (error) return self->end();
                              self->discard_again();
                            });
  }

  void discard_again() {
    if (++discarded_ < 64) return discard();
    end();
  }

  void end() {
    close();
    if (const auto server = server_.lock()) server->sessions.erase(shared_from_this());
  }

  std::weak_ptr<State> server_;
  const HttpOptions options_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::string_body>> message_;
  std::optional<Pieces> pieces_;
  unsigned version_ = 11;
  bool is_head_ = false;
  bool keep_alive_ = false;
  std::size_t upload_bytes_ = 0;  // of its own, within the server's
  int discarded_ = 0;
};

Result<void> HttpServer::State::open() {
  error_code error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error) return Error{options.address + " is no IP address"};
  const tcp::endpoint endpoint(address, options.port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return Error{error.message()};
  is_open = true;
  return {};
}

void HttpServer::State::accept() {
  acceptor.async_accept([weak = weak_from_this()](const error_code& error, tcp::socket socket) {
    if (const auto self = weak.lock()) self->accepted(error, std::move(socket));
  });
}

void HttpServer::State::accepted(const error_code& error, tcp::socket socket) {
  if (!is_open) return;
  const bool is_news = std::exchange(accept_error, error) != error;
  if (error) {
    if (is_news) {
      log(LogLevel::warning, kHttpServerPart, "cannot accept a connection: " + error.message());
    }
    pause.expires_after(kAcceptPause);
    pause.async_wait([weak = weak_from_this()](const error_code& cancelled) {
      const auto self = weak.lock();
      if (self && !cancelled && self->is_open) self->accept();
    });
    return;
  }
  const bool had_room = !is_crowded;
  is_crowded = sessions.size() >= options.most_connections;
  if (!is_crowded) {
    const auto session = std::make_shared<Session>(shared_from_this(), std::move(socket));
    sessions.insert(session);
    session->read();
  } else if (had_room) {
    log(LogLevel::warning, kHttpServerPart,
        std::to_string(sessions.size()) + " connections are open: further ones are closed");
  }
  accept();
}

void HttpServer::State::close() {
  is_open = false;
  error_code ignored;
  acceptor.close(ignored);
  pause.cancel();
  for (const auto& session : sessions) session->close();
  sessions.clear();
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(EventLoop& loop, HttpOptions options,
                                                       Handler handler) {
  auto state = std::make_shared<State>(loop, std::move(options), std::move(handler));
  if (const auto opened = state->open(); !opened) return opened.error();
  state->accept();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::~HttpServer() {
  state_->close();
}

void HttpServer::respond(std::uint64_t id, api::Response response) {
  const auto found = state_->waiting.find(id);
  if (found == state_->waiting.end()) return;
  const auto session = found->second.lock();
  state_->waiting.erase(found);
  if (session) session->answer(std::move(response));
}

std::uint16_t HttpServer::port() const {
  error_code ignored;
  return state_->acceptor.local_endpoint(ignored).port();
}

std::size_t HttpServer::connections() const {
  return state_->sessions.size();
}

}  // namespace bw::coordinator
