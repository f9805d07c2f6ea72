#include "coordinator/shell/embedded_broker.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/backoff.h"
#include "base/runtime/child_process.h"
#include "base/runtime/clock.h"
#include "base/runtime/log.h"
#include "schemas/wire/limits.h"

namespace bw::coordinator {

namespace {

constexpr std::string_view kBrokerPart = "broker";

// It is taken to be ready after this, whatever it writes.
constexpr auto kReadyAfter = std::chrono::milliseconds{500};
constexpr auto kAskAgain = std::chrono::milliseconds{100};
// One that ran for so long and died is no sign that the next will die too.
constexpr auto kRanWell = std::chrono::seconds{30};

constexpr std::size_t kPacketBytes = wire::kMaxHistoryPayload + 4096;  // with topic and properties

Error failure(const std::string& what, int error) {
  return Error{what + ": " + std::system_category().message(error)};
}

Result<std::string> find_executable(const std::string& configured) {
  if (!configured.empty()) {
    if (access(configured.c_str(), X_OK) == 0) return configured;
    return failure("broker.executable: " + configured, errno);
  }
  std::string directories = "/usr/sbin:/usr/local/sbin";
  if (const char* const path = std::getenv("PATH")) directories += std::string(":") + path;
  for (std::size_t begin = 0; begin <= directories.size();) {
    const std::size_t end = std::min(directories.find(':', begin), directories.size());
    const std::string candidate = directories.substr(begin, end - begin) + "/mosquitto";
    if (end > begin && access(candidate.c_str(), X_OK) == 0) return candidate;
    begin = end + 1;
  }
  return Error{
      "there is no MQTT broker: broker.url is not set, and Mosquitto, which would be started "
      "instead, is not installed. Install it (apt-get install mosquitto), or set broker.url"};
}

// What Mosquitto says where it can't load its file. What it says where it can't save it, on a full
// disk say, speaks of the "in-memory database", and is no word against the file.
bool is_load_error(std::string_view line) {
  return line.starts_with("Error") &&
         (line.find("Couldn't open database") != std::string_view::npos ||
          line.find("persistent database") != std::string_view::npos);
}

// Whether it could be listened on now: 0 or the error.
int try_port(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int error = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                            listen(fd, 1) == 0
                        ? 0
                        : errno;
  close(fd);
  return error;
}

Result<void> wait_for_port(const BrokerOptions& options) {
  const Instant deadline = monotonic_now() + options.port_wait;
  while (true) {
    const int error = try_port(options.port);
    if (error == 0) return {};
    if (error != EADDRINUSE || monotonic_now() >= deadline) {
      return failure("broker.port: the coordinator's own broker cannot listen on 127.0.0.1:" +
                         std::to_string(options.port),
                     error)
          .within("start the broker");
    }
    usleep(20'000);
  }
}

std::string user_name() {
  const passwd* const user = getpwuid(geteuid());
  return user == nullptr ? std::string() : user->pw_name;
}

std::string configuration(const BrokerOptions& options) {
  std::string text =
      "# Written by bellwether-coordinator at each start: what is changed here is lost.\n"
      "listener " +
      std::to_string(options.port) +
      " 127.0.0.1\n"
      "allow_anonymous true\n";
  // Started as root it would change to a user that cannot read this directory.
  if (const std::string user = user_name(); !user.empty()) text += "user " + user + "\n";
  text +=
      "persistence true\n"
      "persistence_location " +
      options.directory +
      "/\n"
      "persistence_file mosquitto.db\n"
      "autosave_interval 300\n"
      // What waits for a coordinator that is away. More is dropped: the nodes keep their records
      // until they are acknowledged, and send them again.
      "max_queued_messages 10000\n"
      "max_queued_bytes 67108864\n"
      "max_inflight_messages 50\n"
      "max_packet_size " +
      std::to_string(kPacketBytes) +
      "\n"
      "log_dest stderr\n"
      "log_timestamp false\n"
      "log_type error\nlog_type warning\nlog_type notice\nlog_type information\n";
  return text;
}

Result<std::string> write_configuration(const BrokerOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.directory, error);
  if (!error) {
    std::filesystem::permissions(options.directory, std::filesystem::perms::owner_all, error);
  }
  if (error) return failure("create " + options.directory, error.value());
  const std::string path = options.directory + "/mosquitto.conf";
  std::ofstream file(path, std::ios::trunc);
  file << configuration(options);
  file.close();
  if (!file) return failure("write " + path, errno);
  return path;
}

}  // namespace

struct EmbeddedBroker::State : std::enable_shared_from_this<EmbeddedBroker::State> {
  State(EventLoop& event_loop, BrokerOptions broker_options, std::function<void()> is_ready)
      : loop(event_loop),
        options(std::move(broker_options)),
        ready(std::move(is_ready)),
        backoff(options.backoff_first, options.backoff_most),
        rng(static_cast<std::uint64_t>(monotonic_now().time_since_epoch().count())),
        restart_timer(event_loop),
        ready_timer(event_loop),
        kill_timer(event_loop) {}

  Result<void> spawn();
  void spawn_again();
  void heard(std::string_view line);
  void tell_ready();
  void ask_to_end();
  void ended(const std::string& how);
  void set_aside_what_it_kept();

