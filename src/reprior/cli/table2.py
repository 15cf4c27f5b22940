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
    from ..lab.training import Table2Row

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
    names = ("model", "data")
    trained = simple_table(
        "trained here", *names, "params", "score", "+-", "augm.", "batch", "epochs", "MACs", left=names
    )
    predicted = simple_table(
        "predicted, and published", *names, "P_G", "P'_G", "params", "score", "runs", left=names
    )
    for row in rows:
        trained.add_row(
            row.model,
            row.data,
            short(row.parameters),
            number(row.score, 2),
            number(row.deviation, 2),
            row.augmentation,
            count(row.batch),
            count(row.epochs),
            short(row.macs),
        )
        published = f"{row.published_parameters} M" if row.published_parameters else "-"
        score = row.published_score or "-"
        predicted.add_row(
            row.model,
            row.data,
            number(row.p_g, 2),
            number(row.p_g_prime, 2),
            published,
            score,
            count(row.runs),
        )
    console = printer()
    console.print(trained)
    console.print()
    console.print(predicted)
