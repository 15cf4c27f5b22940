"""Tables of models and accuracies."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import SpecError
from ..naming import suggest

__all__ = ["Entry", "RejectedRow", "Table", "read_table"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One model of a table.

    Attributes
    ----------
    spec : str
        The model.
    accuracy : float
    group : str
        What it was trained with; empty where the table has no groups.
    extra : mapping
        Further scores that the table itself gives.
    """

    spec: str
    accuracy: float
    group: str = ""
    extra: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that takes no part, and why.

    Attributes
    ----------
    row : int
        Its line in the file, the header being 1.
    model : str
    reason : str
    """

    row: int
    model: str
    reason: str


@dataclass(frozen=True, slots=True)
class Table:
    """What a file says.

    Attributes
    ----------
    entries : tuple of Entry
    rejected : tuple of RejectedRow
        Rows without a model or a finite accuracy, and repeated ones.
    """

    entries: tuple[Entry, ...]
    rejected: tuple[RejectedRow, ...]


def read_table(
    path: str | Path,
    *,
    spec: str = "spec",
    accuracy: str = "accuracy",
    group: str | None = None,
    prefix: str = "",
    size: str | None = None,
    extra: Sequence[str] = (),
) -> Table:
    """Read a CSV file with a header.

    Parameters
    ----------
    path : path
        The file.
    spec, accuracy, group, size : str
        Names of the columns: the model, its accuracy, its group, and the image size it is given. A spec with
        braces is put together from columns, ``{width}x{depth}``; before an accuracy, ``-`` says that less
        is better.
    prefix : str
        What to put before each model to make it a spec, such as ``nb201:`` or ``timm:``.
    extra : sequence of str
        Columns with scores to compare with.

    Raises
    ------
    SpecError
        If the file cannot be read, a column is missing, or no row is left.
    """
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = list(reader.fieldnames or [])
            parts = re.findall(r"{(\w+)}", spec) or [spec]
            column = accuracy if accuracy in columns else accuracy.removeprefix("-")
            _require(path, columns, [name for name in (*parts, column, group, size, *extra) if name])
            rows = list(reader)
    except OSError as error:
        raise SpecError(f"cannot read '{path}': {error.strerror or error}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise SpecError(f"'{path}' is no CSV file: {error}") from None
    entries: list[Entry] = []
    rejected: list[RejectedRow] = []
    seen: set[tuple[str, str]] = set()
    for line, row in enumerate(rows, start=2):
        model = (spec.format(**row) if parts != [spec] else row[spec] or "").strip()
        name = prefix + model + (f"@{(row[size] or '').strip()}" if size else "")
        label = (row[group] or "").strip() if group else ""
        value = _number(row[column])
        if value is not None and column != accuracy:
            value = -value
        reason = None
        if not model:
            reason = "no model"
        elif value is None:
            reason = f"accuracy '{row[column] or ''}' is no finite number"
        elif (name, label) in seen:
            reason = "stands in the table already"
        if reason is not None or value is None:
            rejected.append(RejectedRow(line, name, str(reason)))
            continue
        seen.add((name, label))
        found = {key: number for key in extra if (number := _number(row[key])) is not None}
        entries.append(Entry(name, value, label, found))
    if not entries:
        why = f"; the first: {rejected[0].reason}" if rejected else ""
        raise SpecError(f"'{path}' has no row with a model and an accuracy{why}")
    return Table(tuple(entries), tuple(rejected))


def _require(path: str | Path, columns: list[str], needed: list[str]) -> None:
    for name in needed:
        if name not in columns:
            raise SpecError(f"'{path}' has no column '{name}': {suggest(name, columns)}")


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
