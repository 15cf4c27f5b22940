"""``reprior unroll``: algorithm 1 on a graph of scalars."""

from __future__ import annotations

import json as json_format
from collections import Counter
from itertools import islice
from typing import Annotated

import typer
from rich.console import Console

from ..errors import SpecError
from ..registry import load_spec
from ..scalar import Dag, count_contexts, is_uniform, to_json, unroll
from ..scalar.unrolling import UNROLL_LIMIT
from .console import count, printer, simple_table
from .options import Html, Json, Spec
from .outputs import Destinations

__all__ = ["unroll_command"]

_LINES = 40
"""Functions of a graph that are printed."""


def unroll_command(
    spec: Spec,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, help="Refuse to make a graph of more nodes.")
    ] = UNROLL_LIMIT,
    json: Json = None,
    html: Html = None,
) -> None:
    """Unroll a graph of scalars horizontally (algorithm 1).

    Every node is duplicated until it feeds one other node. The graph computes the same and reuses no
    intermediate value; a parameter appears as often as it has contexts. The JSON is a graph again,
    which dag:FILE reads; the HTML page shows both graphs side by side.

    \b
    reprior unroll paper:figure3a
    reprior unroll paper:figure3a --html unrolled.html
    reprior unroll dag:mygraph.json --limit 1000000 --json unrolled.json
    """
    places = Destinations(json, html=html)
    graph = load_spec(spec).graph
    if not isinstance(graph, Dag):
        raise SpecError(f"'{spec}' is a graph of tensors; unroll takes paper:figure... and dag:FILE.json")
    unrolled = unroll(graph, limit)
    places.write_json(lambda: json_format.dumps(to_json(unrolled), indent=1, ensure_ascii=False))
    places.write_html(lambda: _page(graph, spec))
    if not places.printed:
        _print(printer(), spec, graph, unrolled)


def _page(graph: Dag, spec: str) -> str:
    from ..views.html import unrolling_html

    return unrolling_html(graph, spec)


def _print(console: Console, spec: str, graph: Dag, unrolled: Dag) -> None:
    _print_graph(console, spec, graph)
    _print_graph(console, f"{spec}, unrolled", unrolled)
    table = simple_table("Parameters", "parameter", "contexts", "copies", left=["parameter"])
    copies = Counter(node.origin for node in unrolled.parameters)
    for name, contexts in islice(count_contexts(graph).items(), _LINES):
        table.add_row(name, f"{contexts:,}", count(copies[name]))
    console.print(table)
    if len(copies) > _LINES:
        console.print(f"... and {len(copies) - _LINES:,} more")


def _print_graph(console: Console, title: str, graph: Dag) -> None:
    uniform = "uniform (definition 2)" if is_uniform(graph) else "not uniform"
    console.print(
        f"{title}: {len(graph):,} nodes, {sum(map(len, graph.sources)):,} edges, {uniform}", style="bold"
    )
    lines = str(graph).splitlines()
    for line in lines[:_LINES]:
        console.print(f"  {line}", overflow="fold")
    if len(lines) > _LINES:
        console.print(f"  ... and {len(lines) - _LINES:,} more functions (--json FILE writes all)")
    console.print()
