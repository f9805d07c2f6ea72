// What decoding refuses of what should run and what does; the rest, for every topic alike, is in
// decode_test.cpp.
#include <functional>
#include <string>

#include <flatbuffers/flatbuffers.h>
#include <gtest/gtest.h>

#include "schemas/wire/limits.h"
#include "schemas/wire/workload_codec.h"
#include "tests/unit/schemas/wire/examples.h"

namespace bw::wire {
namespace {

using examples::Payload;
using examples::refusal_of;
using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::Table;

constexpr flatbuffers::voffset_t place(int field) {
  return static_cast<flatbuffers::voffset_t>(4 + 2 * field);
}

// Tables by field number, as another program would write them.
struct Forge {
  Forge() { builder.ForceDefaults(true); }

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
  template <typename T>
  auto list(std::size_t count, Offset<T> one) {
    return builder.CreateVector(std::vector<Offset<T>>(count, one));
  }
  auto text(std::size_t size) { return builder.CreateString(std::string(size, 't')); }

  FlatBufferBuilder builder;
};

// A report with one state, in which one field is as `add` has it.
std::optional<Refusal> refusal_of_state(const std::function<std::function<void()>(Forge&)>& add,
                                        std::size_t count = 1) {
  Forge forge;
  const auto name = forge.builder.CreateString("web");
  const auto fields = add(forge);
  const auto state = forge.table([&] {
    forge.builder.AddOffset(place(0), name);
    fields();
  });
  const auto states = forge.list(count, state);
  return refusal_of(Topic::report, forge.root("BWWR", [&] {
    forge.builder.AddElement<std::uint64_t>(place(0), 1, 0);
    forge.builder.AddOffset(place(4), states);
  }));
}

std::optional<Refusal> refusal_of_text(int field, std::size_t size) {
  return refusal_of_state([=](Forge& forge) -> std::function<void()> {
    const auto text = forge.text(size);
    return [&forge, text, field] { forge.builder.AddOffset(place(field), text); };
  });
}

TEST(WorkloadDecode, holds_a_report_to_its_bounds) {
  const auto nothing = [](Forge&) -> std::function<void()> { return [] {}; };
  EXPECT_EQ(refusal_of_state(nothing), std::nullopt);
  EXPECT_EQ(refusal_of_state(nothing, kMaxReported), std::nullopt);
  EXPECT_EQ(refusal_of_state(nothing, kMaxReported + 1), Refusal::out_of_bounds);
  for (const int field : {6, 10, 11}) {
    EXPECT_EQ(refusal_of_text(field, kMaxText), std::nullopt) << field;
    EXPECT_EQ(refusal_of_text(field, kMaxText + 1), Refusal::out_of_bounds) << field;
  }
  const auto lines = [](std::size_t count, std::size_t size) {
    return refusal_of_state([=](Forge& forge) -> std::function<void()> {
      const auto log = forge.list(count, forge.text(size));
      return [&forge, log] { forge.builder.AddOffset(place(12), log); };
    });
  };
  EXPECT_EQ(lines(kMaxReportLines, kMaxReportLine), std::nullopt);
  EXPECT_EQ(lines(kMaxReportLines + 1, 1), Refusal::out_of_bounds);
  EXPECT_EQ(lines(1, kMaxReportLine + 1), Refusal::out_of_bounds);
}

TEST(WorkloadDecode, refuses_values_of_later_versions_and_odd_times) {
  WorkloadReport report = examples::report();
  report.states[0].phase = static_cast<WorkloadPhase>(9);
  EXPECT_EQ(refusal_of(Topic::report, encode_report(report)), Refusal::out_of_bounds);
  report = examples::report();
  report.states[0].exit.kind = static_cast<ExitKind>(4);
  EXPECT_EQ(refusal_of(Topic::report, encode_report(report)), Refusal::out_of_bounds);
  report = examples::report();
  report.states[0].workload = "a/b";
  EXPECT_EQ(refusal_of(Topic::report, encode_report(report)), Refusal::out_of_bounds);
  report = examples::report();
  report.epoch = 0;
  EXPECT_EQ(refusal_of(Topic::report, encode_report(report)), Refusal::out_of_bounds);
  for (const std::int64_t time : {std::int64_t{-1}, kMaxTimeMs + 1}) {
    EXPECT_EQ(refusal_of_state([=](Forge& forge) -> std::function<void()> {
                return
                    [&forge, time] { forge.builder.AddElement<std::int64_t>(place(5), time, 0); };
              }),
              Refusal::out_of_bounds);
  }
}

// Assignments of one specification, in which one field is as `add` has it.
std::optional<Refusal> refusal_of_spec(const std::function<std::function<void()>(Forge&)>& add,
                                       std::size_t count = 1) {
  Forge forge;
  const auto name = forge.builder.CreateString("web");
  const auto argv = forge.list(1, forge.text(3));
  const auto fields = add(forge);
  const auto spec = forge.table([&] {
    forge.builder.AddOffset(place(2), argv);
    fields();
  });
  std::vector<Offset<Table>> assignments;
  for (std::size_t i = 0; i < count; ++i) {
    assignments.push_back(forge.table([&] {
      forge.builder.AddOffset(place(0), name);
      forge.builder.AddElement<std::uint32_t>(place(1), static_cast<std::uint32_t>(i), 0);
      forge.builder.AddOffset(place(3), spec);
    }));
  }
  const auto list = forge.builder.CreateVector(assignments);
  return refusal_of(Topic::desired, forge.root("BWDS", [&] {
    forge.builder.AddElement<std::uint64_t>(place(0), 1, 0);
    forge.builder.AddElement<std::uint64_t>(place(1), 1, 0);
    forge.builder.AddOffset(place(2), list);
  }));
}

TEST(WorkloadDecode, holds_a_desired_state_to_its_bounds) {
  const auto nothing = [](Forge&) -> std::function<void()> { return [] {}; };
  EXPECT_EQ(refusal_of_spec(nothing), std::nullopt);
  EXPECT_EQ(refusal_of_spec(nothing, kMaxAssignments), std::nullopt);
  EXPECT_EQ(refusal_of_spec(nothing, kMaxAssignments + 1), Refusal::out_of_bounds);
  const auto argv = [](std::size_t count, std::size_t size) {
    return [=](Forge& forge) -> std::function<void()> {
      const auto health_argv = forge.list(count, forge.text(size));
      const auto health = forge.table([&] { forge.builder.AddOffset(place(3), health_argv); });
      return [&forge, health] { forge.builder.AddOffset(place(9), health); };
    };
  };
  EXPECT_EQ(refusal_of_spec(argv(kMaxArguments, 10)), std::nullopt);
  EXPECT_EQ(refusal_of_spec(argv(kMaxArguments + 1, 1)), Refusal::out_of_bounds);
  EXPECT_EQ(refusal_of_spec(argv(1, kMaxArgument + 1)), Refusal::out_of_bounds);
  EXPECT_EQ(refusal_of_spec(argv(kMaxArguments, kMaxArgument), 5), Refusal::out_of_bounds)
      << "a small payload that stands for a huge message";
}

TEST(WorkloadDecode, holds_an_environment_to_its_bounds) {
  const auto variables = [](std::size_t count, std::size_t name_size) {
    return [=](Forge& forge) -> std::function<void()> {
      const auto name = forge.text(name_size);
      const auto one = forge.table([&] { forge.builder.AddOffset(place(0), name); });
      const auto list = forge.list(count, one);
      return [&forge, list] { forge.builder.AddOffset(place(4), list); };
    };
  };
  EXPECT_EQ(refusal_of_spec(variables(1, kMaxText)), std::nullopt);
  EXPECT_EQ(refusal_of_spec(variables(1, kMaxText + 1)), Refusal::out_of_bounds);
  EXPECT_EQ(refusal_of_spec(variables(kMaxEnvironment + 1, 1)), Refusal::out_of_bounds);
  EXPECT_EQ(refusal_of_spec(variables(2, 1)), Refusal::out_of_bounds) << "one name twice";
}

TEST(WorkloadDecode, refuses_what_check_refuses) {
  Forge forge;
  EXPECT_EQ(
      refusal_of(
          Topic::desired,
          forge.root("BWDS", [&] { forge.builder.AddElement<std::uint64_t>(place(0), 1, 0); })),
      Refusal::out_of_bounds)
      << "no generation";
}

}  // namespace
}  // namespace bw::wire
