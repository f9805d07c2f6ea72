#include "agent/shell/service_report.h"

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/runtime/clock.h"
#include "tests/unit/agent/shell/fake_root.h"

namespace bw::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Instant kStart{seconds{1000}};
const AgentStatus kQuiet{.linked = true, .series = 371, .waiting = 0};

// The service manager's end of the socket.
class ServiceReportTest : public testing::Test {
 protected:
  void SetUp() override {
    fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = root_.at("/notify");
    std::memcpy(address.sun_path, path.data(), path.size());
    ASSERT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  void TearDown() override {
    close(fd_);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
  }
  ServiceReport report(Duration period, const char* watchdog_us = nullptr) {
    if (watchdog_us != nullptr) setenv("WATCHDOG_USEC", watchdog_us, 1);
    return ServiceReport(loop_, ServiceManager::from_environment(), "mqtt://there", period);
  }
  std::vector<std::string> heard() {
    std::vector<std::string> messages;
    char text[512];
    for (ssize_t got = 0; (got = recv(fd_, text, sizeof text, 0)) > 0;) {
      messages.emplace_back(text, static_cast<std::size_t>(got));
    }
    return messages;
  }

  FakeRoot root_;
  int fd_ = -1;
  EventLoop loop_;
};

TEST_F(ServiceReportTest, IsReadyAfterTheFirstTickAndTellsItsStatusWhenThatChanges) {
  ServiceReport report = this->report(seconds{1});
  EXPECT_THAT(heard(), IsEmpty());
  report.ticked({.linked = false, .series = 371, .waiting = 1}, kStart);
  EXPECT_THAT(
      heard(),
      ElementsAre("STATUS=not connected to mqtt://there, 371 series, 1 record waiting", "READY=1"));
  report.ticked({.linked = false, .series = 371, .waiting = 1}, kStart + seconds{1});
  EXPECT_THAT(heard(), IsEmpty());
  report.ticked(kQuiet, kStart + seconds{2});
  EXPECT_THAT(heard(),
              ElementsAre("STATUS=connected to mqtt://there, 371 series, 0 records waiting"));
}

TEST_F(ServiceReportTest, FeedsTheWatchdogFromTicksOnlyAndBeforeTheNextWouldBeTooLate) {
  ServiceReport report = this->report(seconds{1}, "10000000");  // so fed every 5 s
  std::vector<int> fed;
  for (int second = 0; second <= 12; ++second) {
    report.ticked(kQuiet, kStart + seconds{second});
    for (const std::string& message : heard()) {
      if (message == "WATCHDOG=1") fed.push_back(second);
    }
  }
  EXPECT_THAT(fed, ElementsAre(0, 5, 10));
}

TEST_F(ServiceReportTest, FeedsTheWatchdogBetweenRareTicksWhileTheyComeInTime) {
  ServiceReport report = this->report(milliseconds{200}, "100000");  // every 50 ms
  report.ticked(kQuiet, monotonic_now());
  Timer end(loop_);
  end.after(milliseconds{600}, [this] { loop_.stop(); });
  loop_.run();
  std::size_t fed = 0;
  for (const std::string& message : heard()) fed += message == "WATCHDOG=1";
  // No second tick came: it stops one and a half periods after the first, not at the end.
  EXPECT_GE(fed, 2U);
  EXPECT_LE(fed, 7U);
}

TEST_F(ServiceReportTest, TellsOfReloadingAndStopping) {
  ServiceReport report = this->report(seconds{1});
  report.reloaded(kStart);
  report.stopping();
  EXPECT_THAT(heard(),
              ElementsAre("RELOADING=1\nMONOTONIC_USEC=1000000000", "READY=1", "STOPPING=1"));
}

}  // namespace
}  // namespace bw::agent
