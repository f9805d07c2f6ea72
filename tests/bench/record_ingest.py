"""Ingest: a simulated fleet against a real coordinator and its broker, over QoS 1."""
import os
import time

from record_bench import Watch, metric, stored
from record_sizes import peers_cpu


def check_nothing_lost(result, path):
    """Ends the run where the store lacks a block that was acknowledged, or never was."""
    blocks, rows = stored(path)
    if result["missing"] or blocks != result["blocks"] or rows != result["rows"]:
        raise SystemExit(f"lost: {result['missing']} blocks were never acknowledged;"
                         f" {result['blocks']} were, {blocks} are stored")


def flood(bench):
    """As many blocks as are taken, of a thousand nodes with the trace's series."""
    seconds = 15 if bench.options.short else 60
    nodes = 200 if bench.options.short else 1000
    with bench.site("flood") as (process, broker_port, _, state):
        with Watch(process.pid) as watch:
            result = bench.tool("load", bench.trace, broker_port, nodes, 10000, seconds, "flood")
        time.sleep(1)
        path = os.path.join(state, "bellwether.db")
    check_nothing_lost(result, path)
    bench.forget("flood")
    per_cpu = result["samples"] / watch.cpu
    bench.say(f"flood: {nodes} nodes x {result['series']} series, {seconds} s:"
              f" {result['blocks_per_s']:.0f} blocks a second, {result['blocks']} in all, lag p50"
              f" {result['lag_p50_s']:.3f} s, most {result['lag_most_s']:.3f} s, resent"
              f" {result['resent']}, coordinator {watch.cpu:.1f} CPU s in {watch.seconds:.0f} s")
    peers = peers_cpu(bench)
    bench.add("ingest_samples_per_s", result["samples_per_s"], "1/s")
    bench.add("ingest_commit_lag_p99_s", result["lag_p99_s"], "s")
    bench.add("ingest_memory_mb", watch.peak_mb, "MB")
    bench.add("ingest_samples_per_cpu_s", per_cpu, "1/s", peers["prometheus"])
    bench.add("ingest_ratio_prometheus", per_cpu / peers["prometheus"], "ratio")
    bench.add("ingest_ratio_victoriametrics", per_cpu / peers["victoria"], "ratio")
    bench.add("store_device_bytes_per_sample", watch.written / result["samples"], "B")


def fleet(bench):
    """Ten thousand nodes in real time: births, live samples, a block a minute each."""
    seconds = 60 if bench.options.short else 300
    nodes = 10_000
    with bench.site("fleet") as (process, broker_port, api_port, state):
        with Watch(process.pid) as watch:
            result = bench.tool("load", bench.trace, broker_port, nodes, 120, seconds, "real-time",
                                seconds=seconds + 600)
        time.sleep(1)
        live = metric(api_port, "bw_live_samples_total")
        path = os.path.join(state, "bellwether.db")
    check_nothing_lost(result, path)
    bench.forget("fleet")
    seen = live / max(1, result["live"] + result["live_refused"])
    kept_up = result["lag_p99_s"] <= 2 and seen >= 0.999
    bench.say(f"fleet: {nodes} nodes x {result['series']} series at 1 Hz for {seconds} s: lag p99"
              f" {result['lag_p99_s']:.3f} s, most {result['lag_most_s']:.3f} s,"
              f" {seen:.2%} of the live samples arrived, peak {watch.peak_mb:.0f} MB,"
              f" coordinator {watch.cpu / watch.seconds:.0%} of a core")
    bench.add("ingest_ten_thousand_nodes", 1 if kept_up else 0, "1")
    bench.add("ingest_ten_thousand_memory_mb", watch.peak_mb, "MB")
    bench.add("ingest_ten_thousand_cpu_percent", 100 * watch.cpu / watch.seconds, "%")
