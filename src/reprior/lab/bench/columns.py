"""Reading published files and writing tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

__all__ = ["read_rows", "table"]


def read_rows(data: bytes) -> Iterator[dict[str, str]]:
    """The rows of a CSV file with a header."""
    return csv.DictReader(io.StringIO(data.decode("utf-8")))


def table(header: list[str], lines: Iterable[list[object]]) -> str:
    """A table as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return text.getvalue()
