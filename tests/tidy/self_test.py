"""Each rule against a small bad example that it must find, and a good one that it must let pass."""

import documents
import mirror
from tree import Tree

GOOD_HEADER = "// What it owns.\n#pragma once\n"
LONG_FUNCTION = "int f(int a) {\n" + "  a += 1;\n" * 70 + "  return a;\n}\n"
LONG_METHOD = "namespace bw {\nclass A {\n  void f() const {\n" + "    g();\n" * 80 + "  }\n};\n}\n"
LONG_TYPE = "namespace bw {\nstruct A {\n" + "  int a = 0;\n" * 90 + "};\n}\n"
MANY_FUNCTIONS = "namespace bw {\n" + "int f() { return 1; }\n" * 90 + "}\n"
LONG_BASH = "#!/usr/bin/env bash\nf() {\n" + "  true\n" * 70 + "}\n"

CORE = "agent/core/record/a.cpp"

# (rule, files, what the finding says; "" where the files are fine)
CASES = [
    ("includes", {CORE: '#include "agent/shell/b.h"\n'}, 'may not include "agent/shell/b.h"'),
    ("includes", {CORE: '#include "agent/core/collect/b.h"\n'}, "may not include"),
    ("includes", {CORE: '#include "coordinator/core/b.h"\n'}, "may not include"),
    ("includes", {CORE: '#include "base/runtime/b.h"\n'}, "may not include"),
    ("includes", {"base/a.h": '#include "schemas/wire/b.h"\n'}, "may not include"),
    ("includes", {"tests/sim/a.cpp": '#include "agent/shell/b.h"\n'}, "may not include"),
    ("includes", {CORE: '#include "b.h"\n'}, "may not include"),
    ("includes", {CORE: '#include "base/b.h"\n'}, "name it from the top"),
    ("includes", {CORE: "#include <boost/asio/post.hpp>\n"}, "belongs only into"),
    ("includes", {"agent/shell/a.cpp": "#include <sqlite3.h>\n"}, "belongs only into"),
    ("includes", {"base/runtime/a.h": "#include <boost/asio/post.hpp>\n"}, "a third party's"),
    ("includes", {CORE: "#include <thread>\n"}, "no place in a pure core"),
    ("includes", {CORE: "#include <unistd.h>\n"}, "the system's"),
    ("includes", {"agent/shell/a.cpp": "#include <Eigen/Dense>\n"}, "of no library"),
    (
        "includes",
        {
            CORE: '#include "agent/core/record/b.h"\n#include "base/c.h"\n#include <vector>\n',
            "agent/core/record/b.h": '#include "agent/core/effects.h"\n',
            "agent/core/effects.h": '#include "agent/core/record/d.h"\n',
            "agent/core/record/d.h": '#include "schemas/wire/e.h"\n',
            "agent/shell/f.cpp": '#include "agent/core/effects.h"\n#include <unistd.h>\n',
            "base/c.h": "#include <string>\n",
            "schemas/wire/e.h": "#include <array>\n",
        },
        "",
    ),
    ("file_length", {"base/a.cpp": "int a;\n" * 501}, "501 lines"),
    ("file_length", {"base/a.cpp": "int a;\n" * 500, "README.md": "a\n" * 900}, ""),
    ("line_length", {"base/a.cpp": "//" + "x" * 99 + "\n"}, "101 columns"),
    ("line_length", {"deploy/a": "#!/bin/bash\n" + "x" * 101 + "\n"}, "101 columns"),
    ("line_length", {"base/a.cpp": "//" + "x" * 98 + "\n"}, ""),
    ("function_length", {"base/a.cpp": LONG_FUNCTION}, "f has 73 lines"),
    ("function_length", {"base/a.cpp": LONG_METHOD}, "f has 82 lines"),
    ("function_length", {"base/a.cpp": "TEST(A, b) {\n" + "g();\n" * 80 + "}\n"}, "TEST has"),
    ("function_length", {"deploy/a": LONG_BASH}, "f has 72 lines"),
    ("function_length", {"a.py": "def f():\n" + "    g()\n" * 80}, "f has 81 lines"),
    ("function_length", {"base/a.cpp": LONG_TYPE, "base/b.cpp": MANY_FUNCTIONS}, ""),
    ("header_shape", {"base/a.h": "#pragma once\n"}, "open with a comment"),
    ("header_shape", {"base/a.h": "// What it owns.\n#include <string>\n"}, "#pragma once"),
    ("header_shape", {"base/a.h": GOOD_HEADER}, ""),
    ("marks", {"base/a.cpp": "// TO" + "DO: later\n"}, "do it, or say why not"),
    ("marks", {"deploy/a.conf": "# FIX" + "ME\n"}, "do it, or say why not"),
    ("marks", {"deploy/a": "#!/bin/bash\nmktemp " + "X" * 6 + "\n"}, ""),
    ("machine_paths", {"a.md": "see /ro" + "ot/clone\n"}, "a path of one machine"),
    ("machine_paths", {"base/a.cpp": '"/wo' + 'rk/main"\n'}, "a path of one machine"),
    ("machine_paths", {"base/a.cpp": "net/wo" + "rk/a, /proc/1/ro" + "ot\n"}, ""),
    ("top_level", {"LICENSE": "", "util/a.cpp": ""}, "outside the plan"),
    ("top_level", {"LICENSE": ""}, "is missing"),
    ("bans_in_cores", {CORE: "auto a = Clock::now();\n"}, "the `now` that the step was given"),
    ("bans_in_cores", {CORE: "std::chrono::steady_clock c;\n"}, "Instant"),
    ("bans_in_cores", {CORE: "long t = time(nullptr);\n"}, "the `now`"),
    ("bans_in_cores", {CORE: "clock_gettime(CLOCK_REALTIME, &t);\n"}, "the `now`"),
    ("bans_in_cores", {CORE: "std::thread t(f);\n"}, "one thread"),
    ("bans_in_cores", {CORE: "std::mutex m;\n"}, "one thread"),
    ("bans_in_cores", {CORE: "std::this_thread::sleep_for(d);\n"}, "timer effect"),
    ("bans_in_cores", {CORE: "int a = rand();\n"}, "Rng"),
    ("bans_in_cores", {CORE: "std::random_device d;\n"}, "Rng"),
    ("bans_in_cores", {CORE: "std::normal_distribution<double> d;\n"}, "methods of Rng"),
    ("bans_in_cores", {CORE: 'auto a = std::getenv("A");\n'}, "configuration"),
    ("bans_in_cores", {CORE: "std::unordered_map<int, int> a;\n"}, "std::map"),
    ("bans_in_cores", {CORE: "std::map<const Node*, int> a;\n"}, "pointers order by chance"),
    ("bans_in_cores", {CORE: "std::ifstream in(p);\n"}, "a shell's"),
    ("bans_in_cores", {CORE: "try { f(); } catch (...) {}\n"}, "Result<T>"),
    (
        "bans_in_cores",
        {
            CORE: '// now() and std::thread\nf("rand()");\nint time(Instant now);\nx.time(0);\n',
            "agent/shell/a.cpp": "std::mutex m; now();\n",
            "base/runtime/a.cpp": "now();\n",
        },
        "",
    ),
    ("bans_everywhere", {"agent/shell/a.cpp": "throw 1;\n"}, "Result<T>"),
    ("bans_everywhere", {"agent/shell/a.cpp": 'std::system("ls");\n'}, "posix_spawn"),
    ("bans_everywhere", {"agent/shell/a.cpp": "using namespace std;\n"}, "the names themselves"),
    ("bans_everywhere", {"agent/shell/a.cpp": "// throw\ntry { f(); } catch (...) {}\n"}, ""),
    ("mirror", {CORE: ""}, "has no tests/unit/agent/core/record/a_test.cpp"),
    ("mirror", {"tests/unit/base/a_test.cpp": ""}, "tests base/a.cpp or .h, which is not there"),
    (
        "mirror",
        {CORE: "", "tests/unit/" + CORE.replace(".cpp", "_test.cpp"): ""}
        | dict.fromkeys(mirror.WITHOUT_TEST, ""),
        "",
    ),
    ("links", {"README.md": "[a](deploy/none)\n"}, "deploy/none does not exist"),
    ("links", {"README.md": "see `tests/none`\n"}, "tests/none does not exist"),
    ("links", {"README.md": "see `tests/a` and [b](https://b)\n", "tests/a": ""}, ""),
]


