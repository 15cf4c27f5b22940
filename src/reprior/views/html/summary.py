"""Short static tables for notebooks: no script, so that they show in every viewer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from ...analysis import COLUMNS, Analysis, Comparison
from .comparison_data import label
from .headline import baselines, headline

__all__ = ["analysis_summary", "comparison_summary"]


def analysis_summary(analysis: Analysis) -> str:
    """Quantities and baselines of one model."""
    rows: list[Sequence[str]] = [
        (f"{item.name} {item.symbol}", _figure(item.value), item.unit, item.meaning)
        for item in headline(analysis)
    ]
    rows += [(item.name, _figure(item.value), "", item.meaning) for item in baselines(analysis)]
    table = _table(analysis.model, ("Quantity", "Value", "", "Meaning"), rows, numbers=(1,))
    notes = "".join(f"<li>{escape(note)}</li>" for note in analysis.notes)
    return f"{table}<ul>{notes}</ul>" if notes else table


def comparison_summary(comparison: Comparison) -> str:
    """One row per model."""
    found = comparison.rows()
    keys = [key for key in COLUMNS if any(row[key] is not None for row in found)]
    rows = [[_figure(row[key]) for key in keys] for row in found]
    title = f"{len(rows)} model{'' if len(rows) == 1 else 's'}"
    return _table(title, [label(key) for key in keys], rows, numbers=range(1, len(keys)))


def _figure(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.4f}" if abs(value) < 1e6 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int]) -> str:
    right = set(numbers)

    def cells(tag: str, texts: Sequence[str]) -> str:
        sides = ("right" if k in right else "left" for k in range(len(texts)))
        return "".join(
            f'<{tag} style="text-align:{side}">{escape(text)}</{tag}>'
            for side, text in zip(sides, texts, strict=True)
        )

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return (
        f"<table><caption>{escape(title)}</caption><thead><tr>{cells('th', heads)}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )
