"""A day offline: what the outbox holds, and how long it takes to drain over 1 Mbit/s."""
import contextlib
import os
import selectors
import socket
import threading
import time

from processes import free_port, get, running
from record_bench import folder_bytes, stored

BITS_A_SECOND = 1_000_000


class Uplink:
    """A TCP proxy on loopback that lets through so many bits a second, each way, as a thin link
    does: small buffers, so that whoever sends too much waits."""

    CHUNK = 1460

    def __init__(self, target_port, bits_a_second):
        self.port = free_port()
        self.target_port = target_port
        self.bytes_a_second = bits_a_second / 8
        self.carried = [0, 0]
        self.stopping = threading.Event()
        self.threads = []
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.listener.settimeout(0.2)

    def __enter__(self):
        self.start(self.accept)
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        self.listener.close()

    def start(self, work, *arguments):
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def accept(self):
        while not self.stopping.is_set():
            with contextlib.suppress(TimeoutError):
                near, _ = self.listener.accept()
                near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
                far = socket.create_connection(("127.0.0.1", self.target_port))
                far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.start(self.carry, near, far, 0)
                self.start(self.carry, far, near, 1)

    def carry(self, source, target, way):
        free_at = time.monotonic()
        selector = selectors.DefaultSelector()
        selector.register(source, selectors.EVENT_READ)
        with contextlib.suppress(OSError):
            while not self.stopping.is_set():
                if not selector.select(0.2):
                    continue
                data = source.recv(self.CHUNK)
                if not data:
                    break
                free_at = max(free_at, time.monotonic()) + len(data) / self.bytes_a_second
                time.sleep(max(0, free_at - time.monotonic()))
                target.sendall(data)
                self.carried[way] += len(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def outage(bench):
    minutes = 120 if bench.options.short else 24 * 60
    state = os.path.join(bench.path("outage"), "agent")
    os.makedirs(state)
    bench.tool("outbox", bench.trace, state, minutes)
    disk = folder_bytes(state)
    bench.say(f"outage: {minutes} minutes offline are {disk / 1e6:.2f} MB on disk")
    with bench.site("outage") as (_, broker_port, api_port, coordinator_state), \
            Uplink(broker_port, BITS_A_SECOND) as uplink:
        store = os.path.join(coordinator_state, "bellwether.db")
        argv = bench.agent("bench", state, uplink.port)
        began = time.monotonic()
        first_live = half_s = None
        with running(argv, bench.log("outage-agent")):
            while True:
                time.sleep(0.5)
                passed = time.monotonic() - began
                live = get(f"http://127.0.0.1:{api_port}/metrics")
                if first_live is None and "\nbw_live_samples_total 0\n" not in live:
                    first_live = passed
                blocks = stored(store)[0]
                if half_s is None and blocks >= minutes / 2:
                    half_s = passed
                    half_blocks = blocks
                if blocks >= minutes:
                    break
                if passed > 1200:
                    raise SystemExit(f"after {passed:.0f} s {stored(store)[0]} of {minutes} blocks"
                                     f" are stored, see {bench.log('outage-agent')}")
            drained = time.monotonic() - began
    bench.say(f"  first live sample after {first_live:.1f} s, drained after {drained:.1f} s;"
              f" {uplink.carried[0] / 1e6:.2f} MB went up, {uplink.carried[1] / 1e6:.2f} MB down")
    if bench.options.short:  # the rest of the day at the pace of the second half
        pace_s = (drained - half_s) / max(1, minutes - half_blocks)
        disk, drained = disk * 1440 / minutes, drained + (1440 - minutes) * pace_s
    bench.forget("outage")
    bench.add("outage_day_disk_mb", disk / 1e6, "MB")
    bench.add("outage_day_drain_s", drained, "s")
