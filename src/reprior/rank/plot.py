"""Plots of a ranking (extra ``plot``): data first, drawing apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import RepriorError, SpecError
from ..files import write_bytes
from .ranking import Ranking

__all__ = ["Scatter", "draw_scatter", "scatter_data", "write_plot"]

_MOST_GROUPS = 10


@dataclass(frozen=True, slots=True)
class Scatter:
    """What a scatter plot shows.

    Attributes
    ----------
    quantity : str
    tau : float or None
    series : mapping of str to (scores, accuracies)
        One per group, largest first; groups beyond the tenth stand together.
    """

    quantity: str
    tau: float | None
    series: dict[str, tuple[list[float], list[float]]]


def scatter_data(ranking: Ranking, quantity: str) -> Scatter:
    """Score against accuracy, by group.

    Raises
    ------
    SpecError
        If there is no such quantity.
    """
    taus = {item.quantity: item.tau for item in ranking.correlations}
    if quantity not in taus:
        raise SpecError(f"there is no quantity '{quantity}': there are {', '.join(taus)}")
    sizes: dict[str, int] = {}
    for entry in ranking.entries:
        sizes[entry.group] = sizes.get(entry.group, 0) + 1
    shown = sorted(sizes, key=lambda group: (-sizes[group], group))[:_MOST_GROUPS]
    series: dict[str, tuple[list[float], list[float]]] = {group: ([], []) for group in shown}
    for entry in ranking.entries:
        value = entry.scores.get(quantity)
        if value is not None:
            scores, accuracies = series.setdefault(
                entry.group if entry.group in shown else "others", ([], [])
            )
            scores.append(value)
            accuracies.append(entry.accuracy)
    return Scatter(quantity, taus[quantity], series)


def draw_scatter(data: Scatter, axes: Any) -> None:
    """Draw onto matplotlib axes."""
    for group, (scores, accuracies) in data.series.items():
        axes.scatter(scores, accuracies, s=9, alpha=0.6, linewidths=0, label=group or None)
    axes.set(xlabel=data.quantity, ylabel="accuracy")
    if data.tau is not None:
        axes.set_title(f"tau = {data.tau:.3f}", fontsize="medium")
    if len(data.series) > 1:
        axes.legend(fontsize="x-small", markerscale=2)


def write_plot(ranking: Ranking, quantity: str, path: str | Path) -> None:
    """Write a scatter plot as PNG, SVG or PDF, by the ending of the name.

    Raises
    ------
    RepriorError
        If matplotlib is missing, the ending is unknown or the file cannot be written.
    """
    data = scatter_data(ranking, quantity)
    kind = Path(path).suffix.lstrip(".").lower()
    if kind not in ("png", "svg", "pdf"):
        raise SpecError(f"cannot draw '{path}': the name must end in .png, .svg or .pdf")
    try:
        from io import BytesIO

        from matplotlib.figure import Figure
    except ImportError:
        raise RepriorError("plots need matplotlib: pip install 'reprior[plot]'") from None
    figure = Figure(figsize=(6.5, 4.5), layout="constrained")
    draw_scatter(data, figure.add_subplot())
    buffer = BytesIO()
    figure.savefig(buffer, format=kind, dpi=150)
    write_bytes(path, buffer.getvalue())
