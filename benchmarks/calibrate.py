"""Count how often U_G orders pairs rightly, and whether that holds on populations left out.

    REPRIOR_DATA=DIR python benchmarks/calibrate.py [--cache FILE]

writes src/reprior/analysis/calibration.json and docs/figures/reliability.svg, and prints the tables of
docs/benchmarks/evidence.md.
"""

from __future__ import annotations

import argparse
import json
from itertools import pairwise
from pathlib import Path

import numpy as np

from reprior.analysis.calibration import ALIKE, interpolate
from reprior.lab.bench import BENCHMARKS, load
from reprior.rank import Cache, default_cache, score_models

DIFFERENCES = (0.03, 0.06, 0.12, 0.25, 0.5, 1.0, 2.0, 4.0)
KINDS = {"cells": "images", "networks": "images", "zoo": "images"}
ROOT = Path(__file__).parents[1]
OUT = ROOT / "src" / "reprior" / "analysis" / "calibration.json"
FIGURE = ROOT / "docs" / "figures" / "reliability.svg"
FEWEST, MOST = 30, 1000


def pairs_of(name: str, cache: Path) -> dict[str, np.ndarray]:
    """Of pairs: difference of utility, whether sizes are alike, whether the order was right."""
    entries = list(load(BENCHMARKS[name]).entries)
    if name == "nasbench201":
        entries = [entry for entry in entries if entry.extra["reachable"] == 1]
    if len(entries) > MOST:
        entries = [entries[k] for k in np.random.default_rng(0).choice(len(entries), MOST, replace=False)]
    scores = score_models([entry.spec for entry in entries], cache=Cache(cache), uncounted=True)
    rows = [
        (scores[e.spec]["utility"], scores[e.spec]["num_parameters"], e.accuracy, e.group)
        for e in entries
        if not isinstance(scores[e.spec], str) and scores[e.spec]["utility"] is not None
    ]
    utility, size, accuracy = (np.array([row[k] for row in rows], float) for k in range(3))
    group = np.array([row[3] for row in rows])
    i, j = np.triu_indices(len(rows), 1)
    # Within a recipe, where there are any: training differs between them.
    keep = (accuracy[i] != accuracy[j]) & (utility[i] != utility[j]) & (group[i] == group[j])
    i, j = i[keep], j[keep]
    difference = utility[i] - utility[j]
    ratio = np.maximum(size[i], size[j]) / np.minimum(size[i], size[j])
    return {
        "difference": np.abs(difference),
        "alike": ratio <= 1 + ALIKE,
        "right": (np.sign(difference) == np.sign(accuracy[i] - accuracy[j])).astype(float),
    }


def curve(populations: list[dict[str, np.ndarray]], alike: bool) -> list[float]:
    """Share of pairs ordered rightly around each difference, populations weighing alike, never falling."""
    edges = np.sqrt(np.array(DIFFERENCES[:-1]) * np.array(DIFFERENCES[1:]))
    sums, counts = np.zeros(len(DIFFERENCES)), np.zeros(len(DIFFERENCES))
    for data in populations:
        chosen = data["alike"] == alike
        place = np.searchsorted(edges, data["difference"][chosen])
        number = np.bincount(place, minlength=len(DIFFERENCES))
        share = np.bincount(place, data["right"][chosen], len(DIFFERENCES)) / np.maximum(number, 1)
        sums += np.where(number >= FEWEST, share, 0)
        counts += number >= FEWEST
    shares: list[float] = []
    weights = [float(count) for count in counts]
    # Pool adjacent violators; a bin without pairs takes what stands before it.
    blocks: list[list[float]] = []
    for total, weight in zip(sums, weights, strict=True):
        blocks.append([total, weight, 1])
        while len(blocks) > 1 and (
            blocks[-1][1] == 0
            or blocks[-2][1] == 0
            or blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]
        ):
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    for total, weight, width in blocks:
        shares += [min(0.99, max(0.5, total / weight)) if weight else 0.5] * int(width)
    return [round(share, 3) for share in shares]


def table(names: list[str], data: dict[str, dict[str, np.ndarray]]) -> dict[str, dict[str, list[float]]]:
    kinds: dict[str, list[str]] = {"any": names}
    for name in names:
        kind = KINDS.get(BENCHMARKS[name].kind, BENCHMARKS[name].kind)
        kinds.setdefault(kind, []).append(name)
    return {
        kind: {
            label: curve([data[name] for name in members], alike)
            for label, alike in (("alike", True), ("unlike", False))
        }
        for kind, members in kinds.items()
    }


def diagram(points: list[tuple[float, float]]) -> str:
    """A reliability diagram as SVG: what was said, across, against what was right."""

    def at(share: float) -> float:
        return 40 + 560 * (share - 0.5)

    ticks = "".join(
        f'<text x="{at(k / 10):.0f}" y="335" text-anchor="middle">{k / 10:.1f}</text>\n'
        f'<text x="34" y="{364 - at(k / 10):.0f}" text-anchor="end">{k / 10:.1f}</text>\n'
        for k in range(5, 11)
    )
    places = [(f"{at(said):.1f}", f"{360 - at(right):.1f}") for said, right in points]
    line = " ".join(f"{x},{y}" for x, y in places)
    dots = "".join(f'<circle cx="{x}" cy="{y}" r="3.5" fill="#1565c0"/>\n' for x, y in places)
    start = 'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 360" font-family="sans-serif" font-size="11"'
    return f"""<svg {start}>
<title>Reliability of the evidence on populations left out</title>
<rect width="360" height="360" fill="white"/>
<path d="M40 320H320M40 320V40" stroke="#444" fill="none"/>
<path d="M40 320L320 40" stroke="#999" stroke-dasharray="4 3" fill="none"/>
{ticks}<polyline fill="none" stroke="#1565c0" points="{line}"/>
{dots}<text x="180" y="353" text-anchor="middle">share that was said</text>
<text x="12" y="180" text-anchor="middle" transform="rotate(-90 12 180)">share that was right</text>
</svg>
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cache", type=Path, default=default_cache())
    cache = parser.parse_args().cache
    names = [name for name in BENCHMARKS if name != "sharing"]
    data = {name: pairs_of(name, cache) for name in names}
    found = {"differences": list(DIFFERENCES), "kinds": table(names, data)}
    OUT.write_text(json.dumps(found, indent=1) + "\n")
    print("| left out | pairs | said | were right |\n|---|--:|--:|--:|")
    said, right, weight = [], [], []
    for name in names:
        rest = table([other for other in names if other != name], data)["any"]
        mine = data[name]
        guess = np.array(
            [
                interpolate(DIFFERENCES, rest["alike" if alike else "unlike"], difference)
                for difference, alike in zip(mine["difference"], mine["alike"], strict=True)
            ]
        )
        print(f"| {name} | {len(guess):,} | {guess.mean():.2f} | {mine['right'].mean():.2f} |")
        said.append(guess)
        right.append(mine["right"])
        weight.append(np.full(len(guess), 1 / len(guess)))
    said, right, weight = (np.concatenate(parts) for parts in (said, right, weight))
    print("\n| said | were right, left out |\n|---|--:|")
    edges = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 1.01)
    points = []
    for low, high in pairwise(edges):
        inside = (said >= low) & (said < high)
        if inside.any():
            share = round(float(np.average(right[inside], weights=weight[inside])), 2)
            points.append(((low + min(high, 1)) / 2, share))
            print(f"| {low:.2f} to {min(high, 1):.2f} | {share:.2f} |")
    FIGURE.write_text(diagram(points), encoding="utf-8")


if __name__ == "__main__":
    main()
