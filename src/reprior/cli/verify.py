"""``reprior verify``: the count against automatic differentiation."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ..api import verify
from ..verification import ParameterCheck, Verification
from .console import count, printer, progress, simple_table
from .options import Input, Json, Normalization, Spec
from .outputs import Destinations

__all__ = ["DIFFERENT", "verify_command"]

DIFFERENT = 3
"""Exit status where the count and differentiation disagree."""

_COLUMNS = ("dead", "statistics", "plain", "softened", "unseen", "undecided", "different")


def verify_command(
    spec: Spec,
    normalization: Normalization = "local",
    input: Input = None,
    draws: Annotated[
        int,
        typer.Option(
            metavar="N", min=1, help="Most random weights and inputs; as many of the softened model."
        ),
    ] = 4,
    seed: Annotated[int, typer.Option(metavar="N", help="Of all that is random.")] = 0,
    all: Annotated[bool, typer.Option("--all", help="Show every parameter.")] = False,
    json: Json = None,
) -> None:
    """Compare dead and alive parameters with the gradients of the model, element by element.

    The model runs with random weights, in memory that can hold them. An element that is counted dead must
    have no gradient, and one that is counted alive a gradient in some draw. Exit status: 0 they
    agree, 3 they differ, which is a bug in reprior; elements that gradients cannot decide are counted.

    \b
    reprior verify timm:resnet18@64
    reprior verify py:mypackage.models:build --input 3x64x64 --json -
    """
    places = Destinations(json)
    with progress(1) as begin:
        begin(spec)
        found = verify(spec, input, normalization=normalization, draws=draws, seed=seed)
    places.write_json(found.to_json)
    if not places.printed:
        _print(printer(), found, all)
    if not found.agrees:
        raise typer.Exit(DIFFERENT)


def _print(console: Console, found: Verification, all: bool) -> None:
    console.print(found.model, style="bold")
    fed = ", ".join(f"{name} {shape}" for name, shape in found.input.items())
    console.print(f"fed {fed}; weights {found.dtype}, normalization {found.normalization}")
    console.print(f"{found.plain_draws} draws of the model as it is, {found.softened_draws} softened")
    console.print()
    console.print(_totals(found))
    shown = [
        item
        for item in found.parameters
        if all or item.different or item.statistics or item.unseen or item.undecided
    ]
    if shown:
        console.print()
        console.print(_table(shown))
    for difference in found.differences:
        console.print(str(difference), overflow="fold")
    if found.unseen_operations:
        console.print(f"Without a derivative: {', '.join(found.unseen_operations)}", overflow="fold")
    verdict = "agree" if found.agrees else "DIFFER: please report this as a bug"
    console.print(f"Count and gradients {verdict}. {found.seconds:.1f} s")


def _totals(found: Verification) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    meanings = {
        "numel": ("elements", "of all parameters"),
        "dead": ("dead", "counted dead, and no gradient"),
        "statistics": ("statistics", "counted dead, with a gradient through statistics of a norm alone"),
        "plain": ("alive", "counted alive, with a gradient"),
        "softened": ("alive, softened", "with a gradient once kinks and invariances are softened"),
        "unseen": ("unseen", "behind operations without a derivative: not decided"),
        "undecided": ("undecided", "gradients too small to be told from rounding"),
        "different": ("different", "the count and the gradient disagree"),
    }
    for field, (name, meaning) in meanings.items():
        table.add_row(name, count(found.total(field)), meaning)
    return table


def _table(shown: list[ParameterCheck]) -> Table:
    table = simple_table("Parameters", "parameter", *_COLUMNS, left=["parameter"])
    for item in shown:
        table.add_row(item.name, *(count(getattr(item, column)) for column in _COLUMNS))
    return table
