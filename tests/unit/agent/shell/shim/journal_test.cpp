#include "agent/shell/shim/journal.h"

#include <csignal>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/unit/agent/shell/fake_root.h"

namespace bw::agent {
namespace {

using Stream = Journal::Stream;

struct JournalTest : testing::Test {
  JournalTest() : directory(open(root.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}
  ~JournalTest() override { close(directory); }

  std::string text(const char* name) const {
    std::ifstream in(root.at("/") + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  FakeRoot root;
  int directory;
};

TEST_F(JournalTest, writes_lines_with_their_time_and_stream) {
  Journal journal(directory, 1U << 20);
  journal.take(Stream::output, "one\ntwo\n", 5);
  journal.take(Stream::error, "three\n\n", 6);
  EXPECT_EQ(text("log"), "5 o one\n5 o two\n6 e three\n6 e \n");
}

TEST_F(JournalTest, puts_together_what_comes_in_pieces_by_stream) {
  Journal journal(directory, 1U << 20);
  journal.take(Stream::output, "on", 1);
  journal.take(Stream::error, "err", 2);
  EXPECT_TRUE(journal.has_partial());
  EXPECT_EQ(text("log"), "");
  journal.take(Stream::output, "e\n", 3);
  journal.take(Stream::error, "or\n", 4);
  EXPECT_FALSE(journal.has_partial());
  EXPECT_EQ(text("log"), "3 o one\n4 e error\n");
}

TEST_F(JournalTest, writes_what_has_no_end_when_it_is_told_to) {
  Journal journal(directory, 1U << 20);
  journal.take(Stream::output, "prompt> ", 1);
  journal.flush(9);
  EXPECT_EQ(text("log"), "9 O prompt> \n");
  EXPECT_FALSE(journal.has_partial());
}

TEST_F(JournalTest, cuts_long_lines_and_says_that_they_go_on) {
  Journal journal(directory, 1U << 20);
  journal.take(Stream::error, std::string(Journal::kMaxLine + 3, 'x') + "\n", 1);
  EXPECT_EQ(text("log"), "1 E " + std::string(Journal::kMaxLine, 'x') + "\n1 e xxx\n");
  journal.take(Stream::error, std::string(Journal::kMaxLine, 'y') + "\n", 2);
  EXPECT_THAT(text("log"), testing::EndsWith("2 e " + std::string(Journal::kMaxLine, 'y') + "\n"));
}

TEST_F(JournalTest, holds_all_files_together_to_their_bound) {
  Journal journal(directory, 4000);
  for (int i = 0; i < 1000; ++i) {
    journal.take(Stream::output, "line " + std::to_string(i) + "\n", 1);
  }
  std::size_t bytes = 0;
  for (const char* name : {"log", "log.1", "log.2", "log.3"}) {
    EXPECT_LE(text(name).size(), 1000U);
    EXPECT_FALSE(text(name).empty());
    bytes += text(name).size();
  }
  EXPECT_GT(bytes, 2900U);
  EXPECT_EQ(text("log.4"), "");
  EXPECT_THAT(text("log"), testing::EndsWith("line 999\n"));
}

TEST_F(JournalTest, goes_on_in_the_log_of_the_run_before) {
  { Journal(directory, 4000).take(Stream::output, std::string(900, 'x') + "\n", 1); }
  Journal journal(directory, 4000);
  journal.take(Stream::output, "one\n", 2);
  journal.take(Stream::output, std::string(100, 'y') + "\n", 3);
  EXPECT_THAT(text("log.1"), testing::EndsWith("2 o one\n"));
  EXPECT_EQ(text("log"), "3 o " + std::string(100, 'y') + "\n");
}

TEST_F(JournalTest, keeps_to_the_bound_whatever_comes_at_once) {
  Journal journal(directory, 40'000);
  std::string all;
  for (int i = 0; i < 7000; ++i) all += "line " + std::to_string(i) + "\n";
  journal.take(Stream::output, all, 1);
  journal.take(Stream::output, std::string(60'000, 'x'), 1);
  for (const char* name : {"log", "log.1", "log.2", "log.3"}) {
    EXPECT_LE(text(name).size(), 10'000U) << name;
    EXPECT_GT(text(name).size(), 4'000U) << name;
    EXPECT_THAT(text(name), testing::EndsWith("\n"));
  }
}

TEST_F(JournalTest, marks_where_a_run_begins) {
  Journal journal(directory, 40'000);
  journal.begin_run(7);
  journal.take(Stream::output, "one\n", 8);
  EXPECT_EQ(text("log"), "7 = begins\n8 o one\n");
}

TEST_F(JournalTest, begins_a_new_line_behind_one_that_was_torn) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  Journal journal(directory, 1U << 20);
  rlimit full{5, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &full);
  journal.take(Stream::output, "two\n", 2);
  setrlimit(RLIMIT_FSIZE, &before);
  journal.take(Stream::output, "four\n", 4);
  EXPECT_EQ(text("log"), "2 o t\n4 e [8 bytes of the log could not be written]\n4 o four\n");
}

TEST_F(JournalTest, says_what_a_full_disk_did_not_take) {
  // A bound of the process stands for the disk's: writing beyond it fails.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  Journal journal(directory, 1U << 20);
  journal.take(Stream::output, "one\n", 1);
  rlimit full{8, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &full);
  journal.take(Stream::output, "two\n", 2);
  journal.take(Stream::output, "three\n", 3);
  setrlimit(RLIMIT_FSIZE, &before);
  journal.take(Stream::output, "four\n", 4);
  EXPECT_EQ(text("log"), "1 o one\n4 e [18 bytes of the log could not be written]\n4 o four\n");
}

}  // namespace
}  // namespace bw::agent
