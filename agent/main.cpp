// bellwether-agent: flags, then the runner.

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <vector>

#include <malloc.h>
#include <sys/stat.h>

#include "agent/shell/metrics_page.h"
#include "agent/shell/runner.h"
#include "agent/shell/settings.h"
#include "base/runtime/command_line.h"

namespace {

constexpr int kExitUsage = 2;

constexpr std::string_view kActions[] = {"--check", "--print-config", "--metrics", "--version",
                                         "--help"};

constexpr std::string_view kHelp =
    R"(bellwether-agent: measures this box and keeps its history until the coordinator has it

Usage: bellwether-agent [FLAGS]

  --config FILE      read this configuration instead of /etc/bellwether/agent.toml
  --set KEY=VALUE    set one key, over file and environment; may be repeated
  --check            check the configuration and stop
  --print-config     print the commented example of a configuration and stop
  --metrics          print the table of metrics and stop
  --version          print the version and stop
  --help             print this and stop

Signals: SIGHUP re-reads node.site, node.labels and log.level; SIGTERM and SIGINT stop.
Exit codes: 0 stopped as asked, 1 failed, 2 wrong usage or configuration, 3 another agent has this
node id or state directory.
)";

constexpr int kLargeBytes = 128 << 10;

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

int wrong(const bw::Error& error) {
  std::fprintf(stderr, "bellwether-agent: %s\n", error.message.c_str());
  return kExitUsage;
}

int run(bw::ConfigSources sources, bool only_check) {
  sources.environment = bw::bellwether_environment();
  const auto settings = bw::agent::load_settings(sources);
  if (!settings) return wrong(settings.error());
  if (!only_check) return bw::agent::run_agent(*settings, sources);
  const bool has_file = std::filesystem::exists(sources.file);
  print((has_file ? sources.file : "no configuration file, the defaults") + ": ok\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  mallopt(M_ARENA_MAX, 1);  // threads that sleep most of the time need no heaps of their own
  // What is large is rare, a model on its way to disk: it goes back to the box at once. Left alone,
  // glibc would keep so much from then on.
  mallopt(M_MMAP_THRESHOLD, kLargeBytes);
  std::signal(SIGPIPE, SIG_IGN);
  umask(0077);  // what is measured is nobody else's business
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  const auto line = bw::parse_command_line(arguments, kActions, bw::agent::kDefaultConfigFile);
  if (!line) return wrong(line.error());
  if (line->action == "--version") {
    print("bellwether-agent " BW_VERSION "\n");
  } else if (line->action == "--help") {
    print(kHelp);
  } else if (line->action == "--print-config") {
    print(bw::agent::example_settings());
  } else if (line->action == "--metrics") {
    print(bw::agent::metrics_page());
  } else {
    return run(line->sources, line->action == "--check");
  }
  return 0;
}
