#include "coordinator/core/ingest/refusals.h"

#include <gtest/gtest.h>

namespace bw::coordinator {
namespace {

std::uint64_t count_of(const Refusals& refusals, std::string_view node, wire::Refusal reason) {
  const RefusalCounts* const counts = refusals.of(node);
  return counts == nullptr ? 0 : (*counts)[static_cast<std::size_t>(reason)];
}

TEST(Refusals, CountByNodeAndReason) {
  Refusals refusals;
  refusals.count("a", true, wire::Refusal::bad_checksum);
  refusals.count("a", true, wire::Refusal::bad_checksum);
  refusals.count("a", true, wire::Refusal::too_large);
  refusals.count("b", false, wire::Refusal::bad_checksum);
  EXPECT_EQ(count_of(refusals, "a", wire::Refusal::bad_checksum), 2U);
  EXPECT_EQ(count_of(refusals, "a", wire::Refusal::too_large), 1U);
  EXPECT_EQ(count_of(refusals, "b", wire::Refusal::bad_checksum), 1U);
  EXPECT_EQ(refusals.of("c"), nullptr);
  EXPECT_EQ(refusals.total(), 4U);
}

TEST(Refusals, LumpUnknownNamesTogetherBeyondTheBound) {
  Refusals refusals;
  for (int i = 0; i < 1000; ++i) {
    refusals.count("ghost" + std::to_string(i), false, wire::Refusal::malformed);
  }
  EXPECT_EQ(refusals.all().size(), Refusals::kMaxUnknownNames + 1);
  EXPECT_EQ(count_of(refusals, Refusals::kOther, wire::Refusal::malformed),
            1000 - Refusals::kMaxUnknownNames);
  EXPECT_EQ(count_of(refusals, "ghost0", wire::Refusal::malformed), 1U);
}

TEST(Refusals, CountKnownNodesByNameHoweverManyUnknownOnesThereWere) {
  Refusals refusals;
  for (int i = 0; i < 1000; ++i) {
    refusals.count("ghost" + std::to_string(i), false, wire::Refusal::malformed);
  }
  refusals.count("real", true, wire::Refusal::malformed);
  EXPECT_EQ(count_of(refusals, "real", wire::Refusal::malformed), 1U);
}

TEST(Refusals, MakeNamesPrintable) {
  EXPECT_EQ(printable_name("edge-01.lab_2"), "edge-01.lab_2");
  EXPECT_EQ(printable_name("a b\n\"c\\\x01\xff"), "a?b??c???");
  EXPECT_EQ(printable_name(""), "?");
  EXPECT_EQ(printable_name(std::string(300, 'x')), std::string(64, 'x'));
}

TEST(Refusals, CountOddNamesUnderWhatIsPrinted) {
  Refusals refusals;
  refusals.count("a b", false, wire::Refusal::bad_node_id);
  refusals.count("a\tb", false, wire::Refusal::bad_node_id);
  EXPECT_EQ(count_of(refusals, "a?b", wire::Refusal::bad_node_id), 2U);
}

}  // namespace
}  // namespace bw::coordinator
