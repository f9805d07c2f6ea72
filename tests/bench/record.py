"""What history costs: bytes at rest and on the wire, ingest, queries, an outage, the whole agent;
beside Prometheus and VictoriaMetrics, which get the same values in the same run.

The values are this machine's own, recorded by the agent for half an hour before anything else; do
on it meanwhile what a busy box does. A recording serves again: --trace names a coordinator's store.
"""
import argparse
import os
import shutil
import tempfile
import time

from figures import Figures
from record_agent import agent_full
from record_bench import Bench
from record_ingest import fleet, flood
from record_outage import outage
from record_queries import queries
from record_sizes import record_trace, sizes

# Part -> what it measures.
PARTS = {
    sizes: ("rest_bytes_per_sample", "rest_bytes_ratio_prometheus", "wire_bytes_per_sample",
            "store_bytes_ratio_victoriametrics"),
    flood: ("ingest_samples_per_s", "ingest_commit_lag_p99_s", "ingest_memory_mb",
            "ingest_ratio_prometheus", "ingest_samples_per_cpu_s", "store_device_bytes_per_sample"),
    fleet: ("ingest_ten_thousand_nodes",),
    queries: ("query_day_p95_ms", "query_fleet_p95_ms"),
    outage: ("outage_day_disk_mb", "outage_day_drain_s"),
    agent_full: ("agent_full_cpu_percent", "agent_full_pss_mb"),
}


def read_options():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    arguments.add_argument("--build", required=True)
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--only", nargs="+", metavar="FIGURE", default=[],
                           help="only the parts that measure these")
    arguments.add_argument("--short", action="store_true",
                           help="everything smaller and shorter: to see that it runs")
    arguments.add_argument("--trace", help="a recording made earlier, instead of a new one")
    arguments.add_argument("--keep-trace", metavar="FILE", help="keep the new recording there")
    arguments.add_argument("--trace-minutes", type=int)
    arguments.add_argument("--query-series", type=int, default=60,
                           help="of each node: 60 make some 6 GB in all, 120 some 15")
    options = arguments.parse_args()
    known = {figure for figures in PARTS.values() for figure in figures}
    if unknown := set(options.only) - known:
        arguments.error(f"no such figure: {', '.join(sorted(unknown))}; there are "
                        + ", ".join(sorted(known)))
    if options.trace_minutes is None:
        options.trace_minutes = 3 if options.short else 30
    return options


def main():
    options = read_options()
    folder = tempfile.mkdtemp(prefix="bellwether-bench-")
    figures = Figures("record", options.out)
    bench = Bench(options, folder, figures)
    if not options.trace:
        bench.trace = record_trace(bench)
        if options.keep_trace:
            shutil.copy(bench.trace, options.keep_trace)
    for part, measured in PARTS.items():
        if options.only and not set(options.only) & set(measured):
            continue
        load = os.getloadavg()[0]
        began = time.monotonic()
        part(bench)
        bench.say(f"  ({part.__name__}: {time.monotonic() - began:.0f} s; load before {load:.1f})")
        figures.write()
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
