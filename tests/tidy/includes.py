"""Who may include whom. The tables are the plan of the house; an exception carries its reason."""

import re

from tree import Finding

# Folder -> the folders it may include from beside its own. The longest matching prefix counts, so
# base/runtime is not base. Inside a core, a folder's siblings are left out on purpose.
AREAS = {
    "base": [],
    "base/runtime": ["base"],
    "schemas/wire": ["base"],
    "schemas/metrics": ["schemas/wire", "base"],
    "agent/core": ["schemas/metrics", "schemas/wire", "base"],
    "agent/shell": ["agent/core", "schemas/metrics", "schemas/wire", "base", "base/runtime"],
    "agent": [
        "agent/shell", "agent/core", "schemas/metrics", "schemas/wire", "base", "base/runtime",
    ],
    "coordinator/core": ["schemas/metrics", "schemas/wire", "base"],
    "coordinator/shell": [
        "coordinator/core", "schemas/metrics", "schemas/wire", "base", "base/runtime",
    ],
    "coordinator/cli": ["schemas/metrics", "base"],
    "coordinator": [
        "coordinator/shell", "coordinator/core", "schemas/metrics", "schemas/wire", "base",
        "base/runtime",
    ],
    "tests/unit/base": ["base"],
    "tests/unit/base/runtime": ["base", "base/runtime"],
    "tests/unit/schemas/wire": ["schemas/wire", "base"],
    "tests/unit/schemas/metrics": ["schemas/metrics", "schemas/wire", "base"],
    "tests/unit/agent/core": ["agent/core", "schemas/metrics", "schemas/wire", "base"],
    "tests/unit/agent/shell": [
        "agent/shell", "agent/core", "schemas/metrics", "schemas/wire", "base", "base/runtime",
        "tests/support",
    ],
    "tests/unit/coordinator/core": ["coordinator/core", "schemas/metrics", "schemas/wire", "base"],
    "tests/unit/coordinator/shell": [
        "coordinator/shell", "coordinator/core", "schemas/metrics", "schemas/wire", "base",
        "base/runtime",
        "tests/support",
    ],
    "tests/unit/coordinator/cli": ["coordinator/cli", "schemas/metrics", "base"],
    "tests/support": ["base"],
    "tests/support/fake_nvml": ["agent/shell"],
    "tests/sim": ["agent/core", "coordinator/core", "schemas/metrics", "schemas/wire", "base"],
    "tests/integration": [
        "coordinator/core", "schemas/metrics", "schemas/wire", "base", "base/runtime",
    ],
    "tests/fuzz": [
        "agent/core", "coordinator/core", "schemas/metrics", "schemas/wire", "base",
        "base/runtime",
    ],
    "tests/bench/record": [
        "agent/shell", "agent/core", "coordinator/shell", "coordinator/core", "schemas/metrics",
        "schemas/wire", "base", "base/runtime",
    ],
    "tests/bench": [
        "agent/core", "coordinator/core", "schemas/metrics", "schemas/wire", "base",
        "base/runtime",
    ],
}  # fmt: skip

CORES = ("agent/core", "coordinator/core")

# (includer, included: each a file or folder) -> why. Only what the tables above forbid.
EXCEPTIONS = {
    ("agent/core", "agent/core/effects.h"): "the words of a core's answers; its folders use them",
    ("coordinator/core", "coordinator/core/table.h"): "the series table that every folder reads",
    ("coordinator/core", "coordinator/core/view.h"): "what wiring shows folders of the fleet",
    ("coordinator/core", "coordinator/core/records.h"): "the words folders and wiring share",
    ("coordinator/core", "coordinator/core/models.h"): "the words of models' life, likewise",
    ("coordinator/cli", "agent/core/detect"):
        "the very same detector, so that anyone can try it on data of their own; it is pure",
    ("coordinator/cli", "schemas/wire/model.h"): "what that detector knows, as a file",
    ("tests/integration", "tests/unit/coordinator/shell/receiver.h"): "takes what is exported",
    ("tests/integration", "coordinator/shell/store_tables.h"): "reads the store's file",
    ("tests/integration", "tests/unit/coordinator/core/export/messages.h"): "reads it again",
    ("tests/fuzz", "tests/unit/coordinator/core/export/messages.h"): "reads what was written",
    ("tests/fuzz", "coordinator/shell/store_table_codec.h"): "pure, though it lies in the shell",
}

