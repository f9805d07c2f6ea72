"""The tree under examination: its files as text, and what the rules share in reading them."""

import os
import re
from pathlib import Path
from typing import NamedTuple

SKIPPED_FOLDERS = {".git", ".cache", "__pycache__", "node_modules"}
CODE = (".h", ".cpp")


class Finding(NamedTuple):
    """One thing that is wrong: where, and what to do instead."""

    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}" if self.line else f"{self.path}: {self.text}"


class Tree:
    """Paths relative to the top -> text, of a folder; or of a dictionary, by the self-test."""

    def __init__(self, texts, executables=(), root=None, build=None):
        self.texts = texts
        self.executables = set(executables)
        self.root = root
        self.build = build

    @classmethod
    def read(cls, root, build=None):
        texts, executables = {}, set()
        for folder, folders, names in os.walk(root):
            top = folder == str(root)
            folders[:] = sorted(
                name
                for name in folders
                if name not in SKIPPED_FOLDERS and not (top and re.match(r"build(-|$)", name))
            )
            for name in names:
                path = Path(folder, name)
                relative = path.relative_to(root).as_posix()
                try:
                    texts[relative] = path.read_text(encoding="utf-8")
                except (UnicodeDecodeError, FileNotFoundError):
                    continue  # not text, or gone while we walked
                if os.access(path, os.X_OK):
                    executables.add(relative)
        return cls(texts, executables, Path(root), build and Path(build))

    def code(self, *prefixes):
        """The C++ files below these folders, all where none is named."""
        for path in sorted(self.texts):
            if path.endswith(CODE) and (not prefixes or path.startswith(prefixes)):
                yield path, self.texts[path]

    def language(self, path):
        """Of a file that people write: "c++", "python", "bash", "cmake" or "other"; else None."""
        if path.startswith("tests/fixtures/") or path == "LICENSE":
            return None
        if path.endswith(CODE):
            return "c++"
        if path.endswith(".py"):
            return "python"
        if path.endswith((".cmake", "CMakeLists.txt")):
            return "cmake"
        first = self.texts[path].split("\n", 1)[0]
        if path.endswith(".sh") or (first.startswith("#") and "bash" in first):
            return "bash"
        if first.startswith("#!") and "python" in first:
            return "python"
        return "other"


def blank_comments_and_strings(text):
    """C++ text with comments and the insides of literals as blanks, so that lines stay where they
    are and a word in a comment is no word of code."""
    pattern = re.compile(
        r'R"([^()\\ ]{0,16})\((?:.|\n)*?\)\1"'  # raw string
        r"|//[^\n]*|/\*(?:.|\n)*?\*/"
        r'|"(?:\\.|[^"\\\n])*"'
        r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'"
    )

    def blank(match):
        whole = match.group(0)
        if whole.startswith("/"):
            return re.sub(r"[^\n]", " ", whole)
        return whole[0] + re.sub(r"[^\n]", " ", whole[1:-1]) + whole[-1]

    return pattern.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
