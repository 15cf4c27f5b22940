"""Deep networks with shared convolutions against shallow ones without, on CIFAR-10.

    python benchmarks/sharing_cifar.py RUNS --data DATA     trains what is not trained yet (one thread)
    python benchmarks/sharing_cifar.py RUNS --csv FILE      writes the finished runs as a table

DATA is a folder with torchvision's CIFAR-10, or an archive of its images (see docs/sharing.md). Several of
these may run at once, each with seeds of its own (``--seeds``); one that was interrupted goes on from its
last epoch.
`sharing_report.py` says what follows from the table.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path

import torch
import typer

from reprior.lab.training import Prediction, Recipe, load_recipe, plan, read_result, train

SEEDS = range(3)
TRAIN_IMAGES = 20_000


@dataclass(frozen=True, slots=True)
class Variant:
    """A network of four stages, two of fused MBConv and two of MBConv, each `depth` blocks deep."""

    depth: int
    width: int
    share: str

    @property
    def name(self) -> str:
        """Depth, width and whether it shares."""
        return f"d{self.depth}w{self.width}{'-shared' if self.share != 'none' else ''}"

    def recipe(self, seed: int) -> Recipe:
        """How it is trained."""
        base = load_recipe("cifar10-small")
        d, w = self.depth, self.width
        blocks = (
            f"er_r{d}_k3_s1_e2_c{w}",
            f"er_r{d}_k3_s2_e2_c{2 * w}",
            f"ir_r{d}_k3_s2_e4_c{4 * w}_se0.25",
            f"ir_r{d}_k3_s2_e4_c{6 * w}_se0.25",
        )
        model = replace(base.model, share=self.share, blocks=blocks, stem=w, features=16 * w)
        return replace(base, name=self.name, model=model, training=replace(base.training, seed=seed))

    def prediction(self) -> Prediction:
        """What is known of it without training."""
        return plan(self.recipe(0), TRAIN_IMAGES).prediction


VARIANTS = (
    Variant(3, 18, "all_but_bn"),
    Variant(1, 36, "none"),
    Variant(4, 20, "all_but_bn"),
    Variant(2, 24, "none"),
    Variant(5, 18, "all_but_bn"),
    Variant(1, 40, "none"),
)
"""Three deep ones that share, each before a shallow one that has at least 60 % more parameters."""


def train_all(runs: Path, data: Path, seeds: Sequence[int]) -> None:
    """Train what is not trained yet, seed by seed."""
    torch.set_num_threads(1)
    for seed, variant in product(seeds, VARIANTS):
        result = train(variant.recipe(seed), runs / f"{variant.name}-{seed}", data=data)
        typer.echo(f"{variant.name} seed {seed}: {result.accuracy:.2f} % in {result.seconds:.0f} s")


def rows(runs: Path) -> Iterator[dict[str, object]]:
    """One a run."""
    for variant in VARIANTS:
        known = {"variant": variant.name, **asdict(variant), **asdict(variant.prediction())}
        for seed in SEEDS:
            result = read_result(runs / f"{variant.name}-{seed}")
            yield {
                **known,
                "seed": seed,
                "accuracy": round(result.accuracy, 4),
                "seconds": round(result.seconds, 1),
            }


def main() -> None:
    """Train, or write the table."""
    parser = argparse.ArgumentParser(description="Deep shared and shallow unshared networks on CIFAR-10.")
    parser.add_argument("runs", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--csv", type=Path)
    options = parser.parse_args()
    if options.csv is None:
        train_all(options.runs, options.data, options.seeds)
        return
    table = list(rows(options.runs))
    with options.csv.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)


if __name__ == "__main__":
    main()
