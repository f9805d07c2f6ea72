#include "base/runtime/event_loop.h"

#include <atomic>
#include <csignal>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/runtime/clock.h"

namespace bw {
namespace {

using std::chrono::milliseconds;

TEST(EventLoop, RunsWhatOtherThreadsPostInTheirOrder) {
  EventLoop loop;
  constexpr int kThreads = 4;
  constexpr int kEach = 1000;
  std::vector<int> last(kThreads, -1);
  int ran = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        loop.post([&, t, i] {
          EXPECT_EQ(last[t], i - 1);
          last[t] = i;
          if (++ran == kThreads * kEach) loop.stop();
        });
      }
    });
  }
  loop.run();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ran, kThreads * kEach);
}

TEST(EventLoop, WaitsForWorkUntilItIsStopped) {
  EventLoop loop;
  bool ran = false;
  std::thread other([&] {
    loop.post([&] {
      ran = true;
      loop.stop();
    });
  });
  loop.run();
  other.join();
  EXPECT_TRUE(ran);
}

TEST(EventLoop, HandsEachArrivalOfASignalToItsHandler) {
  EventLoop loop;
  std::vector<int> heard;
  loop.on_signals({SIGUSR1, SIGUSR2}, [&](int signal) {
    heard.push_back(signal);
    if (heard.size() == 3) {
      loop.stop();
    } else {
      ::raise(heard.size() == 1 ? SIGUSR2 : SIGUSR1);
    }
  });
  loop.post([] { ::raise(SIGUSR1); });
  loop.run();
  EXPECT_EQ(heard, (std::vector<int>{SIGUSR1, SIGUSR2, SIGUSR1}));
}

TEST(EventLoop, TellsTwoRegistrationsApart) {
  EventLoop loop;
  int first = 0;
  loop.on_signals({SIGUSR1}, [&](int) { ++first; });
  loop.on_signals({SIGUSR2}, [&](int) { loop.stop(); });
  loop.post([] {
    ::raise(SIGUSR1);
    ::raise(SIGUSR2);
  });
  loop.run();
  EXPECT_EQ(first, 1);
}

TEST(Timer, RunsNotBeforeItsTime) {
  EventLoop loop;
  Timer timer(loop);
  const Instant start = monotonic_now();
  std::optional<Instant> ran;
  timer.at(start + milliseconds{20}, [&] {
    ran = monotonic_now();
    loop.stop();
  });
  loop.run();
  ASSERT_TRUE(ran);
  EXPECT_GE(*ran - start, milliseconds{20});
}

TEST(Timer, RunsAtOnceWhatIsPast) {
  EventLoop loop;
  Timer timer(loop);
  timer.at(monotonic_now() - std::chrono::hours{1}, [&] { loop.stop(); });
  loop.run();
}

TEST(Timer, SetAnewForgetsWhatWasSet) {
  EventLoop loop;
  Timer timer(loop);
  std::vector<int> ran;
  timer.after(milliseconds{1}, [&] { ran.push_back(1); });
  timer.after(milliseconds{5}, [&] {
    ran.push_back(2);
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(ran, std::vector<int>{2});
}

TEST(Timer, SetAnewForgetsAnExpiryThatIsOnItsWayAlready) {
  EventLoop loop;
  Timer timer(loop);
  std::vector<int> ran;
  timer.after(milliseconds{0}, [&] { ran.push_back(1); });
  loop.post([&] {
    // Long enough for the first to be due when the loop looks again.
    std::this_thread::sleep_for(milliseconds{5});
    timer.after(milliseconds{1}, [&] {
      ran.push_back(2);
      loop.stop();
    });
  });
  loop.run();
  EXPECT_EQ(ran.back(), 2);
  EXPECT_LE(ran.size(), 2U);  // the first may have come before the post
}

TEST(Timer, CancelledDoesNotRun) {
  EventLoop loop;
  Timer timer(loop);
  Timer end(loop);
  bool ran = false;
  timer.after(milliseconds{1}, [&] { ran = true; });
  timer.cancel();
  end.after(milliseconds{10}, [&] { loop.stop(); });
  loop.run();
  EXPECT_FALSE(ran);
}

TEST(Timer, DestroyedDoesNotRun) {
  EventLoop loop;
  std::optional<Timer> timer(std::in_place, loop);
  Timer end(loop);
  bool ran = false;
  timer->after(milliseconds{1}, [&] { ran = true; });
  timer.reset();
  end.after(milliseconds{10}, [&] { loop.stop(); });
  loop.run();
  EXPECT_FALSE(ran);
}

TEST(Timer, MayBeSetAnewByItsOwnWork) {
  EventLoop loop;
  Timer timer(loop);
  int ran = 0;
  std::function<void()> tick = [&] {
    if (++ran == 3) {
      loop.stop();
    } else {
      timer.after(milliseconds{1}, tick);
    }
  };
  timer.after(milliseconds{1}, tick);
  loop.run();
  EXPECT_EQ(ran, 3);
}

TEST(Timer, MayBeDestroyedByItsOwnWork) {
  EventLoop loop;
  auto timer = std::make_unique<Timer>(loop);
  const auto kept = std::make_shared<int>(7);
  int seen = 0;
  timer->after(milliseconds{1}, [&, kept] {
    timer.reset();
    seen = *kept;  // what the work holds lives on until it returns
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(seen, 7);
  EXPECT_EQ(kept.use_count(), 1);
}

}  // namespace
}  // namespace bw
