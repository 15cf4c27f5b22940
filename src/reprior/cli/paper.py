"""``reprior paper``: the paper's tables, published and computed."""

from __future__ import annotations

import json as json_format
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import typer
from rich.console import Console

from ..lab.paper import ROWS, TABLES, Figure, Order, Reading, Row, orders, read, reproduce
from ..lab.paper.reading import decimals
from .console import printer, progress, simple_table
from .options import Exact, Json
from .outputs import Destinations

__all__ = ["paper_command"]


def paper_command(exact: Exact = False, json: Json = None) -> None:
    """Compute every figure that the paper publishes.

    Tables 2 to 4, appendix B and figure 2: each figure stands beside the published one with the
    difference and how the digits agree: rounded or truncated, rounded twice, a lower bound, or
    explained by a note. Exit status 1 if one does not.

    \b
    reprior paper
    reprior paper --exact --json paper.json
    """
    places = Destinations(json)
    start = time.perf_counter()
    with progress(len(ROWS)) as begin:
        figures = reproduce(exact=exact, begin=begin)
    seconds = time.perf_counter() - start
    ranked = orders(figures)
    places.write_json(lambda: _json(figures, ranked, exact, seconds))
    if not places.printed:
        _print(printer(), figures, ranked, seconds)
    if any(figure.reading == "differs" for figure in figures):
        raise typer.Exit(1)


def _json(figures: Sequence[Figure], ranked: Sequence[Order], exact: bool, seconds: float) -> str:
    data = {
        "schema_version": 1,
        "exact": exact,
        "seconds": seconds,
        "figures": [
            {
                "table": figure.table,
                "row": figure.row,
                "case": str(figure.case),
                "quantity": figure.quantity,
                "published": figure.printed,
                "computed": figure.computed,
                "difference": figure.difference,
                "reading": figure.reading,
                "note": figure.note,
                "explained": figure.explained,
                "explained_case": str(figure.explained_case) if figure.explained_case else None,
            }
            for figure in figures
        ],
        "orders": [
            {"table": order.table, "quantity": order.quantity, "as_top1": order.agrees} for order in ranked
        ],
    }
    return json_format.dumps(data, indent=2, allow_nan=False)


def _print(console: Console, figures: Sequence[Figure], ranked: Sequence[Order], seconds: float) -> None:
    for table, what in TABLES.items():
        rows = [row for row in ROWS if row.table == table]
        _print_table(console, f"{table}: {what}", rows, figures)
        _print_orders(console, [order for order in ranked if order.table == table])
        console.print()
    readings = Counter(figure.reading for figure in figures)
    digits = ", ".join(f"{readings[kind]} {kind}" for kind in get_args(Reading) if readings[kind])
    console.print(f"{len(figures)} published figures: {digits}; {seconds:.1f} s")


def _print_table(console: Console, title: str, rows: Sequence[Row], figures: Sequence[Figure]) -> None:
    table = simple_table(title, *_COLUMNS, left=["row", "quantity", "digits"])
    notes: list[str] = []
    for row in rows:
        name = row.name + (_mark(notes, row.remark) if row.remark else "")
        for figure in (f for f in figures if (f.table, f.row) == (row.table, row.name)):
            mark = _mark(notes, figure.note) if figure.note else ""
            table.add_row(name, figure.quantity, figure.printed, *_digits(figure, mark))
            if figure.explained is not None:
                table.add_row("", "", "", *_digits(_as_explained(figure), mark))
            name = ""
        if len(row.printed) > 1:
            if row.top1:
                table.add_row("", "top-1 [%]", row.top1, "-", "-", "not computed")
            table.add_section()
    console.print(table)
    for number, note in enumerate(notes, start=1):
        console.print(f"[{number}] {note}")


_COLUMNS = ("row", "quantity", "published", "computed", "difference", "digits")


def _digits(figure: Figure, mark: str) -> tuple[str, str, str]:
    """The computed figure with three digits more than are printed."""
    places = decimals(figure.printed)
    more = places + 3 if places else 0
    return f"{figure.computed:.{more}f}", f"{figure.difference:+.{more}f}", figure.reading + mark


def _as_explained(figure: Figure) -> Figure:
    """The figure computed for the case that explains it."""
    assert figure.explained is not None
    return replace(figure, computed=figure.explained, reading=read(figure.printed, figure.explained))


def _mark(notes: list[str], note: str) -> str:
    """The number of a note, which is added where it is new."""
    if note not in notes:
        notes.append(note)
    return f" [{notes.index(note) + 1}]"


def _print_orders(console: Console, ranked: Sequence[Order]) -> None:
    for words, agrees in (("Ordered as by top-1 accuracy", True), ("Not ordered so", False)):
        names = [order.quantity for order in ranked if order.agrees == agrees]
        if names:
            console.print(f"{words}: {', '.join(names)}")
