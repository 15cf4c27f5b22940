"""``reprior figures``: the paper's figures, drawn from the graphs that are counted."""

from __future__ import annotations

from typing import Annotated

import typer

from ..views.drawing import FIGURE_NAMES, write_figures
from ..views.drawing.figures import FORMATS

__all__ = ["figures_command"]


def figures_command(
    out: Annotated[str, typer.Option(metavar="DIR", help="Where to write; made if missing.")] = "figures",
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help=f"One of {', '.join(FIGURE_NAMES)}; repeatable.", show_default=False
        ),
    ] = None,
    format: Annotated[
        list[str] | None,
        typer.Option(metavar="|".join(FORMATS), help="Repeatable; all by default.", show_default=False),
    ] = None,
) -> None:
    """Draw the paper's figures, with the counts on the nodes.

    Figures 1, 2a, 2b, 3a, 3b and 3c, as SVG and PNG. PNG needs matplotlib: pip install 'reprior[plot]'.

    \b
    reprior figures --out figures
    reprior figures --out figures --only figure3a --only figure3b --format svg
    """
    for path in write_figures(out, names=only or FIGURE_NAMES, formats=format or FORMATS):
        typer.echo(str(path))
