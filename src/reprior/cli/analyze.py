"""``reprior analyze``: everything about one model."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ..analysis import Analysis
from ..api import analyze
from .console import count, number, printer, progress
from .options import (
    Csv,
    Exact,
    Html,
    Input,
    Json,
    Normalization,
    Preset,
    Real,
    Share,
    Spec,
    Strict,
    WeightingText,
)
from .outputs import Destinations
from .parameters import blocks_table, dead_table, parameters_csv, parameters_table

__all__ = ["analyze_command"]

_TOP = 10
"""Parameters shown without --all."""


def analyze_command(
    spec: Spec,
    preset: Preset = "definition",
    share: Share = "none",
    exact: Exact = False,
    normalization: Normalization = "local",
    weighting: WeightingText = "unit",
    input: Input = None,
    real: Real = False,
    strict: Strict = False,
    all: Annotated[bool, typer.Option("--all", help="Show every parameter.")] = False,
    json: Json = None,
    csv: Csv = None,
    html: Html = None,
) -> None:
    """Count the contexts of one model and derive its quantities.

    \b
    reprior analyze paper:efficientnetv2-b0@224 --preset paper --exact
    reprior analyze timm:resnet50@288 --html resnet50.html
    reprior analyze py:mypackage.models:build --input 3x64x64 --json -
    """
    places = Destinations(json, csv, html)
    with progress(1) as begin:
        begin(spec)
        # As typed, which may be anything: `Options` says what there is.
        options: dict[str, Any] = {"preset": preset, "share": share, "exact": exact, "strict": strict}
        options |= {"normalization": normalization, "weighting": weighting}
        analysis = analyze(spec, input, real=real, **options)
    places.write_json(analysis.to_json)
    places.write_csv(lambda: parameters_csv(analysis))
    places.write_html(lambda: _report(analysis))
    if not places.printed:
        _print(printer(), analysis, None if all else _TOP)


def _report(analysis: Analysis) -> str:
    from ..views.html import to_html

    return to_html(analysis)


def _print(console: Console, analysis: Analysis, limit: int | None) -> None:
    quantities = _quantities(analysis)  # first: what cannot be counted prints nothing
    console.print(analysis.model, style="bold")
    console.print(
        f"preset {analysis.preset}, share {analysis.share}, weighting {analysis.weighting}, "
        f"normalization {analysis.normalization}, {'exact' if analysis.exact else 'scaled'}"
    )
    console.print()
    console.print(quantities)
    if analysis.notes:
        console.print()
    for note in analysis.notes:
        console.print(f"note: {note}")
    for table in (dead_table(analysis, limit), blocks_table(analysis), parameters_table(analysis, limit)):
        if table is not None:
            console.print()
            console.print(table)
    console.print(", ".join(f"{name} {value:.3f} s" for name, value in analysis.seconds.items()))


def _quantities(analysis: Analysis) -> Table:
    """The headline, each quantity with its meaning."""
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(overflow="fold")
    for name, value, meaning in _headline(analysis):
        table.add_row(name, value, meaning)
    return table


def _headline(analysis: Analysis) -> list[tuple[str, str, str]]:
    rows = [
        ("P_G", number(analysis.p_g), "estimate from surprisal: log2(S N_I / |G|)"),
        ("P'_G", number(analysis.p_g_prime), "estimate from spread: log2(N_G (E+1) N_I / |G|)"),
        ("U_G", number(analysis.utility), "utility: visits, places and outputs of layers"),
        ("spread E", number(analysis.expected_spread), "expected log2 contexts: how much is reused"),
        ("entropy H", number(analysis.entropy), "bits; E + H = log2 of all contexts"),
        ("surprisal S", number(analysis.total_surprisal), "bits; how much can be described"),
        ("contexts N_C", _contexts(analysis), "paths from uses of parameters to outputs"),
        ("parameters N_G", count(analysis.num_parameters), "learnable scalars with a context"),
        ("weights N_W", count(analysis.num_weight_nodes), "the same, once per place of use"),
        ("inputs N_I", count(analysis.num_inputs), "scalars fed"),
        ("outputs N_O", count(analysis.num_outputs), "scalars returned"),
        ("dead", count(analysis.dead_parameters), "learnable scalars without a context"),
    ]
    costs = analysis.costs
    if costs is not None:
        rows += [
            ("MACs", count(costs.macs), "multiply-accumulates of one pass"),
            ("depth", count(costs.depth), "weighted layers on the longest path"),
            ("layers", count(costs.weighted_layers), "weighted layers"),
            ("activations", count(costs.activations), "scalars written by them"),
        ]
    return rows


def _contexts(analysis: Analysis) -> str:
    """All contexts: written out where they are few and each counts 1, else as a power of 2."""
    log = analysis.log2_total_contexts
    return count(round(2**log)) if log < 40 and analysis.weighting == "unit" else f"2^{log:,.4f}"
