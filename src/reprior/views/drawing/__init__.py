"""Drawings of scalar graphs, and the paper's figures."""

from __future__ import annotations

from .draw import DRAW_LIMIT, draw
from .figures import FIGURE_NAMES, figure_1, figure_drawing, write_figures
from .png import to_png
from .shapes import Drawing
from .svg import to_svg

__all__ = [
    "DRAW_LIMIT",
    "FIGURE_NAMES",
    "Drawing",
    "draw",
    "figure_1",
    "figure_drawing",
    "to_png",
    "to_svg",
    "write_figures",
]
