"""What the agent costs at 1 Hz, beside prometheus-node-exporter scraped at 1 Hz and a psutil loop
that publishes JSON.

All three run at the same time on the same machine, each with what it needs; the cost is each
program's own CPU clock.
"""
import argparse
import contextlib
import json
import os
import shutil
import statistics
import sys
import tempfile
import time

from figures import Figures
from processes import (alive, cpu_seconds, free_port, get, pss_mb, running, stripped_mb,
                       voluntary_switches, wait_for_port)

HERE = os.path.dirname(os.path.abspath(__file__))


class Bench:
    def __init__(self, build, folder):
        self.bin = os.path.join(build, "bin")
        self.folder = folder
        self.broker_port, self.api_port, self.exporter_port = free_port(), free_port(), free_port()
        self.api = f"http://127.0.0.1:{self.api_port}/api/v1"

    def log(self, name):
        return os.path.join(self.folder, name + ".log")

    def coordinator(self):
        state = os.path.join(self.folder, "coordinator")
        os.makedirs(state, exist_ok=True)
        return [os.path.join(self.bin, "bellwether-coordinator"),
                "--set", f"state.directory={state}",
                "--set", f"broker.port={self.broker_port}",
                "--set", f"api.listen=127.0.0.1:{self.api_port}"]

    def agent(self, node):
        state = os.path.join(self.folder, node)
        os.makedirs(state, exist_ok=True)
        return [os.path.join(self.bin, "bellwether-agent"), "--set", f"node.id={node}",
                "--set", f"broker.url=mqtt://127.0.0.1:{self.broker_port}",
                "--set", f"state.directory={state}"]

    def newest(self, node):
        with contextlib.suppress(OSError, ValueError):
            return json.loads(get(f"{self.api}/nodes/{node}/series", 1))
        return None

    def first_sample_ms(self, node):
        """From the agent's exec to its first live sample decoded by the coordinator, by its API."""
        began = time.monotonic()
        with running(self.agent(node), self.log("starts")):
            while time.monotonic() < began + 5:
                answer = self.newest(node)
                if answer and answer["series"]:
                    return (time.monotonic() - began) * 1000
                time.sleep(0.001)
        raise SystemExit(f"no live sample of {node} within 5 s, see {self.log('starts')}")

    def values(self, node):
        return sum(series["value"] is not None for series in self.newest(node)["series"])


def measure(seconds, pids, scrape):
    """CPU seconds, voluntary switches and peak PSS of each of `pids`, scraping once a second."""
    before = {name: (cpu_seconds(pid), voluntary_switches(pid)) for name, pid in pids.items()}
    peak = dict.fromkeys(pids, 0.0)
    following = time.monotonic()
    for _ in range(seconds):
        scrape()
        for name, pid in pids.items():
            peak[name] = max(peak[name], pss_mb(pid))
        following += 1
        time.sleep(max(0, following - time.monotonic()))
    return {name: {"cpu": cpu_seconds(pid) - before[name][0],
                   "switches": (voluntary_switches(pid) - before[name][1]) / seconds,
                   "pss": peak[name]} for name, pid in pids.items()}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--build", required=True)
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--seconds", type=int, default=60)
    arguments.add_argument("--starts", type=int, default=15)
    options = arguments.parse_args()
    exporter = shutil.which("prometheus-node-exporter")
    if exporter is None:
        raise SystemExit("prometheus-node-exporter is missing: deploy/install-deps --bench")

    folder = tempfile.mkdtemp(prefix="bellwether-bench-")
    bench = Bench(options.build, folder)
    figures = Figures("agent", options.out)
    with contextlib.ExitStack() as stack:
        def start(name, argv):
            return stack.enter_context(running(argv, bench.log(name))).pid

        start("coordinator", bench.coordinator())
        wait_for_port(bench.api_port)
        wait_for_port(bench.broker_port)
        starts = [bench.first_sample_ms(f"start-{i}") for i in range(options.starts)]

        pids = {
            "agent": start("agent", bench.agent("bench")),
            "node_exporter": start("node_exporter", [
                exporter, f"--web.listen-address=127.0.0.1:{bench.exporter_port}"]),
            "psutil": start("psutil", [sys.executable, os.path.join(HERE, "psutil_loop.py"),
                                       str(bench.broker_port)]),
        }
        wait_for_port(bench.exporter_port)
        for name, pid in pids.items():
            if not alive(pid):
                raise SystemExit(f"{name} has ended, see {bench.log(name)}")
        time.sleep(15)  # past everyone's start, and past the agent's short first block
        scraped = f"http://127.0.0.1:{bench.exporter_port}/metrics"
        result = measure(options.seconds, pids, lambda: get(scraped))
        values = bench.values("bench")
        exporter_values = sum(not line.startswith("#") for line in get(scraped).splitlines())

    ours, exporter_cost, psutil_cost = result["agent"], result["node_exporter"], result["psutil"]
    print(f"{options.seconds} s at 1 Hz, {os.cpu_count()} cores; "
          "CPU seconds / peak PSS MB / values a tick:")
    print(f"  agent         {ours['cpu']:.4f} / {ours['pss']:.1f} / {values}")
    print(f"  node_exporter {exporter_cost['cpu']:.4f} / {exporter_cost['pss']:.1f} "
          f"/ {exporter_values}")
    print(f"  psutil loop   {psutil_cost['cpu']:.4f} / {psutil_cost['pss']:.1f}")
    print(f"  first sample, ms: {' '.join(f'{start:.0f}' for start in sorted(starts))}")
    figures.add("agent_cpu_s", ours["cpu"], "s", exporter_cost["cpu"])
    figures.add("agent_cpu_ratio_node_exporter", ours["cpu"] / exporter_cost["cpu"], "ratio")
    figures.add("agent_cpu_ratio_psutil", ours["cpu"] / psutil_cost["cpu"], "ratio")
    figures.add("agent_cpu_us_per_value", ours["cpu"] / options.seconds / values * 1e6, "us",
                exporter_cost["cpu"] / options.seconds / exporter_values * 1e6)
    figures.add("agent_values_per_tick", values, "count", exporter_values)
    figures.add("agent_wakeups_per_s", ours["switches"], "1/s", exporter_cost["switches"])
    figures.add("agent_pss_mb", ours["pss"], "MB", exporter_cost["pss"])
    program = os.path.join(bench.bin, "bellwether-agent")
    figures.add("agent_binary_mb", stripped_mb(program, folder), "MB",
                stripped_mb(exporter, folder))
    figures.add("agent_first_sample_ms", statistics.median(starts), "ms")
    figures.write()
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
