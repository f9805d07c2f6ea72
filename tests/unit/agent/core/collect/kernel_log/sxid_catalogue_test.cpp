#include "agent/core/collect/kernel_log/sxid_catalogue.h"

#include <gtest/gtest.h>

namespace bw::agent {
namespace {

TEST(SxidCatalogue, TellsWhatIsFatalToWhom) {
  EXPECT_EQ(find_sxid(20034)->severity, SxidClass::fatal);
  EXPECT_EQ(find_sxid(22013)->severity, SxidClass::non_fatal);
  EXPECT_EQ(find_sxid(22003)->severity, SxidClass::always_fatal);
  EXPECT_EQ(find_sxid(99999), nullptr);
  EXPECT_EQ(find_sxid(1), nullptr);
}

TEST(SxidCatalogue, EveryCodeIsFoundAndMeansSomething) {
  EXPECT_GE(all_sxids().size(), 80U);
  for (const SxidInfo& info : all_sxids()) {
    EXPECT_EQ(find_sxid(info.code), &info);
    EXPECT_GT(info.meaning.size(), 5U) << info.code;
    EXPECT_FALSE(sxid_action(info.severity).empty());
  }
}

}  // namespace
}  // namespace bw::agent
