#include "base/runtime/systemd.h"

#include <cstdlib>
#include <cstring>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace bw {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The service manager's end: a real datagram socket under a path or in the abstract name space.
class Manager {
 public:
  explicit Manager(const std::string& name) : name_(name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.front() == '@') address.sun_path[0] = '\0';
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), length), 0);
    ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;
  ~Manager() {
    ::close(fd_);
    if (name_.front() != '@') ::unlink(name_.c_str());
  }

  std::vector<std::string> received() const {
    std::vector<std::string> messages;
    char buffer[4096];
    ssize_t length = 0;
    while ((length = ::recv(fd_, buffer, sizeof buffer, 0)) >= 0) {
      messages.emplace_back(buffer, static_cast<std::size_t>(length));
    }
    return messages;
  }

 private:
  std::string name_;
  int fd_ = -1;
};

class ServiceManagerTest : public testing::Test {
 protected:
  ServiceManagerTest() { clear(); }
  ~ServiceManagerTest() override { clear(); }

  static void clear() {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }
  static std::string path() {
    return testing::TempDir() + "bw_notify_" + std::to_string(::getpid());
  }
};

TEST_F(ServiceManagerTest, IsToldOfEachState) {
  const Manager manager(path());
  auto service = ServiceManager::from_environment();
  service.ready();
  service.watchdog();
  service.reloading(Instant{std::chrono::microseconds{1234567}});
  service.stopping();
  EXPECT_THAT(manager.received(), ElementsAre("READY=1", "WATCHDOG=1",
                                              "RELOADING=1\nMONOTONIC_USEC=1234567", "STOPPING=1"));
}

TEST_F(ServiceManagerTest, IsFoundInTheAbstractNameSpace) {
  const Manager manager("@bw_notify_" + std::to_string(::getpid()));
  ServiceManager::from_environment().ready();
  EXPECT_THAT(manager.received(), ElementsAre("READY=1"));
}

TEST_F(ServiceManagerTest, IsToldAStatusOnlyWhereItChanged) {
  const Manager manager(path());
  auto service = ServiceManager::from_environment();
  service.status("3 nodes");
  service.status("3 nodes");
  service.status("4 nodes");
  EXPECT_THAT(manager.received(), ElementsAre("STATUS=3 nodes", "STATUS=4 nodes"));
}

TEST_F(ServiceManagerTest, CanNotBeToldAnythingElseByALineEndInAStatus) {
  const Manager manager(path());
  ServiceManager::from_environment().status("lost\nREADY=1");
  EXPECT_THAT(manager.received(), ElementsAre("STATUS=lost READY=1"));
}

TEST_F(ServiceManagerTest, IsNotMissedWhereThereIsNone) {
  auto service = ServiceManager::from_environment();
  service.ready();
  service.status("on my own");
  EXPECT_FALSE(service.watchdog_interval());
}

TEST_F(ServiceManagerTest, IsNotMissedWhereItsSocketIsGoneOrItsNameTooLong) {
  ::setenv("NOTIFY_SOCKET", "/nowhere/notify", 1);
  ServiceManager::from_environment().ready();
  ::setenv("NOTIFY_SOCKET", std::string(200, 'x').c_str(), 1);
  ServiceManager::from_environment().ready();
}

TEST_F(ServiceManagerTest, IsFedTwiceWithinItsLimit) {
  ::setenv("WATCHDOG_USEC", "10000000", 1);
  EXPECT_EQ(ServiceManager::from_environment().watchdog_interval(), std::chrono::seconds{5});
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(ServiceManager::from_environment().watchdog_interval(), std::chrono::seconds{5});
}

TEST_F(ServiceManagerTest, IsNotFedForAnotherProcess) {
  ::setenv("WATCHDOG_USEC", "10000000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_FALSE(ServiceManager::from_environment().watchdog_interval());
}

TEST_F(ServiceManagerTest, IsNotFedWhereItsLimitIsNoNumber) {
  for (const char* limit : {"", "soon", "0", "-5", "10s"}) {
    ::setenv("WATCHDOG_USEC", limit, 1);
    EXPECT_FALSE(ServiceManager::from_environment().watchdog_interval()) << limit;
  }
}

}  // namespace
}  // namespace bw
