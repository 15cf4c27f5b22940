"""``reprior table2``: finished runs as the paper's Table 2."""

from __future__ import annotations

import csv as csv_format
import io
import json as json_format
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import count, number, printer, short, simple_table
from .options import Csv, Json
from .outputs import Destinations
from .train import import_training

if TYPE_CHECKING:
    from ..training import Table2Row

__all__ = ["table2_command"]


def table2_command(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUNS...", help="Folders of finished runs.", show_default=False)
    ],
    json: Json = None,
    csv: Csv = None,
) -> None:
    """Collect finished runs into the form of the paper's Table 2.

    Runs that differ in their seed alone are one row. Beside each stand the published figures, where the
    table has that row, and what was predicted before training.

    \b
    reprior table2 runs/cifar10-b0 runs/cifar10-s-shared
    reprior table2 runs/* --csv table2.csv
    """
    places = Destinations(json, csv)
    training = import_training()
    rows = training.table2([training.read_result(folder) for folder in runs])
    places.write_json(lambda: json_format.dumps([asdict(row) for row in rows], indent=2, allow_nan=False))
    places.write_csv(lambda: _csv(rows))
    if not places.printed:
        _print(rows)


def _csv(rows: Sequence[Table2Row]) -> str:
    text = io.StringIO()
    writer = csv_format.DictWriter(text, [f.name for f in fields(rows[0])], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return text.getvalue()


def _print(rows: Sequence[Table2Row]) -> None:
    columns = ("model", "data", "params", "score", "augm.", "batch", "epochs", "MACs", "P_G", "P'_G")
    table = simple_table("Table 2, trained here", *columns, left=("model", "data"))
    for row in rows:
        spread = f" ±{row.deviation:.2f} ({row.runs})" if row.deviation is not None else ""
        table.add_row(
            row.model,
            row.data,
            short(row.parameters),
            f"{row.score:.2f}{spread}",
            row.augmentation,
            count(row.batch),
            count(row.epochs),
            short(row.macs),
            number(row.p_g, 2),
            number(row.p_g_prime, 2),
        )
    console = printer()
    console.print(table)
    printed = [row for row in rows if row.published_score]
    if printed:
        table = simple_table("as published", "model", "data", "params", "score", left=("model", "data"))
        for row in printed:
            table.add_row(row.model, row.data, f"{row.published_parameters} M", f"{row.published_score}")
        console.print()
        console.print(table)
