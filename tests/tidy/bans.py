"""What code must not name, with the replacement. Pure code first: it has to replay exactly."""

import re

from tree import Finding, blank_comments_and_strings, line_of

PURE = ("agent/core/", "coordinator/core/", "schemas/metrics/", "schemas/wire/", "base/")
NOT_PURE = ("base/runtime/",)

NO_NOW = "the `now` that the step was given"
NO_THREADS = "nothing: a core is called by one thread; the shell posts to it"
NO_STREAMS = "an effect: reading and writing is a shell's"
RNG = "Rng of base/rng.h, seeded from the input"

# Pattern -> what to use.
BANS = [
    (r"\bnow\s*\(\s*\)", NO_NOW),
    (r"\b(?:system|steady|high_resolution|utc|file)_clock\b", "Instant of base/time.h"),
    (r"\b(?:clock_gettime|gettimeofday|std::time)\s*\(", NO_NOW),
    (r"(?<![\w.:>])time\s*\(\s*(?:nullptr|NULL|0|&)", NO_NOW),
    (r"\bstd::(?:j?thread|async|future|promise|condition_variable\w*|atomic\w*)\b", NO_THREADS),
    (r"\bstd::(?:(?:\w+_)?mutex|lock_guard|unique_lock|scoped_lock)\b", NO_THREADS),
    (r"\bstd::(?:counting_semaphore|binary_semaphore|latch|barrier)\b", NO_THREADS),
    (r"\b(?:sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(", "the timer effect"),
    (r"(?<![\w.:>])(?:std::)?s?rand\s*\(", RNG),
    (r"\bstd::(?:random_device|mt19937\w*|default_random_engine)\b", RNG),
    (r"\bstd::\w+_distribution\b", "the methods of Rng: the library's differ between machines"),
    (r"\b(?:secure_)?getenv\s*\(", "a field of the configuration, filled by the shell"),
    (r"\bunordered_\w+", "std::map or a sorted vector: hash order is no order to decide by"),
    (
        r"\b(?:map|set|multimap|multiset)<\s*(?:const\s+)?[\w:]+\s*\*",
        "an id as key: pointers order by chance",
    ),
    (r"\bstd::(?:cout|cerr|clog|[io]?fstream|filesystem)\b", NO_STREAMS),
    (r"\bf?printf\s*\(|\bfopen\s*\(", NO_STREAMS),
    (r"\btry\s*\{|\bcatch\s*\(", "Result<T>: nothing a core calls throws"),
]
EVERYWHERE = [
    (r"(?<!\w)throw\b", "Result<T> for what may fail, BW_ASSERT for a bug"),
    (
        r"\b(?:std::)?(?:system|popen)\s*\(\s*[\"\w]",
        "posix_spawn with an argument list: no shell sees a field",
    ),
    (r"\busing\s+namespace\b(?!\s+std::(?:\w+_)?literals|\s+std::chrono_)", "the names themselves"),
]

# (path, the banned text) -> why it may stand there.
EXCEPTIONS = {
    ("base/assert.cpp", "fprintf("): "says what broke before it aborts",
}


def findings(path, text, bans):
    code = blank_comments_and_strings(text)
    for pattern, replacement in bans:
        for match in re.finditer(pattern, code):
            found = match.group(0).strip()
            if (path, found) not in EXCEPTIONS:
                line = line_of(
                    code, match.start() + len(match.group(0)) - len(match.group(0).lstrip())
                )
                yield Finding(path, line, f"`{found}` is banned here; use {replacement}")


def rule_bans_in_cores(tree):
    for path, text in tree.code(*PURE):
        if not path.startswith(NOT_PURE):
            yield from findings(path, text, BANS)


def rule_bans_everywhere(tree):
    for path, text in tree.code("agent/", "base/", "coordinator/", "schemas/"):
        yield from findings(path, text, EVERYWHERE)