  EventLoop& loop;
  BrokerOptions options;
  std::function<void()> ready;
  std::string executable;
  std::string config_file;
  Backoff backoff;
  Rng rng;
  Timer restart_timer;
  Timer ready_timer;
  Timer kill_timer;
  std::unique_ptr<ChildProcess> child;
  Instant started{};
  Instant kill_at{};
  bool told_ready = false;
  bool is_running = false;       // it has said so: its file is loaded
  bool blamed_its_file = false;  // this run's
  bool is_stopping = false;
  std::function<void()> stopped;
};

Result<void> EmbeddedBroker::State::spawn() {
  const std::weak_ptr<State> weak = weak_from_this();
  auto process = ChildProcess::start(loop, {executable, "-c", config_file},
                                     {[weak](std::string_view line) {
                                        if (const auto self = weak.lock()) self->heard(line);
                                      },
                                      [weak](const std::string& how) {
                                        if (const auto self = weak.lock()) self->ended(how);
                                      }});
  if (!process) return process.error();
  child = std::move(*process);
  started = monotonic_now();
  told_ready = false;
  is_running = false;
  blamed_its_file = false;
  ready_timer.after(kReadyAfter, [this] { tell_ready(); });
  return {};
}

void EmbeddedBroker::State::spawn_again() {
  const auto spawned = spawn();
  if (spawned) return;
  log(LogLevel::error, kBrokerPart, "cannot start " + executable + ": " + spawned.error().message);
  restart_timer.after(backoff.next(rng), [this] { spawn_again(); });
}

void EmbeddedBroker::State::heard(std::string_view line) {
  const bool is_error = line.starts_with("Error");
  log(is_error ? LogLevel::warning : LogLevel::debug, kBrokerPart, line);
  if (!is_running && is_load_error(line)) blamed_its_file = true;
  if (line.ends_with(" running")) {
    is_running = true;
    tell_ready();
  }
}

void EmbeddedBroker::State::tell_ready() {
  ready_timer.cancel();
  if (std::exchange(told_ready, true) || is_stopping) return;
  if (ready) ready();
}

// More than once: a Mosquitto that has just begun to run forgets a SIGTERM that came before.
void EmbeddedBroker::State::ask_to_end() {
  if (!child) return;
  const bool is_over = monotonic_now() >= kill_at;
  child->signal(is_over ? SIGKILL : SIGTERM);
  if (!is_over) kill_timer.after(kAskAgain, [this] { ask_to_end(); });
}

void EmbeddedBroker::State::ended(const std::string& how) {
  child.reset();
  ready_timer.cancel();
  if (is_stopping) {
    kill_timer.cancel();
    if (stopped) std::exchange(stopped, nullptr)();
    return;
  }
  if (blamed_its_file) set_aside_what_it_kept();
  if (monotonic_now() - started >= kRanWell) backoff.reset();
  const Duration wait = backoff.next(rng);
  log(LogLevel::error, kBrokerPart,
      executable + " " + how + "; it is started again in " +
          std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(wait).count()) +
          " ms");
  restart_timer.after(wait, [this] { spawn_again(); });
}

// It would refuse to start for ever. Retained messages and sessions are lost with the file; the
// nodes announce themselves anew on their next connection.
void EmbeddedBroker::State::set_aside_what_it_kept() {
  const std::string kept = options.directory + "/mosquitto.db";
  const std::string aside = kept + ".damaged-" + std::to_string(to_ms(wall_now()) / 1000);
  if (std::rename(kept.c_str(), aside.c_str()) != 0) return;
  log(LogLevel::error, kBrokerPart,
      kept + " was damaged: it is set aside as " + aside + ", and the broker begins without it");
}

Result<std::unique_ptr<EmbeddedBroker>> EmbeddedBroker::start(EventLoop& loop,
                                                              BrokerOptions options,
                                                              std::function<void()> ready) {
  auto state = std::make_shared<State>(loop, std::move(options), std::move(ready));
  auto executable = find_executable(state->options.executable);
  if (!executable) return executable.error();
  state->executable = std::move(*executable);
  if (const auto free = wait_for_port(state->options); !free) return free.error();
  auto config_file = write_configuration(state->options);
  if (!config_file) return config_file.error();
  state->config_file = std::move(*config_file);
  if (const auto spawned = state->spawn(); !spawned) {
    return spawned.error().within("start " + state->executable);
  }
  return std::unique_ptr<EmbeddedBroker>(new EmbeddedBroker(std::move(state)));
}

EmbeddedBroker::~EmbeddedBroker() = default;

void EmbeddedBroker::stop(std::function<void()> done) {
  State& state = *state_;
  state.is_stopping = true;
  state.restart_timer.cancel();
  state.ready_timer.cancel();
  if (!state.child) {
    state.loop.post(std::move(done));
    return;
  }
  state.stopped = std::move(done);
  state.kill_at = monotonic_now() + kGrace;
  state.ask_to_end();
}

int EmbeddedBroker::pid() const {
  return state_->child ? state_->child->pid() : 0;
}

}  // namespace bw::coordinator
