"""The peer that many write first: psutil once a second, published as JSON through paho-mqtt.

System metrics only.
"""
import json
import sys
import time

import paho.mqtt.client as mqtt
import psutil

client = mqtt.Client()
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_start()
following = time.monotonic()
while True:
    sample = {
        "cpu_percent": psutil.cpu_percent(percpu=True),
        "cpu_times": [list(times) for times in psutil.cpu_times(percpu=True)],
        "cpu_stats": list(psutil.cpu_stats()),
        "load": list(psutil.getloadavg()),
        "memory": list(psutil.virtual_memory()),
        "swap": list(psutil.swap_memory()),
        "disks": {name: list(counters)
                  for name, counters in psutil.disk_io_counters(perdisk=True).items()},
        "usage": {part.mountpoint: list(psutil.disk_usage(part.mountpoint))
                  for part in psutil.disk_partitions()},
        "net": {name: list(counters)
                for name, counters in psutil.net_io_counters(pernic=True).items()},
        "temperatures": {name: [list(entry) for entry in entries]
                         for name, entries in psutil.sensors_temperatures().items()},
    }
    client.publish("psutil", json.dumps(sample))
    following += 1
    time.sleep(max(0, following - time.monotonic()))
