#include "agent/core/collect/network.h"

#include <algorithm>
#include <cerrno>
#include <cmath>

#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

constexpr std::size_t kMaxName = 32;  // the kernel's bound is 15

constexpr bool is_kept(std::size_t column) {
  return column != 6 && column != 15;  // compressed packets: of SLIP and PPP
}

bool is_ephemeral(std::string_view name) {
  constexpr std::string_view kPrefixes[] = {"veth", "cali", "lxc", "tap", "vnet", "vif", "cilium"};
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes),
                     [name](std::string_view prefix) { return name.starts_with(prefix); });
}

// "eth0" of "/sys/class/net/eth0/carrier".
std::string_view interface_of(std::string_view path) {
  path = path.substr(0, std::min(path.rfind('/'), path.size()));
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

bool NetworkSource::read(const TextReading& reading, Instant) {
  Scanner scanner(reading.text);
  scanner.skip_line();
  scanner.skip_line();
  // Two lines of titles: a network namespace without interfaces has no more.
  bool understood = scanner.done() && reading.text.find('|') != std::string_view::npos;
  while (!scanner.done()) understood = read_interface(scanner) || understood;
  interfaces_.end_pass([this](Interface& interface) { lose(interface); });
  return understood;
}

void NetworkSource::lose() {
  interfaces_.lose([this](Interface& interface) { lose(interface); });
}

// "  eth0: 164830064 3258 ...": old kernels leave no blank behind the colon.
bool NetworkSource::read_interface(Scanner& scanner) {
  scanner.skip_blanks();
  const std::string_view name = scanner.until(':');
  std::array<double, kValues> values;
  std::size_t kept = 0;
  bool understood = !name.empty() && name.size() <= kMaxName;
  for (std::size_t column = 0; understood && column < kColumns; ++column) {
    const double value = scanner.whole();
    if (column == 0) understood = !std::isnan(value);
    if (is_kept(column)) values[kept++] = value;
  }
  scanner.skip_line();
  if (!understood) return false;
  using Verdict = DeviceTable<Interface>::Verdict;
  const Interface* interface = interfaces_.next(
      name,
      [this](std::string_view added) {
        const bool full = is_ephemeral(added) && ephemeral_ == kMaxEphemeral;
        return full ? Verdict::ignore : Verdict::follow;
      },
      [this](Interface& added) {
        if (is_ephemeral(added.name)) ++ephemeral_;
        for (std::size_t i = 0; i < kValues; ++i) {
          added.aliases[i] =
              sample_.declare(metrics::kInterfaceMetrics[i], {{"interface", added.name}});
        }
      });
  if (interface == nullptr) return true;
  for (std::size_t i = 0; i < kValues; ++i) sample_.set(interface->aliases[i], values[i]);
  return true;
}

void NetworkSource::lose(const Interface& interface) {
  for (const auto alias : interface.aliases) sample_.lose(alias);
  sample_.lose(interface.carrier);
}

bool CarrierSource::read(const TextReading& reading, Instant) {
  const double value = Scanner(reading.text).whole();
  set(reading.path, value);
  return !std::isnan(value);
}

bool CarrierSource::refused(const TextReading& reading) {
  // An interface that is switched off does not tell of its carrier.
  const bool off = reading.error == EINVAL;
  set(reading.path, off ? 0 : Sample::kNoValue);
  // One that vanished between finding and reading is no trouble either.
  return off || reading.error == ENODEV;
}

void CarrierSource::set(std::string_view path, double value) {
  auto* interface = network_.interfaces_.present(interface_of(path));
  if (interface == nullptr) return;
  if (interface->carrier == Sample::kNoAlias) {
    interface->carrier =
        sample_.declare(metrics::metric("net.carrier"), {{"interface", interface->name}});
  }
  interface->carrier_told = true;
  sample_.set(interface->carrier, value);
}

void CarrierSource::finish() {
  for (auto& interface : network_.interfaces_.devices()) {
    if (!interface.carrier_told) sample_.lose(interface.carrier);
    interface.carrier_told = false;
  }
}

void CarrierSource::lose() {
  for (const auto& interface : network_.interfaces_.devices()) sample_.lose(interface.carrier);
}

}  // namespace bw::agent
