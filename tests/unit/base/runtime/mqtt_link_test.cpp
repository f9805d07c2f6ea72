// With a real broker and the real library, in their own threads: these are also run under
// ThreadSanitizer.
#include "base/runtime/mqtt_link.h"

#include <algorithm>
#include <cstdlib>
#include <future>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/runtime/clock.h"
#include "tests/unit/base/runtime/test_broker.h"

namespace bw {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::byte> bytes(std::string_view text) {
  const auto view = std::as_bytes(std::span(text.data(), text.size()));
  return {view.begin(), view.end()};
}

// A link with a loop and a thread of its own, and a record of what it was told.
class Peer {
 public:
  explicit Peer(MqttOptions options, std::optional<MqttWill> will = std::nullopt)
      : thread_([this] { loop_.run(); }) {
    on_loop([&] {
      MqttHandlers handlers;
      handlers.will = [will] { return will; };
      handlers.up = [this](bool session_present) {
        ups.push_back(session_present);
        if (on_up) on_up();
      };
      handlers.down = [this](const std::string& reason) { downs.push_back(reason); };
      handlers.message = [this](MqttMessage message) {
        if (ups.empty()) early = true;
        texts.emplace_back(reinterpret_cast<const char*>(message.payload.data()),
                           message.payload.size());
        messages.push_back(std::move(message));
      };
      link = std::make_unique<MqttLink>(loop_, std::move(options), std::move(handlers));
    });
  }
  ~Peer() {
    on_loop([&] { link.reset(); });
    loop_.stop();
    thread_.join();
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  template <typename Work>
  auto on_loop(Work work) -> decltype(work()) {
    std::packaged_task<decltype(work())()> task(std::move(work));
    auto result = task.get_future();
    loop_.post([&] { task(); });
    return result.get();
  }

  // Until `condition` holds on the loop; false where it does not within ten seconds.
  bool wait(const std::function<bool()>& condition) {
    const Instant deadline = monotonic_now() + seconds{10};
    while (!on_loop(condition)) {
      if (monotonic_now() > deadline) return false;
      std::this_thread::sleep_for(milliseconds{2});
    }
    return true;
  }

  bool come_up() {
    on_loop([&] { link->start(); });
    return wait([&] { return !ups.empty(); });
  }

  bool publish(const std::string& topic, std::string_view text, int qos, bool retained = false,
               std::uint32_t expiry_s = 0) {
    return on_loop([&] { return link->publish(topic, bytes(text), qos, retained, expiry_s); });
  }

  // False where `done` is not called within ten seconds.
  bool stop(Duration grace = seconds{5}) {
    bool done = false;
    on_loop([&] { link->stop(grace, [&done] { done = true; }); });
    return wait([&] { return done; });
  }

  // On the loop's thread only, or when it rests.
  std::unique_ptr<MqttLink> link;
  std::function<void()> on_up;
  std::vector<bool> ups;
  std::vector<std::string> downs;
  std::vector<MqttMessage> messages;
  std::vector<std::string> texts;
  bool early = false;

 private:
  EventLoop loop_;
  std::thread thread_;
};

MqttOptions options(const std::string& url, const std::string& id,
                    std::vector<std::string> subscriptions = {}) {
  MqttOptions o;
  o.url = url;
  o.client_id = id;
  o.subscriptions = std::move(subscriptions);
  o.backoff_first = milliseconds{40};
  o.backoff_most = milliseconds{200};
  return o;
}

class MqttLinkTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!TestBroker::is_installed()) GTEST_SKIP() << TestBroker::kProgram << " is missing";
  }
};

