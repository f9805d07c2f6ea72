// A tick of the agent's core: understanding this machine's own /proc texts, and the whole step with
// its live sample.
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "agent/core/agent.h"

namespace bw::agent {
namespace {

struct MachineTexts {
  MachineTexts() {
    for (const SourceSpec& source : kSources) {
      if (source.path.find('*') != std::string_view::npos) continue;
      std::ifstream file{std::string(source.path)};
      if (!file) continue;
      std::ostringstream text;
      text << file.rdbuf();
      texts.push_back(text.str());
      specs.push_back(&source);
    }
    for (std::size_t i = 0; i < texts.size(); ++i) {
      readings.push_back(TextReading{specs[i]->id, specs[i]->path, texts[i], 0});
    }
  }
  Readings at(std::uint64_t tick) const {
    Readings all;
    all.when = Instant{} + std::chrono::seconds{static_cast<std::int64_t>(tick)};
    all.wall = wall_from_ms(1'790'000'000'000 + static_cast<std::int64_t>(tick) * 1000);
    all.tick = tick;
    all.texts = readings;
    return all;
  }
  std::vector<std::string> texts;
  std::vector<const SourceSpec*> specs;
  std::vector<TextReading> readings;
};

void read_all_sources(benchmark::State& state) {
  const MachineTexts texts;
  Collector collector;
  std::uint64_t tick = 0;
  for (auto _ : state) collector.read(texts.at(tick++));
  state.counters["series"] = static_cast<double>(collector.sample().series().size());
}
BENCHMARK(read_all_sources);

void agent_tick(benchmark::State& state) {
  const MachineTexts texts;
  AgentOptions options{NodeId::parse("bench").value()};
  options.epoch = 1;
  options.store_id = 1;
  Agent agent(options);
  Effects effects;
  agent.step(OutboxOpened{}, Instant{}, effects);
  agent.step(LinkUp{}, Instant{}, effects);
  std::uint64_t tick = 0;
  for (auto _ : state) {
    effects.clear();
    const Readings readings = texts.at(tick++);
    agent.step(Ticked{readings}, readings.when, effects);
    for (const Effect& effect : effects) {
      if (const auto* write = std::get_if<PersistRecord>(&effect)) {
        const RecordKey key = write->record.key;
        Effects ignored;
        agent.step(RecordPersisted{key}, readings.when, ignored);
        agent.step(AckReceived{wire::Ack{{{key.epoch, key.number}}}}, readings.when, ignored);
        break;
      }
    }
  }
}
BENCHMARK(agent_tick);

}  // namespace
}  // namespace bw::agent
