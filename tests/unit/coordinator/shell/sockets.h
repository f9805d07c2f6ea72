// Plain loopback sockets: a client that sends and receives bytes as it likes, and ports.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace bw::coordinator {

inline sockaddr_in loopback_address(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

// Holds a port as another program would.
class TakenPort {
 public:
  TakenPort() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback_address(0);
    socklen_t length = sizeof address;
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    listen(fd_, 1);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
  }
  ~TakenPort() { close(fd_); }
  TakenPort(const TakenPort&) = delete;
  TakenPort& operator=(const TakenPort&) = delete;
  std::uint16_t port() const { return port_; }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

inline std::uint16_t free_port() {
  return TakenPort().port();
}

inline bool is_listening(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback_address(port);
  const int result = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  close(fd);
  return result == 0;
}

class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_in address = loopback_address(port);
    is_connected_ = connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    const timeval patience{20, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }
  ~Client() { hang_up(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool is_connected() const { return is_connected_; }
  void hang_up() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // Until the other side closes.
  std::string read_all() {
    while (read_some()) {
    }
    return std::exchange(received_, {});
  }

  // So many, or fewer where the other side closes.
  std::string read_bytes(std::size_t count) {
    while (received_.size() < count && read_some()) {
    }
    const std::string bytes = received_.substr(0, count);
    received_.erase(0, bytes.size());
    return bytes;
  }

  // One response: its head, and as much body as its Content-Length says, or none for a HEAD.
  std::string read_response(bool has_body = true) {
    std::size_t end = std::string::npos;
    while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!read_some()) return std::exchange(received_, {});
    }
    end += 4;
    if (const auto at = received_.find("Content-Length: "); has_body && at < end) {
      end += static_cast<std::size_t>(std::atol(received_.c_str() + at + 16));
    }
    while (received_.size() < end && read_some()) {
    }
    const std::string response = received_.substr(0, end);
    received_.erase(0, end);
    return response;
  }

  // Whether the other side has closed, with nothing more sent, within `most_ms`.
  bool is_closed_within(int most_ms) {
    pollfd waiting{fd_, POLLIN, 0};
    if (poll(&waiting, 1, most_ms) <= 0) return false;
    char byte = 0;
    return recv(fd_, &byte, 1, 0) <= 0;
  }

 private:
  bool read_some() {
    char chunk[65536];
    const ssize_t length = recv(fd_, chunk, sizeof chunk, 0);
    if (length <= 0) return false;
    received_.append(chunk, static_cast<std::size_t>(length));
    return true;
  }

  int fd_;
  bool is_connected_ = false;
  std::string received_;
};

inline std::string http_get(std::uint16_t port, const std::string& target) {
  Client client(port);
  client.write("GET " + target + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  return client.read_all();
}

}  // namespace bw::coordinator
