// /proc/net/snmp, netstat, sockstat and softnet_stat: what the network protocols do.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/collect/device_table.h"
#include "agent/core/collect/scan.h"
#include "agent/core/collect/source.h"

namespace bw::agent {

// snmp and netstat: pairs of lines, "Tcp: names" and "Tcp: numbers". The lines of names are
// remembered whole, and compared; where one differs, the file is learnt anew.
class ProtocolSource : public Source {
 public:
  static constexpr std::size_t kMaxGroups = 32;
  static constexpr std::size_t kMaxColumns = 512;  // of a group; TcpExt has about 130

  // SourceId::net_snmp or net_netstat.
  ProtocolSource(SourceId source, Sample& sample) : Source(sample), source_(source) {}

  bool read(const TextReading& reading, Instant when) override;
  void lose() override;

 private:
  struct Group {
    std::string names;                   // the line, its newline included
    std::size_t prefix = 0;              // "Tcp:" in it
    std::vector<Sample::Alias> columns;  // none behind the last one of interest
  };
  bool follow(std::string_view text);
  void learn(std::string_view text);
  bool take(Scanner& scanner, const Group& group);

  SourceId source_;
  std::vector<Group> groups_;
  std::size_t values_ = 0;
};

// sockstat: lines "TCP: inuse 1 orphan 0 tw 0".
class SocketSource : public Source {
 public:
  static constexpr std::size_t kValues = 11;

  explicit SocketSource(Sample& sample) : Source(sample) { aliases_.fill(Sample::kNoAlias); }

  bool read(const TextReading& reading, Instant when) override;
  void lose() override;

 private:
  std::array<Sample::Alias, kValues> aliases_;
};

// softnet_stat: a line a CPU, of hexadecimal columns.
class SoftnetSource : public Source {
 public:
  static constexpr std::size_t kMaxCpus = 256;
  static constexpr std::size_t kValues = 3;
  static constexpr std::size_t kColumns = 13;

  explicit SoftnetSource(Sample& sample) : Source(sample), cpus_(kMaxCpus) {}

  bool read(const TextReading& reading, Instant when) override;
  void lose() override;
  std::uint64_t ignored() const override { return cpus_.ignored(); }

 private:
  struct Cpu : KnownDevice {
    std::array<Sample::Alias, kValues> aliases{};
  };
  bool read_cpu(Scanner& scanner, std::size_t line);
  void lose(const Cpu& cpu);

  DeviceTable<Cpu> cpus_;
};

}  // namespace bw::agent
