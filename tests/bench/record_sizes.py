"""Bytes: of history at rest and on the wire, beside Prometheus and VictoriaMetrics."""
import contextlib
import os
import shutil
import subprocess
import time

from processes import cpu_seconds, free_port, get, running, wait_for_port
from record_bench import folder_bytes, pages_of

# Whole pages of all that history needs: blocks, their rollups, the series table.
HISTORY = ("blocks", "minutes", "hours", "tables")


def record_trace(bench):
    """Half an hour of this very machine, by our own agent: into a coordinator's store."""
    seconds = bench.options.trace_minutes * 60 + 20  # past the short first block
    bench.say(f"recording this machine for {seconds} s")
    with bench.site("trace") as (_, broker_port, _, state):
        state_of_agent = os.path.join(bench.path("trace"), "agent")
        with running(bench.agent("bench", state_of_agent, broker_port), bench.log("trace-agent")):
            time.sleep(seconds)
    return os.path.join(state, "bellwether.db")


def ours(bench, trace):
    """The recording as a store keeps it: (facts, bytes of each table, of the whole file).

    Written anew by today's code, with the series tables as they really changed and all of it rolled
    up, the last hour too: of what would be kept nothing is missing.
    """
    facts = bench.tool("replay", trace, bench.path("replay"))
    path = os.path.join(bench.path("replay"), "bellwether.db")
    sizes = {table: pages_of(path, (table,)) for table in HISTORY}
    whole = os.path.getsize(path)
    bench.forget("replay")
    return facts, sizes, whole


def promtool_bytes(bench, trace):
    """Prometheus' blocks of the same values: chunks, index and all."""
    text = os.path.join(bench.folder, "openmetrics.txt")
    bench.tool("openmetrics", trace, out=text)
    folder = bench.path("promtool")
    subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", text, folder],
                   check=True, stdout=subprocess.DEVNULL)
    size = folder_bytes(folder)
    bench.forget("promtool")
    os.unlink(text)
    return size


@contextlib.contextmanager
def victoria(bench):
    port = free_port()
    folder = bench.path("victoria")
    argv = ["victoria-metrics", f"-httpListenAddr=127.0.0.1:{port}", f"-storageDataPath={folder}",
            "-retentionPeriod=100y", "-search.disableCache", "-maxInsertRequestSize=64MB"]
    with running(argv, bench.log("victoria")) as process:
        wait_for_port(port, 30)
        yield process, f"http://127.0.0.1:{port}", folder
    bench.forget("victoria")


@contextlib.contextmanager
def prometheus(bench):
    port = free_port()
    folder = bench.path("prometheus")
    config = os.path.join(bench.folder, "prometheus.yml")
    with open(config, "w") as file:
        file.write("global: {}\n")
    argv = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}",
            f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver",
            "--log.level=warn"]
    with running(argv, bench.log("prometheus")) as process:
        wait_for_port(port, 30)
        yield process, f"http://127.0.0.1:{port}", folder
    bench.forget("prometheus")


def victoria_bytes(bench, trace):
    with victoria(bench) as (_, url, folder):
        bench.tool("remote-write", trace, url + "/api/v1/write", 1)
        get(url + "/internal/force_flush", 30)
        get(url + "/internal/force_merge", 60)
        time.sleep(3)
        get(url + "/internal/force_flush", 30)
        data = folder_bytes(os.path.join(folder, "data"))
        index = folder_bytes(os.path.join(folder, "indexdb"))
    return data, index


def report(bench, trace, suffix):
    facts = bench.tool("trace", trace)
    # Prometheus and VictoriaMetrics get the blocks of the usual width, and names that never change.
    samples = facts["samples"]
    kept, sizes, whole = ours(bench, trace)
    rest = sum(sizes.values()) / kept["samples"]
    prometheus_size = promtool_bytes(bench, trace)
    data, index = victoria_bytes(bench, trace)
    bench.say(f"trace{suffix}: {facts['series']} series, {facts['blocks']} blocks,"
              f" {samples} samples; columns {facts['columns_bytes'] / samples:.4f} B a sample")
    bench.say(f"  at rest, B a sample of {kept['samples']}: " + ", ".join(
        f"{table} {size / kept['samples']:.4f}" for table, size in sizes.items())
        + f"; the whole file {whole / kept['samples']:.4f}; Prometheus"
        f" {prometheus_size / samples:.4f}; VictoriaMetrics {data / samples:.4f}"
        f" + index {index / samples:.4f}")
    bench.add("rest_bytes_per_sample" + suffix, rest, "B", prometheus_size / samples)
    bench.add("rest_bytes_ratio_prometheus" + suffix, rest / (prometheus_size / samples), "ratio")
    more = kept["table_bytes"] / kept["samples"]
    bench.say(f"  on the wire, B a sample: blocks {facts['wire_bytes'] / samples:.4f}, tables"
              f" behind the first of {kept['tables']}: {more:.4f}")
    bench.add("wire_bytes_per_sample" + suffix, facts["wire_bytes"] / samples + more, "B")
    # Of both with what names the series.
    ratio = rest / ((data + index) / samples)
    bench.add("store_bytes_ratio_victoriametrics" + suffix, ratio, "ratio")
    return facts


def sizes(bench):
    bench.facts = report(bench, bench.trace, "")
    speed = bench.tool("columns", bench.trace)
    bench.add("columns_encode_ns", speed["encode_ns"], "ns")
    bench.add("columns_decode_ns", speed["decode_ns"], "ns")
    noisy = bench.path("noisy")
    bench.tool("noisy", noisy, 370, bench.options.trace_minutes)
    report(bench, os.path.join(noisy, "bellwether.db"), "_noisy")
    shutil.rmtree(noisy)


def peers_cpu(bench):
    """Samples that a CPU second of Prometheus takes by remote write."""
    nodes = 2 if bench.options.short else 10
    result = {}
    for name, server, path in (("prometheus", prometheus, "/api/v1/write"),
                               ("victoria", victoria, "/api/v1/write")):
        with server(bench) as (process, url, _):
            time.sleep(2)
            before = cpu_seconds(process.pid)
            sent = bench.tool("remote-write", bench.trace, url + path, nodes)
            time.sleep(2)  # what it puts off is its own too
            spent = cpu_seconds(process.pid) - before
        result[name] = sent["samples"] / spent
        bench.say(f"{name}: {sent['samples']} samples by remote write, {spent:.2f} CPU seconds:"
                  f" {result[name]:.0f} a CPU second")
    return result
