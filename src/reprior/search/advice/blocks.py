"""Blocks of a graph: stretches between two values of one shape that all data passes; left out or repeated.

A *cut* is a value through which every path from an input to an output goes. What lies between two cuts
can be replaced as a whole, and left out altogether if the cuts have one shape. Blocks that are alike and
follow one another are a run: leaving out or repeating any one of them gives the same graph up to names.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ...core.canonical import depends_on
from ...core.graph import Graph, Node
from ...core.primitives import Attention, Contract, Convolve, Input, Lookup, Parameter, Primitive
from ...errors import SpecError

__all__ = ["Block", "drop_block", "find_blocks", "repeat_block"]

_LONGEST = 12  # stretches between neighbouring cuts in a block


@dataclass(frozen=True, slots=True)
class Block:
    """The last block of a run.

    Attributes
    ----------
    module : str
        The module that its layers have in common, or the first and the last layer.
    start, stop : int
        Positions of the cuts before it and at its end.
    run : int
        How many blocks like it follow one another.
    """

    module: str
    start: int
    stop: int
    run: int


def find_blocks(graph: Graph) -> list[Block]:
    """The runs of blocks that keep the shape of what they read, in the order of the graph."""
    graph = _live(graph)
    nodes = graph.nodes
    data = depends_on(nodes, Input)
    cuts = _cuts(graph, data)
    atoms = [_fingerprint(nodes, data, start, stop) for start, stop in itertools.pairwise(cuts)]
    weighted = [
        any(_is_layer(nodes, data, k) for k in range(start + 1, stop + 1))
        for start, stop in itertools.pairwise(cuts)
    ]
    found, at = [], 0
    while at < len(atoms):
        size, run = _run(atoms, weighted, [nodes[k].shape for k in cuts], at)
        if run:
            last = at + size * (run - 1)
            start, stop = cuts[last], cuts[last + size]
            found.append(Block(_module(nodes, data, start, stop), start, stop, run))
        at += max(size * run, 1)
    return found


def drop_block(graph: Graph, block: Block) -> Graph:
    """The graph without a block."""
    graph = _live(graph)
    _check(graph, block)
    source = [block.start if k == block.stop else k for k in range(len(graph.nodes))]
    nodes = tuple([replace(node, inputs=tuple([source[k] for k in node.inputs])) for node in graph.nodes])
    return _live(Graph(nodes, tuple([source[k] for k in graph.outputs])))


def repeat_block(graph: Graph, block: Block, weights: Literal["own", "same"]) -> Graph:
    """The graph with a block once more, right after itself.

    Parameters
    ----------
    weights : {"own", "same"}
        Whether the new block has parameters of its own or those of the one before.
    """
    graph = _live(graph)
    _check(graph, block)
    old = graph.nodes
    data = depends_on(old, Input)
    inside = _needed(old, data, block.start, block.stop)
    shift = {k: k for k in range(block.stop + 1)}
    nodes = list(old[: block.stop + 1])
    copy: dict[int, int] = {block.start: block.stop}
    taken = {leaf.name for _, leaf in graph.parameters}
    mark = next(f"+{k}" for k in itertools.count(1) if not any(f"+{k}" in name for name in taken))
    for k in inside:
        node = old[k]
        if not data[k] and (weights == "same" or not isinstance(node.op, Parameter)) and not node.inputs:
            copy[k] = shift[k]
            continue
        op = node.op
        if isinstance(op, Parameter):
            op = replace(op, name=_renamed(op.name, block.module, mark))
        inputs = tuple([copy.get(i, i) for i in node.inputs])
        nodes.append(Node(op, inputs, node.shape, _renamed(node.scope, block.module, mark)))
        copy[k] = len(nodes) - 1
    shift[block.stop] = copy[block.stop]
    for k in range(block.stop + 1, len(old)):
        inputs = tuple([shift[i] for i in old[k].inputs])
        nodes.append(replace(old[k], inputs=inputs))
        shift[k] = len(nodes) - 1
    return Graph(tuple(nodes), tuple([shift[k] for k in graph.outputs]))


def _check(graph: Graph, block: Block) -> None:
    if block not in find_blocks(graph):
        raise SpecError(f"the graph has no block '{block.module}' at {block.start} to {block.stop}")


def _live(graph: Graph) -> Graph:
    """Without nodes that no output depends on; positions stay in order."""
    needed = set(graph.outputs)
    for k in reversed(range(len(graph.nodes))):
        if k in needed:
            needed.update(graph.nodes[k].inputs)
    if len(needed) == len(graph.nodes):
        return graph
    place = {k: n for n, k in enumerate(sorted(needed))}
    nodes = [replace(graph.nodes[k], inputs=tuple([place[i] for i in graph.nodes[k].inputs])) for k in place]
    return Graph(tuple(nodes), tuple([place[k] for k in graph.outputs]))


def _cuts(graph: Graph, data: Sequence[bool]) -> list[int]:
    """Values that every path passes: no edge from before leads behind."""
    last = [k for k in range(len(graph.nodes))]
    for position, node in enumerate(graph.nodes):
        for k in node.inputs:
            last[k] = position
    for k in graph.outputs:
        last[k] = len(graph.nodes)
    cuts, furthest = [], -1
    for k in range(len(graph.nodes)):
        if not data[k]:
            continue
        if furthest <= k and not any(data[i] and not graph.nodes[i].inputs for i in range(k + 1, len(data))):
            cuts.append(k)
        furthest = max(furthest, last[k])
    return cuts


def _needed(nodes: Sequence[Node], data: Sequence[bool], start: int, stop: int) -> list[int]:
    """Data between two cuts, with the parameters and constants that it is computed of."""
    found: set[int] = set()
    pending = [k for k in range(start + 1, stop + 1) if data[k]]
    while pending:
        k = pending.pop()
        if k not in found and k != start:
            found.add(k)
            pending += [i for i in nodes[k].inputs if not data[i]]
    return sorted(found)


def _fingerprint(nodes: Sequence[Node], data: Sequence[bool], start: int, stop: int) -> Hashable:
    inside = _needed(nodes, data, start, stop)
    place = {k: n for n, k in enumerate(inside)} | {start: -1}
    return tuple(
        [
            (
                _form(node.op),
                tuple([place[i] for i in node.inputs]),
                node.shape,
            )
            for node in (nodes[k] for k in inside)
        ]
    )


def _form(op: Primitive) -> Hashable:
    """What two primitives have in common that do the same."""
    if isinstance(op, Parameter):
        return replace(op, name="")
    if isinstance(op, Attention):
        return (Attention, op.mask if op.mask is None or isinstance(op.mask, str) else id(op.mask))
    return op


def _is_layer(nodes: Sequence[Node], data: Sequence[bool], k: int) -> bool:
    node = nodes[k]
    is_product = isinstance(node.op, Convolve | Contract | Lookup)
    return data[k] and is_product and not all(data[i] for i in node.inputs)


def _run(
    atoms: Sequence[Hashable], weighted: Sequence[bool], shapes: Sequence[object], at: int
) -> tuple[int, int]:
    """Stretches in the shortest block that begins here, and how many of these follow; 0 where none does."""
    if not weighted[at]:
        return 1, 0
    single = 0
    for size in range(1, min(_LONGEST, len(atoms) - at) + 1):
        if shapes[at] != shapes[at + size]:
            continue
        run = 1
        while atoms[at + run * size : at + (run + 1) * size] == atoms[at : at + size]:
            run += 1
        if run > 1:
            return size, run
        ends = at + size == len(atoms) or weighted[at + size]
        single = single or (size if ends else 0)
    return (single, 1) if single else (1, 0)


def _module(nodes: Sequence[Node], data: Sequence[bool], start: int, stop: int) -> str:
    inside = [k for k in range(start + 1, stop + 1) if _is_layer(nodes, data, k)]
    paths = [nodes[k].scope.split(".") for k in inside]
    alike = itertools.takewhile(lambda parts: len(set(parts)) == 1, zip(*paths, strict=False))
    common = [parts[0] for parts in alike]
    module, first, last = ".".join(common), ".".join(paths[0]), ".".join(paths[-1])
    outside = [k for k in range(len(nodes)) if not start < k <= stop and _is_layer(nodes, data, k)]
    if module and not any(f"{nodes[k].scope}.".startswith(f"{module}.") for k in outside):
        return module
    return first if first == last else f"{first} to {last}"


def _renamed(name: str, module: str, mark: str) -> str:
    if name == module or name.startswith(module + "."):
        return module + mark + name[len(module) :]
    return name + mark if name else name
