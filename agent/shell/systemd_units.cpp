#include "agent/shell/systemd_units.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/dbus_message.h"
#include "base/result.h"

namespace bw::agent {

namespace {

constexpr std::string_view kSystemd = "org.freedesktop.systemd1";
constexpr std::string_view kSystemdPath = "/org/freedesktop/systemd1";
constexpr std::string_view kManager = "org.freedesktop.systemd1.Manager";
constexpr std::string_view kProperties = "org.freedesktop.DBus.Properties";
constexpr std::string_view kBus = "org.freedesktop.DBus";

Error bus_error(std::string_view what) {
  return Error{"ask systemd: " + std::string(what)};
}
Error last_error() {
  return bus_error(errno == EAGAIN ? "no answer in time" : std::generic_category().message(errno));
}

// One connection to the bus. Calls block, each for kAnswerMs at most between two of its answers.
class Bus {
 public:
  explicit Bus(std::string path) : path_(std::move(path)) {}
  ~Bus() { disconnect(); }
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  // The body of the answer. Valid until the next call. After an error the connection is a new one.
  Result<std::string_view> call(const DbusCall& call) {
    if (fd_ < 0) {
      if (auto connected = connect(); !connected) {
        disconnect();
        return connected.error();
      }
    }
    auto answer = exchange(call);
    if (!answer && fd_ >= 0 && !refused_) disconnect();
    return answer;
  }

 private:
  void disconnect() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
    input_.clear();
  }

  Result<void> connect() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) return bus_error("the bus' path is too long");
    std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return last_error();
    const timeval most{SystemdUnits::kAnswerMs / 1000, (SystemdUnits::kAnswerMs % 1000) * 1000};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      return last_error();
    }
    return greet();
  }

  // EXTERNAL: who we are is what the socket says; our number in hexadecimal digits of its digits.
  Result<void> greet() {
    std::string line(1, '\0');
    line += "AUTH EXTERNAL ";
    for (const char digit : std::to_string(getuid())) line.append("3").push_back(digit);
    if (auto sent = send(line + "\r\n"); !sent) return sent;
    while (input_.find("\r\n") == std::string::npos) {
      if (input_.size() > 512) return bus_error("the bus greets at length");
      if (auto got = receive(); !got) return got;
    }
    if (!input_.starts_with("OK ")) return bus_error("the bus does not let us in");
    input_.erase(0, input_.find("\r\n") + 2);
    if (auto sent = send("BEGIN\r\n"); !sent) return sent;
    const auto hello = exchange({.destination = kBus,
                                 .path = "/org/freedesktop/DBus",
                                 .interface = kBus,
                                 .member = "Hello",
                                 .arguments = {}});
    if (!hello) return hello.error();
    return {};
  }

  Result<void> send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return last_error();
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
  }

  Result<void> receive() {
    char buffer[4096];
    const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
    if (got < 0) return last_error();
    if (got == 0) return bus_error("the bus closed the connection");
    input_.append(buffer, static_cast<std::size_t>(got));
    return {};
  }

  // Sends the call and reads up to its answer; signals and others' answers are passed over.
  Result<std::string_view> exchange(const DbusCall& call) {
    refused_ = false;
    const std::uint32_t serial = ++serial_;
    if (auto sent = send(dbus_call(call, serial)); !sent) return sent.error();
    constexpr int kMostOthers = 64;
    for (int others = 0; others < kMostOthers; ++others) {
      input_.erase(0, std::exchange(answered_, 0));
      while (input_.size() < kDbusFixedHeader) {
        if (auto got = receive(); !got) return got.error();
      }
      const auto size = dbus_message_size(input_);
      if (!size) return bus_error("the bus answers what is not understood");
      while (input_.size() < *size) {
        if (auto got = receive(); !got) return got.error();
      }
      answered_ = *size;
      const auto header = dbus_header(input_);
      if (!header) return bus_error("the bus answers what is not understood");
      if (header->reply_to != serial) continue;
      const std::string_view body =
          std::string_view(input_).substr(header->body_at, header->size - header->body_at);
      if (header->kind == DbusKind::answer) return body;
      refused_ = true;
      return bus_error(DbusReader(body).text());
    }
    return bus_error("the bus talks of other things");
  }

  std::string path_;
  int fd_ = -1;
  std::uint32_t serial_ = 0;
  bool refused_ = false;  // by an answer that is an error: the connection is sound
  std::string input_;
  std::size_t answered_ = 0;  // of input_: done with
};

