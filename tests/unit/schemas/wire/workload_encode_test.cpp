#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schemas/wire/limits.h"
#include "schemas/wire/workload_codec.h"
#include "tests/unit/schemas/wire/examples.h"

namespace bw::wire {
namespace {

using testing::HasSubstr;

TEST(WorkloadEncode, writes_both_so_that_they_come_back_the_same) {
  EXPECT_EQ(*decode_desired(encode_desired(examples::desired()).value()), examples::desired());
  EXPECT_EQ(*decode_report(encode_report(examples::report())), examples::report());
}

TEST(WorkloadEncode, writes_what_says_as_little_as_it_may) {
  const DesiredState nothing{1, 1, {}};
  EXPECT_EQ(*decode_desired(encode_desired(nothing).value()), nothing);
  Assignment plain;
  plain.workload = "w";
  plain.spec.argv = {"/bin/true"};
  const DesiredState one{1, 2, {plain}};
  EXPECT_EQ(*decode_desired(encode_desired(one).value()), one);
  const WorkloadReport empty{1, 0, 0, "", {}};
  EXPECT_EQ(*decode_report(encode_report(empty)), empty);
}

TEST(WorkloadEncode, refuses_a_state_that_a_node_would_refuse) {
  DesiredState desired = examples::desired();
  desired.assignments[0].spec.argv.clear();
  const auto refused = encode_desired(desired);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("web/2: argv names no program"));
}

TEST(WorkloadEncode, refuses_a_state_that_is_too_large_for_its_topic) {
  DesiredState desired{1, 1, {}};
  for (std::uint32_t i = 0; i < 20; ++i) {
    Assignment one;
    one.workload = "w";
    one.replica = i;
    one.spec.argv.assign(kMaxArguments, std::string(1000, 'x'));
    desired.assignments.push_back(one);
  }
  const auto refused = encode_desired(desired);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("too large to send"));
  desired.assignments.resize(10);
  EXPECT_TRUE(encode_desired(desired));
}

TEST(WorkloadEncode, cuts_a_report_to_what_always_fits) {
  WorkloadReport report = examples::report();
  WorkloadState state = report.states[0];
  state.workload.assign(100, 'w');
  state.handle = state.reason = state.limits = std::string(3000, 'x');
  state.since_ms = -5;
  state.log.clear();
  for (int i = 0; i < 40; ++i) state.log.push_back(std::to_string(i) + std::string(999, 'y'));
  report.refused.assign(3000, 'z');
  report.states.assign(kMaxReported + 9, state);
  const auto bytes = encode_report(report);
  ASSERT_LE(bytes.size(), kMaxReportPayload);
  const auto decoded = decode_report(bytes);
  ASSERT_TRUE(decoded);
  ASSERT_EQ(decoded->states.size(), kMaxReported);
  const WorkloadState& first = decoded->states[0];
  EXPECT_EQ(first.workload.size(), kMaxWorkloadName);
  EXPECT_EQ(first.reason.size(), kMaxText);
  EXPECT_EQ(first.since_ms, 0);
  ASSERT_EQ(first.log.size(), kMaxReportLines);
  EXPECT_EQ(first.log.back().substr(0, 2), "39") << "the last lines are kept";
  EXPECT_EQ(first.log.back().size(), kMaxReportLine);
}

}  // namespace
}  // namespace bw::wire
