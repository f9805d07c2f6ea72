#include "base/runtime/mqtt_address.h"

#include <condition_variable>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bw {
namespace {

using testing::HasSubstr;

TEST(MqttAddress, HasAHostAndAPort) {
  struct Case {
    const char* url;
    const char* host;
    int port;
  };
  for (const Case& c :
       {Case{"mqtt://broker:8883", "broker", 8883}, Case{"mqtt://broker", "broker", 1883},
        Case{"mqtt://10.0.0.1:1/", "10.0.0.1", 1}, Case{"mqtt://[fe80::1]:65535", "fe80::1", 65535},
        Case{"mqtt://[::1]", "::1", 1883}}) {
    const auto address = MqttAddress::parse(c.url);
    ASSERT_TRUE(address) << address.error().message;
    EXPECT_EQ(address->host, c.host);
    EXPECT_EQ(address->port, c.port);
  }
}

TEST(MqttAddress, IsRefusedWithTheReason) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "it does not begin with mqtt://"},
      {"broker:1883", "it does not begin with mqtt://"},
      {"tcp://broker", "it does not begin with mqtt://"},
      {"mqtt://", "the host is missing"},
      {"mqtt://:1883", "the host is missing"},
      {"mqtt://[]:1883", "the host is missing"},
      {"mqtt://[::1", "the bracket is not closed"},
      {"mqtt://[::1]1883", "after the bracket comes :port"},
      {"mqtt://a:", "a port is a number from 1 to 65535"},
      {"mqtt://a:0", "a port is a number from 1 to 65535"},
      {"mqtt://a:65536", "a port is a number from 1 to 65535"},
      {"mqtt://a:18x", "a port is a number from 1 to 65535"},
      {"mqtt://user@host", "only a host and a port belong into it"},
      {"mqtt://host/path", "only a host and a port belong into it"},
  };
  for (const auto& [url, reason] : cases) {
    const auto address = MqttAddress::parse(url);
    ASSERT_FALSE(address) << url;
    EXPECT_EQ(address.error().message, "'" + std::string(url) + "' is not a broker's address: " +
                                           reason + " (mqtt://host:port is right)");
  }
}

// What a resolver says, waited for.
MqttEvent resolved(const MqttAddress& address) {
  std::mutex mutex;
  std::condition_variable arrived;
  bool woken = false;
  const auto inbox = std::make_shared<MqttInbox>([&] {
    const std::lock_guard lock(mutex);
    woken = true;
    arrived.notify_one();
  });
  resolve_in_background(address, 7, inbox);
  std::unique_lock lock(mutex);
  arrived.wait(lock, [&] { return woken; });
  lock.unlock();
  auto events = inbox->take();
  inbox->close();
  return events.at(0);
}

TEST(Resolver, AsksNobodyForANumericAddress) {
  const auto event = resolved({.host = "127.0.0.1", .port = 99});
  EXPECT_EQ(event.kind, MqttEvent::Kind::resolved);
  EXPECT_EQ(event.connection, 7U);
  EXPECT_EQ(event.addresses, std::vector<std::string>{"tcp://127.0.0.1:99"});
  EXPECT_EQ(resolved({.host = "::1", .port = 99}).addresses,
            std::vector<std::string>{"tcp://[::1]:99"});
}

TEST(Resolver, FindsAName) {
  const auto event = resolved({.host = "localhost", .port = 99});
  EXPECT_EQ(event.kind, MqttEvent::Kind::resolved);
  EXPECT_THAT(event.addresses, testing::Contains("tcp://127.0.0.1:99"));
}

TEST(Resolver, SaysWhatItDidNotFind) {
  const auto event = resolved({.host = "not a name", .port = 99});
  EXPECT_EQ(event.kind, MqttEvent::Kind::failed);
  EXPECT_THAT(event.reason, HasSubstr("resolve not a name: "));
}

}  // namespace
}  // namespace bw
