#include "base/result.h"

#include <memory>

#include <gtest/gtest.h>

namespace bw {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return Error{std::to_string(number) + " is odd"};
  return number / 2;
}

Result<void> check(bool good) {
  if (!good) return Error{"bad"};
  return {};
}

TEST(Result, HoldsTheValueWhereThereIsOne) {
  const auto result = half(8);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result.has_value());
  EXPECT_EQ(*result, 4);
  EXPECT_EQ(result.value_or(7), 4);
}

TEST(Result, HoldsTheReasonWhereThereIsNoValue) {
  const auto result = half(7);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "7 is odd");
  EXPECT_EQ(result.value_or(1), 1);
}

TEST(Result, CanBeMovedOutOf) {
  Result<std::unique_ptr<int>> result{std::make_unique<int>(5)};
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 5);
}

TEST(Result, OfNothingSaysWhetherItWentWell) {
  EXPECT_TRUE(check(true).has_value());
  ASSERT_FALSE(check(false));
  EXPECT_EQ(check(false).error().message, "bad");
}

TEST(Result, MayHoldAnErrorlessStringAsItsValue) {
  const Result<std::string> result{std::string("a value, not a reason")};
  EXPECT_TRUE(result);
}

TEST(Error, GainsContextOnItsWayUp) {
  EXPECT_EQ(Error{"Permission denied"}.within("open /proc/stat").within("collect").message,
            "collect: open /proc/stat: Permission denied");
}

TEST(ResultDeathTest, AskedForAValueItDoesNotHaveItEndsTheProgram) {
  EXPECT_DEATH((void)half(7).value(), "bug: .* does not hold at .*result.h");
}

TEST(ResultDeathTest, AskedForAReasonItDoesNotHaveItEndsTheProgram) {
  EXPECT_DEATH((void)half(8).error(), "bug: ");
  EXPECT_DEATH((void)check(true).error(), "bug: ");
}

}  // namespace
}  // namespace bw
