// A real broker for one test, on loopback and a port of its own.
#pragma once

#include <csignal>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"
#include "tests/unit/agent/shell/fake_root.h"

namespace bw::agent {

// A port that nothing listens on, likely to stay so for a moment.
inline int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  BW_ASSERT(bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0);
  BW_ASSERT(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  close(fd);
  return ntohs(address.sin_port);
}

class TestBroker {
 public:
  TestBroker() : port_(free_port()) {
    root_.write("/broker.conf", "listener " + std::to_string(port_) +
                                    " 127.0.0.1\nallow_anonymous true\nlog_type none\n");
    const std::string configuration = root_.at("/broker.conf");
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);  // it must not outlive a test that crashes
      execlp("mosquitto", "mosquitto", "-c", configuration.c_str(), nullptr);
      execl("/usr/sbin/mosquitto", "mosquitto", "-c", configuration.c_str(), nullptr);
      _exit(127);
    }
  }
  ~TestBroker() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  TestBroker(const TestBroker&) = delete;
  TestBroker& operator=(const TestBroker&) = delete;

  std::string url() const { return "mqtt://127.0.0.1:" + std::to_string(port_); }

 private:
  FakeRoot root_;
  int port_;
  pid_t pid_ = -1;
};

}  // namespace bw::agent
