#include "agent/shell/hardware.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace bw::agent {

namespace {

// The first processor's part of /proc/cpuinfo is well within; on many cores the whole is slow.
constexpr std::size_t kMaxFact = 8192;
constexpr std::size_t kMaxName = 256;

std::string read_some(const std::string& path) {
  std::string text(kMaxFact, '\0');
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return {};
  const ssize_t got = read(fd, text.data(), text.size());
  close(fd);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

// One printable line: up to the first line end or NUL, without surrounding spaces or quotes.
std::string tidy(std::string_view text) {
  text = text.substr(0, text.find_first_of(std::string_view("\n\0", 2)));
  const auto is_edge = [](char c) { return c == ' ' || c == '\t' || c == '"'; };
  while (!text.empty() && is_edge(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_edge(text.back())) text.remove_suffix(1);
  std::string line(text.substr(0, kMaxName));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return line;
}

// The rest of the line that begins with `key`, behind a separator and spaces.
std::string fact(std::string_view text, std::string_view key, char separator) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!line.starts_with(key)) continue;
    std::string_view rest = line.substr(key.size());
    while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
    if (rest.empty() || rest.front() != separator) continue;
    return tidy(rest.substr(1));
  }
  return {};
}

std::optional<std::uint64_t> number(std::string_view& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// How many a list of the kernel's names: "0-3,8".
std::uint32_t count_list(std::string_view list) {
  std::uint32_t count = 0;
  while (!list.empty()) {
    const auto first = number(list);
    if (!first) break;
    auto last = first;
    if (list.starts_with('-')) {
      list.remove_prefix(1);
      last = number(list);
    }
    if (!last || *last < *first) break;
    count += static_cast<std::uint32_t>(*last - *first + 1);
    if (!list.starts_with(',')) break;
    list.remove_prefix(1);
  }
  return count;
}

// On arm64 /proc/cpuinfo has no model name: the board's name says more than the part number.
std::string cpu_model(const std::string& root) {
  const std::string cpuinfo = read_some(root + "/proc/cpuinfo");
  std::string model = fact(cpuinfo, "model name", ':');
  if (model.empty()) model = tidy(read_some(root + "/proc/device-tree/model"));
  if (!model.empty()) return model;
  const std::string implementer = fact(cpuinfo, "CPU implementer", ':');
  const std::string part = fact(cpuinfo, "CPU part", ':');
  if (implementer.empty() || part.empty()) return {};
  return "implementer " + implementer + " part " + part;
}

}  // namespace

wire::Hardware read_hardware(const std::string& root) {
  wire::Hardware hardware;
  utsname names{};
  if (uname(&names) == 0) {
    hardware.hostname = tidy(names.nodename);
    hardware.kernel = tidy(names.release);
    hardware.arch = tidy(names.machine);
  }
  hardware.machine_id = tidy(read_some(root + "/etc/machine-id"));
  hardware.boot_id = tidy(read_some(root + "/proc/sys/kernel/random/boot_id"));
  hardware.os = fact(read_some(root + "/etc/os-release"), "PRETTY_NAME", '=');
  hardware.cpu_model = cpu_model(root);
  hardware.cpus = count_list(read_some(root + "/sys/devices/system/cpu/online"));
  const std::string memory = fact(read_some(root + "/proc/meminfo"), "MemTotal", ':');
  std::string_view kibibytes = memory;
  hardware.memory_bytes = number(kibibytes).value_or(0) * 1024;
  return hardware;
}

std::string short_host_name() {
  utsname names{};
  if (uname(&names) != 0) return {};
  const std::string_view name = names.nodename;
  return std::string(name.substr(0, name.find('.')));
}

}  // namespace bw::agent
