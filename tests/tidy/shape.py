"""Sizes and the look of files: lines, columns, functions, headers, marks, paths, top level."""

import ast
import re

from tree import Finding, blank_comments_and_strings, line_of

MAX_LINES = 500
MAX_COLUMNS = 100
MAX_FUNCTION = 70

TOP_LEVEL = {
    "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "LICENSE", "CMakeLists.txt",
    "CMakePresets.json", ".clang-format", ".clang-tidy", ".gitignore", ".ci", "base", "schemas",
    "agent", "coordinator", "cross", "deploy", "tests",
}  # fmt: skip
MUST_EXIST = {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "LICENSE"}

MARKS = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX"]) + r")\b")
MACHINE_PATH = re.compile(r"(?<![\w/.])/(?:" + "wo" + "rk|ro" + r"ot)/")


def rule_file_length(tree):
    for path, text in sorted(tree.texts.items()):
        if tree.language(path) in ("c++", "python", "bash", "cmake"):
            lines = text.count("\n")
            if lines > MAX_LINES:
                yield Finding(path, 0, f"{lines} lines, {MAX_LINES} at most: it is two files")


def rule_line_length(tree):
    for path, text in sorted(tree.texts.items()):
        if tree.language(path) in ("c++", "python", "bash", "cmake"):
            for number, line in enumerate(text.split("\n"), 1):
                if len(line) > MAX_COLUMNS and not re.search(r"https?://", line):
                    yield Finding(path, number, f"{len(line)} columns, {MAX_COLUMNS} at most")


def cpp_functions(text):
    """(name, first line, lines) of each function body, outermost first; lambdas count with theirs.

    No parser: a brace opens a function where the text before it, since the last statement's end,
    has a parameter list and names no type or namespace.
    """
    code = re.sub(
        r"^\s*#.*$", lambda m: " " * len(m.group(0)), blank_comments_and_strings(text), flags=re.M
    )
    start, stack = 0, []  # stack: None for a scope, (name, offset) for a function
    for index, char in enumerate(code):
        if char == "{":
            head = code[start:index]
            inside = any(stack)
            words = head.strip()
            is_type = re.match(
                r"(?:template\s*<.*>\s*)?(?:namespace|class|struct|enum|union|extern)\b",
                words,
                re.S,
            )
            is_function = (
                not inside and "(" in words and not is_type and not re.search(r"=\s*$", words)
            )
            if is_function:
                name = re.search(r"([\w:~]+)\s*\(", words)
                offset = start + len(head) - len(head.lstrip())
                stack.append((name.group(1) if name else "?", offset))
            else:
                stack.append(None)
            start = index + 1
        elif char == "}":
            if stack:
                function = stack.pop()
                if function and not any(stack):
                    first = line_of(code, function[1])
                    yield function[0], first, line_of(code, index) - first + 1
            start = index + 1
        elif char == ";" and not any(stack):
            start = index + 1


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno - node.lineno + 1


def bash_functions(text):
    for match in re.finditer(r"^([\w-]+)\(\) \{\n(?:.*\n)*?\}", text, re.M):
        yield match.group(1), line_of(text, match.start()), match.group(0).count("\n") + 1


FUNCTIONS = {"c++": cpp_functions, "python": python_functions, "bash": bash_functions}


def rule_function_length(tree):
    for path, text in sorted(tree.texts.items()):
        find = FUNCTIONS.get(tree.language(path))
        for name, line, lines in find(text) if find else ():
            if lines > MAX_FUNCTION:
                yield Finding(path, line, f"{name} has {lines} lines, {MAX_FUNCTION} at most")


def rule_header_shape(tree):
    for path, text in tree.code():
        if not path.endswith(".h"):
            continue
        if not text.startswith("// "):
            yield Finding(path, 1, "open with a comment: what it owns and what it leaves to others")
        code = blank_comments_and_strings(text).strip()
        if not code.startswith("#pragma once"):
            yield Finding(path, 1, "#pragma once comes first after the opening comment")


def rule_marks(tree):
    for path, text in sorted(tree.texts.items()):
        if tree.language(path):
            for match in MARKS.finditer(text):
                yield Finding(
                    path, line_of(text, match.start()), f"{match.group(0)}: do it, or say why not"
                )


def rule_machine_paths(tree):
    for path, text in sorted(tree.texts.items()):
        for match in MACHINE_PATH.finditer(text):
            yield Finding(
                path, line_of(text, match.start()), f"{match.group(0)} is a path of one machine"
            )


def rule_top_level(tree):
    present = {path.split("/", 1)[0] for path in tree.texts}
    for entry in sorted(present - TOP_LEVEL):
        yield Finding(entry, 0, "a top-level entry outside the plan of the house")
    for entry in sorted(MUST_EXIST - present):
        yield Finding(entry, 0, "is missing")
