"""``reprior compare``: several models side by side."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from ..analysis import COLUMNS, Comparison
from ..api import each_analysis
from .console import number, printer, progress, short, simple_table
from .executors import ExecutorName, chosen_executor
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
    Specs,
    Strict,
    WeightingText,
)
from .outputs import Destinations

__all__ = ["compare_command"]

_SHOWN = {
    "p_g": "P_G",
    "p_g_prime": "P'_G",
    "utility": "U_G",
    "expected_spread": "E",
    "entropy": "H",
    "num_parameters": "params",
    "macs": "MACs",
}
"""The quantities that fit beside a name into 80 columns."""


def compare_command(
    specs: Specs,
    sort: Annotated[
        str, typer.Option(metavar="KEY", help="Quantity to order by, largest first; 'given' keeps the order.")
    ] = "p_g",
    preset: Preset = "definition",
    share: Share = "none",
    exact: Exact = False,
    normalization: Normalization = "local",
    weighting: WeightingText = "unit",
    input: Input = None,
    real: Real = False,
    strict: Strict = False,
    executor: ExecutorName = "local",
    json: Json = None,
    csv: Csv = None,
    html: Html = None,
) -> None:
    """Compare models, all counted in the same way.

    P_G and P'_G are the paper's estimates, U_G is a utility, E the expected spread and H the entropy;
    --json and --csv have all quantities in full.

    \b
    reprior compare timm:resnet18 timm:resnet50 timm:efficientnet_b0
    reprior compare paper:efficientnetv2-b0 paper:efficientnetv2-s --sort expected_spread
    """
    places = Destinations(json, csv, html)
    Comparison(()).sorted_by(sort)  # refuses an unknown key before any work
    options: dict[str, Any] = {
        "preset": preset,
        "share": share,
        "exact": exact,
        "normalization": normalization,
        "weighting": weighting,
        "real": real,
        "strict": strict,
    }
    with chosen_executor(executor) as (pool, _), progress(len(specs)) as begin:
        analyses = list(each_analysis(specs, input, executor=pool, report=begin, **options))
    comparison = Comparison(tuple(analyses)).sorted_by(sort)
    places.write_json(comparison.to_json)
    places.write_csv(comparison.to_csv)
    places.write_html(lambda: _report(comparison))
    if not places.printed:
        console = printer()
        console.print(_table(comparison, sort))
        for line in _evidence(comparison):
            console.print(line, soft_wrap=True)
        for analysis in comparison.analyses:
            for note in analysis.notes:
                console.print(f"note on {analysis.model}: {note}")


def _report(comparison: Comparison) -> str:
    from ..views.html import to_html

    return to_html(comparison)


def _table(comparison: Comparison, sort: str) -> Table:
    shown = dict(_SHOWN)
    if sort in COLUMNS and sort not in shown and sort != "model":
        # What the order is by must be seen; it takes the place of the last quantity.
        shown.popitem()
        shown[sort] = sort.replace("_", " ")
    order = "in the order given" if sort == "given" else f"by {shown.get(sort, sort)}"
    title = f"{len(comparison.analyses)} models {order}" if len(comparison.analyses) > 1 else "1 model"
    table = simple_table(title, "model", *shown.values(), left=["model"])
    for row in comparison.rows():
        table.add_row(row["model"], *(_cell(key, row[key]) for key in shown))
    return table


def _evidence(comparison: Comparison) -> list[str]:
    """What the benchmarks say of neighbours by utility."""
    found = comparison.evidence
    if not found:
        return []
    sizes = {True: ", sizes alike", False: ""}
    lines = [
        f"{item.text}: {item.better} over {item.worse} ({item.difference:.2f} bits{sizes[item.alike]})"
        for item in found
    ]
    return ["", "How often benchmarks of trained models bear out such an order by U_G:", *lines]


def _cell(key: str, value: float | int | None) -> str:
    if isinstance(value, int):
        return short(value)
    # Without the comma of thousands the longest of the paper's names fits into 80 columns.
    return number(value, 1 if key == "expected_spread" else 2).replace(",", "")
