"""The parts of `detect`: each measures some figures and says beside them what they are made of."""
from collections import deque

import numpy

from detect_data import APPLICATIONS, CHOSEN_ON, SERVERS

# Columns of the tool's output.
SCORE, THRESHOLD, ACTIVE, NAMED, FARTHEST = 0, 1, 2, 3, 6
MINUTES_A_DAY = 1440
FALSE_RUNS_APART = 10  # rows: as the judge counts false episodes
COOL_DOWN = 100  # rows after a peak that a lower one is no news: for series of thousands


def speed(bench):
    unit_of = {}
    measured = {}
    for name, value, unit in bench.words("speed"):
        measured[name], unit_of[name] = float(value), unit
    for name in ("score_row_us", "fit_ms", "stream_update_us", "detect_memory_mb"):
        bench.figures.add(name, measured[name], unit_of[name])
    bench.say(f"  scoring a row by all parts: {measured['stream_score_us']:.2f} us; slowest row "
              f"once trained: {measured['slowest_row_us']:.0f} us")


def f1_of(labels, told):
    both = numpy.sum(told & (labels == 1))
    return 2 * both / max(1, told.sum() + labels.sum())


def servers(bench):
    from anomaly_metrics import all_metrics, event_recall_at

    rows = []
    for seed in bench.seeds:
        for name in SERVERS:
            train, test, labels, _ = bench.data.server(name)
            out = bench.run("test", train, test, seed, 1)
            judged = all_metrics(labels, out[:, SCORE])
            rows.append({"seed": seed, "name": name, "ap": judged["ap"], "vus": judged["vpr"],
                         "roc": judged["roc"], "f1": judged["f1"], "events": judged["er1"],
                         "rare": event_recall_at(labels, out[:, SCORE], 0.3),
                         "told": f1_of(labels, out[:, ACTIVE] > 0)})
    keys = ("ap", "vus", "roc", "f1", "told", "events", "rare")

    def means(wanted):
        return [numpy.mean([row[key] for row in rows if wanted(row)]) for key in keys]

    figures = ("smd_ap", "smd_vus_pr", "smd_roc_auc", "smd_best_f1", "smd_f1_label_free",
               "smd_events_at_1_per_day")
    everything = means(lambda row: True)
    for figure, value in zip(figures, everything):
        bench.figures.add(figure, value, "1")
    bench.say(f"  events at 0.3 false episodes a day: {everything[-1]:.3f}")
    halves = {"chosen on": lambda row: row["name"] in CHOSEN_ON,
              "the others": lambda row: row["name"] not in CHOSEN_ON}
    halves |= {f"seed {seed}": lambda row, seed=seed: row["seed"] == seed for seed in bench.seeds}
    for label, wanted in halves.items():
        shown = " ".join(f"{key} {value:.3f}" for key, value in zip(keys, means(wanted)))
        bench.say(f"  {label}: {shown}")


def threshold_at(labels, scores, a_day, rows_a_day):
    """The lowest threshold that gives so many false episodes a day, as the judge counts them."""
    budget = a_day * len(labels) / rows_a_day
    best = scores.max()
    for at in numpy.unique(numpy.quantile(scores, 1 - numpy.linspace(0, 0.2, 800)))[::-1]:
        false = numpy.flatnonzero((scores >= at) & (labels == 0))
        runs = 0 if len(false) == 0 else 1 + (numpy.diff(false) > FALSE_RUNS_APART).sum()
        if runs > budget:
            break
        best = at
    return best


def named_causes(out, labels, causes, rows_a_day):
    """Of each event found at one false episode a day, at its highest row: whether the first named
    metric, and one of the first three, is a labelled cause; and so by rank of distance."""
    scores = out[:, SCORE]
    threshold = threshold_at(labels, scores, 1, rows_a_day)
    for first, last, metrics in causes:
        event = scores[first:last + 1]
        if len(event) == 0 or event.max() < threshold:
            continue
        row = out[first + int(event.argmax())]
        yield [row[NAMED] in metrics, bool(metrics & set(row[NAMED:NAMED + 3])),
               row[FARTHEST] in metrics, bool(metrics & set(row[FARTHEST:FARTHEST + 3]))]


def explanations(bench):
    found = []
    sets = [("SMD", SERVERS, bench.data.server, 1),
            ("ASD", APPLICATIONS, bench.data.application, 5)]
    for label, names, read, minutes in sets:
        here = []
        for seed in bench.seeds:
            for name in names:
                train, test, labels, causes = read(name)
                out = bench.run("test", train, test, seed, minutes)
                here += named_causes(out, labels, causes, MINUTES_A_DAY / minutes)
        first, three, _, _ = numpy.mean(here, axis=0)
        bench.say(f"  {label}: {len(here)} found events of {len(bench.seeds)} seeds: first "
                  f"{first:.3f}, of three {three:.3f}")
        found += here
    first, three, far_first, far_three = numpy.mean(found, axis=0)
    bench.figures.add("explain_top1", first, "1", far_first)
    bench.figures.add("explain_top3", three, "1", far_three)


def fresh_peaks(scores, rows):
    """What is no higher than a score of the last rows is no news: 0."""
    fresh = scores.copy()
    recent = deque()
    for at, score in enumerate(scores):
        while recent and recent[0][0] < at - rows:
            recent.popleft()
        if recent and recent[0][1] >= score:
            fresh[at] = 0
        while recent and recent[-1][1] <= score:
            recent.pop()
        recent.append((at, score))
    return fresh


def nab(bench):
    from nab_score import Nab

    judge = Nab()
    profiles = []
    for seed in bench.seeds:
        scores = {}
        for path in judge.files:
            out = bench.run("follow", bench.data.series(path), seed, 5)
            scores[path] = fresh_peaks(out[:, SCORE], COOL_DOWN)
        profiles.append({name: score for name, (score, _) in judge.score(scores).items()})
        bench.say(f"  seed {seed}: " + " ".join(f"{k} {v:.1f}" for k, v in profiles[-1].items()))
    standard = numpy.mean([profile["standard"] for profile in profiles])
    bench.figures.add("nab_standard", standard, "1")


def agreement(bench):
    from sklearn.ensemble import IsolationForest
    from sklearn.metrics import roc_auc_score

    largest = 0
    for name, labels, path in bench.data.tables():
        rows = numpy.loadtxt(path, delimiter=",")
        ours, theirs = [], []
        for seed in range(10):
            ours.append(roc_auc_score(labels, bench.run("forest", path, seed)[:, 0]))
            peer = IsolationForest(max_samples=min(256, len(rows)), random_state=seed).fit(rows)
            theirs.append(roc_auc_score(labels, -peer.score_samples(rows)))
        difference = abs(numpy.mean(ours) - numpy.mean(theirs))
        error = numpy.hypot(numpy.std(ours), numpy.std(theirs)) / numpy.sqrt(10)
        largest = max(largest, difference)
        bench.say(f"  {name}: {numpy.mean(ours):.4f} and {numpy.mean(theirs):.4f}, apart "
                  f"{difference:.4f}, standard error {error:.4f}")
    bench.figures.add("sklearn_auc_max_difference", largest, "1")
