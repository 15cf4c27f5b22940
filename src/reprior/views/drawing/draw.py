"""From a scalar graph to a drawing with counts on its nodes."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

from ...core.quantities import log2_exact
from ...errors import GraphError
from ...scalar import Dag, count_contexts, count_paths
from .layout import lay_out
from .shapes import Drawing, Line, Mark

__all__ = ["DRAW_LIMIT", "draw"]

DRAW_LIMIT = 600
"""Largest number of nodes that a reader can make out."""

_COLUMN, _ROW, _RADIUS, _MARGIN, _TITLE, _CAPTION = 82.0, 58.0, 19.0, 34.0, 40.0, 24.0


def draw(
    dag: Dag, title: str, *, caption: str = "", follow: str | None = None, limit: int = DRAW_LIMIT
) -> Drawing:
    """Draw a graph from left to right.

    On every parameter stands its number of contexts, on every other node its number of paths to the
    outputs.

    Parameters
    ----------
    dag : Dag
    title, caption : str
        Plain text above and below.
    follow : str, optional
        A node whose paths to the outputs are emphasised.
    limit : int
        Refuse graphs of more nodes than this.

    Raises
    ------
    GraphError
        If the graph is larger than `limit`, or has no node `follow`.
    """
    if len(dag) > limit:
        raise GraphError(f"a graph of {len(dag):,} nodes is too large to draw; the limit is {limit:,}")
    layout = lay_out(dag)
    followed = _below(dag, follow)
    contexts = cast("dict[str, int]", count_contexts(dag))  # integers, since every path counts one
    paths = cast("list[int]", count_paths(dag))

    def at(point: tuple[float, float]) -> tuple[float, float]:
        column, row = point
        return _MARGIN + column * _COLUMN, _TITLE + _MARGIN + row * _ROW

    marks = []
    for index, node in enumerate(dag.nodes):
        is_parameter = node.kind == "parameter"
        number = contexts[node.origin] if is_parameter else paths[index]
        what = "contexts" if is_parameter else "paths to the outputs"
        marks.append(
            Mark(
                kind=node.kind,
                centre=at(layout.nodes[index]),
                label=_short(node.origin),
                count=_readable(number),
                origin=node.origin,
                title=f"{node.kind} {node.name}: {_readable(number)} {what}",
                strong=index in followed,
            )
        )
    lines = [
        Line(tuple(map(at, points)), strong=edge[0] in followed and edge[1] in followed)
        for edge, points in layout.routes.items()
    ]
    return Drawing(
        title=title,
        caption=caption,
        width=max(2 * _MARGIN + (layout.columns - 1) * _COLUMN, 6.6 * max(len(title) * 1.25, len(caption))),
        height=_TITLE + 2 * _MARGIN + (layout.rows - 1) * _ROW + (_CAPTION if caption else 0.0),
        radius=_RADIUS,
        marks=tuple(marks),
        lines=tuple(lines),
    )


def _below(dag: Dag, name: str | None) -> Collection[int]:
    """The node of that name and all that it feeds, directly or not."""
    if name is None:
        return ()
    found = {index for index, node in enumerate(dag.nodes) if node.name == name}
    if not found:
        raise GraphError(f"the graph has no node '{name}' to follow")
    for index, own in enumerate(dag.sources):
        if any(source in found for source in own):
            found.add(index)
    return found


def _short(name: str) -> str:
    """A name that fits into a mark; the title has it whole."""
    return name if len(name) <= 5 else name[:4] + "…"


def _readable(number: int) -> str:
    return str(number) if number < 10**6 else f"2^{log2_exact(number):,.1f}"
