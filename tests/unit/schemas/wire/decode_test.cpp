#include <cstring>
#include <set>

#include <gtest/gtest.h>

#include "base/rng.h"
#include "schemas/wire/codec.h"
#include "schemas/wire/limits.h"
#include "tests/unit/schemas/wire/examples.h"

namespace bw::wire {
namespace {

using examples::kAllTopics;
using examples::kUpTopics;
using examples::Payload;
using examples::refusal_of;

std::string_view path_of(Topic topic) {
  return topic_info(topic).path;
}

TEST(Decode, accepts_each_topics_own_message) {
  for (const Topic topic : kAllTopics) {
    EXPECT_EQ(refusal_of(topic, examples::payload(topic)), std::nullopt) << path_of(topic);
  }
  EXPECT_TRUE(
      std::holds_alternative<NodeBirth>(*decode_up(Topic::birth, examples::payload(Topic::birth))));
  EXPECT_TRUE(std::holds_alternative<CommandResult>(
      *decode_up(Topic::result, examples::payload(Topic::result))));
}

TEST(Decode, refuses_a_payload_cut_at_any_length) {
  for (const Topic topic : kAllTopics) {
    const Payload whole = examples::payload(topic);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Payload cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_EQ(refusal_of(topic, cut), Refusal::bad_checksum) << path_of(topic) << " " << size;
    }
  }
}

TEST(Decode, refuses_every_single_flipped_bit) {
  for (const Topic topic : kAllTopics) {
    Payload payload = examples::payload(topic);
    for (std::size_t bit = 0; bit < payload.size() * 8; ++bit) {
      payload[bit / 8] ^= std::byte{1} << (bit % 8);
      ASSERT_EQ(refusal_of(topic, payload), Refusal::bad_checksum) << path_of(topic) << " " << bit;
      payload[bit / 8] ^= std::byte{1} << (bit % 8);
    }
  }
}

TEST(Decode, refuses_what_exceeds_the_topics_bound_before_anything_else) {
  for (const Topic topic : kAllTopics) {
    Payload payload = examples::payload(topic);
    payload.resize(topic_info(topic).max_payload + 1);
    EXPECT_EQ(refusal_of(topic, payload), Refusal::too_large) << path_of(topic);
    payload.pop_back();
    EXPECT_EQ(refusal_of(topic, payload), Refusal::bad_checksum) << path_of(topic);
  }
}

TEST(Decode, refuses_each_message_on_each_other_topic) {
  for (const Topic topic : kAllTopics) {
    for (const Topic other : kAllTopics) {
      if (topic == other) continue;
      EXPECT_EQ(refusal_of(topic, examples::payload(other)), Refusal::wrong_schema)
          << path_of(other) << " on " << path_of(topic);
    }
  }
}

TEST(Decode, refuses_checksummed_payloads_too_short_for_an_identifier) {
  for (const Topic topic : kAllTopics) {
    for (std::size_t size = 4; size < 12; ++size) {
      Payload payload(size);
      examples::sign(payload);
      EXPECT_EQ(refusal_of(topic, payload), Refusal::wrong_schema) << path_of(topic) << " " << size;
    }
  }
}

TEST(Decode, takes_nothing_of_a_down_topic_for_an_up_message) {
  for (const Topic topic : {Topic::report, Topic::desired}) {
    EXPECT_EQ(decode_up(topic, examples::payload(topic)).refusal(), Refusal::unknown_topic);
  }
  EXPECT_EQ(decode_up(Topic::ack, examples::payload(Topic::ack)).refusal(), Refusal::unknown_topic);
  EXPECT_EQ(decode_up(Topic::command, examples::payload(Topic::command)).refusal(),
            Refusal::unknown_topic);
}

TEST(Decode, reads_payloads_that_lie_at_any_address) {
  for (const Topic topic : kAllTopics) {
    const Payload payload = examples::payload(topic);
    for (std::size_t shift = 0; shift < 8; ++shift) {
      Payload shifted(shift + payload.size());
      std::memcpy(shifted.data() + shift, payload.data(), payload.size());
      EXPECT_EQ(refusal_of(topic, Bytes(shifted).subspan(shift)), std::nullopt)
          << path_of(topic) << " " << shift;
    }
  }
  Payload shifted = examples::payload(Topic::birth);
  shifted.insert(shifted.begin(), std::byte{0});
  EXPECT_EQ(*decode_birth(Bytes(shifted).subspan(1)), examples::birth());
}

TEST(Decode, survives_forged_payloads_whose_checksum_holds) {
  Rng rng(5);
  std::set<Refusal> met;
  for (const Topic topic : kAllTopics) {
    const Payload whole = examples::payload(topic);
    for (int round = 0; round < 4000; ++round) {
      Payload payload = whole;
      for (std::uint64_t i = rng.below(6) + 1; i > 0; --i) {
        std::byte& byte = payload[rng.below(payload.size())];
        // Small numbers, for offsets that point a little aside, and wild ones.
        byte = rng.chance(0.5)
                   ? static_cast<std::byte>(rng.next())
                   : static_cast<std::byte>(std::to_integer<unsigned>(byte) + rng.below(9) - 4);
      }
      if (rng.chance(0.1)) payload.resize(4 + rng.below(payload.size() - 3));
      payload.shrink_to_fit();
      examples::sign(payload);
      if (const auto refusal = refusal_of(topic, payload)) met.insert(*refusal);
    }
  }
  EXPECT_EQ(met,
            (std::set<Refusal>{Refusal::wrong_schema, Refusal::malformed, Refusal::out_of_bounds}));
}

TEST(Decode, refuses_forged_payloads_at_odd_addresses_too) {
  Rng rng(6);
  for (int round = 0; round < 2000; ++round) {
    Payload payload = examples::payload(Topic::history);
    payload[rng.below(payload.size())] = static_cast<std::byte>(rng.next());
    examples::sign(payload);
    payload.insert(payload.begin(), std::byte{0});
    payload.shrink_to_fit();
    (void)refusal_of(Topic::history, Bytes(payload).subspan(1));
  }
}

TEST(Decode, names_every_refusal) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kRefusals; ++i) names.insert(name_of(static_cast<Refusal>(i)));
  EXPECT_EQ(names.size(), kRefusals);
  EXPECT_EQ(name_of(Refusal::too_large), "too_large");
  EXPECT_EQ(name_of(Refusal::wrong_epoch), "wrong_epoch");
}

