#include "agent/core/collect/kernel_log/kmsg_record.h"

#include <gtest/gtest.h>

namespace bw::agent {
namespace {

TEST(KmsgRecords, ARecordIsTakenToPieces) {
  KmsgRecords records("6,339,5140900,-;NET: Registered protocol family 10\n");
  KernelMessage message;
  ASSERT_TRUE(records.next(message));
  EXPECT_EQ(message.level, 6U);
  EXPECT_TRUE(message.from_kernel());
  EXPECT_EQ(message.sequence, 339U);
  EXPECT_EQ(message.usec, 5140900U);
  EXPECT_EQ(message.text, "NET: Registered protocol family 10");
  EXPECT_EQ(message.device, "");
  EXPECT_FALSE(records.next(message));
  EXPECT_EQ(records.malformed(), 0U);
}

TEST(KmsgRecords, PairsBehindARecordBelongToIt) {
  KmsgRecords records(
      "3,1,2,c,caller=T12;usb 1-1: broken\n SUBSYSTEM=usb\n DEVICE=c189:3\n4,2,3,-;next\n");
  KernelMessage message;
  ASSERT_TRUE(records.next(message));
  EXPECT_EQ(message.text, "usb 1-1: broken");
  EXPECT_EQ(message.device, "c189:3");
  ASSERT_TRUE(records.next(message));
  EXPECT_EQ(message.text, "next");
  EXPECT_EQ(message.device, "");
}

TEST(KmsgRecords, WhatProgramsWriteIsNotFromTheKernel) {
  KmsgRecords records("12,1,2,-;NVRM: Xid (PCI:0000:01:00): 79, forged\n30,2,3,-;a daemon\n");
  KernelMessage message;
  ASSERT_TRUE(records.next(message));
  EXPECT_FALSE(message.from_kernel());
  EXPECT_EQ(message.facility, 1U);
  EXPECT_EQ(message.level, 4U);
  ASSERT_TRUE(records.next(message));
  EXPECT_EQ(message.facility, 3U);
}

TEST(KmsgRecords, EscapesAreUndoneAndNothingUnprintableRemains) {
  KmsgRecords records(R"(4,1,2,-;a\x0ab\x5cc\x1b[0m\xc3\xa4 \xzz \x4)"
                      "\x01\n");
  KernelMessage message;
  ASSERT_TRUE(records.next(message));
  EXPECT_EQ(message.text, R"(a b\c?[0m?? \xzz \x4?)");
}

TEST(KmsgRecords, AnEscapedLineEndForgesNoRecord) {
  KmsgRecords records(R"(4,1,2,-;comm\x0a0,2,3,-;NVRM: Xid (PCI:0000:01:00): 79, x)"
                      "\n");
  KernelMessage message;
  ASSERT_TRUE(records.next(message));
  EXPECT_EQ(message.text, "comm 0,2,3,-;NVRM: Xid (PCI:0000:01:00): 79, x");
  EXPECT_FALSE(records.next(message));
}

TEST(KmsgRecords, LongTextsAreCut) {
  std::string text = "4,1,2,-;";
  text.append(KernelMessage::kMaxText + 500, 'x');
  text += "\n4,2,2,-;next\n";
  KmsgRecords records(text);
  KernelMessage message;
  ASSERT_TRUE(records.next(message));
  EXPECT_EQ(message.text.size(), KernelMessage::kMaxText);
  ASSERT_TRUE(records.next(message));
  EXPECT_EQ(message.text, "next");
}

TEST(KmsgRecords, WhatIsNoRecordIsCountedAndPassedOver) {
  KmsgRecords records(
      "hello\n,1,2,-;x\n4,x,2,-;x\n4,1,-;x\n4,1,2,-no end\n99999999999999999999,1,2,-;x\n"
      " STRAY=1\n\n4,7,8,-;fine\n");
  KernelMessage message;
  ASSERT_TRUE(records.next(message));
  EXPECT_EQ(message.sequence, 7U);
  EXPECT_EQ(records.malformed(), 7U);
}

TEST(KmsgRecords, ABeginningIsLeft) {
  KmsgRecords records("4,1,2,-;one\n4,2,3,-;tw");
  KernelMessage message;
  ASSERT_TRUE(records.next(message));
  EXPECT_FALSE(records.next(message));
  EXPECT_EQ(records.rest(), "4,2,3,-;tw");
}

}  // namespace
}  // namespace bw::agent
