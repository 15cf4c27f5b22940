"""Two quantities of many candidates, and those that none other beats in both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import SpecError
from ...files import require_writable, write_bytes
from .axes import COLOURS, MARKERS, axes_or_new, plain

__all__ = ["draw_front", "require_drawable", "write_front"]

_FORMATS = ("png", "svg", "pdf")

Point = tuple[str, float, float]


def draw_front(points: Sequence[Point], *, x: str, y: str, title: str = "", ax: Any = None) -> Any:
    """One mark per point, by kind, and a line through the Pareto front (little x, much y).

    Parameters
    ----------
    points : sequence of (str, float, float)
        Kind, x and y.
    x, y, title : str
        Labels.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    """
    ax = axes_or_new(ax, (6.5, 4.5))
    kinds = list(dict.fromkeys(kind for kind, _, _ in points))
    for number, kind in enumerate(kinds):
        xs, ys = zip(*[(a, b) for name, a, b in points if name == kind], strict=True)
        mark, colour = MARKERS[number % len(MARKERS)], COLOURS[number % len(COLOURS)]
        ax.plot(xs, ys, mark, color=colour, label=plain(kind), markersize=5)
    best, front = float("-inf"), []
    for a, b in sorted(((a, b) for _, a, b in points), key=lambda pair: (pair[0], -pair[1])):
        if b > best:
            best = b
            front.append((a, b))
    xs, ys = zip(*front, strict=True)
    ax.plot(xs, ys, color="#5c5c5c", linewidth=0.8, drawstyle="steps-post", zorder=0)
    ax.set(xlabel=x, ylabel=y, title=plain(title))
    ax.legend(fontsize="small")
    return ax


def write_front(path: str, points: Sequence[Point], *, x: str, y: str, title: str = "") -> None:
    """Write the plot to a file whose name ends in .png, .svg or .pdf.

    Raises
    ------
    SpecError
        If the name ends otherwise, or the file cannot be written.
    """
    import io

    kind = require_drawable(path)
    ax = draw_front(points, x=x, y=y, title=title)
    buffer = io.BytesIO()
    ax.figure.savefig(buffer, format=kind)
    import matplotlib.pyplot as plt

    plt.close(ax.figure)
    write_bytes(path, buffer.getvalue())


def require_drawable(path: str) -> str:
    """The format of a plot by the name of its file; refuses what cannot be written, before any work.

    Raises
    ------
    SpecError
        If the name has another ending, or the file cannot be written.
    """
    kind = path.rpartition(".")[2].lower()
    if kind not in _FORMATS:
        raise SpecError(f"cannot draw '{path}': a plot ends in {', '.join('.' + name for name in _FORMATS)}")
    require_writable(path)
    return kind
