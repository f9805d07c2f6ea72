#include "base/backoff.h"

#include <gtest/gtest.h>

namespace bw {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Backoff, DoublesUpToTheMostAndStaysThere) {
  Rng rng(1);
  Backoff backoff(milliseconds{200}, seconds{1});
  for (const auto ceiling : {milliseconds{200}, milliseconds{400}, milliseconds{800},
                             milliseconds{1000}, milliseconds{1000}}) {
    const Duration wait = backoff.next(rng);
    EXPECT_GE(wait, ceiling / 2);
    EXPECT_LT(wait, ceiling);
  }
}

TEST(Backoff, BeginsAnewAfterASuccess) {
  Rng rng(1);
  Backoff backoff(milliseconds{200}, seconds{30});
  for (int i = 0; i < 6; ++i) backoff.next(rng);
  backoff.reset();
  EXPECT_LT(backoff.next(rng), milliseconds{200});
}

TEST(Backoff, SpreadsThoseWhoLostTheSameBroker) {
  Duration least = seconds{1};
  Duration most{};
  for (std::uint64_t node = 0; node < 1000; ++node) {
    Rng rng(node);
    const Duration wait = Backoff(milliseconds{200}, seconds{30}).next(rng);
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_LT(least, milliseconds{101});
  EXPECT_GT(most, milliseconds{199});
}

}  // namespace
}  // namespace bw