TEST(SetOldest, writes_into_history_and_events_whatever_was_there_before) {
  Encoder encoder;
  for (const std::uint64_t before : {0U, 7U}) {
    HistoryBlock block = examples::history();
    block.oldest = before;
    Payload payload = examples::copy(encoder.encode(block));
    ASSERT_TRUE(set_oldest(payload, 12));
    block.oldest = 12;
    EXPECT_EQ(*decode_history(payload), block);
    ASSERT_TRUE(set_oldest(payload, 0));
    block.oldest = 0;
    EXPECT_EQ(*decode_history(payload), block);

    EventRecord event = examples::event();
    event.oldest = before;
    payload = examples::copy(encoder.encode(event));
    ASSERT_TRUE(set_oldest(payload, 13));
    event.oldest = 13;
    EXPECT_EQ(*decode_event(payload), event);
  }
}

TEST(SetOldest, writes_the_same_bytes_that_encoding_would_have) {
  Encoder encoder;
  HistoryBlock block = examples::history();
  Payload payload = examples::copy(encoder.encode(block));
  ASSERT_TRUE(set_oldest(payload, 11));
  block.oldest = 11;
  EXPECT_EQ(payload, examples::copy(encoder.encode(block)));
}

TEST(SetOldest, works_at_any_address) {
  const Payload payload = examples::payload(Topic::event);
  for (std::size_t shift = 1; shift < 8; ++shift) {
    Payload shifted(shift);
    shifted.insert(shifted.end(), payload.begin(), payload.end());
    const auto moved = std::span(shifted).subspan(shift);
    ASSERT_TRUE(set_oldest(moved, 5));
    EXPECT_EQ(decode_event(moved)->oldest, 5U);
  }
}

TEST(SetOldest, leaves_other_messages_as_they_are) {
  for (const Topic topic : kAllTopics) {
    if (topic == Topic::history || topic == Topic::event) continue;
    Payload payload = examples::payload(topic);
    EXPECT_FALSE(set_oldest(payload, 5)) << path_of(topic);
    EXPECT_EQ(payload, examples::payload(topic)) << path_of(topic);
  }
}

TEST(SetOldest, does_not_sign_what_was_damaged) {
  Payload payload = examples::payload(Topic::history);
  payload[40] ^= std::byte{1};
  const Payload before = payload;
  EXPECT_FALSE(set_oldest(payload, 5));
  EXPECT_EQ(payload, before);
  EXPECT_FALSE(set_oldest({}, 5));
}

}  // namespace
}  // namespace bw::wire
