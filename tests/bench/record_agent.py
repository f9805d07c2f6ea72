"""The agent with all it has: every collector, the outbox, and eight GPUs of a fake NVML."""
import contextlib
import json
import os
import time

import fake_gpus
from processes import get, running
from record_bench import Watch


def agent_full(bench):
    seconds = 20 if bench.options.short else 60
    folder = bench.path("full")
    root, environment = fake_gpus.make(folder, bench.options.build)
    if not os.path.exists(os.path.join(environment["LD_LIBRARY_PATH"], "libnvidia-ml.so.1")):
        raise SystemExit("there is no fake NVML: build bw_fake_nvml_new")
    state = os.path.join(folder, "agent")
    with bench.site("full-site") as (_, broker_port, api_port, _):
        argv = ["env", *(f"{name}={value}" for name, value in environment.items()),
                *bench.agent("full", state, broker_port, f"collect.root={root}")]
        with running(argv, bench.log("full")) as process:
            time.sleep(20)  # past the start and the short first block
            with Watch(process.pid) as watch:
                time.sleep(seconds)
            series = []
            with contextlib.suppress(OSError, ValueError):
                series = json.loads(get(f"http://127.0.0.1:{api_port}/api/v1/nodes/full/series"))
                series = series["series"]
    gpu = sum(found["name"].startswith("gpu.") and found["value"] is not None for found in series)
    values = sum(found["value"] is not None for found in series)
    bench.say(f"agent with all it has: {values} values a tick, {gpu} of them of"
              f" {fake_gpus.COUNT} GPUs, {watch.cpu:.4f} CPU s in {watch.seconds:.1f} s")
    if gpu < fake_gpus.COUNT:
        raise SystemExit(f"the agent reads no GPUs, see {bench.log('full')}")
    bench.forget("full")
    bench.forget("full-site")
    bench.add("agent_full_cpu_percent", 100 * watch.cpu / watch.seconds, "%")
    bench.add("agent_full_pss_mb", watch.peak_mb, "MB")
    bench.add("agent_full_values", values, "count")
