// bellwether-coordinator: flags, then the runner.

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <vector>

#include <malloc.h>
#include <unistd.h>

#include "base/runtime/command_line.h"
#include "coordinator/shell/runner.h"
#include "coordinator/shell/settings.h"
#include "coordinator/shell/store_backup.h"

namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

constexpr std::string_view kActions[] = {"--check", "--print-config", "--version", "--help"};

constexpr std::string_view kHelp =
    R"(bellwether-coordinator: takes in what a fleet's nodes send, keeps it, and answers the API

Usage: bellwether-coordinator [FLAGS]
       bellwether-coordinator backup FILE [--force] [FLAGS]
       bellwether-coordinator verify [FILE] [FLAGS]

  backup FILE        copy the store to FILE, while the coordinator runs or not; FILE appears once it
                     is whole, and --force lets it replace one that is there
  verify [FILE]      look at every page, block and rollup of FILE, or of the configured store, count
                     what there is by node, and exit with 1 where something is damaged

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

void print_percent(int percent) {
  if (isatty(STDERR_FILENO) != 0)
    std::fprintf(stderr, percent < 100 ? "\r%d %%" : "\r     \r", percent);
}

int fail(const bw::Error& error) {
  std::fprintf(stderr, "bellwether-coordinator: %s\n", error.message.c_str());
  return kExitFailed;
}

int back_up(const std::string& store, const std::string& target, bool replaces) {
  const auto done = bw::coordinator::back_up_store(store, target, replaces, print_percent);
  if (!done) return fail(done.error());
  print(target + "\n");
  return 0;
}

int verify(const std::string& store) {
  const auto check = bw::coordinator::check_store(store, print_percent);
  if (!check) return fail(check.error());
  print(bw::coordinator::text_of(*check));
  return check->troubles.empty() ? 0 : kExitFailed;
}

// "backup FILE" and "verify [FILE]", whose flags are those of the program and --force.
int run_on_store(std::vector<std::string_view> arguments) {
  const bool is_backup = arguments.front() == "backup";
  arguments.erase(arguments.begin());
  const bool replaces = is_backup && std::erase(arguments, "--force") > 0;
  std::string file;
  if (!arguments.empty() && !arguments.front().starts_with('-')) {
    file = arguments.front();
    arguments.erase(arguments.begin());
  }
  auto line = bw::parse_command_line(arguments, {}, bw::coordinator::kDefaultConfigFile);
  if (!line) return wrong(line.error());
  if (is_backup && file.empty()) return wrong({"backup needs the name of the file to write"});
  line->sources.environment = bw::bellwether_environment();
  const auto settings = bw::coordinator::load_settings(line->sources);
  if (!settings) return wrong(settings.error());
  const std::string store = settings->state_directory + "/bellwether.db";
  if (is_backup) return back_up(store, file, replaces);
  return verify(file.empty() ? store : file);
}

}  // namespace

int main(int argc, char** argv) {
  mallopt(M_ARENA_MAX, 2);  // the loop's and, for large answers, the readers'
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  if (!arguments.empty() && (arguments[0] == "backup" || arguments[0] == "verify")) {
    return run_on_store(arguments);
  }
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