TEST_F(MqttLinkTest, CarriesMessagesOfBothKindsBothWays) {
  const TestBroker broker;
  Peer a(options(broker.url(), "a", {"to/a/#"}));
  Peer b(options(broker.url(), "b", {"to/b/+", "to/all"}));
  ASSERT_TRUE(a.come_up());
  ASSERT_TRUE(b.come_up());
  EXPECT_EQ(a.ups, std::vector<bool>{false});
  for (const int qos : {0, 1}) {
    EXPECT_TRUE(a.publish("to/b/x", "hello", qos));
    EXPECT_TRUE(b.publish("to/a/x/y", std::string("\0\xff", 2), qos));
    EXPECT_TRUE(b.publish("to/all", "", qos));
  }
  ASSERT_TRUE(a.wait([&] { return a.messages.size() >= 2; }));
  ASSERT_TRUE(b.wait([&] { return b.messages.size() >= 4; }));
  EXPECT_THAT(a.texts, ElementsAre(std::string("\0\xff", 2), std::string("\0\xff", 2)));
  EXPECT_EQ(a.messages[0].topic, "to/a/x/y");
  EXPECT_FALSE(a.messages[0].retained);
  std::sort(b.texts.begin(), b.texts.end());
  EXPECT_THAT(b.texts, ElementsAre("", "", "hello", "hello"));
  EXPECT_EQ(a.on_loop([&] { return a.link->bytes_sent(); }), 10U);
}

TEST_F(MqttLinkTest, HearsWhatWasRetainedAndNothingBeforeItIsUp) {
  const TestBroker broker;
  Peer a(options(broker.url(), "a"));
  ASSERT_TRUE(a.come_up());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(a.publish("kept/" + std::to_string(i), "x", 1, true));
  }
  ASSERT_TRUE(a.wait([&] { return a.link->waiting() == 0; }));
  Peer b(options(broker.url(), "b", {"kept/#"}));
  ASSERT_TRUE(b.come_up());
  ASSERT_TRUE(b.wait([&] { return b.messages.size() == 20; }));
  EXPECT_TRUE(b.messages[0].retained);
  EXPECT_FALSE(b.early);
}

TEST_F(MqttLinkTest, LetsMessagesExpire) {
  const TestBroker broker;
  Peer a(options(broker.url(), "a"));
  ASSERT_TRUE(a.come_up());
  ASSERT_TRUE(a.publish("kept/short", "x", 1, true, 1));
  ASSERT_TRUE(a.publish("kept/long", "y", 1, true, 60));
  ASSERT_TRUE(a.wait([&] { return a.link->waiting() == 0; }));
  std::this_thread::sleep_for(milliseconds{2200});
  Peer b(options(broker.url(), "b", {"kept/#"}));
  ASSERT_TRUE(b.come_up());
  ASSERT_TRUE(b.wait([&] { return !b.messages.empty(); }));
  EXPECT_THAT(b.texts, ElementsAre("y"));
}

TEST_F(MqttLinkTest, SendsFiveThousandMessagesThroughTheWindow) {
  const TestBroker broker;
  constexpr int kCount = 5000;
  Peer a(options(broker.url(), "a"));
  Peer b(options(broker.url(), "b", {"n"}));
  ASSERT_TRUE(a.come_up());
  ASSERT_TRUE(b.come_up());
  const bool all = a.on_loop([&] {
    bool taken = true;
    for (int i = 0; i < kCount; ++i) {
      taken = taken && a.link->publish("n", bytes(std::to_string(i)), 1, false, 0);
    }
    return taken;
  });
  EXPECT_TRUE(all);
  ASSERT_TRUE(b.wait([&] { return b.messages.size() >= kCount; }));
  ASSERT_TRUE(a.wait([&] { return a.link->waiting() == 0; }));
  std::vector<std::string> expected;
  for (int i = 0; i < kCount; ++i) expected.push_back(std::to_string(i));
  EXPECT_EQ(b.texts, expected) << "each once, and in order";
}

TEST_F(MqttLinkTest, RefusesWhatIsTooMuch) {
  const TestBroker broker;
  Peer a(options(broker.url(), "a"));
  ASSERT_TRUE(a.come_up());
  const auto [taken, unsent] = a.on_loop([&] {
    const auto payload = bytes("x");
    std::size_t queued = 0;
    while (a.link->publish("n", payload, 1, false, 0)) ++queued;
    int written = 0;
    while (a.link->publish("n", payload, 0, false, 0) && written < 1000000) ++written;
    return std::pair(queued, written);
  });
  // Mosquitto's receive maximum is 20 where it is not told another.
  EXPECT_EQ(taken, 20 + MqttLink::kMaxWaiting);
  EXPECT_GE(unsent, 128);
  EXPECT_TRUE(a.wait([&] { return a.link->waiting() == 0; })) << "and goes on afterwards";
  EXPECT_TRUE(a.publish("n", "x", 0));
}

