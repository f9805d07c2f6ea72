#include "coordinator/cli/environment.h"

#include <cstdlib>

#include <gtest/gtest.h>

namespace bw::cli {
namespace {

class Environment : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) unsetenv(name);
  }
};

TEST_F(Environment, AVariableThatIsNotSetIsEmpty) {
  unsetenv("BW_TEST_VARIABLE");
  EXPECT_EQ(environment("BW_TEST_VARIABLE"), "");
  setenv("BW_TEST_VARIABLE", "x", 1);
  EXPECT_EQ(environment("BW_TEST_VARIABLE"), "x");
}

TEST_F(Environment, BlocksAreDrawnWhereTheLocaleIsUtf8) {
  EXPECT_FALSE(output_style(false).unicode);
  setenv("LANG", "en_US.UTF-8", 1);
  EXPECT_TRUE(output_style(false).unicode);
  setenv("LC_CTYPE", "de_DE.utf8", 1);
  EXPECT_TRUE(output_style(false).unicode);
  setenv("LC_ALL", "C", 1);
  EXPECT_FALSE(output_style(false).unicode);
}

TEST_F(Environment, TheClockIsInMilliseconds) {
  EXPECT_GT(wall_clock_ms(), 1'700'000'000'000);
  EXPECT_LT(wall_clock_ms(), 10'000'000'000'000);
}

}  // namespace
}  // namespace bw::cli
