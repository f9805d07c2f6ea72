"""Queries through the HTTP API, over a month of a hundred nodes.

Of 60 series each, if not told otherwise: some 6 GB. Every ten minutes three names of a node's table
are other ones, as with a busy node. Five nodes' history is made and rolled up by the coordinator's
own code, and copied to the others: of the same shape and size, in a fraction of the time.
"""
import http.client
import json
import os
import random
import time
import urllib.parse

from processes import free_port, running, wait_for_port
from record_bench import folder_bytes, percentile


def ask(connection, **parameters):
    """Milliseconds from the request to the last byte of the answer, and the answer."""
    began = time.monotonic()
    connection.request("GET", "/api/v1/query?" + urllib.parse.urlencode(parameters))
    answer = connection.getresponse()
    body = answer.read()
    spent = (time.monotonic() - began) * 1000
    if answer.status != 200:
        raise SystemExit(f"a query was refused: {body[:300]}")
    return spent, body


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def queries(bench):
    short = bench.options.short
    nodes, days, series = (20, 3, 60) if short else (100, 30, bench.options.query_series)
    state = os.path.join(bench.path("queries"), "coordinator")
    os.makedirs(state)
    made = bench.tool("days", bench.trace, state, nodes, days, series, seconds=3600)
    samples = made["samples"]
    size = folder_bytes(state)
    bench.say(f"queries: {days} days of {nodes} nodes x {series} series at 1 Hz, three of them"
              f" others every ten minutes: {samples} samples,"
              f" {size / 1e9:.2f} GB ({size / samples:.3f} B a sample with all rollups), filled in"
              f" {made['fill_s']:.0f} s, rolled up in {made['roll_up_s']:.0f} s")
    rolled = samples * made["rolled_share"]
    bench.add("rollup_samples_per_s", rolled / max(0.001, made["roll_up_s"]), "1/s")
    broker_port, api_port = free_port(), free_port()
    argv = bench.coordinator(state, broker_port, api_port, "store.raw_days=100",
                             "store.minute_days=200", "store.max_gb=1000")
    chance = random.Random(1)
    now = time.time()
    with running(argv, bench.log("queries")):
        wait_for_port(api_port, 120)
        connection = http.client.HTTPConnection("127.0.0.1", api_port, timeout=30)
        names = metrics_of(connection)
        time.sleep(10)  # what a start brings with it
        day, fleet = [], []
        for _ in range(50 if short else 300):
            end = now - 3600 - chance.random() * (days - 1.2) * 86400
            spent, body = ask(connection, metric=chance.choice(names),
                              node=f"n{chance.randrange(nodes)}", step="60s",
                              **{"from": iso(end - 86400), "to": iso(end)})
            points = sum(len(found["points"]) for found in json.loads(body)["series"])
            if points >= 1400:  # a series that has values
                day.append(spent)
        for _ in range(20 if short else 100):
            end = now - 7200 - chance.random() * (days - 1.2) * 86400
            spent, body = ask(connection, metric="cpu.load1", step="60s", across="avg",
                              group_by="site", **{"from": iso(end - 3600), "to": iso(end)})
            fleet.append(spent)
        bench.say(f"  a day: {len(day)} queries, p50 {percentile(day, 0.5):.2f} ms; the fleet:"
                  f" {len(fleet)}, p50 {percentile(fleet, 0.5):.2f} ms, last answer"
                  f" {len(body)} bytes")
    bench.forget("queries")
    bench.add("query_day_p95_ms", percentile(day, 0.95), "ms")
    bench.add("query_fleet_p95_ms", percentile(fleet, 0.95), "ms")


def metrics_of(connection):
    """Names of metrics that a node has one series of."""
    connection.request("GET", "/api/v1/nodes/n0/series")
    found = json.loads(connection.getresponse().read())["series"]
    counts = {}
    for series in found:
        counts[series["name"]] = counts.get(series["name"], 0) + 1
    names = sorted(name for name, count in counts.items() if count == 1)
    return names or ["cpu.load1"]