def check(rules, name, texts, expected):
    """None, or how the rule went wrong on this example."""
    found = [str(finding) for finding in rules[name](Tree(texts))]
    if not expected:
        return f"{name}: found in good files: {found}" if found else None
    if not any(expected in finding for finding in found):
        return f"{name}: {expected!r} is not among {found}, files {texts}"
    return None


def check_commands():
    """What documents.py reads out of a document, and what it says of scripts."""
    text = "# A\n\n    deploy/a --b   # why\n    $ bellwether top\n\n"
    text += "```sh\nsudo ./deploy/b\n```\ndeploy/c\n"
    expected = [
        (3, ["deploy/a", "--b"]),
        (4, ["bellwether", "top"]),
        (7, ["deploy/b"]),
    ]
    if list(documents.commands(text)) != expected:
        yield f"documents: read {list(documents.commands(text))}"
    tree = Tree({"deploy/a": "", "deploy/b": ""}, executables={"deploy/a"})
    for script, expected in (("a", None), ("b", "is not executable"), ("c", "does not exist")):
        problem = documents.command_problem(tree, ["deploy/" + script])
        if (problem is None) != (expected is None) or (expected and expected not in problem):
            yield f"documents: of deploy/{script}: {problem}"


def check_examples():
    tree = Tree({"deploy/a.toml": "# a\n"})
    if list(documents.example_differs(tree, "deploy/a.toml", "# a\n")):
        yield "examples: equal files differ"
    for path, printed in (("deploy/a.toml", "# b\n"), ("deploy/a.toml", "# a\nb\n"), ("b", "")):
        if not list(documents.example_differs(tree, path, printed)):
            yield f"examples: {path} and {printed!r} do not differ"


