#include "agent/shell/health_probe.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/runtime/descriptor_watch.h"

namespace bw::agent {

namespace {

constexpr int kFirstBadStatus = 400;

std::string socket_error(int error) {
  return std::system_category().message(error);
}

// "HTTP/1.1 200 OK" -> 200; 0: it is none.
int status_of(std::string_view line) {
  const std::size_t blank = line.find(' ');
  if (!line.starts_with("HTTP/") || blank == std::string_view::npos) return 0;
  const std::string_view code = line.substr(blank + 1);
  int status = 0;
  std::from_chars(code.data(), code.data() + code.size(), status);
  return status >= 100 && status <= 999 ? status : 0;
}

}  // namespace

struct HealthProbe::State {
  State(EventLoop& event_loop, const wire::HealthCheck& the_check, Done when_done)
      : loop(event_loop), check(the_check), done(std::move(when_done)), timer(event_loop) {}
  ~State() { close_socket(); }

  void begin() {
    timer.after(std::chrono::milliseconds{check.timeout_ms}, [this] {
      finish(false, "no answer within " + std::to_string(check.timeout_ms) + " ms");
    });
    fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return later(socket_error(errno));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(check.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 &&
        errno != EINPROGRESS) {
      return later(socket_error(errno));
    }
    watch.emplace(loop, fd, [this] { is_connected ? receive() : connected(); });
    watch->wait(DescriptorWatch::For::writing);
  }

  // Not before the caller has what it made.
  void later(std::string why) {
    timer.after({}, [this, why = std::move(why)] { finish(false, why); });
  }

  void connected() {
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return finish(false, socket_error(error));
    is_connected = true;
    if (check.probe == wire::HealthProbe::tcp) return finish(true, "");
    const std::string request = "GET " + check.path +
                                " HTTP/1.0\r\nHost: localhost\r\n"
                                "User-Agent: bellwether-agent\r\nConnection: close\r\n\r\n";
    // It is far smaller than any socket's buffer.
    if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size())) {
      return finish(false, socket_error(errno));
    }
    watch->wait();
  }

  void receive() {
    std::array<char, kMaxStatusLine> chunk{};
    const ssize_t length = recv(fd, chunk.data(), chunk.size(), 0);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) return watch->wait();
    if (length < 0) return finish(false, socket_error(errno));
    line.append(chunk.data(), static_cast<std::size_t>(length));
    const std::size_t end = line.find('\n');
    if (length > 0 && end == std::string::npos && line.size() < kMaxStatusLine) {
      return watch->wait();
    }
    const int status = status_of(std::string_view(line).substr(0, end));
    if (status == 0) return finish(false, "answered, but not as HTTP");
    finish(status < kFirstBadStatus, "answered " + std::to_string(status));
  }

  void finish(bool is_well, std::string text) {
    timer.cancel();
    watch.reset();
    close_socket();
    const Done tell = std::exchange(done, nullptr);
    if (tell) tell(is_well, std::move(text));  // and this may be gone
  }

  void close_socket() {
    watch.reset();
    if (fd >= 0) close(fd);
    fd = -1;
  }

  EventLoop& loop;
  wire::HealthCheck check;
  Done done;
  Timer timer;
  std::optional<DescriptorWatch> watch;
  int fd = -1;
  bool is_connected = false;
  std::string line;
};

HealthProbe::HealthProbe(EventLoop& loop, const wire::HealthCheck& check, Done done)
    : state_(std::make_shared<State>(loop, check, std::move(done))) {
  state_->begin();
}

HealthProbe::~HealthProbe() {
  state_->done = nullptr;
}

}  // namespace bw::agent
