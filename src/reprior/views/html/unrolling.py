"""A graph and its horizontal unrolling side by side, as one HTML page (paper, figure 3)."""

from __future__ import annotations

from html import escape
from os import PathLike

from ...files import write_text
from ...scalar import Dag, count_contexts, unroll
from ..drawing import DRAW_LIMIT, draw, to_svg
from .page import assemble

__all__ = ["unrolling_html", "write_unrolling"]


def unrolling_html(dag: Dag, name: str, *, limit: int = DRAW_LIMIT) -> str:
    """The page: pointing at a node of one graph shows its copies in the other.

    Raises
    ------
    GraphError
        If the unrolled graph has more than `limit` nodes.
    """
    unrolled = unroll(dag)
    parameters = len(count_contexts(dag))
    body = (
        f"<header><h1>{escape(name)}: horizontal unrolling</h1><p>First the graph as it is, with the number "
        "of contexts on each parameter and of paths to the outputs on each other node; then the same "
        "function without any value used twice (algorithm 1). Each parameter stands there once for each of "
        f"its contexts: {parameters} parameters in {len(unrolled.parameters)} places. "
        "Point at a node, or move to it with the tab key, to see its copies.</p></header>"
        '<main><p id="readout" role="status">&nbsp;</p><div class="pair">'
        f"{_panel('Original', dag, limit)}{_panel('Unrolled', unrolled, limit)}</div></main>"
    )
    return assemble(
        f"{name}, unrolled - reprior", {"kind": "unrolling"}, ("core.js", "unrolling.js"), body=body
    )


def write_unrolling(dag: Dag, name: str, path: str | PathLike[str], *, limit: int = DRAW_LIMIT) -> None:
    """Write the page of `unrolling_html` to a file."""
    write_text(path, unrolling_html(dag, name, limit=limit))


def _panel(title: str, dag: Dag, limit: int) -> str:
    svg = to_svg(draw(dag, f"{title} graph", limit=limit), standalone=False)
    return (
        f"<section><h2>{title}: {len(dag)} nodes</h2>"
        f'<div class="scroll" tabindex="0" role="group" aria-label="{title} graph">{svg}</div></section>'
    )
