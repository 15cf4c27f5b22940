"""Drawings of scalar graphs: the paper's figures, and graphs beside their unrolling."""

from __future__ import annotations

from .draw import DRAW_LIMIT, draw
from .figures import FIGURE_NAMES, figure_1, figure_drawing, write_figures
from .png import to_png
from .shapes import Drawing
from .svg import to_svg
from .unrolling import unrolling_html, write_unrolling

__all__ = [
    "DRAW_LIMIT",
    "FIGURE_NAMES",
    "Drawing",
    "draw",
    "figure_1",
    "figure_drawing",
    "to_png",
    "to_svg",
    "unrolling_html",
    "write_figures",
    "write_unrolling",
]
