#include "agent/core/collect/kernel_log/xid_catalogue.h"

#include <gtest/gtest.h>

namespace bw::agent {
namespace {

TEST(XidCatalogue, HasEveryCodeFrom1To172) {
  for (unsigned code = 1; code <= 172; ++code) {
    const XidInfo* info = find_xid(code);
    ASSERT_NE(info, nullptr) << code;
    EXPECT_EQ(info->code, code);
    EXPECT_FALSE(info->mnemonic.empty()) << code;
    EXPECT_GT(info->meaning.size(), 5U) << code;
    EXPECT_FALSE(remedy_name(info->remedy).empty()) << code;
    EXPECT_FALSE(remedy_action(info->remedy).empty()) << code;
  }
  EXPECT_EQ(find_xid(0), nullptr);
  EXPECT_EQ(find_xid(173), nullptr);
  EXPECT_EQ(all_xids().size(), 172U);
}

TEST(XidCatalogue, TheWellKnownOnesAreWhatTheyAre) {
  EXPECT_EQ(find_xid(79)->mnemonic, "ROBUST_CHANNEL_GPU_HAS_FALLEN_OFF_THE_BUS");
  EXPECT_EQ(find_xid(79)->severity, wire::Severity::critical);
  EXPECT_EQ(remedy_name(find_xid(79)->remedy), "RESTART_BM");
  EXPECT_EQ(remedy_name(find_xid(13)->remedy), "RESTART_APP");
  EXPECT_EQ(find_xid(13)->severity, wire::Severity::warning);
  EXPECT_EQ(remedy_name(find_xid(43)->remedy), "IGNORE");
  EXPECT_EQ(find_xid(43)->severity, wire::Severity::info);
  EXPECT_EQ(remedy_name(find_xid(64)->remedy), "RESET_GPU");
  EXPECT_EQ(remedy_name(find_xid(119)->remedy), "RESET_GPU");
  EXPECT_EQ(remedy_name(find_xid(54)->remedy), "CHECK_MECHANICALS");
  EXPECT_EQ(find_xid(63)->severity, wire::Severity::warning);
}

TEST(XidCatalogue, WhatNvidiaDoesNotSayIsNotItsWord) {
  EXPECT_EQ(describe_xid(48, "").resolution, "WORKFLOW_XID_48");
  EXPECT_EQ(describe_xid(74, "").resolution, "WORKFLOW_NVLINK_ERR");
  for (unsigned code = 144; code <= 150; ++code) {
    EXPECT_EQ(describe_xid(code, "").resolution, "WORKFLOW_NVLINK5_ERR") << code;
  }
  for (unsigned code = 162; code <= 172; ++code) EXPECT_EQ(describe_xid(code, "").resolution, "");
  EXPECT_NE(remedy_action(XidRemedy::reset_gpu).find("stop bellwether-agent"),
            std::string_view::npos);
}

TEST(XidCatalogue, WhatNeedsAResetOrARestartIsCritical) {
  for (const XidInfo& info : all_xids()) {
    if (info.remedy == XidRemedy::reset_gpu || info.remedy == XidRemedy::restart_node) {
      EXPECT_EQ(info.severity, wire::Severity::critical) << info.code;
    }
  }
}

}  // namespace
}  // namespace bw::agent
