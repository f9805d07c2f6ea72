#include <bit>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "schemas/wire/codec.h"
#include "schemas/wire/limits.h"
#include "tests/unit/schemas/wire/allocations.h"
#include "tests/unit/schemas/wire/examples.h"

namespace bw::wire {
namespace {

TEST(Encode, writes_every_message_so_that_it_comes_back_the_same) {
  Encoder encoder;
  EXPECT_EQ(*decode_birth(encoder.encode(examples::birth())), examples::birth());
  EXPECT_EQ(*decode_state(encoder.encode(examples::state())), examples::state());
  EXPECT_EQ(*decode_history(encoder.encode(examples::history())), examples::history());
  EXPECT_EQ(*decode_event(encoder.encode(examples::event())), examples::event());
  EXPECT_EQ(*decode_result(encoder.encode(examples::result())), examples::result());
  EXPECT_EQ(*decode_ack(encoder.encode(examples::ack())), examples::ack());
  EXPECT_EQ(*decode_command(encoder.encode(examples::command())), examples::command());
  const LiveSample live = *decode_live(encoder.encode(examples::live()));
  EXPECT_EQ(live.epoch, examples::live().epoch);
  EXPECT_EQ(live.sequence, examples::live().sequence);
  EXPECT_EQ(live.table_id, examples::live().table_id);
  EXPECT_EQ(live.time_ms, examples::live().time_ms);
  EXPECT_EQ(live.values, examples::live().values);
}

TEST(Encode, writes_messages_that_say_as_little_as_they_may) {
  Encoder encoder;
  NodeBirth birth;
  birth.epoch = 1;
  birth.table_id = series_table_id({});
  EXPECT_EQ(*decode_birth(encoder.encode(birth)), birth);
  const NodeState will{1, NodeCondition::offline, 0, ""};
  EXPECT_EQ(*decode_state(encoder.encode(will)), will);
  const LiveSample live{1, 0, 1, 0, {}};
  EXPECT_TRUE(decode_live(encoder.encode(live))->values.empty());
  HistoryBlock block = examples::history();
  block.series.clear();
  EXPECT_EQ(*decode_history(encoder.encode(block)), block);
  EventRecord event;
  event.epoch = 1;
  event.number = 1;
  event.kind = "started";
  EXPECT_EQ(*decode_event(encoder.encode(event)), event);
  EXPECT_EQ(*decode_ack(encoder.encode(Ack{})), Ack{});
}

TEST(Encode, keeps_the_values_of_a_live_sample_bit_by_bit) {
  Encoder encoder;
  LiveSample live = examples::live();
  live.values = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                 -0.0F};
  const LiveSample decoded = *decode_live(encoder.encode(live));
  ASSERT_EQ(decoded.values.size(), live.values.size());
  for (std::size_t i = 0; i < live.values.size(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(decoded.values[i]),
              std::bit_cast<std::uint32_t>(live.values[i]));
  }
}

TEST(Encode, allocates_nothing_for_a_live_sample_in_the_steady_state) {
  Encoder encoder;
  LiveSample live = examples::live();
  live.values.assign(370, 0.5F);
  (void)encoder.encode(live);
  const std::size_t before = allocations();
  for (int tick = 0; tick < 100; ++tick) {
    ++live.sequence;
    (void)encoder.encode(live);
  }
  EXPECT_EQ(allocations(), before);
  // The counter counts: a fresh encoder does allocate.
  Encoder fresh;
  (void)fresh.encode(live);
  EXPECT_GT(allocations(), before);
}

TEST(Encode, cuts_texts_that_are_too_long_and_never_inside_a_character) {
  Encoder encoder;
  NodeState state = examples::state();
  state.reason = std::string(kMaxText + 1, 'x');
  EXPECT_EQ(decode_state(encoder.encode(state))->reason, std::string(kMaxText, 'x'));
  state.reason = std::string(kMaxText - 1, 'x') + "\xc3\xa4" + "and more";
  EXPECT_EQ(decode_state(encoder.encode(state))->reason, std::string(kMaxText - 1, 'x'));
  state.reason = std::string(kMaxText - 2, 'x') + "\xc3\xa4" + "and more";
  EXPECT_EQ(decode_state(encoder.encode(state))->reason,
            std::string(kMaxText - 2, 'x') + "\xc3\xa4");
  // No UTF-8 at all: cut all the same, within the four bytes that a character may have.
  state.reason = std::string(2 * kMaxText, '\x80');
  EXPECT_EQ(decode_state(encoder.encode(state))->reason.size(), kMaxText - 4);
}

TEST(Encode, leaves_out_labels_and_capabilities_beyond_their_bound) {
  Encoder encoder;
  NodeBirth birth = examples::birth();
  birth.labels.assign(kMaxLabels + 3, {"name", "value"});
  birth.capabilities.assign(kMaxCapabilities + 3, "linux");
  const auto decoded = decode_birth(encoder.encode(birth));
  EXPECT_EQ(decoded->labels.size(), kMaxLabels);
  EXPECT_EQ(decoded->capabilities.size(), kMaxCapabilities);
}

TEST(Encode, writes_series_tables_with_odd_labels_under_the_id_of_what_it_wrote) {
  Encoder encoder;
  NodeBirth birth = examples::birth();
  birth.series[0].labels.assign(kMaxLabels + 1, {"mount", std::string(kMaxText + 5, '/')});
  birth.table_id = series_table_id(birth.series);
  const auto decoded = decode_birth(encoder.encode(birth));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->series[0].labels.size(), kMaxLabels);
}