// A property that is a number of 32 bits.
Result<std::uint32_t> number_property(Bus& bus, std::string_view path, std::string_view interface,
                                      std::string_view name) {
  const auto body = bus.call({.destination = kSystemd,
                              .path = path,
                              .interface = kProperties,
                              .member = "Get",
                              .arguments = {interface, name}});
  if (!body) return body.error();
  DbusReader reader(*body);
  const bool is_number = reader.signature() == "u";
  const std::uint32_t value = reader.number();
  if (!is_number || !reader.ok()) return bus_error("the answer is not understood");
  return value;
}

}  // namespace

class SystemdUnits::Question : public SlowTask {
 public:
  Question(std::string path, std::vector<std::string> names)
      : SlowTask(Lane::services, "systemd"), bus_(std::move(path)), names_(std::move(names)) {}

  bool with_failed = false;  // asked for

  // What was answered.
  std::string error;
  std::optional<std::uint64_t> failed;
  std::vector<UnitReading> units;

 protected:
  void run() override {
    error.clear();
    failed.reset();
    units.clear();
    if (auto asked = ask(); !asked) error = asked.error().message;
  }

 private:
  Result<void> ask() {
    if (with_failed) {
      const auto count = number_property(bus_, kSystemdPath, kManager, "NFailedUnits");
      if (!count) return count.error();
      failed = *count;
    }
    return names_.empty() ? Result<void>{} : ask_units();
  }

  // ListUnitsByNames answers a(ssssssouso): name, description, load, active and sub state, follows,
  // path, job, its kind and path.
  Result<void> ask_units() {
    const auto body =
        bus_.call({.destination = kSystemd,
                   .path = kSystemdPath,
                   .interface = kManager,
                   .member = "ListUnitsByNames",
                   .arguments = std::vector<std::string_view>(names_.begin(), names_.end()),
                   .as_list = true});
    if (!body) return body.error();
    std::vector<std::string> paths;
    DbusReader reader(*body);
    const std::size_t end = reader.begin_structs();
    while (reader.more(end) && units.size() < names_.size()) {
      reader.begin_struct();
      UnitReading& unit = units.emplace_back();
      unit.name = reader.text();
      reader.text();
      unit.load_state = reader.text();
      unit.active_state = reader.text();
      reader.text();
      reader.text();
      paths.emplace_back(reader.text());
      reader.number();
      reader.text();
      reader.text();
    }
    if (!reader.ok()) return bus_error("the answer is not understood");
    for (std::size_t i = 0; i < units.size(); ++i) {
      if (!units[i].name.ends_with(".service")) continue;
      const auto restarts =
          number_property(bus_, paths[i], "org.freedesktop.systemd1.Service", "NRestarts");
      if (restarts) units[i].restarts = *restarts;  // older ones don't count them
    }
    return {};
  }

  Bus bus_;
  std::vector<std::string> names_;
};

SystemdUnits::SystemdUnits(const std::string& root, std::vector<std::string> units,
                           SlowLanes& lanes)
    : lanes_(lanes) {
  const std::string prefix = root == "/" ? "" : root;
  std::error_code ignored;
  // What sd_booted(3) looks at.
  running_ = std::filesystem::is_directory(prefix + "/run/systemd/system", ignored);
  question_ = std::make_shared<Question>(prefix + "/run/dbus/system_bus_socket", std::move(units));
}

SystemdUnits::~SystemdUnits() = default;

SystemdReading SystemdUnits::read(std::uint64_t tick, Instant now) {
  SystemdReading reading;
  reading.running = running_;
  if (!running_) return reading;
  if (asked_) {
    const SlowLanes::Report report = lanes_.look(*question_, now);
    if (report.state == SlowTask::State::done) {
      lanes_.take(*question_);
      asked_ = false;
      error_ = question_->error;
      units_ = question_->units;
      reading.fresh = error_.empty();
      reading.failed_units = question_->failed;
      reading.units = units_;
    } else if (report.hangs) {
      error_ = "ask systemd: no answer";
    }
  }
  reading.error = error_;
  if (!asked_ && tick >= ask_at_) {
    question_->with_failed = (ask_at_ / kEveryTicks) % kFailedEvery == 0;
    ask_at_ = (tick / kEveryTicks + 1) * kEveryTicks;
    lanes_.start(question_, now);
    asked_ = true;
  }
  return reading;
}

}  // namespace bw::agent
