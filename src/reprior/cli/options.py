"""The options that several commands take."""

from __future__ import annotations

from typing import Annotated

import typer

from ..sharing import ORDERS, POLICIES
from .completion import complete_spec

__all__ = [
    "Csv",
    "Exact",
    "Html",
    "Input",
    "Json",
    "Normalization",
    "Preset",
    "Real",
    "Share",
    "Spec",
    "Specs",
    "Strict",
    "WeightingText",
]

Spec = Annotated[
    str,
    typer.Argument(
        metavar="SPEC",
        help="The model, as `reprior list` shows.",
        show_default=False,
        autocompletion=complete_spec,
    ),
]

Specs = Annotated[
    list[str],
    typer.Argument(metavar="SPEC...", help="The models.", show_default=False, autocompletion=complete_spec),
]

Preset = Annotated[
    str,
    typer.Option(
        metavar="definition|paper",
        help="'paper' counts batch norm's running statistics as parameters, as the published tables do.",
    ),
]

Share = Annotated[
    str,
    typer.Option(
        metavar="|".join([*POLICIES, *(f"{order}:M" for order in ORDERS)]),
        help="Which parameters of different layers count as one.",
    ),
]

WeightingText = Annotated[
    str,
    typer.Option(
        "--weighting",
        metavar="unit|fan_in:ALPHA|decay:GAMMA|resolution:BETA",
        help="What a path counts: 1; the product over its nodes of fan-in^-ALPHA, of GAMMA, of size^-BETA.",
    ),
]

Normalization = Annotated[
    str,
    typer.Option(metavar="local|coupled", help="Drop or keep the edges from normalisation statistics."),
]

Exact = Annotated[bool, typer.Option("--exact", help="Count in integers instead of floating point.")]

Input = Annotated[
    str | None,
    typer.Option(
        metavar="SHAPE",
        help="What is fed to models that do not say, without the batch: 3x224x224, 128:int64.",
    ),
]

Real = Annotated[
    bool,
    typer.Option(
        "--real", help="Compute one forward pass for real, where control flow depends on data: needs memory."
    ),
]

Strict = Annotated[
    bool,
    typer.Option("--strict", help="Refuse a model of which something is assumed, approximated or unknown."),
]

Json = Annotated[
    str | None,
    typer.Option(metavar="FILE|-", help="Write the result as JSON; '-' prints it instead of tables."),
]

Csv = Annotated[
    str | None,
    typer.Option(metavar="FILE|-", help="Write the table as CSV; '-' prints it instead of tables."),
]

Html = Annotated[str | None, typer.Option(metavar="FILE", help="Write an interactive report.")]