TEST(Encode, moves_times_out_of_range_to_the_edge_of_it) {
  Encoder encoder;
  NodeState state = examples::state();
  state.since_ms = -5;
  EXPECT_EQ(decode_state(encoder.encode(state))->since_ms, kMinTimeMs);
  state.since_ms = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(decode_state(encoder.encode(state))->since_ms, kMaxTimeMs);
  HistoryBlock block = examples::history();
  block.start_ms = -1;
  block.end_ms = kMaxTimeMs + 1;
  const auto decoded = decode_history(encoder.encode(block));
  EXPECT_EQ(decoded->start_ms, kMinTimeMs);
  EXPECT_EQ(decoded->end_ms, kMaxTimeMs);
}

TEST(Encode, writes_the_largest_messages_within_their_topics_bounds) {
  Encoder encoder;
  LiveSample live = examples::live();
  live.values.assign(kMaxSeries, 1.0F);
  EXPECT_EQ(decode_live(encoder.encode(live))->values.size(), kMaxSeries);

  NodeBirth birth = examples::birth();
  birth.series.assign(kMaxSeries, {"network_receive_bytes_total",
                                   "By",
                                   SeriesKind::counter,
                                   {{"device", "enp129s0f0np0"}, {"driver", "mlx5_core"}}});
  birth.table_id = series_table_id(birth.series);
  EXPECT_EQ(decode_birth(encoder.encode(birth))->series.size(), kMaxSeries);

  EventRecord event = examples::event();
  event.kind = event.text = std::string(kMaxText, 't');
  event.details.assign(kMaxLabels, {std::string(kMaxText, 'n'), std::string(kMaxText, 'v')});
  EXPECT_EQ(decode_event(encoder.encode(event))->details, event.details);
}

TEST(Encode, stops_at_lists_that_are_a_bug_of_the_caller) {
  Encoder encoder;
  LiveSample live = examples::live();
  live.values.assign(kMaxSeries + 1, 1.0F);
  EXPECT_DEATH((void)encoder.encode(live), "kMaxSeries");
  NodeBirth birth = examples::birth();
  birth.series.assign(kMaxSeries + 1, {});
  EXPECT_DEATH((void)encoder.encode(birth), "kMaxSeries");
  Ack ack;
  ack.epochs.assign(kMaxAckEpochs + 1, {1, 1});
  EXPECT_DEATH((void)encoder.encode(ack), "kMaxAckEpochs");
  HistoryBlock block = examples::history();
  block.columns.resize(kMaxColumnBytes + 1);
  EXPECT_DEATH((void)encoder.encode(block), "kMaxColumnBytes");
}

TEST(Encode, moves_with_its_buffer) {
  Encoder encoder;
  (void)encoder.encode(examples::state());
  Encoder moved = std::move(encoder);
  EXPECT_EQ(*decode_state(moved.encode(examples::state())), examples::state());
}

}  // namespace
}  // namespace bw::wire
