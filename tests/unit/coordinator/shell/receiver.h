// A small HTTP server on loopback that takes what is posted to it, for tests of the exports: keeps
// the requests, and answers as it was told beforehand, else with 200.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bw::coordinator {

class Receiver {
 public:
  struct Post {
    std::string head;  // request line and headers, in small letters
    std::string body;
  };
  struct Answer {
    int status = 200;
    std::string body = {};
    std::string headers = {};  // "Retry-After: 1\r\n"
  };

  Receiver() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    (void)bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    (void)listen(listener_, 8);
    (void)getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Receiver() {
    is_stopping_ = true;
    thread_.join();
    close(listener_);
  }
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  std::string url(const std::string& path = "/api/v1/write") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  void answer_next(Answer answer) {
    const std::lock_guard lock(mutex_);
    answers_.push_back(std::move(answer));
  }
  // From now on nothing is answered.
  void hang() { is_hanging_ = true; }
  std::vector<Post> posts() const {
    const std::lock_guard lock(mutex_);
    return posts_;
  }

 private:
  bool wait_readable(int fd) const {
    pollfd ready{fd, POLLIN, 0};
    while (!is_stopping_) {
      if (poll(&ready, 1, 20) > 0) return true;
    }
    return false;
  }

  // One connection after the other.
  void serve() {
    while (wait_readable(listener_)) {
      const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) continue;
      std::string unread;
      while (serve_one(connection, unread)) {
      }
      close(connection);
    }
  }

  bool serve_one(int connection, std::string& unread) {
    std::size_t end = 0;
    while ((end = unread.find("\r\n\r\n")) == std::string::npos) {
      if (!read_more(connection, unread)) return false;
    }
    Post post;
    post.head = unread.substr(0, end + 2);
    for (char& c : post.head) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    unread.erase(0, end + 4);
    const auto at = post.head.find("content-length: ");
    const std::size_t size = at == std::string::npos ? 0 : std::stoul(post.head.substr(at + 16));
    while (unread.size() < size) {
      if (!read_more(connection, unread)) return false;
    }
    post.body = unread.substr(0, size);
    unread.erase(0, size);
    return reply(connection, std::move(post));
  }

  bool read_more(int connection, std::string& unread) const {
    char buffer[65536];
    if (!wait_readable(connection)) return false;
    const ssize_t got = recv(connection, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    unread.append(buffer, static_cast<std::size_t>(got));
    return true;
  }

  bool reply(int connection, Post post) {
    Answer answer;
    {
      const std::lock_guard lock(mutex_);
      posts_.push_back(std::move(post));
      if (!answers_.empty()) {
        answer = std::move(answers_.front());
        answers_.pop_front();
      }
    }
    if (is_hanging_) return wait_readable(connection) && false;
    const std::string text =
        "HTTP/1.1 " + std::to_string(answer.status) + " Said\r\n" + answer.headers +
        "Content-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n" + answer.body;
    return send(connection, text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
  }

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> is_stopping_ = false;
  std::atomic<bool> is_hanging_ = false;
  mutable std::mutex mutex_;
  std::deque<Answer> answers_;
  std::vector<Post> posts_;
  std::thread thread_;
};

}  // namespace bw::coordinator
