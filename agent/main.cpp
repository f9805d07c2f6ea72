// bellwether-agent: flags, then the runner.

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <vector>

#include <malloc.h>
#include <sys/stat.h>

#include "agent/shell/command_line.h"
#include "agent/shell/metrics_page.h"
#include "agent/shell/runner.h"
#include "agent/shell/settings.h"

namespace {

constexpr int kExitUsage = 2;

using Action = bw::agent::CommandLine::Action;

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

int wrong(const bw::Error& error) {
  std::fprintf(stderr, "bellwether-agent: %s\n", error.message.c_str());
  return kExitUsage;
}

}  // namespace

int main(int argc, char** argv) {
  mallopt(M_ARENA_MAX, 1);  // threads that sleep most of the time need no heaps of their own
  std::signal(SIGPIPE, SIG_IGN);
  umask(0077);  // what is measured is nobody else's business
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  auto line = bw::agent::parse_command_line(arguments);
  if (!line) return wrong(line.error());
  switch (line->action) {
    case Action::version:
      print("bellwether-agent " BW_VERSION "\n");
      return 0;
    case Action::help:
      print(bw::agent::kHelp);
      return 0;
    case Action::print_config:
      print(bw::agent::example_settings());
      return 0;
    case Action::print_metrics:
      print(bw::agent::metrics_page());
      return 0;
    case Action::run:
    case Action::check:
      break;
  }
  line->sources.environment = bw::bellwether_environment();
  const auto settings = bw::agent::load_settings(line->sources);
  if (!settings) return wrong(settings.error());
  if (line->action == Action::check) {
    const bool has_file = std::filesystem::exists(line->sources.file);
    print((has_file ? line->sources.file : "no configuration file, the defaults") + ": ok\n");
    return 0;
  }
  return bw::agent::run_agent(*settings, line->sources);
}
