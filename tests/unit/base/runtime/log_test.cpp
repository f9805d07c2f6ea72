#include "base/runtime/log.h"

#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bw {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

// What `work` writes to standard error in a process of its own: the log is one for the whole
// process, and looks at its surroundings once. `in_journal`: as under systemd.
std::string written(const std::function<void()>& work, bool in_journal = false) {
  int pipe_ends[2];
  EXPECT_EQ(::pipe(pipe_ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(pipe_ends[1], STDERR_FILENO);
    ::close(pipe_ends[0]);
    struct stat status {};
    ::fstat(STDERR_FILENO, &status);
    const std::string stream =
        std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino + (in_journal ? 0 : 1));
    ::setenv("JOURNAL_STREAM", stream.c_str(), 1);
    work();
    ::_exit(0);
  }
  ::close(pipe_ends[1]);
  std::string text;
  char buffer[4096];
  ssize_t length = 0;
  while ((length = ::read(pipe_ends[0], buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(length));
  }
  ::close(pipe_ends[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  return text;
}

TEST(Log, WritesTimeLevelPartAndText) {
  const auto text = written([] {
    start_log(LogLevel::info);
    log(LogLevel::warning, "mqtt", "the broker is gone");
  });
  EXPECT_THAT(text,
              MatchesRegex("20[0-9][0-9]-[0-9-]+T[0-9:.]+Z warning mqtt: the broker is gone\n"));
}

TEST(Log, WritesThePriorityInsteadOfTheTimeIntoTheJournal) {
  const auto text = written(
      [] {
        start_log(LogLevel::debug);
        log(LogLevel::debug, "a", "1");
        log(LogLevel::info, "a", "2");
        log(LogLevel::warning, "a", "3");
        log(LogLevel::error, "a", "4");
      },
      true);
  EXPECT_EQ(text, "<7>a: 1\n<6>a: 2\n<4>a: 3\n<3>a: 4\n");
}

TEST(Log, LeavesOutWhatIsBelowTheLevelWhichMayChange) {
  const auto text = written(
      [] {
        start_log(LogLevel::warning);
        log(LogLevel::info, "a", "one");
        set_log_level(LogLevel::info);
        log(LogLevel::info, "a", "two");
      },
      true);
  EXPECT_EQ(text, "<6>a: two\n");
}

TEST(Log, KeepsAnEventOnOneLineWhateverItHolds) {
  const auto text = written([] { log(LogLevel::info, "a\nb", "x\n<3>forged\x1b[2J{}\x7f"); }, true);
  EXPECT_EQ(text, "<6>a\\x0ab: x\\x0a<3>forged\\x1b[2J{}\\x7f\n");
}

TEST(Log, LeavesOutLinesThatComeTooFastAndSaysSo) {
  const auto text = written(
      [] {
        for (int i = 0; i < 300; ++i) log(LogLevel::info, "noisy", "again");
        log(LogLevel::info, "quiet", "heard");
        std::this_thread::sleep_for(std::chrono::milliseconds{1010});
        log(LogLevel::info, "noisy", "later");
      },
      true);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 100 + 1 + 2);
  EXPECT_THAT(text, HasSubstr("<6>quiet: heard\n<4>noisy: 200 lines left out\n<6>noisy: later\n"));
}

TEST(Log, TakesLinesFromSeveralThreadsWithoutMixingThem) {
  const auto text = written(
      [] {
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t) {
          threads.emplace_back([t] {
            for (int i = 0; i < 50; ++i) log(LogLevel::info, "t" + std::to_string(t), "abc");
          });
        }
        for (auto& thread : threads) thread.join();
      },
      true);
  EXPECT_THAT(text, MatchesRegex("(<6>t[0-3]: abc\n)+"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 200);
}

TEST(LogLevel, IsReadByName) {
  EXPECT_EQ(*parse_log_level("debug"), LogLevel::debug);
  EXPECT_EQ(*parse_log_level("info"), LogLevel::info);
  EXPECT_EQ(*parse_log_level("warning"), LogLevel::warning);
  EXPECT_EQ(*parse_log_level("error"), LogLevel::error);
}

TEST(LogLevel, SaysWhatWouldBeRight) {
  EXPECT_EQ(parse_log_level("warn").error().message,
            "a log level is debug, info, warning or error, not 'warn'");
}

}  // namespace
}  // namespace bw