TEST_F(MqttLinkTest, PublishesNothingWhereThereIsNoConnection) {
  Peer a(options("mqtt://127.0.0.1:" + std::to_string(free_port()), "a"));
  EXPECT_FALSE(a.publish("n", "x", 0)) << "not yet begun";
  a.on_loop([&] { a.link->start(); });
  EXPECT_FALSE(a.publish("n", "x", 1));
  EXPECT_FALSE(a.on_loop([&] { return a.link->is_up(); }));
}

TEST_F(MqttLinkTest, TriesAgainWhereTheBrokerCanNotBeReached) {
  Peer a(options("mqtt://127.0.0.1:" + std::to_string(free_port()), "a"));
  a.on_loop([&] { a.link->start(); });
  ASSERT_TRUE(a.wait([&] { return a.downs.size() >= 3; }));
  EXPECT_EQ(a.downs[0], "no connection (refused, or no answer)");
  EXPECT_THAT(a.ups, IsEmpty());
}

TEST_F(MqttLinkTest, GivesUpATryThatIsNotAnswered) {
  const MuteServer server;
  auto o = options("mqtt://127.0.0.1:" + std::to_string(server.port()), "a");
  o.connect_timeout = milliseconds{100};
  Peer a(o);
  a.on_loop([&] { a.link->start(); });
  ASSERT_TRUE(a.wait([&] { return a.downs.size() >= 3; }));
  EXPECT_EQ(a.downs[0], "the broker did not answer in time");
}

TEST_F(MqttLinkTest, SaysThatANameCanNotBeResolved) {
  auto o = options("mqtt://no-such-broker.invalid", "a");
  o.connect_timeout = seconds{3};
  Peer a(o);
  a.on_loop([&] { a.link->start(); });
  ASSERT_TRUE(a.wait([&] { return !a.downs.empty(); }));
  EXPECT_THAT(a.downs[0], AnyOf(HasSubstr("resolve no-such-broker.invalid: "),
                                "the broker's name was not resolved in time"));
}

TEST_F(MqttLinkTest, FindsABrokerByName) {
  const TestBroker broker;
  const auto port = broker.url().substr(broker.url().rfind(':'));
  Peer a(options("mqtt://localhost" + port, "a"));
  EXPECT_TRUE(a.come_up());
}

TEST_F(MqttLinkTest, SaysThatAnAddressIsNone) {
  Peer a(options("http://x", "a"));
  a.on_loop([&] { a.link->start(); });
  ASSERT_TRUE(a.wait([&] { return !a.downs.empty(); }));
  EXPECT_THAT(a.downs[0], HasSubstr("it does not begin with mqtt://"));
}

TEST_F(MqttLinkTest, SaysThatTheBrokerRefusedIt) {
  const TestBroker broker("allow_anonymous false\n");
  Peer a(options(broker.url(), "a"));
  a.on_loop([&] { a.link->start(); });
  ASSERT_TRUE(a.wait([&] { return !a.downs.empty(); }));
  EXPECT_EQ(a.downs[0], "the broker refused: Not authorized");
  EXPECT_THAT(a.ups, IsEmpty());
}

TEST_F(MqttLinkTest, GoesOnWhereTheBrokerDoesNotTakeAMessage) {
  const TestBroker broker("allow_anonymous true\n", "topic write allowed\ntopic read #\n");
  Peer a(options(broker.url(), "a", {"allowed"}));
  ASSERT_TRUE(a.come_up());
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(a.publish("denied", "x", 1));
  ASSERT_TRUE(a.publish("allowed", "y", 1));
  ASSERT_TRUE(a.wait([&] { return !a.messages.empty() && a.link->waiting() == 0; }));
  EXPECT_THAT(a.texts, ElementsAre("y"));
  EXPECT_THAT(a.downs, IsEmpty());
}

