"""What feeds what: the edges of a tensor graph, seen between the modules of a tree."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.graph import Graph, Node
from ...core.primitives import Constant, Input, Move, Parameter
from .tree import EntryKind, Tree

__all__ = ["edges", "place_operations", "scopes"]


def scopes(graph: Graph) -> Iterator[str]:
    """Module paths of the operations that are shown, in the order of the graph."""
    return (node.scope for node in graph.nodes if _is_shown(node))


def place_operations(graph: Graph, tree: Tree) -> list[int]:
    """Add inputs, loose operations and loose parameters to a tree, and say where each node is.

    An operation of a module without submodules is that module; others get an entry of their own, since
    a module that holds modules says nothing about what it does itself. Parameters are inside what uses
    them, save where their module does nothing with them that is shown (a table of positions).

    Returns
    -------
    list of int
        Position in the tree of each node; -1 for those that are not shown.
    """
    branches = tree.branches() | {0}
    active = {tree.places[node.scope] for node in graph.nodes if _is_shown(node)}
    places = []
    for node in graph.nodes:
        op = node.op
        if isinstance(op, Parameter):
            place = tree.places.get(op.name.rpartition(".")[0], 0)
            if place in branches:
                place = tree.add(place, op.name.rpartition(".")[2], "parameter")
            elif place in active:
                place = -1
        elif not _is_shown(node):
            place = -1
        else:
            place = tree.places[node.scope] if not isinstance(op, Input) else 0
            if place in branches:
                kind: EntryKind = "input" if isinstance(op, Input) else "operation"
                place = tree.add(place, op.name if isinstance(op, Input) else op.label, kind)
        places.append(place)
    return places


def edges(graph: Graph, tree: Tree, places: list[int]) -> list[tuple[int, int]]:
    """Edges of the graph lifted to the tree.

    Returns
    -------
    list of (source, target)
        Both ends lie in one module; where what comes in from outside feeds an entry, the source is
        the module that holds it.
    """
    found: dict[tuple[int, int], None] = {}
    shown: list[tuple[int, ...]] = []  # the shown nodes behind each value
    for node, place in zip(graph.nodes, places, strict=True):
        behind = tuple(dict.fromkeys(p for k in node.inputs for p in shown[k]))
        if place < 0:
            shown.append(behind)
            continue
        shown.append((place,))
        for source in behind:
            found |= dict.fromkeys(_lift(tree, source, place))
    return list(found)


def _lift(tree: Tree, source: int, target: int) -> Iterator[tuple[int, int]]:
    if source == target:
        return
    above = {}  # for each module that holds the source, its entry on the way down to it
    below = -1
    for place in tree.ancestors(source):
        above[place] = below
        below = place
    below = -1
    for place in tree.ancestors(target):
        if place in above:
            if above[place] >= 0 and below >= 0:
                yield above[place], below
            return
        if below >= 0:
            yield place, below
        below = place


def _is_shown(node: Node) -> bool:
    return not isinstance(node.op, Parameter | Constant | Move)
