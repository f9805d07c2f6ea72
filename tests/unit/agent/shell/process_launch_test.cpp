// What does not need a process; the rest is in process_host_test.cpp.
#include "agent/shell/process_launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/agent/shell/fake_root.h"

namespace bw::agent {
namespace {

using testing::Contains;
using testing::HasSubstr;

struct LaunchTest : testing::Test {
  LaunchTest() {
    one.workload = "web";
    one.spec.argv = {"/bin/program", "x"};
    one.spec.environment = {{"TOKEN", "", "api"}};
    one.spec.health.argv = {"/bin/check"};
  }
  std::string refused() const {
    const auto launch = launch_of(one, root.at("/secrets"));
    return launch ? "" : launch.error().message;
  }
  FakeRoot root;
  wire::Assignment one;
};

TEST_F(LaunchTest, reads_secrets_by_their_names) {
  root.write("/secrets/api", "s3cret\n\n");
  const auto launch = launch_of(one, root.at("/secrets"));
  ASSERT_TRUE(launch);
  EXPECT_THAT(launch->environment, Contains("TOKEN=s3cret\n")) << "one end of line is its file's";
  EXPECT_EQ(launch->argv, one.spec.argv);
  EXPECT_FALSE(launch->is_probe);
}

TEST_F(LaunchTest, says_which_secret_is_wrong_and_nothing_of_what_is_in_it) {
  EXPECT_THAT(refused(), HasSubstr("secret api: No such file"));
  root.write("/secrets/api", std::string("s3\0cret", 7));
  EXPECT_EQ(refused(), "secret api: has a NUL byte");
  root.write("/secrets/api", std::string(70'000, 's'));
  EXPECT_EQ(refused(), "secret api: is over 64 KiB");
  root.remove("/secrets/api");
  root.write("/elsewhere", "other");
  ASSERT_EQ(symlink(root.at("/elsewhere").c_str(), root.at("/secrets/api").c_str()), 0);
  EXPECT_THAT(refused(), HasSubstr("secret api: ")) << "no link leads out of the folder";
  root.remove("/secrets/api");
  root.write("/secrets/api/file", "a folder");
  EXPECT_THAT(refused(), HasSubstr("secret api: Is a directory"));
}

TEST_F(LaunchTest, keeps_a_path_that_is_given) {
  one.spec.environment = {{"PATH", "/opt/bin", ""}};
  const auto launch = launch_of(one, "");
  EXPECT_THAT(launch->environment, Contains("PATH=/opt/bin"));
  EXPECT_THAT(launch->environment, testing::Not(Contains(HasSubstr("PATH=/usr"))));
}

TEST_F(LaunchTest, asks_for_health_with_the_same_environment) {
  root.write("/secrets/api", "s3cret");
  const auto probe = probe_of(one, root.at("/secrets"));
  ASSERT_TRUE(probe);
  EXPECT_TRUE(probe->is_probe);
  EXPECT_EQ(probe->argv, one.spec.health.argv);
  EXPECT_THAT(probe->environment, Contains("TOKEN=s3cret"));
  EXPECT_FALSE(probe_of(one, "/nowhere"));
}

TEST_F(LaunchTest, says_where_a_shim_cannot_be_begun) {
  Launch launch;
  launch.argv = {"x"};
  EXPECT_THAT(spawn_shim(BW_SHIM, "web/0", launch, "/nowhere/run").error().message,
              HasSubstr("/nowhere/run: No such file"));
  launch.argv.assign(2000, std::string(4000, 'x'));
  EXPECT_THAT(spawn_shim(BW_SHIM, "web/0", launch, root.path()).error().message,
              HasSubstr("too large"));
}

}  // namespace
}  // namespace bw::agent
