// bellwether-coordinator: flags, then the runner.

#include <csignal>
#include <cstdio>
#include <string_view>
#include <vector>

#include <malloc.h>

#include "coordinator/shell/command_line.h"
#include "coordinator/shell/runner.h"
#include "coordinator/shell/settings.h"

namespace {

constexpr int kExitUsage = 2;

using Action = bw::coordinator::CommandLine::Action;

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

int wrong(const bw::Error& error) {
  std::fprintf(stderr, "bellwether-coordinator: %s\n", error.message.c_str());
  return kExitUsage;
}

}  // namespace

int main(int argc, char** argv) {
  mallopt(M_ARENA_MAX, 2);  // the loop's and, for large answers, the readers'
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  auto line = bw::coordinator::parse_command_line(arguments);
  if (!line) return wrong(line.error());
  switch (line->action) {
    case Action::version:
      print("bellwether-coordinator " BW_VERSION "\n");
      return 0;
    case Action::help:
      print(bw::coordinator::kHelp);
      return 0;
    case Action::print_config:
      print(bw::coordinator::example_settings());
      return 0;
    case Action::run:
    case Action::check:
      break;
  }
  line->sources.environment = bw::bellwether_environment();
  const auto settings = bw::coordinator::load_settings(line->sources);
  if (!settings) return wrong(settings.error());
  if (line->action == Action::check) {
    print(line->sources.file + ": ok\n");
    return 0;
  }
  return bw::coordinator::run_coordinator(*settings, line->sources);
}
