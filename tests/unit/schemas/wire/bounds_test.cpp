// What decoding refuses although it is a FlatBuffer of the right schema. The payloads are written
// with FlatBuffers' own primitives, by field number, as another program would.
#include <functional>
#include <string>

#include <flatbuffers/flatbuffers.h>
#include <gtest/gtest.h>

#include "schemas/wire/codec.h"
#include "schemas/wire/limits.h"
#include "tests/unit/schemas/wire/examples.h"

namespace bw::wire {
namespace {

using examples::Payload;
using examples::refusal_of;
using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::Table;
using Text = Offset<flatbuffers::String>;
template <typename T>
using List = Offset<flatbuffers::Vector<T>>;

constexpr flatbuffers::voffset_t field(int number) {
  return static_cast<flatbuffers::voffset_t>(4 + 2 * number);
}

class Forger {
 public:
  Forger() { builder.ForceDefaults(true); }

  Text text(std::size_t size) { return builder.CreateString(std::string(size, 't')); }
  Offset<Table> label(Text name, Text value) {
    return table([&] {
      if (!name.IsNull()) builder.AddOffset(field(0), name);
      if (!value.IsNull()) builder.AddOffset(field(1), value);
    });
  }
  List<Offset<Table>> labels(std::size_t count) {
    return builder.CreateVector(
        std::vector<Offset<Table>>(count, label(builder.CreateString("name"), text(1))));
  }
  List<Offset<Table>> series(std::size_t count, Text name, std::uint8_t kind,
                             List<Offset<Table>> with = {}) {
    const auto unit = builder.CreateString("s");
    const auto one = table([&] {
      builder.AddOffset(field(0), name);
      builder.AddOffset(field(1), unit);
      builder.AddElement<std::uint8_t>(field(2), kind, 0);
      if (!with.IsNull()) builder.AddOffset(field(3), with);
    });
    return builder.CreateVector(std::vector<Offset<Table>>(count, one));
  }
  List<std::uint8_t> columns() {
    const HistoryBlock block = examples::history();
    return builder.CreateVector(reinterpret_cast<const std::uint8_t*>(block.columns.data()),
                                block.columns.size());
  }

  Offset<Table> table(const std::function<void()>& fields) {
    const auto start = builder.StartTable();
    fields();
    return Offset<Table>(builder.EndTable(start));
  }
  Payload root(const char* identifier, const std::function<void()>& fields) {
    builder.Finish(table(fields), identifier);
    const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
    Payload payload(bytes.begin(), bytes.end());
    payload.resize(payload.size() + 4);
    examples::sign(payload);
    return payload;
  }
  void number(int at, std::uint64_t value) {
    builder.AddElement<std::uint64_t>(field(at), value, 0);
  }
  void byte(int at, std::uint8_t value) { builder.AddElement<std::uint8_t>(field(at), value, 0); }
  template <typename T>
  void offset(int at, Offset<T> value) {
    if (!value.IsNull()) builder.AddOffset(field(at), value);
  }

