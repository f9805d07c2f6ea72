// Any bytes as a payload on any topic, with a checksum that holds. The first byte of an input says
// which topic; the others are the payload. What is accepted comes back the same after it was
// encoded anew.
#include <span>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/assert.h"
#include "schemas/wire/codec.h"
#include "tests/fuzz/seeded.h"
#include "tests/unit/schemas/wire/examples.h"

namespace {

namespace wire = bw::wire;
namespace examples = bw::wire::examples;

bw::fuzz::Seeds make_seeds() {
  bw::fuzz::Seeds seeds;
  for (const wire::Topic topic : examples::kAllTopics) {
    auto seed = examples::payload(topic);
    seed.insert(seed.begin(), static_cast<std::byte>(topic));
    seeds.push_back(std::move(seed));
  }
  return seeds;
}

// Shared texts are written out, so a message may outgrow its topic: then there is no second
// reading.
template <typename Message, typename Decode>
void check_again(wire::Topic topic, const Message& message, Decode decode) {
  wire::Encoder encoder;
  const wire::Bytes bytes = encoder.encode(message);
  if (bytes.size() > wire::topic_info(topic).max_payload) return;
  const auto again = decode(bytes);
  BW_ASSERT(static_cast<bool>(again));
  if constexpr (!std::is_same_v<Message, wire::LiveSample>) BW_ASSERT(*again == message);
}

void check(wire::Topic topic, wire::Bytes payload) {
  if (topic == wire::Topic::ack) {
    if (const auto ack = wire::decode_ack(payload)) check_again(topic, *ack, wire::decode_ack);
    return;
  }
  if (topic == wire::Topic::command) {
    const auto command = wire::decode_command(payload);
    if (command) check_again(topic, *command, wire::decode_command);
    return;
  }
  const auto decoded = wire::decode_up(topic, payload);
  if (!decoded) return;
  std::visit(
      [&](const auto& message) {
        using Message = std::decay_t<decltype(message)>;
        check_again(topic, message, [&](wire::Bytes bytes) {
          auto again = wire::decode_up(topic, bytes);
          BW_ASSERT(static_cast<bool>(again));
          return wire::Decoded<Message>(std::get<Message>(std::move(*again)));
        });
      },
      *decoded);
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned random) {
  static const bw::fuzz::Seeds seeds = make_seeds();
  return bw::fuzz::mutate(seeds, data, size, max_size, random);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 5) return 0;
  const auto topic = examples::kAllTopics[data[0] % examples::kAllTopics.size()];
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  examples::Payload payload(bytes.begin(), bytes.end());
  payload.shrink_to_fit();
  examples::sign(payload);
  check(topic, payload);
  // In place, as the agent does with what lay on its disk.
  if (wire::set_oldest(payload, 0)) check(topic, payload);
  return 0;
}
