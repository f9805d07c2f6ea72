"""What the parts of the benchmark `record` share: folders, programs, and how they are watched."""
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import threading
import time

from processes import alive, cpu_seconds, free_port, get, pss_mb, running, wait_for_port


class Bench:
    def __init__(self, options, folder, figures):
        self.options = options
        self.bin = os.path.join(options.build, "bin")
        self.tool_path = os.path.join(options.build, "tests", "bin", "bw_record_bench")
        self.folder = folder
        self.figures = figures
        self.trace = options.trace
        self.facts = None  # of the trace

    def path(self, *names):
        """A folder of the run's own, made where it is not there."""
        path = os.path.join(self.folder, *names)
        os.makedirs(path, exist_ok=True)
        return path

    def log(self, name):
        return os.path.join(self.folder, name + ".log")

    def tool(self, *arguments, seconds=1800, out=None):
        argv = [self.tool_path, *map(str, arguments)]
        if out is not None:
            with open(out, "wb") as file:
                subprocess.run(argv, check=True, stdout=file, timeout=seconds)
            return None
        done = subprocess.run(argv, check=True, stdout=subprocess.PIPE, timeout=seconds)
        return json.loads(done.stdout)

    def coordinator(self, state, broker_port, api_port, *more):
        os.makedirs(state, exist_ok=True)
        argv = [os.path.join(self.bin, "bellwether-coordinator")]
        for setting in (f"state.directory={state}", f"broker.port={broker_port}",
                        f"api.listen=127.0.0.1:{api_port}", *more):
            argv += ["--set", setting]
        return argv

    def agent(self, node, state, broker_port, *more):
        os.makedirs(state, exist_ok=True)
        argv = [os.path.join(self.bin, "bellwether-agent")]
        for setting in (f"node.id={node}", f"broker.url=mqtt://127.0.0.1:{broker_port}",
                        f"state.directory={state}", *more):
            argv += ["--set", setting]
        return argv

    @contextlib.contextmanager
    def site(self, name, *more):
        """A coordinator with its broker: (its process, broker's port, API's port, state)."""
        broker_port, api_port = free_port(), free_port()
        state = os.path.join(self.path(name), "coordinator")
        argv = self.coordinator(state, broker_port, api_port, *more)
        with running(argv, self.log(name)) as process:
            wait_for_port(api_port, 60)
            wait_for_port(broker_port, 30)
            yield process, broker_port, api_port, state

    def forget(self, name):
        shutil.rmtree(os.path.join(self.folder, name), ignore_errors=True)

    def add(self, figure, ours, unit, peer=None):
        self.figures.add(figure, ours, unit, peer)

    def say(self, text):
        print(text, flush=True)


class Watch:
    """Peak PSS of a process, its CPU seconds and what it wrote to the device, while it lasts."""

    def __init__(self, pid):
        self.pid = pid
        self.peak_mb = 0.0
        self.samples_mb = []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)

    def look(self):
        while not self.stopping.wait(0.5):
            with contextlib.suppress(OSError):
                self.samples_mb.append(pss_mb(self.pid))

    def __enter__(self):
        self.cpu_before = cpu_seconds(self.pid)
        self.written_before = written_bytes(self.pid)
        self.began = time.monotonic()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()
        if alive(self.pid):
            self.cpu = cpu_seconds(self.pid) - self.cpu_before
            self.written = written_bytes(self.pid) - self.written_before
        self.seconds = time.monotonic() - self.began
        self.peak_mb = max(self.samples_mb, default=0.0)


def written_bytes(pid):
    with open(f"/proc/{pid}/io") as file:
        for line in file:
            if line.startswith("write_bytes:"):
                return int(line.split()[1])
    return 0


def pages_of(path, names):
    """Bytes of the pages of these tables, with their indexes: whole pages, full or not."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        marks = ",".join("?" * len(names))
        objects = [row[0] for row in database.execute(
            f"SELECT name FROM sqlite_schema WHERE tbl_name IN ({marks})", names)]
        marks = ",".join("?" * len(objects))
        return database.execute(
            f"SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name IN ({marks})",
            objects).fetchone()[0]


def stored(path):
    """Blocks and rows that a coordinator's store holds."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return database.execute("SELECT count(*), coalesce(sum(rows), 0) FROM blocks").fetchone()


def metric(api_port, name):
    """One number of the coordinator's /metrics; `name` with its labels as printed."""
    for line in get(f"http://127.0.0.1:{api_port}/metrics").splitlines():
        if line.startswith(name + " "):
            return float(line.rsplit(" ", 1)[1])
    return 0.0


def folder_bytes(path):
    total = 0
    for base, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.path.getsize(os.path.join(base, name))
    return total


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]
