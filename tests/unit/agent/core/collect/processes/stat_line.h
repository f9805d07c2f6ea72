// Lines of /proc/PID/stat.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bw::agent {

struct StatLine {
  int pid = 1;
  std::string_view name = "init";
  char state = 'S';
  std::uint64_t cpu = 0;  // clock ticks
  std::uint64_t threads = 1;
  std::uint64_t started = 100;
  std::uint64_t rss = 10;  // pages
};

inline std::string stat_line(const StatLine& line) {
  std::string text = std::to_string(line.pid) + " (" + std::string(line.name) + ") " + line.state;
  text += " 1 1 1 0 -1 4194560 100 200 3 4 " + std::to_string(line.cpu) + " 0 7 8 20 0 ";
  text += std::to_string(line.threads) + " 0 " + std::to_string(line.started) + " 9000000 ";
  return text + std::to_string(line.rss) + " 18446744073709551615 1 1 0 0 0 0\n";
}

}  // namespace bw::agent
