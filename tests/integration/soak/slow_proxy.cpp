#include "tests/integration/soak/slow_proxy.h"

#include <algorithm>
#include <array>
#include <deque>
#include <list>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bw::integration {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// What lies in one direction at most: then its sender has to wait, as on a real link.
constexpr std::size_t kMostBytes = 256U << 10;

struct Piece {
  Clock::time_point due;
  std::vector<char> bytes;
  std::size_t sent = 0;
};

struct Direction {
  int from = -1;
  int to = -1;
  std::deque<Piece> pieces;
  std::size_t bytes = 0;
  Clock::time_point free_at{};
  bool is_at_end = false;
};

struct Pair {
  std::array<Direction, 2> ways;
  bool is_over = false;
};

sockaddr_in address_of(const std::string& host, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

void take_in(Direction& way, std::int64_t delay_ms, std::uint64_t rate) {
  if (way.is_at_end || way.bytes >= kMostBytes) return;
  std::array<char, 4096> buffer;
  const ssize_t got = recv(way.from, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got == 0 || (got < 0 && errno != EAGAIN)) way.is_at_end = true;
  if (got <= 0) return;
  const auto now = Clock::now();
  way.free_at = std::max(way.free_at, now);
  if (rate > 0) {
    way.free_at += std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(static_cast<double>(got) / static_cast<double>(rate)));
  }
  way.pieces.push_back(
      {way.free_at + milliseconds{delay_ms}, {buffer.data(), buffer.data() + got}});
  way.bytes += static_cast<std::size_t>(got);
}

std::size_t give_out(Direction& way) {
  std::size_t done = 0;
  while (!way.pieces.empty() && way.pieces.front().due <= Clock::now()) {
    Piece& piece = way.pieces.front();
    const ssize_t sent = send(way.to, piece.bytes.data() + piece.sent,
                              piece.bytes.size() - piece.sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) way.is_at_end = true;
    if (sent <= 0) break;
    done += static_cast<std::size_t>(sent);
    piece.sent += static_cast<std::size_t>(sent);
    if (piece.sent < piece.bytes.size()) break;
    way.bytes -= piece.bytes.size();
    way.pieces.pop_front();
  }
  return done;
}

void accept_one(int listener, int to_port, std::list<Pair>& pairs) {
  const int client = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = address_of("127.0.0.1", to_port);
  if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(client);
    close(server);
    return;
  }
  Pair pair;
  pair.ways[0].from = pair.ways[1].to = client;
  pair.ways[0].to = pair.ways[1].from = server;
  pairs.push_back(std::move(pair));
}

}  // namespace

SlowProxy::SlowProxy(const std::string& address, int port, int to_port) : to_port_(to_port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int yes = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const sockaddr_in at = address_of(address, port);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || listen(fd, 64) != 0) {
    close(fd);
    return;
  }
  listener_ = fd;
  thread_ = std::thread([this] { run(); });
}

SlowProxy::~SlowProxy() {
  is_stopping_ = true;
  if (thread_.joinable()) thread_.join();
  if (listener_ >= 0) close(listener_);
}

void SlowProxy::run() {
  std::list<Pair> pairs;
  while (!is_stopping_) {
    std::vector<pollfd> polled{{listener_, POLLIN, 0}};
    if (!is_cut_) {
      for (const Pair& pair : pairs) {
        for (const Direction& way : pair.ways) {
          if (!way.is_at_end && way.bytes < kMostBytes) polled.push_back({way.from, POLLIN, 0});
        }
      }
    }
    poll(polled.data(), polled.size(), 5);
    if (is_cut_) {
      std::this_thread::sleep_for(milliseconds{5});
      continue;
    }
    accept_one(listener_, to_port_, pairs);
    for (Pair& pair : pairs) {
      for (Direction& way : pair.ways) {
        take_in(way, delay_ms_, bytes_per_s_);
        forwarded_ += give_out(way);
        if (way.is_at_end && way.pieces.empty()) pair.is_over = true;
      }
      if (!pair.is_over) continue;
      close(pair.ways[0].from);
      close(pair.ways[1].from);
    }
    pairs.remove_if([](const Pair& pair) { return pair.is_over; });
  }
  for (const Pair& pair : pairs) {
    close(pair.ways[0].from);
    close(pair.ways[1].from);
  }
}

}  // namespace bw::integration
