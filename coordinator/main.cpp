// bellwether-coordinator: flags, then the runner.

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <vector>

#include <malloc.h>

#include "base/runtime/command_line.h"
#include "coordinator/shell/runner.h"
#include "coordinator/shell/settings.h"

namespace {

constexpr int kExitUsage = 2;

constexpr std::string_view kActions[] = {"--check", "--print-config", "--version", "--help"};

constexpr std::string_view kHelp =
    R"(bellwether-coordinator: takes in what a fleet's nodes send, keeps it, and answers the API

Usage: bellwether-coordinator [FLAGS]

  --config FILE      read this configuration instead of /etc/bellwether/coordinator.toml
  --set KEY=VALUE    set one key, over file and environment; may be repeated
  --check            check the configuration and stop
  --print-config     print the commented example of a configuration and stop
  --version          print the version and stop
  --help             print this and stop

Signals: SIGHUP re-reads log.level; SIGTERM and SIGINT stop.
Exit codes: 0 stopped as asked, 1 failed, 2 wrong usage or configuration.
)";

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

int wrong(const bw::Error& error) {
  std::fprintf(stderr, "bellwether-coordinator: %s\n", error.message.c_str());
  return kExitUsage;
}

int run(bw::ConfigSources sources, bool only_check) {
  sources.environment = bw::bellwether_environment();
  const auto settings = bw::coordinator::load_settings(sources);
  if (!settings) return wrong(settings.error());
  if (!only_check) return bw::coordinator::run_coordinator(*settings, sources);
  const bool has_file = std::filesystem::exists(sources.file);
  print((has_file ? sources.file : "no configuration file, the defaults") + ": ok\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  mallopt(M_ARENA_MAX, 2);  // the loop's and, for large answers, the readers'
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  const auto line =
      bw::parse_command_line(arguments, kActions, bw::coordinator::kDefaultConfigFile);
  if (!line) return wrong(line.error());
  if (line->action == "--version") {
    print("bellwether-coordinator " BW_VERSION "\n");
  } else if (line->action == "--help") {
    print(kHelp);
  } else if (line->action == "--print-config") {
    print(bw::coordinator::example_settings());
  } else {
    return run(line->sources, line->action == "--check");
  }
  return 0;
}
