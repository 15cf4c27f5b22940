"""Pointwise values between moves that cancel are computed without the moves: the same elements meet."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reprior.core.canonical import canonicalise
from reprior.core.counting import count
from reprior.core.graph import Graph
from reprior.core.primitives import Keep, Map, Permute, Reshape
from reprior.core.weighting import UNIT

from .sketch import Sketch


def _moves(sketch: Sketch, shape: tuple[int, ...]) -> list[Permute | Reshape]:
    """Views and transpositions, and what undoes them."""
    there: list[Permute | Reshape] = []
    back: list[Permute | Reshape] = []
    for _ in range(sketch.number(1, 3)):
        if sketch.maybe():
            order = tuple(sketch.draw(st.permutations(range(len(shape)))))
            there.append(Permute(order))
            back.insert(0, Permute(tuple(order.index(axis) for axis in range(len(order)))))
            shape = tuple(shape[axis] for axis in order)
        else:
            back.insert(0, Reshape(shape))
            axis = sketch.number(0, len(shape) - 1)
            if sketch.maybe() and len(shape) > 1:
                axis = min(axis, len(shape) - 2)
                shape = (*shape[:axis], shape[axis] * shape[axis + 1], *shape[axis + 2 :])
            else:
                outer = sketch.choose(*(n for n in range(1, shape[axis] + 1) if shape[axis] % n == 0))
                shape = (*shape[:axis], outer, shape[axis] // outer, *shape[axis + 1 :])
            there.append(Reshape(shape))
    return [*there, *back]


@given(st.data())
def test_functions_between_moves_that_cancel(data: st.DataObject) -> None:
    """Contexts before and after the canonical form, which here only takes nodes out of chains."""
    sketch = Sketch(data.draw)
    shape = tuple(sketch.choose(1, 2, 3, 4) for _ in range(sketch.number(1, 3)))
    value = sketch.map(sketch.parameter(shape), sketch.input(shape))
    moves = _moves(sketch, shape)
    for place, move in enumerate(moves, 1):
        value = sketch.add(move, value)
        if place == len(moves) // 2:
            inner = sketch.shape(value)
            operands = [value, sketch.parameter(tuple(sketch.choose(1, n) for n in inner))]
            if sketch.maybe():
                operands.append(sketch.parameter(inner[-1:]))
            align: tuple[int | None, ...] = (None,) * len(operands)
            if sketch.maybe():
                axis = sketch.number(0, len(inner) - 1)
                operands.append(sketch.parameter((inner[axis],)))
                align = (*align, axis)
            masks = tuple(sketch.mask(inner) for _ in operands) if sketch.maybe() else ()
            align = align if any(axis is not None for axis in align) else ()
            value = sketch.add(Map("map", align, masks), *operands)
    value = sketch.add(Keep(sketch.mask(shape)), value)
    graph = Graph(tuple(sketch.builder.nodes), (value,))
    assert _contexts(canonicalise(graph)) == _contexts(graph)


def _contexts(graph: Graph) -> dict[str, list]:
    return {item.name: item.contexts.to_dense().tolist() for item in count(graph, UNIT, "exact").parameters}
