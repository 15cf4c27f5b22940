"""Windows that read what pads their input count as they do behind the padding written out."""

from __future__ import annotations

import pytest

from reprior.core.canonical import canonicalise
from reprior.core.counting import count
from reprior.core.graph import GraphBuilder
from reprior.core.primitives import Convolve, Input, Map, Pad, Parameter, Pool, Prefix, Primitive
from reprior.core.weighting import UNIT

from ..oracle import ScalarGraph

WINDOWS: dict[str, tuple[Primitive, tuple[int, ...] | None]] = {
    "convolution": (Convolve((1,), ((0, 0),), (1,), 1), (3, 2, 3)),
    "strided": (Convolve((2,), ((1, 0),), (1,), 1), (3, 2, 3)),
    "transposed": (Convolve((2,), ((0, 0),), (1,), 1, True, (0,)), (2, 3, 3)),
    "transposed and cropped": (Convolve((1,), ((1, 1),), (1,), 1, True, (0,)), (2, 3, 3)),
    "pool": (Pool((2,), (1,), ((0, 0),), (1,)), None),
    "pool with a last window": (Pool((3,), (2,), ((1, 1),), (1,), True), None),
}


@pytest.mark.parametrize("padding", [(1, 2), (0, 1), (1, 0), (-1, 2), (2, -1), (0, 0)])
@pytest.mark.parametrize("name", WINDOWS)
def test_padding_before_windows(name: str, padding: tuple[int, int]) -> None:
    op, kernel = WINDOWS[name]
    builder = GraphBuilder()
    x = builder.add(
        Map("scale"), [builder.add(Parameter("x", (1, 2, 5))), builder.add(Input("fed", (1, 2, 5)))]
    )
    x = builder.add(Pad(((0, 0), (0, 0), padding)), [x])
    y = builder.add(op, [x] if kernel is None else [x, builder.add(Parameter("kernel", kernel))])
    builder.output([builder.add(Prefix(2), [builder.add(Prefix(1), [y])])])
    graph = builder.graph()
    expected = ScalarGraph(graph).counts(UNIT)
    for item in count(canonicalise(graph), UNIT, "exact").parameters:
        found = item.contexts.to_dense()
        assert all(found[index] == value for index, value in expected[item.name].items())
