"""Getting axes from matplotlib, and how plots look."""

from __future__ import annotations

from typing import Any

from ...errors import RepriorError

__all__ = ["COLOURS", "MARKERS", "axes_or_new", "plain"]

COLOURS = (
    "#0a63a5",
    "#b84a00",
    "#00734f",
    "#a23f7c",
    "#5c5c5c",
    "#7a6100",
    "#4540b0",
    "#007380",
    "#9c2a2a",
    "#7245a6",
)
"""Those of the reports: each has a contrast of at least 4.5 with white."""

MARKERS = "os^D"
"""Told apart by shape as well as by colour."""


def axes_or_new(ax: Any, size: tuple[float, float] = (8.0, 4.0)) -> Any:
    """The axes given, or those of a new figure.

    Raises
    ------
    RepriorError
        If matplotlib is missing.
    """
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise RepriorError("plots need matplotlib: pip install 'reprior[plot]'") from None
    return plt.subplots(figsize=size, layout="constrained")[1]


def plain(name: str, most: int = 60) -> str:
    """A name as matplotlib shows it unchanged: no mathematics between dollars, no endless lines."""
    short = name if len(name) <= most else f"{name[: most // 2]}…{name[-most // 2 + 1 :]}"
    return short.replace("$", r"\$").replace("\n", " ")
