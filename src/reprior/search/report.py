"""A search as one HTML page, and as a plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from ..errors import RepriorError, SpecError
from ..files import write_bytes
from ..views.html.page import assemble
from ..views.plots.axes import COLOURS
from .result import Found, SearchResult

__all__ = ["Plot", "plot_data", "to_html", "write_plot"]

_SCRIPTS = ("core.js", "charts.js", "table.js", "search.js")
_MOST = 1000
"""Trials off the front that are drawn: more say no more."""


def to_html(result: SearchResult) -> str:
    """One page: the front, any two quantities against each other, and the best value so far."""
    return assemble(f"search of {result.space} - reprior", _page(result), _SCRIPTS)


def _page(result: SearchResult) -> dict[str, Any]:
    on_front = {trial.number for trial in result.front}
    others = [trial for trial in result.trials if trial.feasible and trial.number not in on_front]
    keys = list(dict.fromkeys(key for trial in result.front for key in trial.quantities))
    return {
        "space": result.space,
        "objectives": [str(objective) for objective in result.objectives],
        "limits": [str(limit) for limit in result.limits],
        "trials": len(result.trials),
        "failed": sum(trial.error is not None for trial in result.trials),
        "notes": list(result.notes),
        "quantities": keys,
        "axes": _axes(result),
        "front": [{"name": _name(trial), **trial.quantities} for trial in result.front],
        "others": [{"name": "", **trial.quantities} for trial in _thinned(others)],
        "history": _steps(result),
    }


def _axes(result: SearchResult) -> tuple[str, str]:
    """Across the second objective, or the size; up the first."""
    first = result.objectives[0].quantity
    second = next((item.quantity for item in result.objectives[1:]), "macs" if first != "macs" else "params")
    return second, first


def _name(trial: Found) -> str:
    return trial.candidate or f"trial {trial.number}"


def _thinned(trials: Sequence[Found]) -> Sequence[Found]:
    return trials[:: max(1, -(-len(trials) // _MOST))]


def _steps(result: SearchResult) -> list[tuple[int, float]]:
    """Number and value of each trial that was better than all before."""
    steps: list[tuple[int, float]] = []
    for number, value in enumerate(result.history(), start=1):
        if value is not None and (not steps or value != steps[-1][1]):
            steps.append((number, value))
    return steps


@dataclass(frozen=True, slots=True)
class Plot:
    """What a plot shows.

    Attributes
    ----------
    x, y : str
        The axes.
    others : list of (x, y)
        Trials within the limits.
    front : list of (x, y)
        In the order of x.
    """

    x: str
    y: str
    others: list[tuple[float, float]]
    front: list[tuple[float, float]]


def plot_data(result: SearchResult) -> Plot:
    """The front in the plane of two objectives; of one objective, the best value so far by trial."""
    if len(result.objectives) == 1:
        name = result.objectives[0].quantity
        all_values = [
            (float(number), value)
            for number, trial in enumerate(result.trials, start=1)
            if trial.feasible and (value := trial.quantities.get(name)) is not None
        ]
        return Plot("trial", name, all_values, [(float(n), value) for n, value in _steps(result)])
    x, y = _axes(result)
    on_front = {trial.number for trial in result.front}
    others = [trial for trial in result.trials if trial.feasible and trial.number not in on_front]
    return Plot(x, y, _points(others, x, y), sorted(_points(result.front, x, y)))


def _points(trials: Sequence[Found], x: str, y: str) -> list[tuple[float, float]]:
    pairs = [(trial.quantities.get(x), trial.quantities.get(y)) for trial in trials]
    return [(a, b) for a, b in pairs if a is not None and b is not None]


def write_plot(result: SearchResult, path: str | Path) -> None:
    """Write the plot as PNG, SVG or PDF, by the ending of the name.

    Raises
    ------
    RepriorError
        If matplotlib is missing, the ending is unknown or the file cannot be written.
    """
    kind = Path(path).suffix.lstrip(".").lower()
    if kind not in ("png", "svg", "pdf"):
        raise SpecError(f"cannot draw '{path}': the name must end in .png, .svg or .pdf")
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise RepriorError("plots need matplotlib: pip install 'reprior[plot]'") from None
    data = plot_data(result)
    figure = Figure(figsize=(6.5, 4.5), layout="constrained")
    axes = figure.add_subplot()
    if data.others:
        x, y = zip(*data.others, strict=True)
        axes.scatter(x, y, s=9, alpha=0.4, linewidths=0, color=COLOURS[4])
    if data.front:
        x, y = zip(*data.front, strict=True)
        axes.plot(x, y, "o-", markersize=4, color=COLOURS[0], drawstyle="steps-post")
    axes.set(xlabel=data.x, ylabel=data.y, title=f"{result.space}: {len(result.trials)} trials")
    buffer = BytesIO()
    figure.savefig(buffer, format=kind, dpi=150)
    write_bytes(path, buffer.getvalue())
