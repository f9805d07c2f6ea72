#!/usr/bin/env python3
"""The style of the house as a test: python3 tests/tidy/tidy.py [--build DIR] [RULE...]

Without a rule, all of them. --list names them; self_test proves that each one can fail. A rule is a
function rule_NAME(tree) that yields findings; those in NEEDS_BUILD ask the build directory too.
"""

import argparse
import sys
from pathlib import Path

import bans
import documents
import includes
import mirror
import shape
from tree import Tree

MODULES = (includes, shape, bans, mirror, documents)
NEEDS_BUILD = {"tests_are_built", "documents", "examples"}
RULES = {
    name.removeprefix("rule_"): function
    for module in MODULES
    for name, function in vars(module).items()
    if name.startswith("rule_")
}


def run(tree, names):
    """The number of findings, each printed."""
    count = 0
    for name in names:
        found = sorted(set(RULES[name](tree)))
        for finding in found:
            print(f"{finding} [{name}]")
        count += len(found)
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("--build", type=Path, help="the build directory, for the rules that ask it")
    parser.add_argument("--list", action="store_true", help="name the rules and end")
    parser.add_argument(
        "rules", nargs="*", metavar="RULE", help="includes, marks, ... or self_test"
    )
    options = parser.parse_args()
    if options.list:
        print("\n".join([*RULES, "self_test"]))
        return 0
    if options.rules == ["self_test"]:
        import self_test

        return self_test.main(RULES)
    unknown = set(options.rules) - set(RULES)
    if unknown:
        parser.error(f"no such rule: {', '.join(sorted(unknown))}; --list names them")
    names = options.rules or [n for n in RULES if options.build or n not in NEEDS_BUILD]
    needs = NEEDS_BUILD & set(names)
    if needs and not options.build:
        parser.error(f"{', '.join(sorted(needs))}: needs --build DIR")
    count = run(Tree.read(options.root, options.build), names)
    if count:
        print(f"{count} findings")
    return 1 if count else 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
