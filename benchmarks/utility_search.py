"""The search of docs/benchmarks/utility.md: constants of U_G, each population left out in turn.

    REPRIOR_DATA=DIR python benchmarks/utility_search.py

follows docs/benchmarks/utility-protocol.md: 500 networks of each population (all rows of timm, which takes
most of the time), a small grid for each of the five constants.
"""

from __future__ import annotations

import itertools
from math import sqrt

import numpy as np

from reprior.core.canonical import canonicalise
from reprior.core.costs import measure
from reprior.core.utility import Constants, utility
from reprior.core.visits import visit_layers
from reprior.lab.bench import BENCHMARKS, load
from reprior.rank.statistics import kendall, near_kendall
from reprior.registry import load_spec

WALKS = list(itertools.product((0.0, 1 / 2, 1.0), (1.0, sqrt(1 / 2), 1 / 2)))
GRID = list(itertools.product((1 / 4, 1 / 3, 1 / 2), (1 / 4, 1 / 3, 1 / 2), (200.0, 500.0, 1000.0)))
MOST, ALLOWED = 500, 0.045


def population(name: str) -> dict[str, np.ndarray]:
    """Targets, sizes, costs and, for every walk and constants, utilities."""
    entries = list(load(BENCHMARKS[name]).entries)
    if name == "nasbench201":
        entries = [entry for entry in entries if entry.extra["reachable"] == 1]
    if name != "timm" and len(entries) > MOST:
        entries = [entries[k] for k in np.random.default_rng(1).choice(len(entries), MOST, replace=False)]
    rows = []
    for entry in entries:
        graph = canonicalise(load_spec(entry.spec).graph)
        size = sum(np.prod(leaf.shape) for _, leaf in graph.parameters if leaf.role != "running_statistic")
        scores = [
            [utility(layers, Constants(*constants)) for constants in GRID]
            for layers in (visit_layers(graph, shares=shares, pools=pools) for shares, pools in WALKS)
        ]
        rows.append((entry.accuracy, size, measure(graph).macs, np.array(scores, float).ravel()))
    accuracy, size, macs = (np.array([row[k] for row in rows], float) for k in range(3))
    scores = np.nan_to_num(np.array([row[3] for row in rows]), nan=-1e9)
    taus = np.array([kendall(column, accuracy) or 0.0 for column in scores.T])
    near = np.array([near_kendall(column, accuracy, size) or np.nan for column in scores.T])
    best = max(kendall(size, accuracy) or 0.0, kendall(macs, accuracy) or 0.0)
    return {"tau": taus, "near": near, "loss": taus - best}


def choose(populations: list[dict[str, np.ndarray]]) -> int:
    """The candidate with the highest J."""
    tau = np.mean([item["tau"] for item in populations], axis=0)
    near = np.nanmean([item["near"] for item in populations], axis=0)
    loss = np.sum([np.maximum(0, -ALLOWED - item["loss"]) for item in populations], axis=0)
    return int(np.argmax(tau + near / 2 - 3 * loss))


def main() -> None:
    found = {name: population(name) for name in BENCHMARKS}
    names = list(itertools.product(WALKS, GRID))
    print("all:", names[choose(list(found.values()))])
    print("| left out | tau | near pairs | to the better cost | constants |\n|---|--:|--:|--:|---|")
    judged = []
    for name, item in found.items():
        best = choose([other for key, other in found.items() if key != name])
        judged.append([item[key][best] for key in ("tau", "near", "loss")])
        tau, near, loss = judged[-1]
        print(f"| {name} | {tau:.3f} | {near:.3f} | {loss:+.3f} | {names[best]} |")
    tau, near, loss = np.array(judged).T
    print(f"mean tau {tau.mean():.3f}, near pairs {np.nanmean(near):.3f}, worst {loss.min():+.3f}")


if __name__ == "__main__":
    main()
