#include "agent/shell/systemd_units.h"

#include <atomic>
#include <functional>
#include <thread>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/dbus_message.h"
#include "base/runtime/clock.h"
#include "tests/unit/agent/shell/fake_root.h"

namespace bw::agent {
namespace {

// Values of D-Bus, as they lie in a message's body.
struct Body {
  std::string bytes;
  Body& align(std::size_t to) {
    while (bytes.size() % to != 0) bytes.push_back('\0');
    return *this;
  }
  Body& number(std::size_t value) {
    align(4);
    for (unsigned i = 0; i < 4; ++i) bytes.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
    return *this;
  }
  Body& text(std::string_view value) {
    number(value.size());
    bytes.append(value).push_back('\0');
    return *this;
  }
  Body& variant(std::size_t value) {
    bytes.append("\x01u", 2).push_back('\0');
    return number(value);
  }
};

std::string answer_to(std::string_view call, const Body& body, char kind = 2) {
  std::string out = {'l', kind, 0, 1};
  Body rest;
  rest.number(body.bytes.size()).number(1).number(8);
  out += rest.bytes + std::string("\x05\x01u\0", 4) + std::string(call.substr(8, 4));
  return out + body.bytes;
}

std::string units_answer(std::string_view call) {
  Body list;
  const auto unit = [&](std::string_view name, std::string_view load, std::string_view state) {
    list.align(8).text(name).text("about").text(load).text(state).text("sub").text("");
    list.text("/unit/path").number(0).text("").text("/");
  };
  unit("web.service", "loaded", "failed");
  unit("gone.timer", "not-found", "inactive");
  Body body;
  body.number(list.bytes.size()).align(8);
  body.bytes += list.bytes;
  return answer_to(call, body);
}

// A bus that answers as it is told to, on a thread of its own.
class FakeBus {
 public:
  using Answer = std::function<std::string(std::string_view call)>;
  FakeBus(const FakeRoot& root, Answer answer, std::string greeting = "OK 0123\r\n")
      : answer_(std::move(answer)), greeting_(std::move(greeting)) {
    root.write("/run/systemd/system/x", "");
    std::filesystem::create_directories(root.at("/run/dbus"));
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    root.at("/run/dbus/system_bus_socket").copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener_, 4), 0);
    thread_ = std::thread([this] { run(); });
  }
  ~FakeBus() {
    shutdown(listener_, SHUT_RDWR);
    if (const int fd = connection_; fd >= 0) shutdown(fd, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }

 private:
  void run() {
    while (true) {
      const int fd = accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      connection_ = fd;
      serve(fd);
      connection_ = -1;
      close(fd);
    }
  }
  void serve(int fd) {
    std::string input;
    bool begun = false;
    char buffer[4096];
    while (true) {
      const ssize_t got = recv(fd, buffer, sizeof buffer, 0);
      if (got <= 0) return;
      input.append(buffer, static_cast<std::size_t>(got));
      if (!begun && input.find("AUTH") != std::string::npos) {
        send(fd, greeting_.data(), greeting_.size(), MSG_NOSIGNAL);
        input.clear();
        begun = true;
        continue;
      }
      const std::size_t begin = input.find("BEGIN\r\n");
      if (begin != std::string::npos) input.erase(0, begin + 7);
      while (const auto size = dbus_message_size(input)) {
        if (input.size() < *size) break;
        const std::string call = input.substr(0, *size);
        input.erase(0, *size);
        const bool hello = call.find("Hello") != std::string::npos;
        const std::string out = hello ? answer_to(call, Body{}.text(":1.7")) : answer_(call);
        if (out.empty()) return;
        send(fd, out.data(), out.size(), MSG_NOSIGNAL);
      }
    }
  }
  Answer answer_;
  std::string greeting_;
  int listener_ = -1;
  std::atomic<int> connection_{-1};
  std::thread thread_;
};

std::string usual(std::string_view call) {
  if (call.find("NFailedUnits") != std::string_view::npos)
    return answer_to(call, Body{}.variant(2));
  if (call.find("NRestarts") != std::string_view::npos) return answer_to(call, Body{}.variant(5));
  // A signal comes first: it answers nothing.
  std::string signal = answer_to(call, Body{}, 4);
  signal.replace(20, 4, 4, '\0');
  return signal + units_answer(call);
}

class SystemdUnitsTest : public testing::Test {
 protected:
  // Asks at tick 0 and waits for what comes of it.
  SystemdReading ask(SystemdUnits& systemd, std::uint64_t tick = 0) {
    (void)systemd.read(tick, monotonic_now());
    lanes_.go();
    const Instant give_up = monotonic_now() + std::chrono::seconds{20};
    while (monotonic_now() < give_up) {
      const SystemdReading reading = systemd.read(tick, monotonic_now());
      if (reading.fresh || !reading.error.empty()) return reading;
      usleep(2000);
    }
    ADD_FAILURE() << "no answer";
    return {};
  }
  FakeRoot root_;
  SlowLanes lanes_;
};

TEST_F(SystemdUnitsTest, TellsFailedUnitsAndThoseWatched) {
  FakeBus bus(root_, usual);
  SystemdUnits systemd(root_.path(), {"web.service", "gone.timer"}, lanes_);
  const SystemdReading reading = ask(systemd);
  EXPECT_TRUE(reading.running);
  EXPECT_EQ(reading.error, "");
  EXPECT_EQ(reading.failed_units, 2U);
  ASSERT_EQ(reading.units.size(), 2U);
  EXPECT_EQ(reading.units[0].name, "web.service");
  EXPECT_EQ(reading.units[0].active_state, "failed");
  EXPECT_EQ(reading.units[0].restarts, 5U);
  EXPECT_EQ(reading.units[1].load_state, "not-found");
  EXPECT_EQ(reading.units[1].restarts, UnitReading::kUnknown);
  // Nothing is asked again before its time; then over the same connection.
  EXPECT_FALSE(systemd.read(5, monotonic_now()).fresh);
  const SystemdReading again = ask(systemd, SystemdUnits::kEveryTicks);
  EXPECT_EQ(again.units.size(), 2U);
  EXPECT_FALSE(again.failed_units);
}

TEST_F(SystemdUnitsTest, ABoxWithoutSystemdIsAskedNothing) {
  SystemdUnits systemd(root_.path(), {"web.service"}, lanes_);
  EXPECT_FALSE(systemd.read(0, monotonic_now()).running);
}

TEST_F(SystemdUnitsTest, ABusThatIsNotThereIsAnError) {
  root_.write("/run/systemd/system/x", "");
  SystemdUnits systemd(root_.path(), {}, lanes_);
  EXPECT_EQ(ask(systemd).error, "ask systemd: No such file or directory");
}

TEST_F(SystemdUnitsTest, RefusalsAndNonsenseAreErrors) {
  struct Case {
    FakeBus::Answer answer;
    std::string greeting;
    std::string_view error;
  };
  const Case cases[] = {
      {usual, "REJECTED EXTERNAL\r\n", "ask systemd: the bus does not let us in"},
      {[](std::string_view call) { return answer_to(call, Body{}.text("no way"), 3); }, "OK 1\r\n",
       "ask systemd: no way"},
      {[](std::string_view) { return std::string(40, 'x'); }, "OK 1\r\n",
       "ask systemd: the bus answers what is not understood"},
      {[](std::string_view call) { return answer_to(call, Body{}.text("no variant")); }, "OK 1\r\n",
       "ask systemd: the answer is not understood"},
      {[](std::string_view) { return std::string(); }, "OK 1\r\n",
       "ask systemd: the bus closed the connection"},
  };
  for (const Case& one : cases) {
    FakeRoot root;
    FakeBus bus(root, one.answer, one.greeting);
    SystemdUnits systemd(root.path(), {"web.service"}, lanes_);
    EXPECT_EQ(ask(systemd).error, one.error);
  }
}

TEST_F(SystemdUnitsTest, ABusThatDoesNotAnswerIsGivenUpAndAskedAgain) {
  std::atomic<bool> silent = true;
  FakeBus bus(root_,
              [&](std::string_view call) { return silent ? std::string(1, 'l') : usual(call); });
  SystemdUnits systemd(root_.path(), {}, lanes_);
  EXPECT_EQ(ask(systemd).error, "ask systemd: no answer in time");
  silent = false;
  const Instant give_up = monotonic_now() + std::chrono::seconds{20};
  std::uint64_t tick = SystemdUnits::kFailedEvery * SystemdUnits::kEveryTicks;
  bool answered = false;
  while (!answered && monotonic_now() < give_up) {
    answered = systemd.read(tick, monotonic_now()).fresh;
    lanes_.go();
    usleep(2000);
  }
  EXPECT_TRUE(answered);
}

}  // namespace
}  // namespace bw::agent
