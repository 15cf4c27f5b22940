"""The exact optimum of the ResNet widths against all 16,384 networks, and the samplers against it.

    python benchmarks/exact_optimum.py

The figures of docs/advise.md and docs/search.md.
"""

from __future__ import annotations

import time

from reprior.core.canonical import canonicalise
from reprior.core.costs import measure
from reprior.core.utility import utility_of_graph
from reprior.models.channel_resnet import channel_resnet
from reprior.search import SpaceOptimum, optimum, run, space

LIMITS = (
    (None, None),
    (8_000_000, None),
    (3_000_000, None),
    (3_000_000, 200_000_000),
    (1_000_000, 100_000_000),
)
SEEDS = range(5)
TRIALS = {"random": 1000, "evolution": 1000, "nsga2": 1000, "nsga3": 1000, "tpe": 300}
"""`tpe` thinks longer the more trials there are."""


def main() -> None:
    widths = space("resnet-width")
    start = time.perf_counter()
    rows = []
    for spec in widths.candidates():
        graph = channel_resnet(spec.removeprefix("channels:"))
        canonical = canonicalise(graph)
        leaves = [leaf for _, leaf in graph.parameters if leaf.role != "running_statistic"]
        numel = sum(_numel(leaf.shape) for leaf in leaves)
        rows.append((utility_of_graph(canonical), numel, measure(canonical).macs, spec))
    print(f"all {len(rows):,} networks: {time.perf_counter() - start:.0f} s")
    for params, macs in LIMITS:
        start = time.perf_counter()
        found = optimum(widths, max_params=params, max_macs=macs)
        seconds = time.perf_counter() - start
        best = max(row for row in rows if row[1] <= (params or row[1]) and row[2] <= (macs or row[2]))
        equal = abs(best[0] - found.utility) < 1e-9 and best[1] == found.num_parameters
        print(
            f"| {params or '-'} | {macs or '-'} | {found.candidate} | {found.utility:.6f} | {best[3]} | "
            f"{best[0]:.6f} | {equal} | {found.counted} | {seconds:.1f} s |",
            flush=True,
        )
        if params == 3_000_000:
            samplers(found, {"params": params} | ({"macs": macs} if macs else {}))


def samplers(best: SpaceOptimum, limits: dict[str, float]) -> None:
    """How often each sampler finds the optimum, and what it has less when it does not."""
    for name, trials in TRIALS.items():
        runs = [
            run("resnet-width", limits=limits, trials=trials, sampler=name, seed=seed, workers=1)
            for seed in SEEDS
        ]
        short = [best.utility - (done.best.quantities["utility"] or 0.0) for done in runs]
        hit, mean = sum(amount < 1e-9 for amount in short), sum(short) / len(short)
        print(f"| `{name}` | {trials} | {hit} of {len(short)} | {mean:.3f} | {max(short):.3f} |", flush=True)


def _numel(shape: tuple[int, ...]) -> int:
    many = 1
    for size in shape:
        many *= size
    return many


if __name__ == "__main__":
    main()
