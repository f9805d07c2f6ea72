"""What the detector finds, how it explains it, what it costs: own tool, others' data and judges.

The data sets and judges are not part of this repository: --data and --judge name their folders,
each with a README of its own. Point-adjusted F1 is left out on purpose: random scores reach .88.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy
from figures import Figures

from detect_data import Data
from detect_parts import agreement, explanations, nab, servers, speed

# Part -> what it measures.
PARTS = {
    speed: ("score_row_us", "fit_ms", "stream_update_us", "detect_memory_mb"),
    servers: ("smd_ap", "smd_vus_pr", "smd_roc_auc", "smd_best_f1", "smd_f1_label_free",
              "smd_events_at_1_per_day"),
    explanations: ("explain_top1", "explain_top3"),
    nab: ("nab_standard",),
    agreement: ("sklearn_auc_max_difference",),
}


def read_options():
    here = os.path.dirname(os.path.abspath(__file__))
    shared = os.path.join(here, "..", "..", "..", "shared")
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    arguments.add_argument("--build", required=True)
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--data", default=os.path.join(shared, "data"))
    arguments.add_argument("--judge", default=os.path.join(shared, "judge"))
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--only", nargs="+", metavar="FIGURE", default=[],
                           help="only the parts that measure these")
    options = arguments.parse_args()
    known = {figure for figures in PARTS.values() for figure in figures}
    if unknown := set(options.only) - known:
        arguments.error(f"no such figure: {', '.join(sorted(unknown))}; there are "
                        + ", ".join(sorted(known)))
    for folder in (options.data, options.judge):
        if not os.path.isdir(folder):
            arguments.error(f"{folder}: no such folder; --data and --judge name them")
    return options


class Bench:
    """The tool, the data as the tool reads it, and the judges."""

    def __init__(self, options, folder, figures):
        self.tool = os.path.join(options.build, "tests", "bin", "bw_detect_bench")
        self.seeds = range(options.seeds)
        self.data = Data(options.data, folder)
        self.figures = figures

    def run(self, *arguments):
        """The numbers that the tool prints, a row a line."""
        done = subprocess.run([self.tool, *map(str, arguments)], check=True, text=True,
                              stdout=subprocess.PIPE)
        return numpy.array([line.split() for line in done.stdout.splitlines()], float)

    def words(self, *arguments):
        done = subprocess.run([self.tool, *arguments], check=True, text=True,
                              stdout=subprocess.PIPE)
        return [line.split() for line in done.stdout.splitlines()]

    def say(self, text):
        print(text, flush=True)


def main():
    options = read_options()
    sys.path.insert(0, options.judge)
    os.environ.setdefault("NAB", os.path.join(options.data, "nab"))
    figures = Figures("detect", options.out)
    with tempfile.TemporaryDirectory(prefix="bellwether-bench-") as folder:
        bench = Bench(options, folder, figures)
        for part, measured in PARTS.items():
            if not options.only or set(options.only) & set(measured):
                part(bench)
                figures.write()


if __name__ == "__main__":
    main()
