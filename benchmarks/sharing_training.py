"""Deep networks with shared convolutions against shallow ones without (docs/benchmarks/sharing*.md).

    python benchmarks/sharing_training.py digits RUNS               trains what is not trained yet
    python benchmarks/sharing_training.py cifar RUNS --data DATA    the same on CIFAR-10
    python benchmarks/sharing_training.py cifar RUNS --csv FILE     writes the finished runs as a table
    python benchmarks/sharing_training.py cifar --refresh FILE      brings a table's predictions up to date

DATA is a folder with torchvision's CIFAR-10, or an archive of its images (see docs/sharing.md). Several of
these may run at once, each with seeds of its own (``--seeds``); one that was interrupted goes on from its
last epoch. Each training is ``reprior train`` of a recipe with other blocks, sharing and seed, in one thread.
`sharing_report.py` says what follows from a table.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import torch
import typer

from reprior.api import describe
from reprior.core.canonical import canonicalise
from reprior.lab.training import Recipe, build_network, load_recipe, plan, read_result, train
from reprior.rank.baselines import nsc

__all__ = ["CIFAR", "DIGITS", "EXPERIMENTS", "Experiment", "Variant"]


@dataclass(frozen=True, slots=True)
class Variant:
    """A network every stage of which is `depth` blocks deep, with channels in proportion to `width`."""

    depth: int
    width: int
    share: str = "none"

    @property
    def name(self) -> str:
        """Depth, width and whether it shares."""
        return f"d{self.depth}w{self.width}{'-shared' if self.share != 'none' else ''}"


@dataclass(frozen=True, slots=True)
class Experiment:
    """Variants that train alike.

    Attributes
    ----------
    recipe : str
        How they train.
    blocks : callable
        The stages of a network, from its depth and width.
    features : int
        Channels before the classifier, in widths.
    images : int
        To train on.
    seeds : sequence of int
    variants : tuple of Variant
    """

    recipe: str
    blocks: Callable[[int, int], tuple[str, ...]]
    features: int
    images: int
    seeds: Sequence[int]
    variants: tuple[Variant, ...]

    def recipe_of(self, variant: Variant, seed: int) -> Recipe:
        """How a variant is trained."""
        base, width = load_recipe(self.recipe), variant.width
        blocks = self.blocks(variant.depth, width)
        model = replace(
            base.model, share=variant.share, blocks=blocks, stem=width, features=self.features * width
        )
        return replace(base, name=variant.name, model=model, training=replace(base.training, seed=seed))

    def prediction(self, variant: Variant) -> dict[str, Any]:
        """What is known of a variant without training."""
        recipe = self.recipe_of(variant, 0)
        size = recipe.data.eval_size
        module = build_network(recipe.model, recipe.data.classes).module
        graph = describe(module, (3, size, size)).graph
        return {**asdict(plan(recipe, self.images).prediction), "nsc": nsc(canonicalise(graph))}


def _of_digits(depth: int, width: int) -> tuple[str, ...]:
    """Two stages of fused MBConv and one of MBConv with squeeze-and-excite."""
    return (
        f"er_r{depth}_k3_s1_e2_c{width}",
        f"er_r{depth}_k3_s2_e2_c{2 * width}",
        f"ir_r{depth}_k3_s1_e4_c{3 * width}_se0.25",
    )


def _of_cifar(depth: int, width: int) -> tuple[str, ...]:
    """Two stages of fused MBConv and two of MBConv with squeeze-and-excite."""
    return (
        f"er_r{depth}_k3_s1_e2_c{width}",
        f"er_r{depth}_k3_s2_e2_c{2 * width}",
        f"ir_r{depth}_k3_s2_e4_c{4 * width}_se0.25",
        f"ir_r{depth}_k3_s2_e4_c{6 * width}_se0.25",
    )


def _grid(depths: dict[int, tuple[int, ...]]) -> Iterator[Variant]:
    """Every depth of every width, shared wherever there is something to share."""
    for width, choices in depths.items():
        for depth in choices:
            yield Variant(depth, width)
            if depth > 1:
                yield Variant(depth, width, "all_but_bn")


DIGITS = Experiment(
    "digits", _of_digits, 8, 800, range(5),
    tuple(_grid({4: (1, 2, 3, 5), 6: (1, 2, 3, 5), 8: (1, 2, 3, 5), 12: (1, 2), 16: (1,)})),
)  # fmt: skip
CIFAR = Experiment(
    "cifar10-small", _of_cifar, 16, 20_000, range(3),
    (
        Variant(3, 18, "all_but_bn"), Variant(1, 36),
        Variant(4, 20, "all_but_bn"), Variant(2, 25),
        Variant(5, 18, "all_but_bn"), Variant(1, 40),
    ),
)  # fmt: skip
"""Three deep ones that share, each before a shallow one that has at least 60 % more parameters."""
EXPERIMENTS = {"digits": DIGITS, "cifar": CIFAR}


def train_all(experiment: Experiment, runs: Path, data: Path | None, seeds: Sequence[int]) -> None:
    """Train what is not trained yet, seed by seed."""
    torch.set_num_threads(1)
    for seed, variant in product(seeds, experiment.variants):
        result = train(experiment.recipe_of(variant, seed), runs / f"{variant.name}-{seed}", data=data)
        typer.echo(f"{variant.name} seed {seed}: {result.accuracy:.2f} % in {result.seconds:.0f} s")


def finished(experiment: Experiment, runs: Path) -> Iterator[dict[str, Any]]:
    """A row for every run."""
    for variant in experiment.variants:
        known = {"variant": variant.name, **asdict(variant), **experiment.prediction(variant)}
        for seed in experiment.seeds:
            result = read_result(runs / f"{variant.name}-{seed}")
            scores = {"accuracy": round(result.accuracy, 4), "seconds": round(result.seconds, 1)}
            yield {**known, "seed": seed, **scores}


def refreshed(experiment: Experiment, table: Path) -> list[dict[str, Any]]:
    """The rows of a table, with the predictions of now."""
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    predictions = {variant.name: experiment.prediction(variant) for variant in experiment.variants}
    fields = ("variant", "depth", "width", "share"), ("seed", "accuracy", "seconds")
    before, after = ([{key: row[key] for key in keys} for row in rows] for keys in fields)
    return [{**a, **predictions[a["variant"]], **b} for a, b in zip(before, after, strict=True)]


def write_table(rows: Sequence[dict[str, Any]], table: Path) -> None:
    """As CSV."""
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Train, or write a table."""
    parser = argparse.ArgumentParser(description="Deep shared networks against shallow unshared ones.")
    parser.add_argument("experiment", choices=EXPERIMENTS)
    parser.add_argument("runs", type=Path, nargs="?")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+")
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--refresh", type=Path)
    options = parser.parse_args()
    experiment = EXPERIMENTS[options.experiment]
    if options.refresh is not None:
        write_table(refreshed(experiment, options.refresh), options.refresh)
    elif options.runs is None:
        parser.error("name the folder of the runs")
    elif options.csv is not None:
        write_table(list(finished(experiment, options.runs)), options.csv)
    else:
        train_all(experiment, options.runs, options.data, options.seeds or experiment.seeds)


if __name__ == "__main__":
    main()
