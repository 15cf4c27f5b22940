"""Drawings as SVG text: accessible, and in the colours of the page where they stand in one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from xml.etree.ElementTree import Element, SubElement, tostring

from .shapes import COLOURS, Drawing, Line, Mark

__all__ = ["printable", "to_svg"]


@dataclass(frozen=True, slots=True)
class _Pen:
    """Colours of what is not filled by kind."""

    ink: str
    edge: str
    strong: str


_FILE = _Pen("#222222", "#767676", "#b03060")
_PAGE = _Pen("var(--ink)", "var(--edge)", "var(--strong)")
_RIM = "#333333"
_LETTERS = "#111111"  # on the fills of the marks, in every theme


def to_svg(drawing: Drawing, *, standalone: bool = True) -> str:
    """The drawing as one ``<svg>`` element.

    Parameters
    ----------
    drawing : Drawing
    standalone : bool
        Whether it goes into a file of its own, with a white ground and its title; inside a page it takes
        the page's colours, shrinks with it, and its title is left to the page.
    """
    w, h = drawing.width, drawing.height
    pen = _FILE if standalone else _PAGE
    root = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {w:.0f} {h:.0f}",
            "width": f"{w:.0f}",
            "height": f"{h:.0f}",
            "role": "img",
            "font-family": "system-ui, sans-serif",
            "aria-label": printable(drawing.title),
        },
    )
    if standalone:
        SubElement(root, "title").text = printable(drawing.title)
        SubElement(root, "rect", {"width": "100%", "height": "100%", "fill": "#ffffff"})
        _label(root, w / 2, 24, drawing.title, 16, pen.ink, bold=True)
    else:
        # Down to where its text can still be read; narrower, the page scrolls.
        root.set("style", f"max-width:100%;height:auto;min-width:{0.6 * w:.0f}px")
    for line in drawing.lines:
        _line(root, _shortened(line, drawing.radius), pen)
    for mark in drawing.marks:
        _mark(root, mark, drawing.radius, pen)
    if drawing.caption:
        _label(root, w / 2, h - 12, drawing.caption, 12, pen.ink)
    return tostring(root, encoding="unicode")


def printable(text: str) -> str:
    """The text without what XML cannot hold: control characters and halves of surrogate pairs."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if c < " " or "\ud800" <= c <= "\udfff" or c in "\ufffe\uffff" else c
        for c in text
    )


def _shortened(line: Line, radius: float) -> Line:
    """The line as far as the rim of the mark, where its arrow shows."""
    *others, before, end = line.points
    part = 1 - (radius + 1.0) / (math.dist(before, end) or 1.0)
    tip = (before[0] + (end[0] - before[0]) * part, before[1] + (end[1] - before[1]) * part)
    return Line((*others, before, tip), line.strong)


def _line(root: Element, line: Line, pen: _Pen) -> None:
    colour, width = (pen.strong, "2.6") if line.strong else (pen.edge, "1.2")
    way = "L".join(f"{x:.1f} {y:.1f}" for x, y in line.points)
    SubElement(root, "path", {"d": f"M{way}", "fill": "none", "stroke": colour, "stroke-width": width})
    (bx, by), (tx, ty) = list(pairwise(line.points))[-1]
    angle = math.degrees(math.atan2(ty - by, tx - bx))
    turn = f"translate({tx:.1f} {ty:.1f}) rotate({angle:.1f})"
    SubElement(root, "path", {"d": "M0 0L-7 -3.4L-7 3.4Z", "transform": turn, "fill": colour})


def _mark(root: Element, mark: Mark, r: float, pen: _Pen) -> None:
    x, y = mark.centre
    group = SubElement(
        root, "g", {"class": "mark", "data-origin": printable(mark.origin), "data-count": mark.count}
    )
    SubElement(group, "title").text = printable(mark.title)
    look = {
        "fill": COLOURS[mark.kind],
        "stroke": pen.strong if mark.strong else _RIM,
        "stroke-width": "2.4" if mark.strong else "1.2",
    }
    centre = {"cx": f"{x:.1f}", "cy": f"{y:.1f}"}
    if mark.kind == "parameter":
        side = 2 * r * 0.92
        corner = {"x": f"{x - side / 2:.1f}", "y": f"{y - side / 2:.1f}", "rx": "3"}
        SubElement(group, "rect", corner | {"width": f"{side:.1f}", "height": f"{side:.1f}"} | look)
    elif mark.kind == "input":
        corners = ((-r, 0.0), (-r / 2, -r), (r / 2, -r), (r, 0.0), (r / 2, r), (-r / 2, r))
        points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
        SubElement(group, "polygon", {"points": points} | look)
    else:
        SubElement(group, "circle", centre | {"r": f"{r:.1f}"} | look)
    if mark.kind == "output":
        SubElement(group, "circle", centre | {"r": f"{r - 3:.1f}", "fill": "none", "stroke": _RIM})
    _label(group, x, y - 1, mark.label, 12, _LETTERS, bold=True)
    _label(group, x, y + 11, mark.count, 11, _LETTERS)


def _label(
    parent: Element, x: float, y: float, text: str, size: int, fill: str, *, bold: bool = False
) -> None:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": "middle", "font-size": str(size), "fill": fill}
    SubElement(parent, "text", place | ({"font-weight": "bold"} if bold else {})).text = printable(text)
