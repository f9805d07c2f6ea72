"""Eight busy GPUs where there is none: a root whose PCI bus has them, and the fake NVML's script.

    root, environment = fake_gpus.make(folder, build)

The agent is started with `--set collect.root=ROOT` and this environment on top of its own.
"""
import os

COUNT = 8
# Values as an H100 has them, by the names that tests/support/fake_nvml/script.h tells.
VALUES = {
    "util": 87, "mem_util": 45, "fb_total": 85899345920, "fb_free": 21474836480,
    "fb_used": 63350767616, "fb_reserved": 1073741824, "temp": 61, "clock_sm": 1980,
    "clock_mem": 2619, "clock_video": 1545, "clock_event_reasons": 4, "enc_util": 0, "dec_util": 0,
    "bar1_used": 1048576, "bar1_total": 137438953472, "temp_margin": 26, "power_limit": 700000,
    "pstate": 0, "jpg_util": 0, "ofa_util": 0, "pcie_gen": 5, "pcie_width": 16, "pcie_gen_max": 5,
    "pcie_width_max": 16, "mig_mode": 0,
}  # fmt: skip
FIELDS = [82, 83, 185, 186, 197, 198, 74, 75, 76, 77, 78, 79, 94, 3, 4, 142, 143, 144, 145, 138,
          139, 38, 45, 52, 59, *range(173, 184), 5, 6, 29, 30, 31]  # fmt: skip
GPM = [2, 3, 5, 10, 11, 12, 13]


def link_all(real, ours, but):
    """Links everything of the directory `real` into `ours`, without `but`."""
    os.makedirs(ours, exist_ok=True)
    for name in os.listdir(real):
        if name != but:
            os.symlink(os.path.join(real, name), os.path.join(ours, name))


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        file.write(text + "\n")


def make_root(root):
    link_all("/", root, "sys")
    link_all("/sys", f"{root}/sys", "bus")
    if os.path.isdir("/sys/bus"):
        link_all("/sys/bus", f"{root}/sys/bus", "pci")
    for gpu in range(COUNT):
        device = f"{root}/sys/bus/pci/devices/0000:{gpu + 1:02x}:00.0"
        write(f"{device}/vendor", "0x10de")
        write(f"{device}/class", "0x030200")
        write(f"{device}/power/runtime_status", "active")
        write(f"{device}/power/control", "on")
        write(f"{device}/power_state", "D0")


def script():
    lines = [f"count {COUNT}"]
    lines += [f"value * {name} {value}" for name, value in VALUES.items()]
    lines += [f"value * field.{field} {field * 1000}" for field in FIELDS]
    lines += [f"value * gpm.{metric} {metric * 3.5}" for metric in GPM]
    for gpu in range(COUNT):
        lines += [f"process {gpu} {os.getpid()} 60000000000 85", f"process {gpu} 1 500000000 0"]
    return "\n".join(lines)


def make(folder, build):
    """The root and the environment of an agent that has these GPUs."""
    make_root(f"{folder}/root")
    write(f"{folder}/gpus", script())
    return f"{folder}/root", {
        "LD_LIBRARY_PATH": os.path.join(build, "tests/fake_nvml/new"),
        "BW_FAKE_NVML": f"{folder}/gpus",
        "BW_FAKE_NVML_LAZY": "1",
    }
