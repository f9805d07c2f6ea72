#include "agent/core/collect/network.h"

#include <algorithm>
#include <cerrno>
#include <cmath>

#include "schemas/metrics/metric_table.h"

namespace bw::agent {
namespace {

constexpr std::size_t kMaxInterfaceName = 32;  // the kernel's bound is 15

constexpr bool is_kept(std::size_t column) {
  return column != 6 && column != 15;  // compressed packets: of SLIP and PPP
}

bool is_ephemeral(std::string_view name) {
  constexpr std::string_view kPrefixes[] = {"veth", "cali", "lxc", "tap", "vnet", "vif", "cilium"};
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes),
                     [name](std::string_view prefix) { return name.starts_with(prefix); });
}

// "eth0" of "/sys/class/net/eth0/speed".
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
  bool understood = !name.empty() && name.size() <= kMaxInterfaceName;
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
        added.links.fill(Sample::kNoAlias);
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
  for (const auto alias : interface.links) sample_.lose(alias);
  sample_.lose(interface.link_quality);
  sample_.lose(interface.signal);
}

LinkSource::LinkSource(SourceId source, Sample& sample, NetworkSource& network)
    : Source(sample), source_(source), index_(0), network_(network) {
  static_assert(std::size(metrics::kCarrierMetrics) == NetworkSource::kLinkFiles);
  while (metrics::kCarrierMetrics[index_].source != source) ++index_;
}

bool LinkSource::read(const TextReading& reading, Instant) {
  Scanner scanner(reading.text);
  double value = Sample::kNoValue;
  if (source_ == SourceId::net_operstate) {
    const std::string_view state = scanner.word();
    // An interface that can't tell, such as lo, says "unknown".
    if (state != "unknown") value = state == "up" ? 1 : 0;
    set(reading.path, value);
    return !state.empty();
  }
  const double told = scanner.decimal();
  if (told >= 0) value = told;  // a link that is down has the speed -1
  set(reading.path, value);
  return !std::isnan(told);
}

bool LinkSource::refused(const TextReading& reading) {
  // An interface that is switched off does not tell of its carrier.
  const bool off = reading.error == EINVAL;
  set(reading.path, off && source_ == SourceId::net_carrier ? 0 : Sample::kNoValue);
  // One that vanished between finding and reading is no trouble either.
  return off || reading.error == ENODEV;
}

void LinkSource::set(std::string_view path, double value) {
  auto* interface = network_.interfaces_.present(interface_of(path));
  if (interface == nullptr) return;
  Sample::Alias& alias = interface->links[index_];
  if (alias == Sample::kNoAlias && !std::isnan(value)) {
    alias = sample_.declare(metrics::kCarrierMetrics[index_], {{"interface", interface->name}});
  }
  interface->told[index_] = true;
  sample_.set(alias, value);
}

void LinkSource::finish() {
  for (auto& interface : network_.interfaces_.devices()) {
    if (!interface.told[index_]) sample_.lose(interface.links[index_]);
    interface.told[index_] = false;
  }
}

void LinkSource::lose() {
  for (const auto& interface : network_.interfaces_.devices()) {
    sample_.lose(interface.links[index_]);
  }
}

// " wlan0: 0000   54.  -56.  -256        0      0      0      0      0        0": status, then
// quality and level of the signal. Levels above 0 are of old drivers, which mean them less 256.
bool WirelessSource::read(const TextReading& reading, Instant) {
  constexpr double kUnsignedLevel = 256;
  for (auto& interface : network_.interfaces_.devices()) interface.wireless = false;
  Scanner scanner(reading.text);
  scanner.skip_line();
  scanner.skip_line();
  bool understood = scanner.done() && reading.text.find('|') != std::string_view::npos;
  for (; !scanner.done(); scanner.skip_line()) {
    scanner.skip_blanks();
    const std::string_view name = scanner.until(':');
    scanner.word();
    const double quality = scanner.decimal();
    const double level = scanner.decimal();
    if (name.empty() || std::isnan(level)) continue;
    understood = true;
    auto* interface = network_.interfaces_.present(name);
    if (interface == nullptr) continue;
    if (interface->signal == Sample::kNoAlias) {
      interface->link_quality =
          sample_.declare(metrics::metric("wifi.link_quality"), {{"interface", interface->name}});
      interface->signal =
          sample_.declare(metrics::metric("wifi.signal"), {{"interface", interface->name}});
    }
    interface->wireless = true;
    sample_.set(interface->link_quality, quality);
    sample_.set(interface->signal, level > 0 ? level - kUnsignedLevel : level);
  }
  for (const auto& interface : network_.interfaces_.devices()) {
    if (interface.wireless) continue;
    sample_.lose(interface.link_quality);
    sample_.lose(interface.signal);
  }
  return understood;
}

void WirelessSource::lose() {
  for (const auto& interface : network_.interfaces_.devices()) {
    sample_.lose(interface.link_quality);
    sample_.lose(interface.signal);
  }
}

}  // namespace bw::agent
