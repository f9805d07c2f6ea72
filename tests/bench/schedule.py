"""How well the scheduler packs a published GPU trace, and how fast it decides.

The trace (Alibaba's openb: nodes, pods of several variants) is not part of this repository: --data
names its folder. Reported are the seeds 42 to 51; whatever the policies know of the work they
learned on seeds from 1000 up. What needs the coordinator is measured with it, not here.
"""
import argparse
import csv
import os
import statistics
import subprocess
import tempfile

from figures import Figures

TRACES = ("default", "cpu050", "cpu200", "gpushare40", "gpushare80", "gpuspec20", "multigpu30")


class Bench:
    def __init__(self, options, folder):
        self.tool = os.path.join(options.build, "tests", "bin", "bw_schedule_bench")
        self.data = options.data
        self.folder = folder
        self.first, self.last = options.seeds
        self.nodes = os.path.join(options.data, "openb_node_list_gpu_node.csv")

    def pods(self, trace):
        path = os.path.join(self.folder, trace + ".csv")
        if not os.path.exists(path):
            packed = os.path.join(self.data, f"openb_pod_list_{trace}.csv.zst")
            with open(path, "wb") as file:
                subprocess.run(["zstd", "-dc", packed], check=True, stdout=file)
        return path

    def rows(self, command, trace, *arguments):
        words = [self.tool, command, self.nodes, self.pods(trace), *map(str, arguments)]
        done = subprocess.run(words, check=True, text=True, stdout=subprocess.PIPE)
        return [line.split() for line in done.stdout.splitlines()]

    def means(self, command, trace, *arguments):
        """Of the columns behind the seed."""
        columns = zip(*self.rows(command, trace, *arguments))
        return [statistics.mean(map(float, column)) for column in list(columns)[1:]]

    def fill(self, trace, policy, order=0):
        return self.means("fill", trace, policy, order, self.first, self.last)

    def published(self, trace):
        """FGD's own results at 100 and 130 % asked for."""
        path = os.path.join(self.data, "published_alloc_ratio_mean10seeds.csv")
        with open(path) as file:
            for row in csv.DictReader(file):
                if row["workload"] == f"openb_pod_list_{trace}" and row["sc_policy"] == "06-FGD":
                    return float(row["100"]), float(row["130"])
        raise SystemExit(f"{path}: nothing of {trace}")


def packing(bench, figures):
    fgd = bench.fill("default", "fgd")
    at_100, at_130 = bench.published("default")
    print(f"fgd, ours against published, default: {fgd[0]:.2f} {at_100:.2f} at 100 %, "
          f"{fgd[1]:.2f} {at_130:.2f} at 130 %", flush=True)
    ours = bench.fill("default", "fill")
    figures.add("openb_default_alloc_100", ours[0], "%", at_100)
    figures.add("openb_default_alloc_130", ours[1], "%", at_130)
    figures.add("openb_default_first_reject", ours[2], "%", fgd[2])
    sorted_orders = [bench.fill("default", "fill", order)[1] for order in (1, -1)]
    figures.add("openb_order_spread", max(abs(ours[1] - other) for other in sorted_orders),
                "points")


def traces(bench, figures):
    above = 0
    for trace in TRACES:
        ours = bench.fill(trace, "fill")[1]
        theirs = bench.published(trace)[1]
        above += ours > theirs
        print(f"{trace}: {ours:.2f}, published {theirs:.2f}", flush=True)
    figures.add("openb_traces_above_fgd", above, "count")


def dynamic(bench, figures):
    gains = []
    for trace in TRACES:
        runs = [bench.means("churn", trace, policy, bench.first, bench.last, 1.05, 4)
                for policy in ("fragmentation", "fgd")]
        gains.append(runs[0][0] - runs[1][0])
        print(f"{trace}: in use {runs[0][0]:.2f}, fgd {runs[1][0]:.2f}; refused {runs[0][1]:.2f}, "
              f"fgd {runs[1][1]:.2f}", flush=True)
    figures.add("openb_dynamic_gain_over_fgd", min(gains), "points")


def speed(bench, figures):
    large = bench.rows("speed", "default", "fragmentation", 10000)[0]
    small = bench.rows("speed", "default", "fragmentation", 1213)[0]
    figures.add("decisions_per_s_10k", float(large[1]), "1/s")
    figures.add("decisions_per_s_1213", float(small[1]), "1/s")
    figures.add("decision_p99_us_10k", float(large[3]), "us")


PARTS = {
    packing: ("openb_default_alloc_100", "openb_default_alloc_130", "openb_default_first_reject",
              "openb_order_spread"),
    traces: ("openb_traces_above_fgd",),
    dynamic: ("openb_dynamic_gain_over_fgd",),
    speed: ("decisions_per_s_10k", "decisions_per_s_1213", "decision_p99_us_10k"),
}


def read_options():
    here = os.path.dirname(os.path.abspath(__file__))
    shared = os.path.join(here, "..", "..", "..", "shared", "data", "openb")
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    arguments.add_argument("--build", required=True)
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--data", default=shared)
    arguments.add_argument("--seeds", type=int, nargs=2, default=(42, 51),
                           metavar=("FIRST", "LAST"))
    arguments.add_argument("--only", nargs="+", metavar="FIGURE", default=[],
                           help="only the parts that measure these")
    options = arguments.parse_args()
    known = {figure for figures in PARTS.values() for figure in figures}
    if unknown := set(options.only) - known:
        arguments.error(f"no such figure: {', '.join(sorted(unknown))}; there are "
                        + ", ".join(sorted(known)))
    if not os.path.isdir(options.data):
        arguments.error(f"{options.data}: no such folder; --data names it")
    return options


def main():
    options = read_options()
    figures = Figures("schedule", options.out)
    with tempfile.TemporaryDirectory(prefix="bellwether-bench-") as folder:
        bench = Bench(options, folder)
        for part, measured in PARTS.items():
            if not options.only or set(options.only) & set(measured):
                part(bench, figures)
                figures.write()


if __name__ == "__main__":
    main()
