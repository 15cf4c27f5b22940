"""A drawing as a list of marks and lines, for whatever draws it."""

from __future__ import annotations

from dataclasses import dataclass

from ...scalar import Kind

__all__ = ["COLOURS", "Drawing", "Line", "Mark"]

Point = tuple[float, float]

COLOURS: dict[Kind, str] = {
    "input": "#56b4e9",
    "parameter": "#f0e442",
    "function": "#e8e8e8",
    "output": "#e69f00",
}
"""Fill of each kind, from the palette of Okabe and Ito (2008); the shape says the kind as well."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A node.

    Attributes
    ----------
    kind : {"input", "parameter", "function", "output"}
    centre : (x, y)
        In pixels.
    label, count : str
        What stands in it, and its number of contexts or paths below.
    origin : str
        What it is a copy of.
    title : str
        A sentence about it.
    strong : bool
        Whether it is emphasised.
    """

    kind: Kind
    centre: Point
    label: str
    count: str
    origin: str
    title: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """An edge through some points, with an arrow at its end."""

    points: tuple[Point, ...]
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """Marks over lines, with a title and a caption.

    Attributes
    ----------
    width, height : float
        In pixels.
    radius : float
        Of the marks.
    """

    title: str
    caption: str
    width: float
    height: float
    radius: float
    marks: tuple[Mark, ...]
    lines: tuple[Line, ...]
