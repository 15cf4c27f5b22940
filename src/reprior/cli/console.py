"""Printing for people: tables, numbers and progress, at 80 columns and without colour too."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

__all__ = ["count", "number", "printer", "progress", "short", "simple_table"]

_PATIENCE = 1.0
"""Seconds before a progress bar appears."""

_UNITS = (("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3))


def printer() -> Console:
    """What prints to standard output. Names are printed as they are: no markup, no emoji, no guessing."""
    return Console(markup=False, emoji=False, highlight=False)


def simple_table(title: str, *columns: str, left: Sequence[str] = ()) -> Table:
    """An empty table without side borders; columns are aligned to the right, save those named in `left`."""
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    for column in columns:
        if column in left:
            table.add_column(column, overflow="fold", vertical="bottom")
        else:
            table.add_column(column, justify="right", no_wrap=True, vertical="bottom")
    return table


def number(value: float | None, digits: int = 4) -> str:
    """A number with fixed decimals, or scientific where it has too many digits; ``-`` for none."""
    if value is None:
        return "-"
    return f"{value:,.{digits}f}" if abs(value) < 1e7 else f"{value:.{digits + 2}e}"


def count(value: int | None) -> str:
    """A whole number with its thousands apart; ``-`` for none."""
    return "-" if value is None else f"{value:,}"


def short(value: int | None) -> str:
    """Three digits of a whole number, in thousands (k), millions (M), billions (G) or trillions (T)."""
    if value is None or value < 10_000:
        return count(value)
    unit, size = next((unit, size) for unit, size in _UNITS if value >= size)
    return f"{_three_digits(value / size)} {unit}"


def _three_digits(value: float) -> str:
    """At least three significant digits, as 8.37, 56.1, 718 and 12345."""
    return f"{value:.{max(0, 2 - int(math.log10(value)))}f}"


@contextmanager
def progress(total: int) -> Iterator[Callable[[str], None]]:
    """Show how far a command is, on a terminal, once it has taken a second.

    Parameters
    ----------
    total : int
        Number of steps.

    Yields
    ------
    callable
        Call it with the name of each step as it begins.
    """
    console = Console(stderr=True, markup=False, emoji=False)
    if not console.is_terminal:
        yield lambda name: None
        return
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        *((BarColumn(bar_width=20), MofNCompleteColumn()) if total > 1 else ()),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    task = bar.add_task("", total=total)
    begun = 0

    def begin(name: str) -> None:
        nonlocal begun
        bar.update(task, description=name[:40], completed=begun)
        begun += 1

    timer = threading.Timer(_PATIENCE, bar.start)
    timer.daemon = True
    timer.start()
    try:
        yield begin
    finally:
        timer.cancel()
        timer.join()
        bar.stop()
