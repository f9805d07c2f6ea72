#include "coordinator/shell/http_server.h"

#include <atomic>
#include <map>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "tests/unit/coordinator/shell/loop_thread.h"
#include "tests/unit/coordinator/shell/sockets.h"

namespace bw::coordinator {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Answers each request with its method and target, but those for /later.
class HttpServerTest : public testing::Test {
 protected:
  ~HttpServerTest() override {
    thread_.call([&] { server_.reset(); });
  }

  std::uint16_t listen(HttpOptions options = {}) {
    return thread_.call([&] {
      auto server = HttpServer::listen(thread_.loop(), std::move(options),
                                       [this](std::uint64_t id, api::Request request) {
                                         if (request.target == "/later") {
                                           later_ = id;
                                           return;
                                         }
                                         api::Response response;
                                         response.content_type = "text/plain";
                                         response.body = request.method + " " + request.target;
                                         if (request.target.starts_with("/large"))
                                           response.body.assign(8U << 20, 'x');
                                         if (request.target == "/pieces") {
                                           response.more = [left = 3]() mutable {
                                             return --left > 0 ? std::string(100'000, 'Q') : "";
                                           };
                                           response.more_bytes = piece_bytes_;
                                         }
                                         if (request.target.starts_with("/megabytes")) {
                                           const auto size = std::stoul(request.target.substr(11));
                                           response.more = [this, size, left = 9]() mutable {
                                             ++pieces_asked_;
                                             return --left > 0 ? std::string(size << 20, 'Q') : "";
                                           };
                                         }
                                         if (request.method == "POST") {
                                           response.status = 405;
                                           response.headers = {{"Allow", "GET, HEAD"}};
                                         }
                                         server_->respond(id, std::move(response));
                                       });
      EXPECT_TRUE(server) << server.error().message;
      server_ = std::move(*server);
      return server_->port();
    });
  }

  LoopThread thread_;
  std::unique_ptr<HttpServer> server_;
  std::atomic<std::uint64_t> later_ = 0;
  std::atomic<std::size_t> piece_bytes_ = 100;
  std::atomic<int> pieces_asked_ = 0;
};

TEST_F(HttpServerTest, ARequestIsAnsweredWithWhatTheHandlerSays) {
  Client client(listen());
  client.write("GET /a?b=%20c HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string response = client.read_response();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(response, HasSubstr("Content-Type: text/plain\r\n"));
  EXPECT_THAT(response, HasSubstr("\r\n\r\nGET /a?b=%20c"));
}

TEST_F(HttpServerTest, AnAnswerInPiecesIsSentAsSuchAndTheConnectionKept) {
  Client client(listen());
  client.write(
      "GET /pieces HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: "
      "close\r\n\r\n");
  const std::string all = client.read_all();
  EXPECT_THAT(all, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(all, Not(HasSubstr("Content-Length: 0")));
  EXPECT_THAT(all, HasSubstr("\r\nb\r\nGET /pieces\r\n"));
  EXPECT_EQ(std::count(all.begin(), all.end(), 'Q'), 200'000);
  EXPECT_THAT(all, HasSubstr("Q\r\n0\r\n\r\nHTTP/1.1 200 OK"));
  EXPECT_THAT(all, HasSubstr("GET /2"));
}

TEST_F(HttpServerTest, Http10GetsPiecesUntilTheConnectionEnds) {
  Client client(listen());
  client.write("GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string all = client.read_all();
  EXPECT_THAT(all, StartsWith("HTTP/1.0 200 OK\r\n"));
  EXPECT_THAT(all, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(all, Not(HasSubstr("Transfer-Encoding")));
  EXPECT_THAT(all, Not(HasSubstr("keep-alive")));
  EXPECT_THAT(all, testing::EndsWith("\r\n\r\nGET /pieces" + std::string(200'000, 'Q')));
}

TEST_F(HttpServerTest, HeadOfAnAnswerInPiecesAsksForNone) {
  Client client(listen());
  client.write("HEAD /megabytes/1 HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string head = client.read_response(false);
  EXPECT_THAT(head, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
  client.write("GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.read_response(), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(pieces_asked_, 0);
  Client old(server_->port());
  old.write("HEAD /megabytes/1 HTTP/1.0\r\n\r\n");
  EXPECT_THAT(old.read_all(), testing::EndsWith("\r\n\r\n"));
  EXPECT_EQ(pieces_asked_, 0);
}

TEST_F(HttpServerTest, AClientThatGoesOnTakingPiecesIsServedHoweverLongItTakes) {
  HttpOptions options;
  options.timeout = std::chrono::seconds{1};
  Client client(listen(options));
  client.write("GET /megabytes/4 HTTP/1.1\r\nHost: x\r\n\r\n");
  std::size_t taken = 0;
  for (int piece = 0; piece < 8; ++piece) {
    std::this_thread::sleep_for(std::chrono::milliseconds{250});
    taken += client.read_bytes(4U << 20).size();
  }
  EXPECT_EQ(taken, 32U << 20);
  EXPECT_EQ(pieces_asked_, 9);
}

TEST_F(HttpServerTest, AClientThatTakesPiecesTooSlowlyIsDropped) {
  HttpOptions options;
  options.timeout = std::chrono::seconds{1};
  options.least_bytes_per_s = std::size_t{1} << 40;
  Client client(listen(options));
  client.write("GET /megabytes/4 HTTP/1.1\r\nHost: x\r\n\r\n");
  std::size_t taken = 0;
  while (true) {  // each in far less than `timeout`
    const std::size_t bytes = client.read_bytes(4U << 20).size();
    if (bytes == 0) break;
    taken += bytes;
    std::this_thread::sleep_for(std::chrono::milliseconds{250});
  }
  EXPECT_LT(taken, 32U << 20);
  EXPECT_GT(pieces_asked_, 1);
  EXPECT_LT(pieces_asked_, 9);
}

TEST_F(HttpServerTest, AClientThatTakesNoMorePiecesIsDroppedAndNoneIsMadeForIt) {
  HttpOptions options;
  options.timeout = std::chrono::milliseconds{200};
  Client client(listen(options));
  client.write("GET /megabytes/32 HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return pieces_asked_ == 1; }));
  EXPECT_TRUE(
      eventually([&] { return thread_.call([&] { return server_->connections(); }) == 0; }));
  EXPECT_EQ(pieces_asked_, 1);
}

TEST_F(HttpServerTest, PiecesCountAgainstWhatMayBeSentAtOnce) {
  HttpOptions options;
  options.most_answer_bytes = 1000;
  Client client(listen(options));
  piece_bytes_ = 2000;
  client.write("GET /pieces HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.read_response(), StartsWith("HTTP/1.1 503"));
  piece_bytes_ = 500;  // what was sent is counted no more
  for (int i = 0; i < 5; ++i) {
    Client other(server_->port());
    other.write("GET /pieces HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(other.read_all(), StartsWith("HTTP/1.1 200"));
  }
}

TEST_F(HttpServerTest, AConnectionIsKeptForFurtherRequests) {
  Client client(listen());
  for (const char* target : {"/1", "/2", "/3"}) {
    client.write(std::string("GET ") + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(client.read_response(), testing::EndsWith(std::string("GET ") + target));
  }
}

TEST_F(HttpServerTest, RequestsSentInOneGoAreAnsweredInTheirOrder) {
  Client client(listen());
  client.write(
      "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.read_response(), HasSubstr("GET /1"));
  EXPECT_THAT(client.read_all(), HasSubstr("GET /2"));
}

TEST_F(HttpServerTest, AConnectionIsClosedWhereTheClientWantsThat) {
  const std::uint16_t port = listen();
  EXPECT_THAT(http_get(port, "/x"), HasSubstr("Connection: close\r\n"));
  Client old(port);
  old.write("GET /old HTTP/1.0\r\n\r\n");
  EXPECT_THAT(old.read_all(), HasSubstr("GET /old"));
}

TEST_F(HttpServerTest, HeadHasTheLengthOfTheBodyAndNoBody) {
  Client client(listen());
  client.write("HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string response = client.read_response(false);
  EXPECT_THAT(response, HasSubstr("Content-Length: 9\r\n"));
  client.write("GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.read_response(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, OtherMethodsReachTheHandlerAndItsHeadersTheClient) {
  Client client(listen());
  client.write("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
  const std::string response = client.read_response();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
  EXPECT_THAT(response, HasSubstr("Allow: GET, HEAD\r\n"));
  client.write("GET /after HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.read_response(), HasSubstr("GET /after"));
}

TEST_F(HttpServerTest, ATargetOver8KiBIs414) {
  const std::uint16_t port = listen();
  const std::string longest = "/" + std::string(8191, 'a');
  EXPECT_THAT(http_get(port, longest), StartsWith("HTTP/1.1 200"));
  for (const std::size_t length : {8193U, 100'000U}) {
    const std::string response = http_get(port, "/" + std::string(length - 1, 'a'));
    EXPECT_THAT(response, StartsWith("HTTP/1.1 414"));
    EXPECT_THAT(response, HasSubstr("application/problem+json"));
    EXPECT_THAT(response, HasSubstr("8192 bytes"));
  }
}

TEST_F(HttpServerTest, AHeaderOver16KiBIs431) {
  Client client(listen());
  client.write("GET /a HTTP/1.1\r\nHost: x\r\nX-Much: " + std::string(20'000, 'a') + "\r\n\r\n");
  const std::string response = client.read_all();
  EXPECT_THAT(response, StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(response, HasSubstr("16384 bytes"));
}

TEST_F(HttpServerTest, ABodyOver64KiBIs413) {
  const std::uint16_t port = listen();
  Client client(port);
  client.write("PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n");
  EXPECT_THAT(client.read_all(), StartsWith("HTTP/1.1 413"));
  Client chunked(port);
  chunked.write("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n" +
                std::string(0x20000, 'a') + "\r\n0\r\n\r\n");
  EXPECT_THAT(chunked.read_all(), StartsWith("HTTP/1.1 413"));
}

TEST_F(HttpServerTest, WhatIsNoHttpIs400AndTheConnectionEnds) {
  const std::uint16_t port = listen();
  for (const char* text : {"hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
                           "\x16\x03\x01\x02\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
                           "POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"}) {
    Client client(port);
    client.write(text);
    const std::string response = client.read_all();
    EXPECT_THAT(response, HasSubstr(" 400 Bad Request\r\n")) << text;
    EXPECT_THAT(response, HasSubstr("application/problem+json")) << text;
    EXPECT_THAT(response, HasSubstr("Connection: close")) << text;
  }
}

TEST_F(HttpServerTest, ARequestThatDoesNotComeInTimeEndsTheConnection) {
  HttpOptions options;
  options.timeout = std::chrono::milliseconds{100};
  const std::uint16_t port = listen(options);
  Client silent(port);
  Client slow(port);
  slow.write("GET /a HTTP/1.1\r\nHos");
  EXPECT_TRUE(silent.is_closed_within(10'000));
  EXPECT_TRUE(slow.is_closed_within(10'000));
  EXPECT_TRUE(
      eventually([&] { return thread_.call([&] { return server_->connections(); }) == 0; }));
}

TEST_F(HttpServerTest, AKeptConnectionThatIsIdleTooLongEnds) {
  HttpOptions options;
  options.timeout = std::chrono::milliseconds{100};
  Client client(listen(options));
  client.write("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  client.read_response();
  EXPECT_TRUE(client.is_closed_within(10'000));
}

TEST_F(HttpServerTest, AClientThatDoesNotTakeItsAnswerIsDropped) {
  HttpOptions options;
  options.timeout = std::chrono::milliseconds{200};
  Client client(listen(options));
  client.write("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(
      eventually([&] { return thread_.call([&] { return server_->connections(); }) == 1; }));
  EXPECT_TRUE(
      eventually([&] { return thread_.call([&] { return server_->connections(); }) == 0; }));
  EXPECT_LT(client.read_all().size(), 8U << 20);
}

TEST_F(HttpServerTest, AnAnswerMayComeLater) {
  HttpOptions options;
  options.timeout = std::chrono::milliseconds{50};
  Client client(listen(options));
  client.write("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return later_ != 0; }));
  // Waiting for the answer is not the client's idleness.
  EXPECT_FALSE(client.is_closed_within(200));
  thread_.call([&] { server_->respond(later_, {200, "text/plain", "at last", {}}); });
  EXPECT_THAT(client.read_response(), HasSubstr("at last"));
}

TEST_F(HttpServerTest, AClientThatIsGoneBeforeItsAnswerHarmsNobody) {
  const std::uint16_t port = listen();
  {
    Client client(port);
    client.write("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return later_ != 0; }));
  }
  thread_.call([&] {
    server_->respond(later_, {200, "text/plain", std::string(4U << 20, 'x'), {}});
    server_->respond(later_, {200, "text/plain", "twice", {}});
    server_->respond(123'456, {200, "text/plain", "never asked", {}});
  });
  EXPECT_THAT(http_get(port, "/still"), HasSubstr("GET /still"));
  EXPECT_TRUE(
      eventually([&] { return thread_.call([&] { return server_->connections(); }) == 0; }));
}

TEST_F(HttpServerTest, MoreConnectionsThanThereMayBeAreClosedAtOnce) {
  HttpOptions options;
  options.most_connections = 2;
  const std::uint16_t port = listen(options);
  Client first(port);
  Client second(port);
  ASSERT_TRUE(
      eventually([&] { return thread_.call([&] { return server_->connections(); }) == 2; }));
  Client third(port);
  EXPECT_TRUE(third.is_closed_within(10'000));
  second.write("GET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(second.read_response(), HasSubstr("GET /2"));
  first.hang_up();
  EXPECT_TRUE(
      eventually([&] { return http_get(port, "/room").find("GET /room") != std::string::npos; }));
}

TEST_F(HttpServerTest, AnAnswerForWhichThereIsNoRoomIs503UntilOthersAreSent) {
  HttpOptions options;
  options.most_answer_bytes = 12U << 20;  // one large answer, not two
  const std::uint16_t port = listen(options);
  Client slow(port);
  slow.write("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_FALSE(slow.is_closed_within(10'000)) << "its answer has begun";
  Client other(port);
  other.write("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string refused = other.read_response();
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_THAT(refused, HasSubstr("Retry-After: 5\r\n"));
  EXPECT_THAT(refused, HasSubstr("application/problem+json"));
  other.write("HEAD /large HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(other.read_response(false), StartsWith("HTTP/1.1 200")) << "it has no body to hold";
  other.write("GET /small HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(other.read_response(), HasSubstr("GET /small"));
  slow.hang_up();
  EXPECT_TRUE(eventually([&] {
    other.write("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
    return other.read_response().starts_with("HTTP/1.1 200");
  }));
  EXPECT_THAT(http_get(port, "/large"), StartsWith("HTTP/1.1 200")) << "that one was sent whole";
}

// No descriptor can be opened while it lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest_free = dup(STDERR_FILENO);
    close(lowest_free);
    const rlimit none{static_cast<rlim_t>(lowest_free), before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

// UBSan checks whether an object's memory is there by a pipe, and takes a refused one for "no".
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
constexpr bool kSanitizerNeedsDescriptors = true;
#else
constexpr bool kSanitizerNeedsDescriptors = false;
#endif
#else
constexpr bool kSanitizerNeedsDescriptors = false;
#endif

TEST_F(HttpServerTest, DescriptorsThatAreUsedUpAreToldOnceEachTime) {
  if (kSanitizerNeedsDescriptors) GTEST_SKIP() << "UBSan itself needs descriptors";
  const std::uint16_t port = listen();
  const sockaddr_in address = loopback_address(port);
  testing::internal::CaptureStderr();
  for (int round = 0; round < 2; ++round) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    {
      const NoDescriptors used_up;
      ASSERT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
      std::this_thread::sleep_for(std::chrono::milliseconds{350});  // it tries each 100
    }
    const auto open = [&] { return thread_.call([&] { return server_->connections(); }); };
    EXPECT_TRUE(eventually([&] { return open() == 1; })) << "accepted once there is room";
    close(fd);
    EXPECT_TRUE(eventually([&] { return open() == 0; }));
  }
  const std::string log = testing::internal::GetCapturedStderr();
  std::size_t told = 0;
  for (std::size_t at = 0; (at = log.find("cannot accept", at)) != log.npos; ++at) ++told;
  EXPECT_EQ(told, 2U) << log;
}

TEST_F(HttpServerTest, ManyConnectionsAreServedAtOnce) {
  const std::uint16_t port = listen();
  std::atomic<int> right = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 16; ++i) {
    clients.emplace_back([&, i] {
      Client client(port);
      for (int n = 0; n < 50; ++n) {
        const std::string target = "/" + std::to_string(i) + "/" + std::to_string(n);
        client.write("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
        if (client.read_response().ends_with("GET " + target)) ++right;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right, 16 * 50);
}

TEST_F(HttpServerTest, TheServerGoesWithItsConnections) {
  const std::uint16_t port = listen();
  Client client(port);
  client.write("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return later_ != 0; }));
  thread_.call([&] { server_.reset(); });
  EXPECT_TRUE(client.is_closed_within(10'000));
  EXPECT_FALSE(is_listening(port));
}

TEST_F(HttpServerTest, APortThatIsTakenIsAnError) {
  const TakenPort taken;
  HttpOptions options;
  options.port = taken.port();
  const auto reason = thread_.call([&] {
    return HttpServer::listen(thread_.loop(), options, [](std::uint64_t, api::Request) {})
        .error()
        .message;
  });
  EXPECT_EQ(reason, "Address already in use");
}

TEST_F(HttpServerTest, AnAddressThatIsNoneIsAnError) {
  HttpOptions options;
  options.address = "localhost";
  const auto reason = thread_.call([&] {
    return HttpServer::listen(thread_.loop(), options, [](std::uint64_t, api::Request) {})
        .error()
        .message;
  });
  EXPECT_EQ(reason, "localhost is no IP address");
}

}  // namespace
}  // namespace bw::coordinator