  FlatBufferBuilder builder;
};

TEST(Bounds, of_numbers_that_name_something_exclude_zero) {
  Encoder encoder;
  const auto refused = [&](auto message, auto change, Topic topic) {
    EXPECT_EQ(refusal_of(topic, encoder.encode(message)), std::nullopt);
    change(message);
    EXPECT_EQ(refusal_of(topic, encoder.encode(message)), Refusal::out_of_bounds);
  };
  const auto no_epoch = [](auto& message) { message.epoch = 0; };
  const auto no_table = [](auto& message) { message.table_id = 0; };
  const auto no_number = [](auto& message) { message.number = 0; };
  refused(examples::birth(), no_epoch, Topic::birth);
  refused(examples::birth(), no_table, Topic::birth);
  refused(examples::state(), no_epoch, Topic::state);
  refused(examples::live(), no_epoch, Topic::live);
  refused(examples::live(), no_table, Topic::live);
  refused(examples::history(), no_epoch, Topic::history);
  refused(examples::history(), no_table, Topic::history);
  refused(examples::history(), no_number, Topic::history);
  refused(examples::event(), no_epoch, Topic::event);
  refused(examples::event(), no_number, Topic::event);
  refused(examples::result(), no_epoch, Topic::result);
  refused(examples::command(), no_epoch, Topic::command);
  refused(
      examples::ack(), [](Ack& ack) { ack.epochs[1].epoch = 0; }, Topic::ack);
}

TEST(Bounds, of_names_exclude_the_empty_one) {
  Encoder encoder;
  EventRecord event = examples::event();
  event.kind.clear();
  EXPECT_EQ(refusal_of(Topic::event, encoder.encode(event)), Refusal::out_of_bounds);
  CommandResult result = examples::result();
  result.id.clear();
  EXPECT_EQ(refusal_of(Topic::result, encoder.encode(result)), Refusal::out_of_bounds);
  Command command = examples::command();
  command.id.clear();
  EXPECT_EQ(refusal_of(Topic::command, encoder.encode(command)), Refusal::out_of_bounds);
  NodeBirth birth = examples::birth();
  birth.series[1].name.clear();
  birth.table_id = series_table_id(birth.series);
  EXPECT_EQ(refusal_of(Topic::birth, encoder.encode(birth)), Refusal::out_of_bounds);
}

TEST(Bounds, of_enumerations_exclude_values_of_later_versions) {
  Encoder encoder;
  NodeState state = examples::state();
  state.condition = static_cast<NodeCondition>(3);
  EXPECT_EQ(refusal_of(Topic::state, encoder.encode(state)), Refusal::out_of_bounds);
  EventRecord event = examples::event();
  event.severity = static_cast<Severity>(3);
  EXPECT_EQ(refusal_of(Topic::event, encoder.encode(event)), Refusal::out_of_bounds);
  CommandResult result = examples::result();
  result.status = static_cast<CommandStatus>(4);
  EXPECT_EQ(refusal_of(Topic::result, encoder.encode(result)), Refusal::out_of_bounds);
  Command command = examples::command();
  command.kind = static_cast<CommandKind>(5);
  EXPECT_EQ(refusal_of(Topic::command, encoder.encode(command)), Refusal::out_of_bounds);
  HistoryBlock block = examples::history();
  block.series[2].kind = static_cast<SeriesKind>(2);
  block.table_id = series_table_id(block.series);
  EXPECT_EQ(refusal_of(Topic::history, encoder.encode(block)), Refusal::out_of_bounds);
}

TEST(Bounds, of_a_model_and_of_a_silence_are_held_by_both_sides) {
  Encoder encoder;
  Command command = examples::command();
  command.model.assign(kMaxModelPayload, std::byte{1});
  command.for_ms = kMaxSilenceMs + 1;
  const auto decoded = decode_command(encoder.encode(command));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->model.size(), kMaxModelPayload);
  EXPECT_EQ(decoded->for_ms, kMaxSilenceMs);
  CommandResult result = examples::result();
  result.model.assign(kMaxModelPayload, std::byte{2});
  EXPECT_EQ(refusal_of(Topic::result, encoder.encode(result)), std::nullopt);
}

TEST(Bounds, of_rows_are_one_and_the_most_of_a_block) {
  Encoder encoder;
  HistoryBlock block = examples::history();
  block.rows = 0;
  EXPECT_EQ(refusal_of(Topic::history, encoder.encode(block)), Refusal::out_of_bounds);
  block.rows = kMaxRows + 1;
  EXPECT_EQ(refusal_of(Topic::history, encoder.encode(block)), Refusal::out_of_bounds);
}

TEST(Bounds, of_the_oldest_record_are_the_record_itself) {
  Encoder encoder;
  HistoryBlock block = examples::history();
  block.oldest = block.number;
  EXPECT_EQ(refusal_of(Topic::history, encoder.encode(block)), std::nullopt);
  block.oldest = block.number + 1;
  EXPECT_EQ(refusal_of(Topic::history, encoder.encode(block)), Refusal::out_of_bounds);
  EventRecord event = examples::event();
  event.oldest = event.number + 1;
  EXPECT_EQ(refusal_of(Topic::event, encoder.encode(event)), Refusal::out_of_bounds);
}

TEST(Bounds, hold_a_series_table_to_its_id) {
  Encoder encoder;
  NodeBirth birth = examples::birth();
  ++birth.table_id;
  EXPECT_EQ(refusal_of(Topic::birth, encoder.encode(birth)), Refusal::out_of_bounds);
  HistoryBlock block = examples::history();
  ++block.table_id;
  EXPECT_EQ(refusal_of(Topic::history, encoder.encode(block)), Refusal::out_of_bounds);
  block.series.clear();
  EXPECT_EQ(refusal_of(Topic::history, encoder.encode(block)), std::nullopt)
      << "without the table, whose id it is cannot be told here";
}

TEST(Bounds, hold_columns_to_the_block_and_its_table) {
  Encoder encoder;
  HistoryBlock block = examples::history();
  block.rows = 3;
  EXPECT_EQ(refusal_of(Topic::history, encoder.encode(block)), Refusal::malformed);
  block = examples::history();
  block.columns[0] = std::byte{9};
  EXPECT_EQ(refusal_of(Topic::history, encoder.encode(block)), Refusal::malformed);
  block = examples::history();
  block.columns.clear();
  EXPECT_EQ(refusal_of(Topic::history, encoder.encode(block)), Refusal::malformed);
  block = examples::history();
  block.series.pop_back();
  block.table_id = series_table_id(block.series);
  EXPECT_EQ(refusal_of(Topic::history, encoder.encode(block)), Refusal::malformed);
}

TEST(Bounds, of_times_are_1970_and_2200) {
  const auto state_at = [](std::int64_t since_ms) {
    Forger forger;
    return forger.root("BWST", [&] {
      forger.number(0, 4);
      forger.number(2, static_cast<std::uint64_t>(since_ms));
    });
  };
  EXPECT_EQ(refusal_of(Topic::state, state_at(0)), std::nullopt);
  EXPECT_EQ(refusal_of(Topic::state, state_at(kMaxTimeMs)), std::nullopt);
  EXPECT_EQ(refusal_of(Topic::state, state_at(-1)), Refusal::out_of_bounds);
  EXPECT_EQ(refusal_of(Topic::state, state_at(kMaxTimeMs + 1)), Refusal::out_of_bounds);

  const auto block_from_to = [](std::int64_t start, std::int64_t end) {
    Forger forger;
    const auto columns = forger.columns();
    return forger.root("BWHB", [&] {
      forger.number(0, 4);
      forger.number(1, 1);
      forger.number(3, 9);
      forger.number(4, static_cast<std::uint64_t>(start));
      forger.number(5, static_cast<std::uint64_t>(end));
      forger.builder.AddElement<std::uint32_t>(field(6), 2, 0);
      forger.offset(7, columns);
    });
  };
  EXPECT_EQ(refusal_of(Topic::history, block_from_to(5, 3)), std::nullopt) << "clocks go back";
  EXPECT_EQ(refusal_of(Topic::history, block_from_to(-1, 3)), Refusal::out_of_bounds);
  EXPECT_EQ(refusal_of(Topic::history, block_from_to(5, kMaxTimeMs + 1)), Refusal::out_of_bounds);
}

TEST(Bounds, of_times_hold_on_every_other_topic) {
  const auto wrong = static_cast<std::uint64_t>(kMaxTimeMs + 1);
  Forger birth;
  EXPECT_EQ(refusal_of(Topic::birth, birth.root("BWBI",
                                                [&] {
                                                  birth.number(0, 4);
                                                  birth.number(6, wrong);
                                                  birth.number(9, series_table_id({}));
                                                })),
            Refusal::out_of_bounds);
  Forger live;
  EXPECT_EQ(refusal_of(Topic::live, live.root("BWLV",
                                              [&] {
                                                live.number(0, 4);
                                                live.number(2, 9);
                                                live.number(3, wrong);
                                              })),
            Refusal::out_of_bounds);
  Forger event;
  const auto kind = event.text(3);
  EXPECT_EQ(refusal_of(Topic::event, event.root("BWEV",
                                                [&] {
                                                  event.number(0, 4);
                                                  event.number(1, 1);
                                                  event.number(3, wrong);
                                                  event.offset(4, kind);
                                                })),
            Refusal::out_of_bounds);
  Forger command;
  const auto id = command.text(3);
  EXPECT_EQ(refusal_of(Topic::command, command.root("BWCM",
                                                    [&] {
                                                      command.offset(0, id);
                                                      command.number(2, 4);
                                                      command.number(3, wrong);
                                                    })),
            Refusal::out_of_bounds);
}

// A birth with these parts, each of which may be left out.
struct BirthParts {
  std::function<Text(Forger&)> site;
  std::function<List<Offset<Table>>(Forger&)> labels;
  std::function<Offset<Table>(Forger&)> hardware;
  std::function<List<Text>(Forger&)> capabilities;
  std::function<List<Offset<Table>>(Forger&)> series;
};

std::optional<Refusal> refusal_of_birth(const BirthParts& parts) {
  Forger forger;
  const auto site = parts.site ? parts.site(forger) : Text();
  const auto labels = parts.labels ? parts.labels(forger) : List<Offset<Table>>();
  const auto hardware = parts.hardware ? parts.hardware(forger) : Offset<Table>();
  const auto capabilities = parts.capabilities ? parts.capabilities(forger) : List<Text>();
  const auto series = parts.series ? parts.series(forger) : List<Offset<Table>>();
  return refusal_of(Topic::birth, forger.root("BWBI", [&] {
    forger.number(0, 4);
    forger.offset(2, site);
    forger.offset(3, labels);
    forger.offset(4, hardware);
    forger.offset(8, capabilities);
    forger.number(9, series_table_id({}));
    forger.offset(10, series);
  }));
}

TEST(Bounds, of_texts_and_lists_hold_in_a_birth) {
  EXPECT_EQ(refusal_of_birth({}), std::nullopt);
  const auto site = [](std::size_t size) {
    return refusal_of_birth({.site = [=](Forger& f) { return f.text(size); }});
  };
  EXPECT_EQ(site(kMaxText), std::nullopt);
  EXPECT_EQ(site(kMaxText + 1), Refusal::out_of_bounds);
  const auto labels = [](std::size_t count) {
    return refusal_of_birth({.labels = [=](Forger& f) { return f.labels(count); }});
  };
  EXPECT_EQ(labels(kMaxLabels), std::nullopt);
  EXPECT_EQ(labels(kMaxLabels + 1), Refusal::out_of_bounds);
  const auto hardware = [](int which, std::size_t size) {
    return refusal_of_birth({.hardware = [=](Forger& f) {
      const Text text = f.text(size);
      return f.table([&] { f.offset(which, text); });
    }});
  };
  for (int which = 0; which < 7; ++which) {
    EXPECT_EQ(hardware(which, kMaxText), std::nullopt) << which;
    EXPECT_EQ(hardware(which, kMaxText + 1), Refusal::out_of_bounds) << which;
  }
  const auto capabilities = [](std::size_t count, std::size_t size) {
    return refusal_of_birth({.capabilities = [=](Forger& f) {
      return f.builder.CreateVector(std::vector<Text>(count, f.text(size)));
    }});
  };
  EXPECT_EQ(capabilities(kMaxCapabilities, 5), std::nullopt);
  EXPECT_EQ(capabilities(kMaxCapabilities + 1, 5), Refusal::out_of_bounds);
  EXPECT_EQ(capabilities(1, kMaxText + 1), Refusal::out_of_bounds);
  EXPECT_EQ(refusal_of_birth(
                {.series = [](Forger& f) { return f.series(kMaxSeries + 1, f.text(4), 0); }}),
            Refusal::out_of_bounds);
}

TEST(Bounds, of_labels_hold_for_either_text_and_neither_may_lack) {
  const auto label = [](Forger& f, Text name, Text value) {
    return f.builder.CreateVector(std::vector<Offset<Table>>{f.label(name, value)});
  };
  const auto with = [&](std::size_t name, std::size_t value) {
    return refusal_of_birth({.labels = [=](Forger& f) {
      const Text first = f.text(name);
      return label(f, first, f.text(value));
    }});
  };
  EXPECT_EQ(with(0, 0), std::nullopt);
  EXPECT_EQ(with(kMaxText + 1, 0), Refusal::out_of_bounds);
  EXPECT_EQ(with(0, kMaxText + 1), Refusal::out_of_bounds);
  EXPECT_EQ(refusal_of_birth({.labels = [=](Forger& f) { return label(f, f.text(1), Text()); }}),
            Refusal::malformed);
  EXPECT_EQ(refusal_of_birth({.labels = [=](Forger& f) { return label(f, Text(), f.text(1)); }}),
            Refusal::malformed);
}

TEST(Bounds, of_other_texts_hold_on_every_topic) {
  const auto refused = [](Topic topic, const char* identifier, int text_field,
                          const std::function<void(Forger&)>& numbers) {
    for (const std::size_t size : {kMaxText, kMaxText + 1}) {
      Forger forger;
      const Text id = forger.builder.CreateString("id");
      const Text text = forger.text(size);
      const Payload payload = forger.root(identifier, [&] {
        numbers(forger);
        if (topic == Topic::event) forger.offset(text_field == 4 ? 6 : 4, id);
        if (topic != Topic::event && topic != Topic::state && text_field != 0) {
          forger.offset(0, id);
        }
        forger.offset(text_field, text);
      });
      const auto expected = size > kMaxText ? std::optional(Refusal::out_of_bounds) : std::nullopt;
      EXPECT_EQ(refusal_of(topic, payload), expected) << identifier << " " << text_field;
    }
  };
  const auto epoch_0 = [](Forger& forger) { forger.number(0, 4); };
  const auto epoch_1 = [](Forger& forger) { forger.number(1, 4); };
  const auto epoch_2 = [](Forger& forger) { forger.number(2, 4); };
  const auto record = [](Forger& forger) {
    forger.number(0, 4);
    forger.number(1, 1);
  };
  refused(Topic::state, "BWST", 3, epoch_0);
  refused(Topic::event, "BWEV", 4, record);
  refused(Topic::event, "BWEV", 6, record);
  refused(Topic::result, "BWCR", 0, epoch_1);
  refused(Topic::result, "BWCR", 3, epoch_1);
  refused(Topic::command, "BWCM", 0, epoch_2);
  refused(Topic::command, "BWCM", 4, epoch_2);
}

TEST(Bounds, of_lists_hold_on_every_topic) {
  const auto live = [](std::size_t count) {
    Forger forger;
    const auto values = forger.builder.CreateVector(std::vector<float>(count, 1.0F));
    return refusal_of(Topic::live, forger.root("BWLV", [&] {
      forger.number(0, 4);
      forger.number(2, 9);
      forger.offset(4, values);
    }));
  };
  EXPECT_EQ(live(kMaxSeries), std::nullopt);
  EXPECT_EQ(live(kMaxSeries + 1), Refusal::out_of_bounds);

  const auto details = [](std::size_t count) {
    Forger forger;
    const auto kind = forger.text(4);
    const auto labels = forger.labels(count);
    return refusal_of(Topic::event, forger.root("BWEV", [&] {
      forger.number(0, 4);
      forger.number(1, 1);
      forger.offset(4, kind);
      forger.offset(7, labels);
    }));
  };
  EXPECT_EQ(details(kMaxLabels), std::nullopt);
  EXPECT_EQ(details(kMaxLabels + 1), Refusal::out_of_bounds);

  const auto epochs = [](std::size_t count) {
    Forger forger;
    const auto one = forger.table([&] { forger.number(0, 4); });
    const auto all = forger.builder.CreateVector(std::vector<Offset<Table>>(count, one));
    return refusal_of(Topic::ack, forger.root("BWAK", [&] { forger.offset(0, all); }));
  };
  EXPECT_EQ(epochs(kMaxAckEpochs), std::nullopt);
  EXPECT_EQ(epochs(kMaxAckEpochs + 1), Refusal::out_of_bounds);

  Forger forger;
  const auto columns =
      forger.builder.CreateVector(std::vector<std::uint8_t>(kMaxColumnBytes + 1, 1));
  EXPECT_EQ(refusal_of(Topic::history, forger.root("BWHB",
                                                   [&] {
                                                     forger.number(0, 4);
                                                     forger.number(1, 1);
                                                     forger.number(3, 9);
                                                     forger.builder.AddElement<std::uint32_t>(
                                                         field(6), 2, 0);
                                                     forger.offset(7, columns);
                                                   })),
            Refusal::out_of_bounds);
}

TEST(Bounds, refuse_a_block_without_columns) {
  Forger forger;
  EXPECT_EQ(refusal_of(Topic::history, forger.root("BWHB",
                                                   [&] {
                                                     forger.number(0, 4);
                                                     forger.number(1, 1);
                                                     forger.number(3, 9);
                                                     forger.builder.AddElement<std::uint32_t>(
                                                         field(6), 2, 0);
                                                   })),
            Refusal::malformed);
}

TEST(Bounds, refuse_a_small_payload_that_stands_for_a_huge_message) {
  const auto shared = [](Forger& f) {
    const Text text = f.text(kMaxText);
    const auto labels =
        f.builder.CreateVector(std::vector<Offset<Table>>(kMaxLabels, f.label(text, text)));
    return f.series(kMaxSeries, text, 0, labels);
  };
  EXPECT_EQ(refusal_of_birth({.series = shared}), Refusal::out_of_bounds);
  EXPECT_EQ(refusal_of_birth({.labels = [](Forger& f) { return f.labels(500'000); }}),
            Refusal::malformed)
      << "more tables than any message has";
}

TEST(SetOldest, leaves_a_record_that_came_without_the_field) {
  Forger forger;
  const auto kind = forger.text(4);
  Payload payload = forger.root("BWEV", [&] {
    forger.number(0, 4);
    forger.number(1, 7);
    forger.offset(4, kind);
  });
  ASSERT_EQ(refusal_of(Topic::event, payload), std::nullopt);
  const Payload before = payload;
  EXPECT_FALSE(set_oldest(payload, 3));
  EXPECT_EQ(payload, before);
}

}  // namespace
}  // namespace bw::wire
