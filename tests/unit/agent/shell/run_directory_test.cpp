#include "agent/shell/run_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/agent/shell/fake_root.h"

namespace bw::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using wire::ExitKind;

RunRecord a_record() {
  return {"web",
          3,
          12,
          0xfedcba9876543210U,
          4,
          9,
          1,
          2,
          5000,
          77,
          "boot",
          {"GPU-a", "GPU-b"},
          "its memory is not limited: why"};
}

struct RunDirectoryTest : testing::Test {
  FakeRoot root;
  RunDirectory directory{root.at("/web@3")};
};

TEST_F(RunDirectoryTest, is_named_after_the_replica_and_back) {
  EXPECT_EQ(run_folder("web/3"), "web@3");
  EXPECT_EQ(run_id("web@3"), "web/3");
  for (const char* other :
       {"web", "web@", "web@x", "@3", ".@3", "web@-1", "web@4294967296", ".."}) {
    EXPECT_EQ(run_id(other), std::nullopt) << other;
  }
}

TEST_F(RunDirectoryTest, gives_back_what_was_begun) {
  ASSERT_TRUE(directory.begin(a_record()));
  EXPECT_EQ(directory.record().value(), a_record());
  RunRecord plain;
  plain.workload = "w";
  ASSERT_TRUE(directory.begin(plain));
  EXPECT_EQ(directory.record().value(), plain);
}

TEST_F(RunDirectoryTest, skips_what_a_later_version_says_more) {
  ASSERT_TRUE(directory.begin(a_record()));
  root.write("/web@3/run", "version 1\nworkload w\nrun 5\ncolour blue\nend\n");
  EXPECT_EQ(directory.record().value().run, 5U);
}

TEST_F(RunDirectoryTest, says_that_a_file_is_damaged) {
  EXPECT_THAT(directory.record().error().message, HasSubstr("can't be read"));
  ASSERT_TRUE(directory.begin(a_record()));
  for (const char* text : {"", "version 1\nrun 5\n", "version 2\nrun 5\nend\n",
                           "version 1\nrun five\nend\n", "version 1\nrun -1\nend\n"}) {
    root.write("/web@3/run", text);
    EXPECT_THAT(directory.record().error().message, HasSubstr("damaged")) << text;
  }
}

TEST_F(RunDirectoryTest, reads_how_a_run_ended) {
  ASSERT_TRUE(directory.begin(a_record()));
  EXPECT_EQ(directory.end().exit.kind, ExitKind::unknown);
  root.write("/web@3/exit", "code 3\n");
  EXPECT_EQ(directory.end().exit, (wire::WorkloadExit{ExitKind::code, 3}));
  root.write("/web@3/exit", "signal 9\n");
  EXPECT_EQ(directory.end().exit, (wire::WorkloadExit{ExitKind::signal, 9}));
  directory.note_unstarted("no such thing");
  EXPECT_EQ(directory.end().exit.kind, ExitKind::none);
  EXPECT_EQ(directory.end().reason, "no such thing");
  for (const char* text : {"", "code 3", "code\n", "code x\n", "other 3\n"}) {
    root.write("/web@3/exit", text);
    EXPECT_EQ(directory.end().exit.kind, ExitKind::unknown) << text;
  }
}

TEST_F(RunDirectoryTest, forgets_the_end_of_the_run_before) {
  ASSERT_TRUE(directory.begin(a_record()));
  root.write("/web@3/exit", "code 3\n");
  root.write("/web@3/pid", "77\n");
  directory.note_heard();
  EXPECT_TRUE(directory.is_heard());
  EXPECT_EQ(directory.main_pid(), 77);
  ASSERT_TRUE(directory.begin(a_record()));
  EXPECT_FALSE(directory.is_heard());
  EXPECT_EQ(directory.main_pid(), 0);
  EXPECT_EQ(directory.end().exit.kind, ExitKind::unknown);
}

TEST_F(RunDirectoryTest, reads_the_last_lines_of_its_log) {
  ASSERT_TRUE(directory.begin(a_record()));
  EXPECT_TRUE(directory.last_lines(5, 100).empty());
  root.write("/web@3/log.1", "cut off line\n1 o one\n2 e two\n");
  root.write("/web@3/log", "3 o three\n4 O \xff wild\n5 o four times as long\n");
  EXPECT_THAT(directory.last_lines(4, 10),
              ElementsAre("two", "three", "\xef\xbf\xbd wild", "four times"));
  EXPECT_EQ(directory.last_lines(100, 10).size(), 5U);
  root.write("/web@3/log", "3 o of the run before\n4 = begins\n5 e mine\n");
  EXPECT_THAT(directory.last_lines(4, 100), ElementsAre("mine"));
}

TEST_F(RunDirectoryTest, is_held_by_nobody_where_nobody_locked_it) {
  EXPECT_EQ(directory.holder(), std::nullopt);
  ASSERT_TRUE(directory.begin(a_record()));
  root.write("/web@3/lock", "");
  EXPECT_EQ(directory.holder(), std::nullopt);
}

TEST_F(RunDirectoryTest, goes_with_all_its_files) {
  ASSERT_TRUE(directory.begin(a_record()));
  root.write("/web@3/log", "x");
  root.write("/web@3/log.3", "x");
  directory.note_heard();
  directory.remove();
  EXPECT_FALSE(std::filesystem::exists(root.at("/web@3")));
}

TEST_F(RunDirectoryTest, says_where_it_cannot_be_made) {
  const RunDirectory lost(root.at("/no/such/folder"));
  EXPECT_THAT(lost.begin(a_record()).error().message, HasSubstr("No such file"));
}

}  // namespace
}  // namespace bw::agent
