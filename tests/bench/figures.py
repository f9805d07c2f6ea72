"""What every benchmark prints and writes: one line a figure, and a JSON list of them."""
import json
import os


class Figures:
    def __init__(self, bench, folder):
        self.bench = bench
        self.folder = folder
        self.entries = []

    def add(self, figure, ours, unit, peer=None):
        ratio = ours / peer if peer else None
        self.entries.append(
            {"figure": figure, "ours": round(ours, 4), "peer": peer and round(peer, 4),
             "unit": unit, "ratio": ratio and round(ratio, 4)})
        shown = {key: "-" if value is None else value for key, value in self.entries[-1].items()}
        line = "figure={figure} ours={ours} peer={peer} unit={unit} ratio={ratio}"
        print(line.format(**shown), flush=True)

    def write(self):
        os.makedirs(self.folder, exist_ok=True)
        path = os.path.join(self.folder, self.bench + ".json")
        with open(path, "w") as file:
            json.dump(self.entries, file, indent=1)
        print(f"written to {os.path.relpath(path)}")
