// What reaches a link before it is up, from a broker that does as it is told: a real one answers
// too fast for it to be much.
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/runtime/mqtt_inbox.h"
#include "base/runtime/mqtt_link.h"
#include "tests/unit/base/runtime/test_broker.h"

namespace bw {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr std::size_t kLarge = std::size_t{16} << 20U;
constexpr std::size_t kTooMany = MqttInbox::kMaxUnreadBytes / kLarge + 1;

std::string with_length(char type, const std::string& body) {
  std::string packet(1, type);
  std::size_t rest = body.size();
  do {
    const std::size_t digit = rest % 128;
    rest /= 128;
    packet += static_cast<char>(rest > 0 ? digit | 0x80U : digit);
  } while (rest > 0);
  return packet + body;
}

std::string publish(const std::string& payload, int qos) {
  const std::string number = qos > 0 ? std::string("\0\x07", 2) : "";
  return with_length(qos > 0 ? '\x32' : '\x30',
                     std::string("\0\x01n", 3) + number + std::string(1, '\0') + payload);
}

// One connection of the scripted broker's, up to the link's SUBSCRIBE, which it has read.
class Served {
 public:
  explicit Served(int fd) : fd_(fd) {
    read();                                  // CONNECT
    send(std::string("\x20\x03\0\0\0", 5));  // CONNACK
    subscribe_ = read();
  }
  ~Served() { ::close(fd_); }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

  void send(const std::string& bytes) const {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const auto n = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return;
      sent += static_cast<std::size_t>(n);
    }
  }
  void acknowledge() const {
    send(with_length('\x90', subscribe_.substr(0, 2) + std::string("\0\x01", 2)));
  }
  void wait_for_end() const {
    char byte = 0;
    while (::recv(fd_, &byte, 1, 0) > 0) {
    }
  }

 private:
  // What follows a packet's length: short ones only.
  std::string read() const {
    unsigned char head[2] = {};
    if (::recv(fd_, head, 2, MSG_WAITALL) != 2) return std::string(2, '\0');
    std::string body(head[1], '\0');
    ::recv(fd_, body.data(), body.size(), MSG_WAITALL);
    return body;
  }

  int fd_;
  std::string subscribe_;
};

// Serves one connection after the other.
class ScriptedBroker {
 public:
  explicit ScriptedBroker(std::vector<std::function<void(const Served&)>> connections)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::listen(fd_, 16);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length);
    url_ = "mqtt://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this, scripts = std::move(connections)] {
      for (const auto& script : scripts) {
        const int client = ::accept(fd_, nullptr, nullptr);
        if (client < 0) return;
        script(Served(client));
      }
    });
  }
  ~ScriptedBroker() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  ScriptedBroker(const ScriptedBroker&) = delete;
  ScriptedBroker& operator=(const ScriptedBroker&) = delete;

  const std::string& url() const { return url_; }

 private:
  int fd_;
  std::string url_;
  std::thread thread_;
};

// A sanitizer takes its time over 144 MB.
constexpr seconds kPatience{100};

// Runs a link until `enough`, at most kPatience.
struct Heard {
  explicit Heard(const std::string& url, const std::function<bool(const Heard&)>& enough) {
    EventLoop loop;
    const auto look = [&] {
      if (enough(*this)) loop.stop();
    };
    MqttOptions options;
    options.url = url;
    options.client_id = "a";
    options.subscriptions = {"n"};
    options.backoff_first = milliseconds{20};
    options.connect_timeout = kPatience;
    options.keep_alive = kPatience;
    MqttHandlers handlers;
    handlers.up = [&](bool) {
      ++ups;
      loop.post(look);  // after what came before it
    };
    handlers.down = [&](const std::string& reason) {
      downs.push_back(reason);
      look();
    };
    handlers.message = [&](const MqttMessage& message) {
      sizes.push_back(message.payload.size());
      look();
    };
    MqttLink link(loop, options, handlers);
    Timer give_up(loop);
    give_up.after(kPatience, [&] {
      ADD_FAILURE() << "it took too long";
      loop.stop();
    });
    link.start();
    loop.run();
  }

  int ups = 0;
  std::vector<std::string> downs;
  std::vector<std::size_t> sizes;
};

TEST(MqttLinkEarly, KeepsMessagesUntilItIsUp) {
  ScriptedBroker broker({[](const Served& served) {
    served.send(publish("one", 0) + publish("three", 1));
    served.acknowledge();
    served.wait_for_end();
  }});
  const Heard heard(broker.url(), [](const Heard& r) { return r.sizes.size() == 2; });
  EXPECT_EQ(heard.ups, 1);
  EXPECT_THAT(heard.sizes, ElementsAre(3U, 5U));
}

TEST(MqttLinkEarly, ForgetsThemWhereTheConnectionFails) {
  const auto fail = [](const Served& served) { served.send(publish("of a failed one", 0)); };
  ScriptedBroker broker({fail, fail, [](const Served& served) {
                           served.acknowledge();
                           served.send(publish("x", 0));
                           served.wait_for_end();
                         }});
  const Heard heard(broker.url(), [](const Heard& r) {
    return r.ups == 1 && !r.sizes.empty() && r.sizes.back() == 1;
  });
  EXPECT_THAT(heard.downs, SizeIs(2));
  EXPECT_THAT(heard.sizes, ElementsAre(1U));
}

TEST(MqttLinkEarly, DropsWhatIsTooMuch) {
  ScriptedBroker broker({[](const Served& served) {
    // One after the other is taken from the inbox, whose own bound is the same.
    for (std::size_t i = 0; i < kTooMany; ++i) {
      served.send(publish(std::string(kLarge, 'x'), 0));
      std::this_thread::sleep_for(milliseconds{20});
    }
    served.acknowledge();
    served.send(publish("end", 0));
    served.wait_for_end();
  }});
  testing::internal::CaptureStderr();
  const Heard heard(broker.url(),
                    [](const Heard& r) { return !r.sizes.empty() && r.sizes.back() == 3; });
  const std::string told = testing::internal::GetCapturedStderr();
  EXPECT_EQ(heard.ups, 1);
  EXPECT_THAT(heard.sizes, SizeIs(kTooMany - 1));  // 7 of 9, and the last
  EXPECT_THAT(told, HasSubstr(" messages dropped unread"));
}

TEST(MqttLinkEarly, LosesTheConnectionWhereWhatIsTooMuchWasAcknowledged) {
  ScriptedBroker broker({[](const Served& served) {
    for (std::size_t i = 0; i < kTooMany; ++i) {
      served.send(publish(std::string(kLarge, 'x'), 1));
      std::this_thread::sleep_for(milliseconds{20});
    }
    served.wait_for_end();
  }});
  const Heard heard(broker.url(), [](const Heard& r) { return !r.downs.empty(); });
  EXPECT_EQ(heard.ups, 0);
  // The second where the loop was held up, so that the inbox's bound came first.
  EXPECT_THAT(heard.downs, ElementsAre(AnyOf("too many messages came before it was subscribed",
                                             "messages come faster than they are handled")));
}

}  // namespace
}  // namespace bw