# Third-party headers -> the .cpp files (or folders) that may include them.
THIRD_PARTY = {
    "boost/asio": [
        "base/runtime", "coordinator/shell/http_server.cpp", "tests/unit/base/runtime",
        "tests/unit/agent/shell", "tests/unit/coordinator/shell",
    ],
    "boost/system": ["base/runtime", "coordinator/shell/http_server.cpp"],
    "boost/beast": ["coordinator/shell/http_server.cpp"],
    "spdlog": ["base/runtime/log.cpp"],
    "toml.hpp": [
        "base/runtime/config.cpp", "tests/unit/coordinator/core/schedule/golden.cpp",
    ],
    "mqtt": ["base/runtime/mqtt_connection.cpp"],
    "sqlite3.h": ["base/runtime/sqlite.cpp", "tests/support/simulated_disk.cpp"],
    "nlohmann": ["coordinator/cli", "tests/unit/coordinator", "tests/integration"],
    "curl": ["coordinator/cli/http_client.cpp", "coordinator/shell/export_poster.cpp",
             "tests/bench/record/peers.cpp"],
    "snappy-c.h": [
        "coordinator/shell/export_poster.cpp",
        "tests/unit/coordinator/shell/export_poster_test.cpp",
    ],
    "zlib.h": [
        "coordinator/shell/export_poster.cpp",
        "coordinator/shell/store_table_codec.cpp",
        "tests/fuzz/fuzz_store_tables.cpp",
        "tests/unit/coordinator/shell/export_poster_test.cpp",
        "tests/unit/coordinator/shell/store_table_codec_test.cpp",
    ],
    "CLI": ["coordinator/cli", "agent/main.cpp", "coordinator/main.cpp"],
    "flatbuffers": ["schemas/wire", "tests/unit/schemas/wire", "tests/fuzz"],
    "gtest": ["tests"],
    "gmock": ["tests"],
    "benchmark": ["tests/bench"],
}

# The standard library headers a pure core has no use for: they reach for the world, or differ from
# one run to the next.
IMPURE_STANDARD = {
    "atomic", "barrier", "chrono", "condition_variable", "coroutine", "filesystem", "fstream",
    "future", "iostream", "latch", "mutex", "random", "semaphore", "shared_mutex", "stop_token",
    "thread", "unordered_map", "unordered_set", "csignal", "ctime", "cstdio", "locale", "regex",
}  # fmt: skip
PURE = ("base", "schemas/wire", "agent/core", "coordinator/core")
PURE_EXCEPTIONS = {
    ("base/assert.cpp", "cstdio"): "says what broke before it aborts",
    ("coordinator/core/api/time_text.cpp", "chrono"): "the calendar, which is no clock",
    ("base/time.h", "chrono"): "Duration and Instant are chrono types, of a clock without now()",
}

QUOTED = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
ANGLED = re.compile(r"^\s*#\s*include\s*<([^>]+)>", re.M)


def below(path, prefix):
    return path == prefix or path.startswith(prefix + "/")


def longest(path, prefixes):
    fitting = [prefix for prefix in prefixes if below(path, prefix)]
    return max(fitting, key=len) if fitting else None


def folder(path):
    return path.rsplit("/", 1)[0]


def core_sibling(includer, included):
    """Whether both lie in one core, and the includer's folder may not know the included's."""
    core = longest(includer, CORES)
    if not core or not below(included, core):
        return False
    mine, theirs = folder(includer), folder(included)
    if theirs != core and (below(mine, theirs) or below(theirs, mine)):
        return False  # collect/gpu is a part of collect
    return mine != core and mine != theirs


def quoted_is_allowed(includer, included):
    if (includer, included) in EXCEPTIONS:
        return True
    if any(below(includer, a) and below(included, b) for a, b in EXCEPTIONS):
        return True
    if included.endswith("_generated.h"):
        return below(includer, "schemas/wire")
    if core_sibling(includer, included):
        return False
    area = longest(includer, AREAS)
    if area is None:
        return False
    theirs = longest(included, AREAS)
    return theirs is not None and (theirs == area or theirs in AREAS[area])


def angled_problem(includer, included):
    owner = longest(included, THIRD_PARTY)
    if owner:
        allowed = THIRD_PARTY[owner]
        if not any(below(includer, place) for place in allowed):
            return f"<{included}> belongs only into {', '.join(allowed)}"
        if includer.endswith(".h") and not includer.startswith("tests/"):
            return f"<{included}> is a third party's: include it in a .cpp file"
        return None
    pure = longest(includer, ["base/runtime", *PURE])
    if pure in PURE and (includer, included) not in PURE_EXCEPTIONS:
        if included in IMPURE_STANDARD:
            return (
                f"<{included}> has no place in a pure core: time, threads and files are a shell's"
            )
        if included.endswith(".h") or "/" in included:
            return f"<{included}> is the system's: a pure core stands on the C++ library alone"
    known = re.fullmatch(r"[a-z_0-9]+", included) or included.endswith(".h")
    return None if known else f"<{included}> is of no library in the table of {__name__}.py"


def rule_includes(tree):
    for path, text in tree.code():
        for match in QUOTED.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            included = match.group(1)
            if not quoted_is_allowed(path, included):
                yield Finding(path, line, f'may not include "{included}" (the plan of the house)')
            elif not included.endswith("_generated.h") and included not in tree.texts:
                yield Finding(path, line, f'"{included}": name it from the top of the tree')
        for match in ANGLED.finditer(text):
            problem = angled_problem(path, match.group(1))
            if problem:
                yield Finding(path, text.count("\n", 0, match.start()) + 1, problem)
