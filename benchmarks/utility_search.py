"""The search of docs/benchmarks/utility.md: constants of U_G, each population left out in turn.

    python benchmarks/utility_search.py --data TABLES [--most 500] [--jobs 2] [--record FILE.csv]

follows docs/benchmarks/utility-protocol.md: at most 500 networks of each population, a small grid for each of
the five constants. About ten minutes of processor time; ``--most 30`` is a trial of half a minute, whose
figures are rough.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from math import prod, sqrt
from multiprocessing import get_context
from warnings import simplefilter

import numpy as np

from reprior.core.canonical import canonicalise
from reprior.core.costs import measure
from reprior.core.utility import Constants, utility
from reprior.core.visits import visit_layers
from reprior.errors import RepriorError
from reprior.lab.bench import BENCHMARKS, load
from reprior.rank.statistics import kendall, near_kendall
from reprior.registry import load_spec

SHARES, POOLS = (0.0, 1 / 2, 1.0), (1.0, sqrt(1 / 2), 1 / 2)
ROOTS, FAN_INS, PLACES = (1 / 4, 1 / 3, 1 / 2), (1 / 4, 1 / 3, 1 / 2), (200.0, 500.0, 1000.0)
WALKS = list(itertools.product(SHARES, POOLS))
GRID = list(itertools.product(ROOTS, FAN_INS, PLACES))
CANDIDATES = [(*constants, *walk) for walk in WALKS for constants in GRID]
NAMES = {0.0: "0", 1 / 4: "1/4", 1 / 3: "1/3", 1 / 2: "1/2", sqrt(1 / 2): "sqrt(1/2)", 1.0: "1"}
ALLOWED = 0.045

Row = tuple[float, float, np.ndarray]


def scored(spec: str) -> Row | None:
    """Size, multiply-adds and, for every candidate, the utility; None for what cannot be analysed."""
    simplefilter("ignore")
    try:
        graph = canonicalise(load_spec(spec).graph)
    except RepriorError:
        return None
    size = sum(prod(leaf.shape) for _, leaf in graph.parameters if leaf.role != "running_statistic")
    walks = [visit_layers(graph, shares=shares, pools=pools) for shares, pools in WALKS]
    scores = [utility(layers, Constants(*constants)) for layers in walks for constants in GRID]
    return size, measure(graph).macs, np.array(scores, float)


def population(name: str, most: int, data: str | None, pool: ProcessPoolExecutor) -> dict[str, np.ndarray]:
    """Tau, tau of near pairs and the loss against the better cost, for every candidate."""
    entries = list(load(BENCHMARKS[name], data).entries)
    if name == "nasbench201":
        entries = [entry for entry in entries if entry.extra["reachable"] == 1]
    if len(entries) > most:
        entries = [entries[k] for k in np.random.default_rng(1).choice(len(entries), most, replace=False)]
    specs = list(dict.fromkeys(entry.spec for entry in entries))
    found = dict(zip(specs, pool.map(scored, specs, chunksize=4), strict=True))
    rows = [(entry.accuracy, *row) for entry in entries if (row := found[entry.spec]) is not None]
    accuracy, size, macs = (np.array([row[k] for row in rows], float) for k in range(3))
    scores = np.nan_to_num(np.array([row[3] for row in rows]), nan=-1e9)
    taus = np.array([kendall(column, accuracy) or 0.0 for column in scores.T])
    near = np.array(
        [np.nan if (n := near_kendall(column, accuracy, size)) is None else n for column in scores.T]
    )
    best = max(kendall(size, accuracy) or 0.0, kendall(macs, accuracy) or 0.0)
    return {"tau": taus, "near": near, "loss": taus - best}


def quality(populations: Sequence[dict[str, np.ndarray]]) -> np.ndarray:
    """J of every candidate."""
    tau = np.mean([item["tau"] for item in populations], axis=0)
    near = np.array([item["near"] for item in populations])
    near = near[~np.isnan(near).all(axis=1)].mean(axis=0) if not np.isnan(near).all() else 0.0
    loss = np.sum([np.maximum(0, -ALLOWED - item["loss"]) for item in populations], axis=0)
    return tau + near / 2 - 3 * loss


def named(candidate: int) -> str:
    root, fan_in, places, shares, pools = CANDIDATES[candidate]
    return f"{NAMES[root]}, {NAMES[fan_in]}, {places:.0f}, {NAMES[shares]}, {NAMES[pools]}"


def record(file: str, found: dict[str, dict[str, np.ndarray]]) -> None:
    """Every candidate with its figures."""
    everything = list(found.values())
    j = quality(everything)
    with open(file, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["visits_power", "fan_in_power", "places", "shares", "pools", "J", *found])
        for k in np.argsort(-j):
            cells = [
                f"{value:.3f}" for value in (*CANDIDATES[k], j[k], *(item["tau"][k] for item in everything))
            ]
            writer.writerow(cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", metavar="TABLES", help="where the tables are; by default REPRIOR_DATA")
    parser.add_argument("--most", type=int, default=500, help="networks of each population")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--record", metavar="FILE", help="write every candidate with its figures as CSV")
    chosen = parser.parse_args()
    with ProcessPoolExecutor(chosen.jobs, mp_context=get_context("spawn")) as pool:
        found = {name: population(name, chosen.most, chosen.data, pool) for name in BENCHMARKS}
    if chosen.record:
        record(chosen.record, found)
    print("root, quarter, places, shares, pools")
    print("chosen on all:", named(int(np.argmax(quality(list(found.values()))))))
    print("\n| left out | tau | near pairs | to the better cost | constants |\n|---|--:|--:|--:|---|")
    judged = []
    for name, item in found.items():
        best = int(np.argmax(quality([other for key, other in found.items() if key != name])))
        judged.append([item[key][best] for key in ("tau", "near", "loss")])
        tau, near, loss = judged[-1]
        pairs = "-" if np.isnan(near) else f"{near:.3f}"
        print(f"| {name} | {tau:.3f} | {pairs} | {loss:+.3f} | {named(best)} |")
    tau, near, loss = np.array(judged).T
    print(f"| **mean** | **{tau.mean():.3f}** | **{np.nanmean(near):.3f}** | worst {loss.min():+.3f} | |")


if __name__ == "__main__":
    main()
