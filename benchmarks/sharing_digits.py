"""Deep networks with shared convolutions against shallow ones without (docs/benchmarks/sharing.md).

    python benchmarks/sharing_digits.py RUNS             trains what is not trained yet (one thread)
    python benchmarks/sharing_digits.py RUNS --csv FILE  writes the finished runs as a table

`sharing_report.py` says what follows from the table.
Each training is ``reprior train digits`` with other blocks, sharing and seed.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path

import torch
import typer

from reprior.lab.training import Prediction, Recipe, load_recipe, plan, read_result, train

SEEDS = range(5)
DEPTHS = {4: (1, 2, 3, 5), 6: (1, 2, 3, 5), 8: (1, 2, 3, 5), 12: (1, 2), 16: (1,)}


@dataclass(frozen=True, slots=True)
class Variant:
    """A network of three stages, the last with squeeze-and-excite, each `depth` blocks deep."""

    depth: int
    width: int
    share: str

    @property
    def name(self) -> str:
        """Depth, width and whether it shares."""
        return f"d{self.depth}w{self.width}{'-shared' if self.share != 'none' else ''}"

    def recipe(self, seed: int) -> Recipe:
        """How it is trained."""
        base = load_recipe("digits")
        d, w = self.depth, self.width
        blocks = (
            f"er_r{d}_k3_s1_e2_c{w}",
            f"er_r{d}_k3_s2_e2_c{2 * w}",
            f"ir_r{d}_k3_s1_e4_c{3 * w}_se0.25",
        )
        model = replace(base.model, share=self.share, blocks=blocks, stem=w, features=8 * w)
        return replace(base, name=self.name, model=model, training=replace(base.training, seed=seed))

    def prediction(self) -> Prediction:
        """What is known of it without training."""
        return plan(self.recipe(0), 800).prediction


def variants() -> Iterator[Variant]:
    """Every depth and width, shared wherever there is something to share."""
    for width, depths in DEPTHS.items():
        for depth in depths:
            yield Variant(depth, width, "none")
            if depth > 1:
                yield Variant(depth, width, "all_but_bn")


def train_all(runs: Path) -> None:
    """Train what is not trained yet, seed by seed."""
    torch.set_num_threads(1)
    for seed, variant in product(SEEDS, variants()):
        result = train(variant.recipe(seed), runs / f"{variant.name}-{seed}")
        typer.echo(f"{variant.name} seed {seed}: {result.accuracy:.2f} % in {result.seconds:.0f} s")


def write_table(runs: Path, table: Path) -> None:
    """One line a run."""
    rows = []
    for variant in variants():
        known = {"variant": variant.name, **asdict(variant)}
        predicted = asdict(variant.prediction())
        for seed in SEEDS:
            result = read_result(runs / f"{variant.name}-{seed}")
            scores = {"accuracy": round(result.accuracy, 4), "seconds": round(result.seconds, 1)}
            rows.append({**known, **predicted, "seed": seed, **scores})
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Train, or write the table."""
    parser = argparse.ArgumentParser(description="Deep shared and shallow unshared networks on digits.")
    parser.add_argument("runs", type=Path)
    parser.add_argument("--csv", type=Path)
    options = parser.parse_args()
    if options.csv:
        write_table(options.runs, options.csv)
    else:
        train_all(options.runs)


if __name__ == "__main__":
    main()
