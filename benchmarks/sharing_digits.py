"""Deep networks with shared convolutions against shallow ones without (docs/benchmarks/sharing.md).

    python benchmarks/sharing_digits.py RUNS            trains what is not trained yet (one thread, resumable)
    python benchmarks/sharing_digits.py RUNS --csv FILE writes the finished runs as a table

Each training is ``reprior train digits`` with other blocks, sharing and seed.
"""

from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import typer

from reprior.training import Recipe, Result, load_recipe, train

SEEDS = range(5)
DEPTHS = {4: (1, 2, 3, 5), 6: (1, 2, 3, 5), 8: (1, 2, 3, 5), 12: (1, 2), 16: (1,)}
COLUMNS = (
    "variant", "depth", "width", "share", "seed", "parameters", "parameters_unshared", "macs", "accuracy",
    "p_g", "p_g_prime", "expected_spread", "entropy",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Variant:
    """A network of three stages, the last with squeeze-and-excite, each `depth` blocks deep."""

    depth: int
    width: int
    share: str

    @property
    def name(self) -> str:
        return f"d{self.depth}w{self.width}{'-shared' if self.share != 'none' else ''}"

    def recipe(self, seed: int) -> Recipe:
        base = load_recipe("digits")
        d, w = self.depth, self.width
        blocks = (
            f"er_r{d}_k3_s1_e2_c{w}",
            f"er_r{d}_k3_s2_e2_c{2 * w}",
            f"ir_r{d}_k3_s1_e4_c{3 * w}_se0.25",
        )
        model = replace(base.model, share=self.share, blocks=blocks, stem=w, features=8 * w)
        return replace(base, name=self.name, model=model, training=replace(base.training, seed=seed))


def variants() -> Iterator[Variant]:
    """Every depth and width, shared wherever there is something to share."""
    for width, depths in DEPTHS.items():
        for depth in depths:
            yield Variant(depth, width, "none")
            if depth > 1:
                yield Variant(depth, width, "all_but_bn")


def row(variant: Variant, seed: int, result: Result) -> dict[str, object]:
    """One line of the table."""
    found = result.prediction
    return {
        "variant": variant.name,
        "depth": variant.depth,
        "width": variant.width,
        "share": variant.share,
        "seed": seed,
        "parameters": found.parameters,
        "parameters_unshared": found.parameters_unshared,
        "macs": found.macs,
        "accuracy": round(result.accuracy, 4),
        "p_g": found.p_g,
        "p_g_prime": found.p_g_prime,
        "expected_spread": found.expected_spread,
        "entropy": found.entropy,
    }


def main() -> None:
    """Train, or write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path)
    parser.add_argument("--csv", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for seed in SEEDS:
        for variant in variants():
            folder = options.runs / f"{variant.name}-{seed}"
            if options.csv and not (folder / "result.json").exists():
                continue
            result = train(variant.recipe(seed), folder)
            rows.append(row(variant, seed, result))
            if not options.csv:
                done = f"{result.accuracy:.2f} % in {result.seconds:.0f} s"
                typer.echo(f"{variant.name} seed {seed}: {done}")
    if options.csv:
        rows.sort(key=lambda one: (one["width"], one["depth"], one["share"], one["seed"]))
        draft = options.csv.with_suffix(".draft")
        with draft.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        os.replace(draft, options.csv)


if __name__ == "__main__":
    main()
