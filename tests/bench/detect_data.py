"""The public data sets, turned into files that the detector's tool reads."""
import glob
import gzip
import os
import subprocess

import numpy

# Chosen on the first half, reported beside it on the other.
CHOSEN_ON = ("1-2", "1-4", "2-1", "2-3")
SERVERS = ("1-2", "1-3", "1-4", "1-5", "2-1", "2-2", "2-3", "2-4")
APPLICATIONS = ("omi-1", "omi-2", "omi-3", "omi-4", "omi-5", "omi-6")


class Data:
    def __init__(self, root, folder):
        self.root = root
        self.folder = folder

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def unpacked(self, path):
        """The file, decompressed where it is compressed."""
        if not path.endswith(".zst"):
            return path
        out = os.path.join(self.folder, path.replace(os.sep, "_").removesuffix(".zst"))
        if not os.path.exists(out):
            subprocess.run(["zstd", "-q", "-d", "-o", out, path], check=True)
        return out

    def server(self, name):
        """Of SMD: train file, test file, labels, causes."""
        at = self.path("smd", f"machine-{name}")
        labels = numpy.loadtxt(self.unpacked(at + "_test_label.csv.zst")).astype(int)
        return (self.unpacked(at + "_train.csv.zst"), self.unpacked(at + "_test.csv.zst"), labels,
                read_causes(at + "_causes.txt"))

    def application(self, name):
        """The same of ASD."""
        labels = numpy.loadtxt(self.path("asd", "test_label", name + ".txt")).astype(int)
        return (self.unpacked(self.path("asd", "train", name + ".txt.zst")),
                self.unpacked(self.path("asd", "test", name + ".txt.zst")), labels,
                read_causes(self.path("asd", "interpretation_label", name + ".txt")))

    def tables(self):
        """Of ADBench: (name, labels, file of the rest)."""
        for path in sorted(glob.glob(self.path("adbench", "*.csv.zst"))):
            rows = numpy.loadtxt(self.unpacked(path), delimiter=",")
            out = os.path.join(self.folder, os.path.basename(path).removesuffix(".zst") + ".rows")
            numpy.savetxt(out, rows[:, :-1], delimiter=",", fmt="%.9g")
            yield os.path.basename(path).removesuffix(".csv.zst"), rows[:, -1].astype(int), out

    def series(self, path):
        """One of NAB: the values alone."""
        out = os.path.join(self.folder, os.path.basename(path) + ".values")
        with gzip.open(path, "rt") as file, open(out, "w") as values:
            next(file)
            values.writelines(line.rstrip("\n").rsplit(",", 1)[1] + "\n" for line in file)
        return out


def read_causes(path):
    """(first row, last row, metrics counted from 1) of each labelled event."""
    causes = []
    with open(path) as file:
        for line in file:
            rows, metrics = line.strip().split(":")
            first, last = rows.split("-")
            causes.append((int(first), int(last), {int(metric) for metric in metrics.split(",")}))
    return causes
