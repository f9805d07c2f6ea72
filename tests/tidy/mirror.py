"""The mirror of tests: x/y.cpp <-> tests/unit/x/y_test.cpp, and every test file is built."""

import json

from tree import Finding

MIRRORED = ("base/", "schemas/metrics/", "schemas/wire/", "agent/core/", "agent/shell/",
            "coordinator/core/", "coordinator/shell/", "coordinator/cli/")  # fmt: skip
BUILT = ("tests/unit/", "tests/sim/", "tests/integration/")

# Source file -> why it has no test file of its own, and where it is tested.
WITHOUT_TEST = {
    "base/runtime/asio_impl.cpp": "compiles Asio's own sources, nothing of ours",
    "agent/shell/shim/main.cpp": "a program: process_host_test runs it",
    "coordinator/cli/main.cpp": "calls run(), which its own test covers",
}

# Test files beside that of their source, where one would be too long.
MORE_TESTS = {
    "tests/unit/coordinator/shell/http_server_upload_test.cpp": "coordinator/shell/http_server.cpp",
    "tests/unit/coordinator/core/coordinator_models_test.cpp": "coordinator/core/coordinator.cpp",
    "tests/unit/agent/core/agent_events_test.cpp": "agent/core/agent.cpp",
    "tests/unit/agent/core/agent_detect_commands_test.cpp": "agent/core/agent_detect.cpp",
    "tests/unit/coordinator/core/schedule/golden_test.cpp":
        "coordinator/core/schedule/schedule.cpp",
    "tests/unit/coordinator/core/schedule/properties_test.cpp":
        "coordinator/core/schedule/schedule.cpp",
    "tests/unit/agent/core/collect/kernel_log/real_logs_test.cpp":
        "agent/core/collect/kernel_log/kernel_log.cpp",
    "tests/unit/schemas/wire/columns_version1_test.cpp": "schemas/wire/columns_decode.cpp",
    "tests/unit/base/runtime/mqtt_link_early_test.cpp": "base/runtime/mqtt_link.cpp",
    "tests/unit/agent/shell/process_host_supervised_test.cpp": "agent/shell/process_host.cpp",
    "tests/unit/agent/shell/spool_power_test.cpp": "agent/shell/spool_store.cpp",
    "tests/unit/agent/core/record/recorder_facts_test.cpp": "agent/core/record/recorder.cpp",
}


def rule_mirror(tree):
    for path, _ in tree.code(*MIRRORED):
        if not path.endswith(".cpp"):
            continue
        test = "tests/unit/" + path.removesuffix(".cpp") + "_test.cpp"
        if test not in tree.texts and path not in WITHOUT_TEST:
            yield Finding(path, 0, f"has no {test}")
    for path in sorted(WITHOUT_TEST):
        if path not in tree.texts:
            yield Finding(path, 0, "is excused from having a test, but is not there")
    for path, _ in tree.code("tests/unit/"):
        if path.endswith("_test.cpp"):
            source = path.removeprefix("tests/unit/").removesuffix("_test.cpp")
            source = MORE_TESTS.get(path, source + ".cpp").removesuffix(".cpp")
            if source + ".cpp" not in tree.texts and source + ".h" not in tree.texts:
                yield Finding(path, 0, f"tests {source}.cpp or .h, which is not there")


def rule_tests_are_built(tree):
    """By compile_commands.json of the build directory, where cmake wrote what it builds."""
    commands = tree.build / "compile_commands.json"
    built = {entry["file"] for entry in json.loads(commands.read_text())}
    yield from unbuilt(tree, built)


def unbuilt(tree, built):
    for path, text in tree.code(*BUILT):
        if path.endswith(".cpp") and str(tree.root / path) not in built:
            yield Finding(path, 0, "is built by no target")
        # A test may start its own program again for a part that has to die: that part is disabled
        # for everyone else, and named where it is started.
        if "DISABLED_" in text and "--gtest_also_run_disabled_tests" not in text:
            yield Finding(path, 0, "has a disabled test: a test that is not run is none")
