// Every command, flag, allowed value and example of `bellwether`, once: the parser, the help and
// the shells' completions are made from this table.
#pragma once

#include <span>
#include <string_view>

namespace bw::cli {

// What a shell may offer for a value.
enum class Completes : unsigned char { nothing, choices, nodes };

struct FlagSpec {
  std::string_view name;        // "--node"
  std::string_view short_name;  // "-o", or empty
  std::string_view value;       // its name in the help; empty: a switch without a value
  std::string_view help;
  std::span<const std::string_view> choices = {};
  Completes completes = Completes::nothing;
};

struct ArgumentSpec {
  std::string_view name;  // "ID"; empty: the command takes none
  std::span<const std::string_view> choices = {};
  Completes completes = Completes::nothing;
  bool is_optional = false;
};

struct CommandSpec {
  std::string_view path;  // "node show"
  std::string_view summary;
  std::string_view about;  // more for its --help, may be empty
  ArgumentSpec argument;
  std::span<const FlagSpec> flags;
  std::span<const std::string_view> examples;
  bool prints_data = true;  // takes --output
};

std::span<const CommandSpec> commands();
// Of every command: --url, --no-color, --help, and --output where it prints data.
std::span<const FlagSpec> global_flags();
bool applies(const FlagSpec& global, const CommandSpec& command);

inline constexpr std::string_view kDefaultUrl = "http://127.0.0.1:8420";

}  // namespace bw::cli
