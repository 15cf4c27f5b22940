"""The drawing of a scalar graph inside its report."""

from __future__ import annotations

from ...analysis import Analysis
from ...scalar import Dag

__all__ = ["scalar_figure"]

_LIMIT = 200


def scalar_figure(analysis: Analysis) -> str:
    """A section with the graph; nothing for graphs of tensors and for those too large to read."""
    if not isinstance(analysis.graph, Dag) or len(analysis.graph) > _LIMIT:
        return ""
    from ..drawing.draw import draw
    from ..drawing.svg import to_svg

    svg = to_svg(draw(analysis.graph, "The graph, with its counts"), standalone=False)
    return (
        '<section id="graph"><h2>The graph</h2><p>Squares are parameters, with their number of contexts; '
        "hexagons inputs, circles functions and double circles outputs, with their number of paths to the "
        'outputs.</p><div class="scroll" tabindex="0" role="group" aria-label="Drawing of the graph">'
        f"{svg}</div></section>"
    )
