// A link between agents and broker that is slow, far, or cut: forwards TCP with a delay each way
// and a bound of bytes a second, and may swallow everything for a while.
//
// A thread of its own; settings may be changed from any other.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

namespace bw::integration {

class SlowProxy {
 public:
  // Listens on `address`:`port` and forwards to 127.0.0.1:`to_port`.
  SlowProxy(const std::string& address, int port, int to_port);
  ~SlowProxy();
  SlowProxy(const SlowProxy&) = delete;
  SlowProxy& operator=(const SlowProxy&) = delete;

  bool is_listening() const { return listener_ >= 0; }
  void set_delay(std::chrono::milliseconds each_way) { delay_ms_ = each_way.count(); }
  // Of each connection and direction; 0: no bound.
  void set_rate(std::uint64_t bytes_per_s) { bytes_per_s_ = bytes_per_s; }
  // Nothing passes, nobody is told: as with a cable that is pulled.
  void set_cut(bool cut) { is_cut_ = cut; }
  std::uint64_t forwarded() const { return forwarded_; }

 private:
  void run();

  int listener_ = -1;
  int to_port_;
  std::atomic<std::int64_t> delay_ms_{0};
  std::atomic<std::uint64_t> bytes_per_s_{0};
  std::atomic<bool> is_cut_{false};
  std::atomic<bool> is_stopping_{false};
  std::atomic<std::uint64_t> forwarded_{0};
  std::thread thread_;
};

}  // namespace bw::integration