TEST_F(MqttLinkTest, ComesUpAgainAfterTheBrokerDiedOrWasRestarted) {
  TestBroker broker;
  Peer a(options(broker.url(), "a", {"n"}));
  ASSERT_TRUE(a.come_up());
  std::size_t times = 1;
  for (const int signal : {SIGKILL, SIGTERM}) {
    broker.stop(signal);
    ASSERT_TRUE(a.wait([&] { return !a.link->is_up(); }));
    EXPECT_FALSE(a.downs[0].empty());
    EXPECT_FALSE(a.publish("n", "x", 1));
    broker.start();
    ++times;
    ASSERT_TRUE(a.wait([&] { return a.ups.size() == times; }));
    EXPECT_FALSE(a.ups.back()) << "the broker has forgotten the session";
    ASSERT_TRUE(a.publish("n", "again", 1)) << "subscribed anew";
    ASSERT_TRUE(a.wait([&] { return a.texts.size() == times - 1; }));
  }
}

TEST_F(MqttLinkTest, ForgetsWhatWasHandedToAConnectionThatEnded) {
  TestBroker broker;
  Peer a(options(broker.url(), "a", {"n"}));
  ASSERT_TRUE(a.come_up());
  a.on_loop([&] {
    broker.stop(SIGKILL);
    for (int i = 0; i < 500; ++i) a.link->publish("n", bytes("old"), 1, false, 0);
  });
  ASSERT_TRUE(a.wait([&] { return !a.link->is_up(); }));
  EXPECT_EQ(a.on_loop([&] { return a.link->waiting(); }), 0U);
  broker.start();
  ASSERT_TRUE(a.wait([&] { return a.ups.size() == 2; }));
  ASSERT_TRUE(a.publish("n", "new", 1));
  ASSERT_TRUE(a.wait([&] { return !a.texts.empty(); }));
  EXPECT_THAT(a.texts, ElementsAre("new"));
}

TEST_F(MqttLinkTest, FindsItsSessionAndWhatCameMeanwhile) {
  const TestBroker broker;
  auto o = options(broker.url(), "keeper", {"n"});
  o.clean_start = false;
  o.session_expiry_s = 60;
  {
    Peer first(o);
    ASSERT_TRUE(first.come_up());
    EXPECT_EQ(first.ups, std::vector<bool>{false});
    ASSERT_TRUE(first.stop());
  }
  Peer sender(options(broker.url(), "sender"));
  ASSERT_TRUE(sender.come_up());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(sender.publish("n", std::to_string(i), 1));
  ASSERT_TRUE(sender.wait([&] { return sender.link->waiting() == 0; }));
  Peer second(o);
  ASSERT_TRUE(second.come_up());
  EXPECT_EQ(second.ups, std::vector<bool>{true});
  ASSERT_TRUE(second.wait([&] { return second.texts.size() == 10; }));
  EXPECT_FALSE(second.early);
}

TEST_F(MqttLinkTest, LosesItsConnectionToAnotherOfTheSameName) {
  const TestBroker broker;
  Peer first(options(broker.url(), "same"));
  ASSERT_TRUE(first.come_up());
  Peer second(options(broker.url(), "same"));
  ASSERT_TRUE(second.come_up());
  EXPECT_TRUE(first.wait([&] { return !first.downs.empty(); }));
}

TEST_F(MqttLinkTest, SendsWhatWaitsBeforeItStopsAndLeavesNoWill) {
  const TestBroker broker;
  Peer watcher(options(broker.url(), "watcher", {"n", "will"}));
  ASSERT_TRUE(watcher.come_up());
  {
    Peer a(options(broker.url(), "a"), MqttWill{.topic = "will", .payload = bytes("dead")});
    ASSERT_TRUE(a.come_up());
    a.on_loop([&] {
      for (int i = 0; i < 300; ++i) a.link->publish("n", bytes("x"), 1, false, 0);
    });
    ASSERT_TRUE(a.stop());
    EXPECT_FALSE(a.publish("n", "late", 1));
    EXPECT_THAT(a.downs, IsEmpty());
  }
  ASSERT_TRUE(watcher.wait([&] { return watcher.texts.size() >= 300; }));
  // Were there a will, it would have been published when the connection ended: before this.
  ASSERT_TRUE(watcher.publish("n", "end", 1));
  ASSERT_TRUE(watcher.wait([&] { return watcher.texts.back() == "end"; }));
  EXPECT_EQ(watcher.texts.size(), 301U);
  EXPECT_THAT(watcher.texts, testing::Not(testing::Contains("dead")));
}

