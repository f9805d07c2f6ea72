// /proc/net/dev and /sys/class/net/*/carrier: what the network interfaces do.
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
  static constexpr std::size_t kValues = 14;  // two columns are of no use

  explicit NetworkSource(Sample& sample) : Source(sample), interfaces_(kMaxInterfaces) {}

  bool read(const TextReading& reading, Instant when) override;
  void lose() override;
  std::uint64_t ignored() const override { return interfaces_.ignored(); }

 private:
  friend class CarrierSource;
  struct Interface : KnownDevice {
    std::array<Sample::Alias, kValues> aliases{};
    Sample::Alias carrier = Sample::kNoAlias;
    bool carrier_told = false;  // in this tick
  };

  bool read_interface(Scanner& scanner);
  void lose(const Interface& interface);

  DeviceTable<Interface> interfaces_;
  std::size_t ephemeral_ = 0;
};

// The carriers of the interfaces that a NetworkSource keeps.
class CarrierSource : public Source {
 public:
  CarrierSource(Sample& sample, NetworkSource& network) : Source(sample), network_(network) {}

  bool read(const TextReading& reading, Instant when) override;
  bool refused(const TextReading& reading) override;
  void finish() override;
  void lose() override;

 private:
  void set(std::string_view path, double value);

  NetworkSource& network_;
};

}  // namespace bw::agent
