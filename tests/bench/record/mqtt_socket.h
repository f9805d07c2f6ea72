// As much of an MQTT v5 client as a load needs, on a plain socket: so that publishing for thousands
// of nodes takes next to nothing of the processors that are measured. Belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bw::bench {

class MqttSocket {
 public:
  // QoS 1 messages under way at once, below what brokers allow.
  static constexpr std::size_t kWindow = 16;

  using OnMessage = std::function<void(std::string_view topic, std::span<const std::byte> payload)>;

  // Connects to loopback; ends the program where that fails.
  MqttSocket(int port, const std::string& client_id, OnMessage on_message);
  ~MqttSocket();
  MqttSocket(const MqttSocket&) = delete;
  MqttSocket& operator=(const MqttSocket&) = delete;

  void subscribe(const std::string& filter);  // QoS 0
  // False where the window is full, or what was written before is still on its way.
  bool publish(std::string_view topic, std::span<const std::byte> payload, int qos, bool retained);
  // Writes and reads what can be, waiting for at most so long.
  void turn(int most_ms);

  int descriptor() const { return socket_; }
  bool wants_to_write() const { return !out_.empty(); }
  std::size_t under_way() const { return under_way_; }
  std::uint64_t bytes_sent() const { return bytes_sent_; }

 private:
  void write_some();
  void read_some();
  bool take_packet();
  void take_publish(std::span<const std::byte> body, int qos);
  void begin_packet(std::uint8_t type, std::size_t size);
  void put_text(std::string_view text);

  int socket_ = -1;
  OnMessage on_message_;
  std::vector<std::byte> out_;
  std::size_t out_at_ = 0;
  std::vector<std::byte> in_;
  std::size_t in_at_ = 0;
  std::uint16_t next_id_ = 0;
  std::size_t under_way_ = 0;
  std::uint64_t bytes_sent_ = 0;
  bool connected_ = false;
};

}  // namespace bw::bench
