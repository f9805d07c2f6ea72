#include "base/assert.h"

#include <gtest/gtest.h>

namespace bw {
namespace {

TEST(AssertDeathTest, AFailureSaysWhatDidNotHoldAndWhere) {
  EXPECT_DEATH(BW_ASSERT(1 + 1 == 3), "bug: 1 \\+ 1 == 3 does not hold at .*assert_test.cpp:");
}

TEST(Assert, EvaluatesItsExpressionOnce) {
  int evaluations = 0;
  BW_ASSERT(++evaluations == 1);
  EXPECT_EQ(evaluations, 1);
}

}  // namespace
}  // namespace bw
