"""Drawings as PNG, drawn by matplotlib, which brings its own fonts."""

from __future__ import annotations

import io
from typing import Any

from ...errors import RepriorError
from .shapes import COLOURS, Drawing

__all__ = ["to_png"]


def to_png(drawing: Drawing, *, scale: float = 2.0) -> bytes:
    """The drawing as a PNG image of `scale` pixels per unit.

    Raises
    ------
    RepriorError
        If matplotlib (extra ``plot``) is missing.
    """
    try:
        from matplotlib.figure import Figure
        from matplotlib.patches import Circle, FancyArrowPatch, Rectangle, RegularPolygon
    except ImportError:
        raise RepriorError("PNG needs matplotlib: pip install 'reprior[plot]'") from None
    w, h, r = drawing.width, drawing.height, drawing.radius
    figure = Figure(figsize=(w / 72, h / 72))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, w), ylim=(h, 0), aspect="equal")
    axes.set_axis_off()
    for line in drawing.lines:
        colour, width = ("#b03060", 2.6) if line.strong else ("#767676", 1.1)
        *way, before, end = line.points
        xs, ys = zip(*way, before, strict=True)
        axes.plot(xs, ys, color=colour, linewidth=width, zorder=1, solid_capstyle="round")
        arrow = FancyArrowPatch(before, end, arrowstyle="-|>", mutation_scale=10, shrinkA=0, shrinkB=r)
        arrow.set(color=colour, linewidth=width, zorder=1)
        axes.add_patch(arrow)
    for mark in drawing.marks:
        x, y = mark.centre
        look: dict[str, Any] = {
            "facecolor": COLOURS[mark.kind],
            "edgecolor": "#b03060" if mark.strong else "#333333",
            "linewidth": 2.4 if mark.strong else 1.2,
            "zorder": 2,
        }
        if mark.kind == "parameter":
            side = 2 * r * 0.92
            axes.add_patch(Rectangle((x - side / 2, y - side / 2), side, side, **look))
        elif mark.kind == "input":
            axes.add_patch(RegularPolygon((x, y), 6, radius=r, orientation=0.5236, **look))
        else:
            axes.add_patch(Circle((x, y), r, **look))
        if mark.kind == "output":
            axes.add_patch(Circle((x, y), r - 3, fill=False, edgecolor="#333333", zorder=3))
        for text, dy, size, weight in ((mark.label, -5, 9, "bold"), (mark.count, 8, 8, "normal")):
            axes.text(
                x,
                y + dy,
                text,
                size=size,
                weight=weight,
                ha="center",
                va="center",
                zorder=4,
                parse_math=False,
            )
    axes.text(w / 2, 18, drawing.title, size=12, weight="bold", ha="center", va="center", parse_math=False)
    axes.text(w / 2, h - 15, drawing.caption, size=9, ha="center", va="center", parse_math=False)
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=72 * scale, metadata={"Software": None})
    return image.getvalue()
