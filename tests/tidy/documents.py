"""Documents against the programs: commands exist, example files are what the programs print."""

import re
import shlex
import subprocess

from tree import Finding, line_of

EXAMPLES = {
    "deploy/agent.toml": ["bellwether-agent", "--print-config"],
    "deploy/coordinator.toml": ["bellwether-coordinator", "--print-config"],
    "schemas/metrics/METRICS.md": ["bellwether-agent", "--metrics"],
}
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "ARCHITECTURE.md")
SCRIPT = re.compile(r"^(?:deploy|tests|cross|\.ci)/[\w./-]+$")
LINK = re.compile(
    r"\]\(([^)#:]+)(?:#[^)]*)?\)"
    r"|`((?:base|schemas|agent|coordinator|cross|deploy|tests)/[\w./-]+)`"
)
PROGRAMS = ("bellwether", "bellwether-agent", "bellwether-coordinator")


def commands(text):
    """(line, words) of each command in a code block, indented or fenced, of a document."""
    fenced = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
            continue
        if not fenced and not line.startswith("    "):
            continue
        words = re.sub(r"\s#\s.*$", "", line).strip().removeprefix("$ ").strip()
        try:
            split = shlex.split(words)
        except ValueError:
            continue  # a picture, not a command
        if split and split[0] == "sudo":
            split = split[1:]
        name = split[0].removeprefix("./").removeprefix("build/bin/") if split else ""
        if SCRIPT.match(name) or name in PROGRAMS:
            yield number, [name, *split[1:]]


def help_of(tree, words):
    """What the program says to `words --help`, None where it does not know these words."""
    program = tree.build / "bin" / words[0]
    done = subprocess.run(
        [program, *words[1:], "--help"], capture_output=True, text=True, timeout=20, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return done.stdout if done.returncode == 0 else None


def command_problem(tree, words):
    if SCRIPT.match(words[0]):
        if words[0] not in tree.texts:
            return f"{words[0]} does not exist"
        return None if words[0] in tree.executables else f"{words[0]} is not executable"
    before_options = [words[0]]
    for word in words[1:]:
        if not re.fullmatch(r"[a-z][a-z-]*", word):
            break
        before_options.append(word)
    # The longest run of plain words that the program knows; the rest are its arguments.
    text = None
    known = before_options
    while text is None and known:
        text = help_of(tree, known)
        known = known if text is not None else known[:-1]
    if text is None or (len(known) == 1 and len(before_options) > 1):
        return f"{' '.join(before_options)}: the program knows no such command"
    general = help_of(tree, words[:1]) or ""
    for word in words[1:]:
        option = word.split("=", 1)[0]
        if option.startswith("-") and not re.search(
            rf"(?<![\w-]){re.escape(option)}(?![\w-])", text + general
        ):
            return f"{' '.join(known)}: no option {option}"
    return None


def rule_documents(tree):
    for path in DOCUMENTS:
        for line, words in commands(tree.texts.get(path, "")):
            problem = command_problem(tree, words)
            if problem:
                yield Finding(path, line, problem)


def rule_links(tree):
    """Files that a document links or names in backquotes exist."""
    for path in DOCUMENTS:
        text = tree.texts.get(path, "")
        for match in LINK.finditer(text):
            target = (match.group(1) or match.group(2)).rstrip("/")
            if target not in tree.texts and not any(
                name.startswith(target + "/") for name in tree.texts
            ):
                yield Finding(path, line_of(text, match.start()), f"{target} does not exist")


def rule_examples(tree):
    for path, (program, *arguments) in EXAMPLES.items():
        done = subprocess.run(
            [tree.build / "bin" / program, *arguments], capture_output=True, text=True, timeout=20,
            check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode != 0:
            yield Finding(path, 0, f"{program} {' '.join(arguments)} failed: {done.stderr.strip()}")
        else:
            yield from example_differs(tree, path, done.stdout, arguments[0])


def example_differs(tree, path, printed, how="--print-config"):
    text = tree.texts.get(path)
    if text is None:
        yield Finding(path, 0, "is missing")
        return
    ours, theirs = text.split("\n"), printed.split("\n")
    for number, (a, b) in enumerate(zip(ours + [""] * len(theirs), theirs + [""] * len(ours)), 1):
        if a != b:
            yield Finding(
                path,
                number,
                f"the program prints {b!r}, the file has {a!r}: write it by {how}",
            )
            return
