// A network namespace for agents, joined to this one by a veth pair whose packets may get lost.
// Where it can't be made (no CAP_NET_ADMIN, no `ip`), programs run beside each other on loopback.
#pragma once

#include <string>
#include <vector>

namespace bw::integration {

class Network {
 public:
  Network();
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  bool is_up() const { return is_up_; }
  bool can_lose() const { return can_lose_; }
  // Where programs inside reach those outside.
  std::string address() const { return is_up_ ? "10.213.77.1" : "127.0.0.1"; }
  // What to put before a command for it to run inside.
  std::vector<std::string> inside() const;
  // Percent of the packets each way that are dropped.
  void lose(int percent);

 private:
  std::string name_;
  bool is_up_ = false;
  bool can_lose_ = false;
};

}  // namespace bw::integration
