#include "agent/shell/health_probe.h"

#include <optional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bw::agent {
namespace {

using testing::HasSubstr;

// Listens on a port of its own; answers the first connection with `answer`, and closes it, or where
// that is nothing holds it open.
class Server {
 public:
  explicit Server(std::optional<std::string> answer) : answer_(std::move(answer)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 4), 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    if (answer_) thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    shutdown(listener_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    close(listener_);
  }

  std::uint16_t port = 0;
  // Of the connection that was answered.
  std::string request() {
    thread_.join();
    return request_;
  }

 private:
  void serve() {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    char chunk[1024];
    while (request_.find("\r\n\r\n") == std::string::npos) {
      const ssize_t length = read(fd, chunk, sizeof(chunk));
      if (length <= 0) break;
      request_.append(chunk, static_cast<std::size_t>(length));
    }
    EXPECT_EQ(write(fd, answer_->data(), answer_->size()), static_cast<ssize_t>(answer_->size()));
    close(fd);
  }

  std::optional<std::string> answer_;
  std::string request_;
  int listener_ = -1;
  std::thread thread_;
};

struct Answer {
  bool is_well = false;
  std::string text;
};

Answer ask(wire::HealthProbe what, std::uint16_t port, std::uint64_t timeout_ms = 30'000) {
  wire::HealthCheck check;
  check.probe = what;
  check.port = port;
  check.path = "/healthz";
  check.timeout_ms = timeout_ms;
  EventLoop loop;
  Answer answer;
  std::optional<HealthProbe> probe;
  probe.emplace(loop, check, [&](bool is_well, std::string text) {
    answer = {is_well, std::move(text)};
    probe.reset();
    loop.stop();
  });
  loop.run();
  return answer;
}

Answer answered(std::string text) {
  Server server(std::move(text));
  return ask(wire::HealthProbe::http, server.port);
}

TEST(HealthProbe, is_well_where_a_port_takes_a_connection) {
  Server server(std::nullopt);
  EXPECT_TRUE(ask(wire::HealthProbe::tcp, server.port).is_well);
}

TEST(HealthProbe, says_that_nobody_listens) {
  const Answer answer = ask(wire::HealthProbe::tcp, 1);
  EXPECT_FALSE(answer.is_well);
  EXPECT_THAT(answer.text, HasSubstr("refused"));
  EXPECT_FALSE(ask(wire::HealthProbe::http, 1).is_well);
}

TEST(HealthProbe, goes_by_the_status_of_an_answer) {
  EXPECT_TRUE(answered("HTTP/1.1 200 OK\r\n\r\nfine").is_well);
  EXPECT_TRUE(answered("HTTP/1.0 302 Found\r\n\r\n").is_well);
  const Answer bad = answered("HTTP/1.1 503 Service Unavailable\r\n\r\n");
  EXPECT_FALSE(bad.is_well);
  EXPECT_EQ(bad.text, "answered 503");
  EXPECT_FALSE(answered("HTTP/1.1 400\n").is_well);
}

TEST(HealthProbe, takes_no_other_protocol_for_an_answer) {
  for (const char* text : {"", "hello\n", "HTTP/1.1\n", "HTTP/1.1 abc\n", "HTTP/1.1 7\n"}) {
    const Answer answer = answered(text);
    EXPECT_FALSE(answer.is_well) << text;
    EXPECT_EQ(answer.text, "answered, but not as HTTP") << text;
  }
  EXPECT_EQ(answered(std::string(100'000, 'x')).text, "answered, but not as HTTP");
}

TEST(HealthProbe, asks_for_the_path) {
  Server server("HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_TRUE(ask(wire::HealthProbe::http, server.port).is_well);
  EXPECT_THAT(server.request(), testing::StartsWith("GET /healthz HTTP/1.0\r\n"));
}

TEST(HealthProbe, waits_no_longer_than_its_timeout_for_a_socket_that_hangs) {
  Server server(std::nullopt);
  const Answer answer = ask(wire::HealthProbe::http, server.port, 50);
  EXPECT_FALSE(answer.is_well);
  EXPECT_EQ(answer.text, "no answer within 50 ms");
}

TEST(HealthProbe, says_nothing_when_it_is_gone) {
  Server server(std::nullopt);
  EventLoop loop;
  wire::HealthCheck check;
  check.probe = wire::HealthProbe::tcp;
  check.port = server.port;
  bool told = false;
  {
    HealthProbe probe(loop, check, [&](bool, const std::string&) { told = true; });
  }
  Timer end(loop);
  end.after(std::chrono::milliseconds{20}, [&] { loop.stop(); });
  loop.run();
  EXPECT_FALSE(told);
}

}  // namespace
}  // namespace bw::agent
