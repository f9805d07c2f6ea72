// /proc/net/dev, /proc/net/wireless and files of /sys/class/net: what the network interfaces do.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "agent/core/collect/device_table.h"
#include "agent/core/collect/scan.h"
#include "agent/core/collect/source.h"

namespace bw::agent {

class NetworkSource : public Source {
 public:
  // Interfaces kept. Hosts of containers and virtual machines give each of them an interface of a
  // new name: such may take no more than kMaxEphemeral, so that a card put in later has room.
  static constexpr std::size_t kMaxInterfaces = 128;
  static constexpr std::size_t kMaxEphemeral = 64;
  static constexpr std::size_t kColumns = 16;
  static constexpr std::size_t kValues = 14;    // two columns are of no use
  static constexpr std::size_t kLinkFiles = 4;  // of /sys/class/net, see LinkSource
  static constexpr std::size_t kWireless = 2;

  explicit NetworkSource(Sample& sample) : Source(sample), interfaces_(kMaxInterfaces) {}

  bool read(const TextReading& reading, Instant when) override;
  void lose() override;
  std::uint64_t ignored() const override { return interfaces_.ignored(); }

 private:
  friend class LinkSource;
  friend class WirelessSource;
  struct Interface : KnownDevice {
    std::array<Sample::Alias, kValues> aliases{};
    std::array<Sample::Alias, kLinkFiles> links;
    std::array<bool, kLinkFiles> told{};  // in this tick
    Sample::Alias link_quality = Sample::kNoAlias;
    Sample::Alias signal = Sample::kNoAlias;
    bool wireless = false;  // in this tick
  };

  bool read_interface(Scanner& scanner);
  void lose(const Interface& interface);

  DeviceTable<Interface> interfaces_;
  std::size_t ephemeral_ = 0;
};

// One kind of file of the interfaces that a NetworkSource keeps: SourceId::net_carrier,
// net_operstate, net_carrier_changes or net_speed.
class LinkSource : public Source {
 public:
  LinkSource(SourceId source, Sample& sample, NetworkSource& network);

  bool read(const TextReading& reading, Instant when) override;
  bool refused(const TextReading& reading) override;
  void finish() override;
  void lose() override;

 private:
  void set(std::string_view path, double value);

  SourceId source_;
  std::size_t index_;  // of its row in metrics::kCarrierMetrics, and of its aliases
  NetworkSource& network_;
};

// Of those which are wireless.
class WirelessSource : public Source {
 public:
  WirelessSource(Sample& sample, NetworkSource& network) : Source(sample), network_(network) {}

  bool read(const TextReading& reading, Instant when) override;
  void lose() override;

 private:
  NetworkSource& network_;
};

}  // namespace bw::agent
