// A real Mosquitto of the test's own, on a free loopback port.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bw {

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

// A socket that listens and never accepts: whoever connects hears nothing.
class MuteServer {
 public:
  MuteServer() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::listen(fd_, 16);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
  }
  ~MuteServer() { ::close(fd_); }
  MuteServer(const MuteServer&) = delete;
  MuteServer& operator=(const MuteServer&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

inline std::uint16_t free_port() {
  return MuteServer().port();
}

class TestBroker {
 public:
  static constexpr const char* kProgram = "/usr/sbin/mosquitto";
  static bool is_installed() { return ::access(kProgram, X_OK) == 0; }

  // `settings`: further lines of its configuration; `acl`: its access list, where not empty.
  explicit TestBroker(const std::string& settings = "allow_anonymous true\n",
                      const std::string& acl = "")
      : port_(free_port()) {
    std::string pattern = "/tmp/bw_broker_XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    std::filesystem::permissions(directory_, std::filesystem::perms{0755});
    std::ofstream configuration(directory_ / "mosquitto.conf");
    configuration << "listener " << port_ << " 127.0.0.1\n" << settings;
    if (!acl.empty()) {
      std::ofstream(directory_ / "acl") << acl;
      configuration << "acl_file " << (directory_ / "acl").string() << "\n";
    }
    configuration.close();
    start();
  }
  ~TestBroker() {
    stop(SIGKILL);  // it takes a second to end in good order
    std::filesystem::remove_all(directory_);
  }
  TestBroker(const TestBroker&) = delete;
  TestBroker& operator=(const TestBroker&) = delete;

  // Returns once it takes connections.
  void start() {
    const std::string file = (directory_ / "mosquitto.conf").string();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that crashes leaves no broker behind
      const int null = ::open("/dev/null", O_WRONLY);
      ::dup2(null, STDOUT_FILENO);
      ::dup2(null, STDERR_FILENO);
      ::execl(kProgram, kProgram, "-c", file.c_str(), nullptr);
      ::_exit(127);
    }
    for (int tries = 0; tries < 1000 && !answers(); ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
  }

  void stop(int signal = SIGTERM) {
    if (pid_ <= 0) return;
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  void signal(int number) const { ::kill(pid_, number); }

  std::string url() const { return "mqtt://127.0.0.1:" + std::to_string(port_); }

 private:
  bool answers() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port_);
    const int result = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::close(fd);
    return result == 0;
  }

  std::uint16_t port_;
  std::filesystem::path directory_;
  pid_t pid_ = -1;
};

}  // namespace bw
