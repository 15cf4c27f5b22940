"""The table of parameters of an analysis: where its contexts and its surprisal are."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import groupby

from rich.table import Table

from ..analysis import Analysis, ParameterRow
from .console import count, number, simple_table

__all__ = ["blocks_table", "dead_table", "parameters_csv", "parameters_table"]


@dataclass(frozen=True, slots=True)
class _Part:
    """Some parameters of a model together.

    Attributes
    ----------
    name, shape : str
    alive, dead : int
        Scalars with and without contexts.
    contexts, surprisal : float
        Their fractions of all contexts and of the total surprisal.
    mean : float or None
        Mean log2 contexts of the scalars that have any.
    """

    name: str
    shape: str
    alive: int
    dead: int
    contexts: float
    surprisal: float
    mean: float | None


def blocks_table(analysis: Analysis) -> Table | None:
    """One line per block of the model, None where it has but one."""
    blocks = _blocks(analysis)
    if not 1 < len(blocks) < len(analysis.parameters):
        return None
    table = simple_table("By block", "block", *_COLUMNS, left=["block"])
    for part in blocks:
        table.add_row(part.name, *_cells(part))
    return table


def parameters_table(analysis: Analysis, limit: int | None) -> Table:
    """One line per tensor: those with most contexts, or all in the model's order where `limit` is None."""
    parts = [_part(analysis, row.name, [row], _shape(row)) for row in analysis.parameters]
    title = "Parameters"
    if limit is not None and len(parts) > limit:
        title = f"The {limit} of {len(parts):,} parameters with most contexts (--all shows all)"
        parts = sorted(parts, key=lambda part: -part.contexts)[:limit]
    table = simple_table(title, "parameter", "shape", *_COLUMNS, left=["parameter"])
    for part in parts:
        table.add_row(part.name, part.shape, *_cells(part))
    return table


def dead_table(analysis: Analysis, limit: int | None) -> Table | None:
    """The parameters with scalars that no output depends on, None where there are none."""
    dead = sorted((row for row in analysis.parameters if row.dead), key=lambda row: -row.dead)
    if not dead:
        return None
    shown = dead[:limit]
    more = (
        f", the first {len(shown)} of {len(dead)} tensors (--all shows all)" if len(shown) < len(dead) else ""
    )
    title = f"Dead parameters: no path to an output{more}"
    table = simple_table(title, "parameter", "shape", "dead", "of", left=["parameter"])
    for row in shown:
        table.add_row(row.name, _shape(row), count(row.dead), count(row.numel))
    return table


def parameters_csv(analysis: Analysis) -> str:
    """All rows as comma-separated values."""
    text = io.StringIO()
    names = [field.name for field in fields(ParameterRow)]
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    for row in analysis.parameters:
        values = {name: getattr(row, name) for name in names}
        writer.writerow(values | {"shape": _shape(row), "shared_with": ";".join(row.shared_with)})
    return text.getvalue()


_COLUMNS = ("scalars", "log2\ncontexts", "% of\ncontexts", "% of\nsurprisal")

_BLOCKS = 30
"""Most blocks shown."""


def _cells(part: _Part) -> tuple[str, str, str, str]:
    return count(part.alive), number(part.mean, 2), f"{part.contexts:.1%}"[:-1], f"{part.surprisal:.1%}"[:-1]


def _part(analysis: Analysis, name: str, rows: Iterable[ParameterRow], shape: str = "") -> _Part:
    alive = dead = 0
    logs = contexts = 0.0
    for row in rows:
        alive += row.numel - row.dead
        dead += row.dead
        if row.log2_contexts_mean is not None and row.log2_contexts_sum is not None:
            logs += row.log2_contexts_mean * (row.numel - row.dead)
            contexts += 2 ** (row.log2_contexts_sum - analysis.log2_total_contexts)
    # Surprisal of a scalar: log2 of all contexts less log2 of its own (definition 5).
    bits = alive * analysis.log2_total_contexts - logs
    surprisal = bits / analysis.total_surprisal if analysis.total_surprisal else 0.0
    return _Part(name, shape, alive, dead, contexts, surprisal, logs / alive if alive else None)


def _shape(row: ParameterRow) -> str:
    return "x".join(map(str, row.shape))


def _blocks(analysis: Analysis) -> list[_Part]:
    """Neighbouring parameters of one block, the blocks as fine as a screen has room for."""
    for numbers in (3, 2, 1, 0):
        groups = groupby(analysis.parameters, key=lambda row: _block(row.name, numbers))
        blocks = [_part(analysis, name, rows) for name, rows in groups]
        if len(blocks) <= _BLOCKS:
            break
    return blocks


def _block(name: str, numbers: int) -> str:
    """A dotted name up to its first word and that many of the numbers after it (``stages.0.1``)."""
    parts = name.split(".")[:-1]
    taken = next((place + 1 for place, part in enumerate(parts) if not part.isdecimal()), 0)
    last = taken + numbers
    while taken < min(len(parts), last) and parts[taken].isdecimal():
        taken += 1
    return ".".join(parts[:taken]) or name
