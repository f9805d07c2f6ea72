#include "tests/unit/coordinator/cli/canned_server.h"

#include <array>
#include <string_view>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bw::cli::testing {

namespace {

int bound_socket(std::uint16_t& port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof address;
  EXPECT_EQ(0, bind(fd, generic, length));
  EXPECT_EQ(0, getsockname(fd, generic, &length));
  port = ntohs(address.sin_port);
  return fd;
}

std::string head(int status, const std::string& type, std::size_t length) {
  return "HTTP/1.1 " + std::to_string(status) + " Canned\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(length) + "\r\nConnection: close\r\n\r\n";
}

}  // namespace

std::string unused_url() {
  std::uint16_t port = 0;
  const int fd = bound_socket(port);
  close(fd);
  return "http://127.0.0.1:" + std::to_string(port);
}

CannedServer::CannedServer() {
  listener_ = bound_socket(port_);
  EXPECT_EQ(0, listen(listener_, 16));
  thread_ = std::thread([this] { serve(); });
}

CannedServer::~CannedServer() {
  stopping_ = true;
  thread_.join();
  close(listener_);
  for (const int fd : kept_open_) close(fd);
}

void CannedServer::answer(const std::string& path, std::string body, int status, std::string type) {
  answer_raw(path, head(status, type, body.size()) + body);
}

void CannedServer::answer_raw(const std::string& path, std::string bytes) {
  const std::lock_guard lock(mutex_);
  replies_[path] = std::move(bytes);
}

void CannedServer::stay_silent(const std::string& path) {
  answer_raw(path, "");
}

std::vector<std::string> CannedServer::targets() const {
  const std::lock_guard lock(mutex_);
  return targets_;
}

std::string CannedServer::last_method() const {
  const std::lock_guard lock(mutex_);
  return method_;
}

std::string CannedServer::last_body() const {
  const std::lock_guard lock(mutex_);
  return body_;
}

void CannedServer::serve() {
  while (!stopping_) {
    pollfd ready{listener_, POLLIN, 0};
    if (poll(&ready, 1, 20) <= 0) continue;
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection >= 0) serve_one(connection);
  }
}

void CannedServer::serve_one(int connection) {
  std::string request;
  std::array<char, 4096> buffer{};
  const auto read_more = [&] {
    const ssize_t count = recv(connection, buffer.data(), buffer.size(), 0);
    if (count > 0) request.append(buffer.data(), static_cast<std::size_t>(count));
    return count > 0;
  };
  while (request.find("\r\n\r\n") == std::string::npos && read_more()) {
  }
  const std::size_t body = request.find("\r\n\r\n") + 4;
  const std::size_t length = request.find("Content-Length: ");
  const std::size_t bytes =
      length == std::string::npos ? 0 : std::stoul(request.substr(length + 16));
  if (request.find("Expect: 100-continue") != std::string::npos) {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    EXPECT_GT(send(connection, kContinue.data(), kContinue.size(), MSG_NOSIGNAL), 0);
  }
  while (request.size() < body + bytes && read_more()) {
  }
  const std::string method = request.substr(0, request.find(' '));
  const std::size_t begin = request.find(' ') + 1;
  const std::string target = request.substr(begin, request.find(' ', begin) - begin);
  const std::string reply = reply_to(method, target);
  {
    const std::lock_guard lock(mutex_);
    targets_.push_back(target);
    method_ = method;
    body_ = request.substr(body);
    if (reply.empty()) {
      kept_open_.push_back(connection);
      return;
    }
  }
  std::size_t sent = 0;
  while (sent < reply.size()) {
    const ssize_t count = send(connection, reply.data() + sent, reply.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) break;
    sent += static_cast<std::size_t>(count);
  }
  close(connection);
}

std::string CannedServer::reply_to(const std::string& method, const std::string& target) const {
  const std::lock_guard lock(mutex_);
  const std::string path = target.substr(0, target.find('?'));
  for (const std::string& key : {method + " " + target, method + " " + path, target, path}) {
    if (const auto found = replies_.find(key); found != replies_.end()) return found->second;
  }
  const std::string problem = R"({"title":"Not Found","status":404,"detail":"nothing is here"})";
  return head(404, "application/problem+json", problem.size()) + problem;
}

}  // namespace bw::cli::testing