TEST_F(MqttLinkTest, StopsWithinItsGraceWhereTheBrokerHangs) {
  TestBroker broker;
  Peer a(options(broker.url(), "a"));
  ASSERT_TRUE(a.come_up());
  broker.signal(SIGSTOP);
  a.on_loop([&] {
    for (int i = 0; i < 300; ++i) a.link->publish("n", bytes("x"), 1, false, 0);
  });
  const Instant begin = monotonic_now();
  EXPECT_TRUE(a.stop(milliseconds{200}));
  EXPECT_GE(monotonic_now() - begin, milliseconds{200});
  EXPECT_LT(monotonic_now() - begin, milliseconds{1500});
  broker.signal(SIGCONT);
}

TEST_F(MqttLinkTest, StopsAtOnceWhereItIsNotUp) {
  Peer a(options("mqtt://127.0.0.1:" + std::to_string(free_port()), "a"));
  a.on_loop([&] { a.link->start(); });
  EXPECT_TRUE(a.stop());
  Peer never_started(options("mqtt://127.0.0.1:1", "b"));
  EXPECT_TRUE(never_started.stop());
}

TEST_F(MqttLinkTest, MayBeDestroyedByItsOwnHandler) {
  const TestBroker broker;
  Peer a(options(broker.url(), "a", {"n"}));
  a.on_loop([&] {
    a.on_up = [&] { a.link.reset(); };
    a.link->start();
  });
  EXPECT_TRUE(a.wait([&] { return a.link == nullptr; }));
}

TEST_F(MqttLinkTest, MayBeDestroyedAtAnyTime) {
  const TestBroker broker;
  Peer sender(options(broker.url(), "sender"));
  ASSERT_TRUE(sender.come_up());
  for (int i = 0; i < 15; ++i) {
    Peer a(options(broker.url(), "a", {"n"}));
    a.on_loop([&] { a.link->start(); });
    sender.on_loop([&] {
      for (int n = 0; n < 20; ++n) sender.link->publish("n", bytes("x"), 0, false, 0);
    });
    std::this_thread::sleep_for(milliseconds{i * 10});
  }
}

// Run by the test below in a process of its own, which is then killed.
TEST_F(MqttLinkTest, DISABLED_ConnectsAndWaitsToBeKilled) {
  const char* url = std::getenv("BW_TEST_BROKER");
  ASSERT_NE(url, nullptr);
  Peer a(options(url, "mortal"), MqttWill{.topic = "will", .payload = bytes("dead")});
  ASSERT_TRUE(a.come_up());
  ASSERT_TRUE(a.publish("alive", "x", 1));
  std::this_thread::sleep_for(seconds{30});
}

TEST_F(MqttLinkTest, LeavesItsWillWhereItDies) {
  const TestBroker broker;
  Peer watcher(options(broker.url(), "watcher", {"alive", "will"}));
  ASSERT_TRUE(watcher.come_up());
  const std::string url = broker.url();
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("BW_TEST_BROKER", url.c_str(), 1);
    ::execl("/proc/self/exe", "peer", "--gtest_also_run_disabled_tests",
            "--gtest_filter=MqttLinkTest.DISABLED_ConnectsAndWaitsToBeKilled", "--gtest_brief=1",
            nullptr);
    ::_exit(127);
  }
  EXPECT_TRUE(watcher.wait([&] { return !watcher.texts.empty(); }));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ASSERT_TRUE(watcher.wait([&] { return watcher.texts.size() == 2; }));
  EXPECT_EQ(watcher.messages[1].topic, "will");
  EXPECT_EQ(watcher.texts[1], "dead");
}

TEST(CheckMqttUrl, SaysWhatIsWrong) {
  EXPECT_TRUE(check_mqtt_url("mqtt://broker:1883"));
  EXPECT_THAT(check_mqtt_url("broker").error().message, HasSubstr("mqtt://host:port is right"));
}

}  // namespace
}  // namespace bw
