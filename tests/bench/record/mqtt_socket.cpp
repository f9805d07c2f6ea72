#include "tests/bench/record/mqtt_socket.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "schemas/wire/varint.h"

namespace bw::bench {

namespace {

constexpr std::size_t kMostUnwritten = 1U << 20;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "the broker: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

MqttSocket::MqttSocket(int port, const std::string& client_id, OnMessage on_message)
    : on_message_(std::move(on_message)) {
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    fail("connect");
  }
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  begin_packet(0x10, 2 + 4 + 1 + 1 + 2 + 1 + 2 + client_id.size());
  put_text("MQTT");
  for (const int byte : {5, 2, 0, 0, 0}) out_.push_back(static_cast<std::byte>(byte));
  put_text(client_id);
  while (!connected_) turn(1000);
}

MqttSocket::~MqttSocket() {
  close(socket_);
}

void MqttSocket::begin_packet(std::uint8_t type, std::size_t size) {
  out_.push_back(static_cast<std::byte>(type));
  wire::put_varint(out_, size);
}

void MqttSocket::put_text(std::string_view text) {
  out_.push_back(static_cast<std::byte>(text.size() >> 8));
  out_.push_back(static_cast<std::byte>(text.size() & 0xff));
  const auto bytes = bytes_of(text);
  out_.insert(out_.end(), bytes.begin(), bytes.end());
}

void MqttSocket::subscribe(const std::string& filter) {
  begin_packet(0x82, 2 + 1 + 2 + filter.size() + 1);
  for (const int byte : {0xff, 0xff, 0}) out_.push_back(static_cast<std::byte>(byte));
  put_text(filter);
  out_.push_back(std::byte{0});
}

bool MqttSocket::publish(std::string_view topic, std::span<const std::byte> payload, int qos,
                         bool retained) {
  if (out_.size() - out_at_ > kMostUnwritten || (qos > 0 && under_way_ >= kWindow)) return false;
  const std::size_t id_bytes = qos > 0 ? 2 : 0;
  begin_packet(static_cast<std::uint8_t>(0x30 | qos << 1 | (retained ? 1 : 0)),
               2 + topic.size() + id_bytes + 1 + payload.size());
  put_text(topic);
  if (qos > 0) {
    next_id_ = static_cast<std::uint16_t>(next_id_ % 60'000 + 1);
    out_.push_back(static_cast<std::byte>(next_id_ >> 8));
    out_.push_back(static_cast<std::byte>(next_id_ & 0xff));
    ++under_way_;
  }
  out_.push_back(std::byte{0});  // no properties
  out_.insert(out_.end(), payload.begin(), payload.end());
  return true;
}

void MqttSocket::turn(int most_ms) {
  write_some();
  pollfd wait{socket_, static_cast<short>(POLLIN | (out_.empty() ? 0 : POLLOUT)), 0};
  if (poll(&wait, 1, most_ms) < 0 && errno != EINTR) fail("poll");
  if ((wait.revents & (POLLIN | POLLHUP | POLLERR)) != 0) read_some();
  if ((wait.revents & POLLOUT) != 0) write_some();
}

void MqttSocket::write_some() {
  while (out_at_ < out_.size()) {
    const ssize_t sent =
        send(socket_, out_.data() + out_at_, out_.size() - out_at_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EAGAIN || errno == EINTR) return;
      fail("send");
    }
    out_at_ += static_cast<std::size_t>(sent);
    bytes_sent_ += static_cast<std::uint64_t>(sent);
  }
  out_.clear();
  out_at_ = 0;
}

void MqttSocket::read_some() {
  in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(in_at_));
  in_at_ = 0;
  const std::size_t had = in_.size();
  in_.resize(had + (256U << 10));
  const ssize_t got = recv(socket_, in_.data() + had, in_.size() - had, MSG_DONTWAIT);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) fail("it hung up");
  in_.resize(had + static_cast<std::size_t>(got > 0 ? got : 0));
  while (take_packet()) {
  }
}

bool MqttSocket::take_packet() {
  wire::ByteReader in(std::span<const std::byte>(in_).subspan(in_at_));
  const auto type = in.byte();
  const auto size = in.varint();
  if (!type || !size) return false;
  const auto body = in.take(static_cast<std::size_t>(*size));
  if (!body) return false;
  in_at_ = in_.size() - in.size();
  switch (*type >> 4) {
    case 2:  // CONNACK
      connected_ = body->size() >= 2 && (*body)[1] == std::byte{0};
      if (!connected_) fail("it refused the connection");
      break;
    case 3:
      take_publish(*body, (*type >> 1) & 3);
      break;
    case 4:  // PUBACK
      if (body->size() > 2 && std::to_integer<int>((*body)[2]) >= 0x80)
        fail("it refused a message");
      --under_way_;
      break;
    case 14:
      fail("it said goodbye");
    default:
      break;
  }
  return true;
}

void MqttSocket::take_publish(std::span<const std::byte> body, int qos) {
  wire::ByteReader in(body);
  const auto high = in.byte();
  const auto low = in.byte();
  const auto topic = in.take(static_cast<std::size_t>(*high << 8 | *low));
  if (qos > 0) (void)in.take(2);
  const auto properties = in.varint();
  (void)in.take(static_cast<std::size_t>(*properties));
  on_message_({reinterpret_cast<const char*>(topic->data()), topic->size()}, *in.take(in.size()));
}

}  // namespace bw::bench
