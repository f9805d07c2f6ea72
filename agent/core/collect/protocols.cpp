#include "agent/core/collect/protocols.h"

#include <charconv>
#include <cmath>

#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

static_assert(std::size(metrics::kSocketMetrics) == SocketSource::kValues);
static_assert(std::size(metrics::kSoftnetMetrics) == SoftnetSource::kValues);

// The longest key of the metric table is far shorter.
constexpr std::size_t kMaxKey = 64;

// "Tcp:" and "InSegs" are the key "Tcp.InSegs".
const metrics::MetricInfo* find_joined(SourceId source, std::string_view group,
                                       std::string_view name) {
  std::array<char, kMaxKey> key;
  if (group.size() + name.size() > key.size() || !group.ends_with(':')) return nullptr;
  group.copy(key.data(), group.size());
  key[group.size() - 1] = '.';
  name.copy(key.data() + group.size(), name.size());
  return metrics::find_metric(source, {key.data(), group.size() + name.size()});
}

}  // namespace

bool ProtocolSource::read(const TextReading& reading, Instant) {
  values_ = 0;
  if (!follow(reading.text)) {
    values_ = 0;
    learn(reading.text);
  }
  return values_ > 0;
}

void ProtocolSource::lose() {
  for (const Group& group : groups_) {
    for (const auto alias : group.columns) sample_.lose(alias);
  }
}

bool ProtocolSource::follow(std::string_view text) {
  Scanner scanner(text);
  for (const Group& group : groups_) {
    if (group.columns.empty()) {
      // Nothing of interest: IcmpMsg gains names now and then.
      if (!scanner.skip({group.names.data(), group.prefix})) return false;
      scanner.skip_line();
    } else if (!scanner.skip(group.names)) {
      return false;
    }
    if (!take(scanner, group)) return false;
  }
  return scanner.done() || groups_.size() == kMaxGroups;
}

// The line of numbers.
bool ProtocolSource::take(Scanner& scanner, const Group& group) {
  if (!scanner.skip({group.names.data(), group.prefix})) return false;
  for (const auto alias : group.columns) {
    const double value = scanner.whole();
    if (alias == Sample::kNoAlias) continue;
    if (!std::isnan(value)) ++values_;
    sample_.set(alias, value);
  }
  scanner.skip_line();
  return true;
}

void ProtocolSource::learn(std::string_view text) {
  lose();
  groups_.clear();
  Scanner scanner(text);
  while (!scanner.done() && groups_.size() < kMaxGroups) {
    const std::string_view from = scanner.rest();
    const std::string_view prefix = scanner.word();
    Group group;
    std::size_t wanted = 0;
    while (!scanner.at_line_end() && group.columns.size() < kMaxColumns) {
      const std::string_view name = scanner.word();
      const metrics::MetricInfo* info = find_joined(source_, prefix, name);
      group.columns.push_back(info == nullptr ? Sample::kNoAlias : sample_.declare(*info));
      if (info != nullptr) wanted = group.columns.size();
      scanner.skip_blanks();
    }
    group.columns.resize(wanted);
    scanner.skip_line();
    group.names.assign(from.substr(0, from.size() - scanner.rest().size()));
    group.prefix = prefix.size();
    // A line without its numbers: its series have no value, and the next line is names again.
    if (!from.starts_with(prefix) || prefix.empty() || !take(scanner, group)) {
      for (const auto alias : group.columns) sample_.lose(alias);
      continue;
    }
    groups_.push_back(std::move(group));
  }
}

bool SocketSource::read(const TextReading& reading, Instant) {
  lose();
  bool understood = false;
  Scanner scanner(reading.text);
  for (; !scanner.done(); scanner.skip_line()) {
    const std::string_view group = scanner.word();
    while (!scanner.at_line_end()) {
      const std::string_view name = scanner.word();
      const double value = scanner.whole();
      scanner.skip_blanks();
      const metrics::MetricInfo* info = find_joined(SourceId::net_sockstat, group, name);
      if (info == nullptr || std::isnan(value)) continue;
      understood = true;
      Sample::Alias& alias = aliases_[static_cast<std::size_t>(info - metrics::kSocketMetrics)];
      if (alias == Sample::kNoAlias) alias = sample_.declare(*info);
      sample_.set(alias, value);
    }
  }
  return understood;
}

void SocketSource::lose() {
  for (const auto alias : aliases_) sample_.lose(alias);
}

bool SoftnetSource::read(const TextReading& reading, Instant) {
  bool understood = false;
  Scanner scanner(reading.text);
  for (std::size_t line = 0; !scanner.done(); ++line) {
    understood = read_cpu(scanner, line) || understood;
  }
  cpus_.end_pass([this](const Cpu& cpu) { lose(cpu); });
  return understood;
}

void SoftnetSource::lose() {
  cpus_.lose([this](const Cpu& cpu) { lose(cpu); });
}

bool SoftnetSource::read_cpu(Scanner& scanner, std::size_t line) {
  constexpr std::size_t kIndex = 12;  // the column of the CPU's number, since 5.10
  std::array<double, kColumns> columns;
  for (double& column : columns) column = scanner.hex();
  scanner.skip_line();
  if (std::isnan(columns[0])) return false;

  const double number = columns[kIndex] < 1e6 ? columns[kIndex] : static_cast<double>(line);
  std::array<char, 16> name;
  const auto [end, error] =
      std::to_chars(name.data(), name.data() + name.size(), static_cast<std::uint32_t>(number));
  using Verdict = DeviceTable<Cpu>::Verdict;
  const Cpu* cpu = cpus_.next(
      {name.data(), static_cast<std::size_t>(end - name.data())},
      [](std::string_view) { return Verdict::follow; },
      [&](Cpu& added) {
        for (std::size_t i = 0; i < kValues; ++i) {
          const bool there = !std::isnan(columns[i]);
          added.aliases[i] =
              there ? sample_.declare(metrics::kSoftnetMetrics[i], {{"cpu", added.name}})
                    : Sample::kNoAlias;
        }
      });
  if (cpu == nullptr) return true;
  for (std::size_t i = 0; i < kValues; ++i) sample_.set(cpu->aliases[i], columns[i]);
  return true;
}

void SoftnetSource::lose(const Cpu& cpu) {
  for (const auto alias : cpu.aliases) sample_.lose(alias);
}

}  // namespace bw::agent
