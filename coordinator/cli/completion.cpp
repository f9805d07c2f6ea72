#include "coordinator/cli/completion.h"

#include <set>
#include <vector>

#include "base/assert.h"
#include "coordinator/cli/command_table.h"

namespace bw::cli {

namespace {

using FlagList = std::vector<const FlagSpec*>;

FlagList flags_of(const CommandSpec& command) {
  FlagList flags;
  for (const FlagSpec& flag : command.flags) flags.push_back(&flag);
  for (const FlagSpec& flag : global_flags()) {
    if (applies(flag, command)) flags.push_back(&flag);
  }
  return flags;
}

std::string joined(std::span<const std::string_view> words) {
  std::string text;
  for (const auto word : words) text.append(text.empty() ? "" : " ").append(word);
  return text;
}

// Names of the flag, the short one too.
std::string names_of(const FlagSpec& flag, std::string_view between) {
  std::string text(flag.name);
  if (!flag.short_name.empty()) text.append(between).append(flag.short_name);
  return text;
}

// Every flag that takes a value, as alternatives of a shell's case.
std::string value_flags(std::string_view between) {
  std::set<std::string> names;
  const auto add = [&](const FlagSpec& flag) {
    if (!flag.value.empty()) names.insert(names_of(flag, between));
  };
  for (const FlagSpec& flag : global_flags()) add(flag);
  for (const CommandSpec& command : commands()) {
    for (const FlagSpec& flag : command.flags) add(flag);
  }
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? "" : between).append(name);
  return text;
}

struct Choice {
  std::string word;
  std::string help;
};

// The words that can follow `prefix` ("" or "node ") among the commands.
std::vector<Choice> words_after(std::string_view prefix) {
  std::vector<Choice> found;
  for (const CommandSpec& command : commands()) {
    if (!command.path.starts_with(prefix)) continue;
    const std::string_view rest = command.path.substr(prefix.size());
    const std::string word(rest.substr(0, rest.find(' ')));
    if (found.empty() || found.back().word != word) {
      found.push_back({word, std::string(command.summary)});
    }
  }
  return found;
}

// First words of commands of two words.
std::set<std::string> groups() {
  std::set<std::string> found;
  for (const CommandSpec& command : commands()) {
    const std::size_t space = command.path.find(' ');
    if (space != std::string_view::npos) found.insert(std::string(command.path.substr(0, space)));
  }
  return found;
}

// In single quotes, for zsh and fish: the table's texts may hold quotes and colons.
std::string quoted(std::string_view text, std::string_view quote_escape,
                   std::string_view colon_escape) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += quote_escape;
    } else if (c == ':') {
      out += colon_escape;
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string bash_offer(const std::string& words) {
  return "COMPREPLY=($(compgen -W \"" + words + "\" -- \"$current\"))";
}

std::string bash_flag_values(const CommandSpec& command) {
  std::string text;
  for (const FlagSpec* flag : flags_of(command)) {
    if (flag->value.empty()) continue;
    text += "        " + names_of(*flag, "|") + ") ";
    if (flag->completes == Completes::choices) {
      text += bash_offer(joined(flag->choices)) + "; ";
    } else if (flag->completes == Completes::nodes) {
      text += bash_offer("$(_bellwether_nodes)") + "; ";
    }
    text += "return ;;\n";
  }
  return text;
}

std::string bash_command(const CommandSpec& command) {
  std::string flags;
  for (const FlagSpec* flag : flags_of(command)) flags += names_of(*flag, " ") + " ";
  std::string text = "    \"" + std::string(command.path) + "\" | \"" + std::string(command.path) +
                     " \"*)\n      case $previous in\n" + bash_flag_values(command) +
                     "      esac\n      if [[ $current == -* ]]; then\n        " +
                     bash_offer(flags) + "\n";
  if (command.argument.completes != Completes::nothing) {
    const std::string words = command.argument.completes == Completes::nodes
                                  ? "$(_bellwether_nodes)"
                                  : joined(command.argument.choices);
    text += "      elif [[ $command == \"" + std::string(command.path) + "\" ]]; then\n        " +
            bash_offer(words) + "\n";
  }
  return text + "      fi ;;\n";
}

std::string bash_group(const std::string& pattern, std::string_view prefix) {
  std::string words;
  for (const Choice& choice : words_after(prefix)) words += choice.word + " ";
  return "    \"" + pattern + "\") " + bash_offer(words) + " ;;\n";
}

std::string bash_script() {
  std::string text =
      "# bash completion of bellwether\n"
      "_bellwether_nodes() {\n"
      "  local url=()\n"
      "  [[ $COMP_LINE =~ --url[=\\ ]([^\\ ]+) ]] && url=(--url \"${BASH_REMATCH[1]}\")\n"
      "  \"${COMP_WORDS[0]}\" nodes -o name \"${url[@]}\" 2>/dev/null\n"
      "}\n"
      "_bellwether() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
      "  local command=\"\" skip=\"\" word i\n"
      "  COMPREPLY=()\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    word=${COMP_WORDS[i]}\n"
      "    if [[ -n $skip ]]; then\n"
      "      skip=\"\"\n"
      "      continue\n"
      "    fi\n"
      "    case $word in\n"
      // The shell breaks words at : and =, the parts of an address too.
      "      " +
      value_flags("|") +
      "|:|=) skip=1 ;;\n"
      "      -*) ;;\n"
      "      *) command+=\"${command:+ }$word\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case $command in\n";
  text += bash_group("", "");
  for (const std::string& group : groups()) text += bash_group(group, group + " ");
  for (const CommandSpec& command : commands()) text += bash_command(command);
  return text + "  esac\n}\ncomplete -F _bellwether bellwether\n";
}

std::string zsh_described(const std::string& word, std::string_view help) {
  return " " + quoted(word + "\x01" + std::string(help), "'\\''", "\\:");
}

std::string zsh_command(const CommandSpec& command) {
  std::string text = "    (" + quoted(command.path, "", ":") + "|" + quoted(command.path, "", ":") +
                     "\\ *)\n      case $previous in\n";
  std::string flags;
  for (const FlagSpec* flag : flags_of(command)) {
    flags += zsh_described(std::string(flag->name), flag->help);
    if (flag->value.empty()) continue;
    text += "        (" + names_of(*flag, "|") + ") ";
    if (flag->completes == Completes::choices) text += "compadd " + joined(flag->choices) + "; ";
    if (flag->completes == Completes::nodes) text += "_bellwether_nodes; ";
    text += "return ;;\n";
  }
  text += "      esac\n      if [[ $current == -* ]]; then\n        offers=(" + flags +
          " )\n        _describe -o flag offers\n";
  if (command.argument.completes != Completes::nothing) {
    text += "      elif [[ $command == " + quoted(command.path, "", ":") + " ]]; then\n        ";
    text += command.argument.completes == Completes::nodes
                ? "_bellwether_nodes\n"
                : "compadd " + joined(command.argument.choices) + "\n";
  }
  return text + "      fi ;;\n";
}

std::string zsh_group(const std::string& pattern, std::string_view prefix) {
  std::string text = "    (" + quoted(pattern, "", ":") + ") offers=(";
  for (const Choice& choice : words_after(prefix)) text += zsh_described(choice.word, choice.help);
  return text + " ); _describe command offers ;;\n";
}

std::string zsh_script() {
  std::string text =
      "#compdef bellwether\n"
      "_bellwether_nodes() {\n"
      "  local -a ids\n"
      "  ids=(${(f)\"$(${words[1]} nodes -o name 2>/dev/null)\"})\n"
      "  compadd -a ids\n"
      "}\n"
      "_bellwether() {\n"
      "  local current=${words[CURRENT]} previous=${words[CURRENT - 1]}\n"
      "  local command=\"\" skip=\"\" word i\n"
      "  local -a offers\n"
      "  for ((i = 2; i < CURRENT; i++)); do\n"
      "    word=${words[i]}\n"
      "    if [[ -n $skip ]]; then\n"
      "      skip=\"\"\n"
      "      continue\n"
      "    fi\n"
      "    case $word in\n"
      "      (" +
      value_flags("|") +
      ") skip=1 ;;\n"
      "      (-*) ;;\n"
      "      (*) command+=\"${command:+ }$word\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case $command in\n";
  text += zsh_group("", "");
  for (const std::string& group : groups()) text += zsh_group(group, group + " ");
  for (const CommandSpec& command : commands()) text += zsh_command(command);
  text +=
      "  esac\n}\n"
      "if [[ $funcstack[1] == _bellwether ]]; then\n  _bellwether \"$@\"\n"
      "else\n  compdef _bellwether bellwether\nfi\n";
  // The one colon of _describe, between a word and its help.
  for (char& c : text) {
    if (c == '\x01') c = ':';
  }
  return text;
}

std::string fish_line(const std::string& condition, const std::string& rest) {
  return "complete -c bellwether -n '" + condition + "' " + rest + "\n";
}

std::string fish_command(const CommandSpec& command) {
  const std::string path(command.path);
  const std::string within = "__bellwether_within \"" + path + "\"";
  std::string text;
  for (const FlagSpec* flag : flags_of(command)) {
    std::string rest = "-l " + std::string(flag->name.substr(2));
    if (!flag->short_name.empty()) rest += " -s " + std::string(flag->short_name.substr(1));
    if (!flag->value.empty()) rest += " -x";
    if (flag->completes == Completes::choices) rest += " -a '" + joined(flag->choices) + "'";
    if (flag->completes == Completes::nodes) rest += " -a '(__bellwether_nodes)'";
    text += fish_line(within, rest + " -d " + quoted(flag->help, "\\'", ":"));
  }
  if (command.argument.completes != Completes::nothing) {
    const std::string words = command.argument.completes == Completes::nodes
                                  ? "(__bellwether_nodes)"
                                  : joined(command.argument.choices);
    text += fish_line("__bellwether_is \"" + path + "\"", "-a '" + words + "'");
  }
  return text;
}

std::string fish_script() {
  std::string text =
      "# fish completion of bellwether\n"
      "function __bellwether_command\n"
      "    set -l skip 0\n"
      "    set -l tokens (commandline -opc)\n"
      "    set -e tokens[1]\n"
      "    for token in $tokens\n"
      "        if test $skip -eq 1\n"
      "            set skip 0\n"
      "            continue\n"
      "        end\n"
      "        switch $token\n"
      "            case " +
      value_flags(" ") +
      "\n"
      "                set skip 1\n"
      "            case '-*'\n"
      "            case '*'\n"
      "                echo $token\n"
      "        end\n"
      "    end\n"
      "end\n"
      "function __bellwether_is\n"
      "    set -l command (__bellwether_command)\n"
      "    test \"$command\" = \"$argv[1]\"\n"
      "end\n"
      "function __bellwether_within\n"
      "    set -l command (__bellwether_command)\n"
      "    string match -q -- \"$argv[1] *\" \"$command \"\n"
      "end\n"
      "function __bellwether_nodes\n"
      "    set -l tokens (commandline -opc)\n"
      "    $tokens[1] nodes -o name 2>/dev/null\n"
      "end\n"
      "complete -c bellwether -f\n";
  for (const Choice& choice : words_after("")) {
    text += fish_line("__bellwether_is \"\"",
                      "-a " + choice.word + " -d " + quoted(choice.help, "\\'", ":"));
  }
  for (const std::string& group : groups()) {
    for (const Choice& choice : words_after(group + " ")) {
      text += fish_line("__bellwether_is \"" + group + "\"",
                        "-a " + choice.word + " -d " + quoted(choice.help, "\\'", ":"));
    }
  }
  for (const CommandSpec& command : commands()) text += fish_command(command);
  return text;
}

}  // namespace

std::string completion_script(std::string_view shell) {
  if (shell == "bash") return bash_script();
  if (shell == "zsh") return zsh_script();
  BW_ASSERT(shell == "fish");
  return fish_script();
}

}  // namespace bw::cli