def check_programs(build):
    """Against a made-up `bellwether` that knows one command with one option."""
    program = build / "bin" / "bellwether"
    program.parent.mkdir(parents=True)
    program.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        '  --help) echo "--api URL";;\n'
        '  "node show --help") echo "--wide";;\n'
        '  "print --help") echo "# a";;\n'
        "  *) exit 2;;\n"
        "esac\n"
    )
    program.chmod(0o755)
    tree = Tree({}, build=build)
    cases = [
        ("bellwether", None),
        ("bellwether node show here --wide", None),
        ("bellwether --api=a node show here", None),
        ("bellwether fly", "no such command"),
        ("bellwether node show here --narrow", "no option --narrow"),
    ]
    for line, expected in cases:
        problem = documents.command_problem(tree, line.split())
        if (problem is None) != (expected is None) or (expected and expected not in problem):
            yield f"documents: of `{line}`: {problem}"


def check_built():
    from pathlib import Path

    files = {"tests/unit/a_test.cpp": "", "tests/sim/b.cpp": ""}
    tree = Tree(files, root=Path("/t"))
    if list(mirror.unbuilt(tree, {"/t/tests/unit/a_test.cpp", "/t/tests/sim/b.cpp"})):
        yield "tests_are_built: found in good files"
    if len(list(mirror.unbuilt(tree, {"/t/tests/sim/b.cpp"}))) != 1:
        yield "tests_are_built: an unbuilt file was not found"
    disabled = Tree({"tests/unit/a_test.cpp": "TEST(A, DISABLED_b) {}"}, root=Path("/t"))
    if len(list(mirror.unbuilt(disabled, {"/t/tests/unit/a_test.cpp"}))) != 1:
        yield "tests_are_built: a disabled test was not found"


def main(rules):
    import tempfile
    from pathlib import Path

    problems = [problem for case in CASES if (problem := check(rules, *case))]
    with tempfile.TemporaryDirectory() as folder:
        problems += [*check_commands(), *check_examples(), *check_programs(Path(folder))]
    problems += check_built()
    covered = {case[0] for case in CASES} | {"documents", "examples", "tests_are_built"}
    problems += [f"{name}: no example" for name in rules if name not in covered]
    for problem in problems:
        print(problem)
    print(f"self_test: {len(CASES)} examples, {len(problems)} problems")
    return 1 if problems else 0
