"""Cases at the edges of primitives: those in which a wrong rule agrees with the right one elsewhere."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from reprior.core.counting import count
from reprior.core.graph import Graph, GraphBuilder
from reprior.core.primitives import (
    Attention,
    Concat,
    Contract,
    Convolve,
    Expand,
    Input,
    Keep,
    Map,
    Pad,
    Parameter,
    Permute,
    Pool,
    Prefix,
    Primitive,
    Reduce,
    Resample,
    Reshape,
    Slice,
    Take,
    adaptive_sources,
)
from reprior.core.runs import Runs
from reprior.core.weighting import Weighting
from reprior.errors import ShapeError

from ..property.agreement import check_against_oracle

Shape = tuple[int, ...]


def applied(
    op: Primitive,
    shapes: tuple[Shape, ...],
    fed: tuple[bool, ...],
    uneven: bool = True,
    holes: tuple[bool, ...] = (),
) -> Graph:
    """An operation on parameters, each of which meets a fed value where `fed` says so.

    Where `holes` says so, every third element of an operand and one more is masked.

    A parameter behind it meets each element of the result that exists, and running sums give every one of
    them contexts of its own.
    """
    builder = GraphBuilder()
    operands = []
    for k, (shape, data) in enumerate(zip(shapes, fed, strict=True)):
        x = builder.add(Parameter(f"w{k}", shape))
        if data:
            x = builder.add(Map("scale"), [x, builder.add(Input(f"x{k}", shape))])
        if holes and holes[k]:
            places = np.arange(math.prod(shape))  # the same in all, and one that is not
            kept = (places % 3 > 0) & (places != 2 * k + 1)
            x = builder.add(Keep(Runs.from_dense(kept.reshape(shape).astype(float))), [x])
        operands.append(x)
    y = builder.add(op, operands)
    if uneven:
        shape = op.infer_shape(shapes)
        names = "abcdef"[: len(shape)]
        y = builder.add(Contract((names, names), names), [y, builder.add(Parameter("behind", shape))])
        for axis in range(len(shape)):
            y = builder.add(Prefix(axis), [y])
    builder.output([y])
    return builder.graph()


@pytest.mark.parametrize("uneven", [True, False])
@pytest.mark.parametrize(("queries", "keys"), [(2, 5), (5, 2), (1, 4), (4, 1), (3, 3)])
def test_causal_attention_of_unequal_lengths(queries: int, keys: int, uneven: bool) -> None:
    """Query i sees keys 0 to i, however many of either there are."""
    shapes = ((2, queries, 2), (2, keys, 2), (2, keys, 3))
    check_against_oracle(applied(Attention("causal"), shapes, (True, True, True), uneven))
    biased = (*shapes, (2, queries, keys))
    check_against_oracle(applied(Attention("causal"), biased, (True, True, True, False), uneven))
    (counts,) = [
        item.contexts.to_dense()
        for item in count(applied(Attention("causal"), shapes, (True,) * 3, False), number="exact").parameters
        if item.name == "w2"
    ]
    seen = [max(queries - key, 0) for key in range(keys)]
    assert [row.tolist() for row in counts[0]] == [[many] * 3 for many in seen]


OPERATIONS: dict[str, tuple[Primitive, tuple[Shape, ...]]] = {
    "map": (Map("add"), ((2, 3), (2, 3))),
    "contract": (Contract(("ij", "jk"), "ik"), ((2, 3), (3, 2))),
    "outer": (Contract(("i", "j"), "ij"), ((2,), (3,))),
    "convolve": (Convolve((1,), ((1, 1),), (1,), 1), ((1, 2, 3), (2, 2, 3))),
    "grouped": (Convolve((1,), ((1, 0),), (1,), 2), ((1, 4, 3), (6, 2, 2))),
    "grouped transposed": (Convolve((2,), ((0, 0),), (1,), 2, True, (0,)), ((1, 4, 3), (4, 3, 2))),
    "depthwise": (Convolve((1,), ((1, 1),), (1,), 4), ((1, 4, 3), (4, 1, 3))),
    "transposed": (Convolve((2,), ((0, 0),), (1,), 1, True, (0,)), ((1, 2, 3), (2, 2, 3))),
    "attention": (Attention(None), ((2, 3, 2), (2, 4, 2), (2, 4, 2))),
    "causal": (Attention("causal"), ((2, 3, 2), (2, 4, 2), (2, 4, 2))),
    "masked": (Attention(Runs.from_dense(np.eye(3, 4) + np.eye(3, 4, 1))), ((2, 3, 2), (2, 4, 2), (2, 4, 2))),
    "biased": (Attention(None), ((2, 3, 2), (2, 4, 2), (2, 4, 2), (2, 3, 4))),
    "reduce": (Reduce((0,)), ((3, 2),)),
    "pool": (Pool((2,), (1,), ((0, 0),), (1,)), ((1, 2, 3),)),
    "prefix": (Prefix(1), ((2, 3),)),
    "resample": (Resample((5,), (adaptive_sources(5, 2),)), ((2, 5),)),
    "slice": (Slice(1, 1, 4), ((2, 5),)),
    "slice of the first axis": (Slice(0, 1, 2), ((3, 2),)),
    "pad": (Pad(((0, 1), (2, -1))), ((2, 3),)),
    "take": (Take(1, np.array([2, 0, -1, 2])), ((2, 3),)),
    "take of the first axis": (Take(0, np.array([1, 1])), ((2, 3),)),
    "permute": (Permute((2, 0, 1)), ((2, 3, 4),)),
    "reshape": (Reshape((3, 4)), ((2, 6),)),
    "expand": (Expand((2, 3, 4)), ((3, 1),)),
    "keep": (Keep(Runs.from_dense(np.array([[1.0], [0.0]]))), ((2, 3),)),
    "concat": (Concat(1), ((2, 1), (2, 3))),
    "concat of the first axis": (Concat(0), ((1, 2), (3, 2))),
    "vectors": (Map("affine", align=(None, 1, 2)), ((2, 3, 2), (3,), (2,))),
    "masked map": (
        Map("add", masks=(Runs.from_dense(np.eye(2, 3)), None)), ((2, 3), (1, 3)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OPERATIONS)
def test_which_operands_are_fed(name: str) -> None:
    """Every choice of learned and fed operands: fan-in counts data alone, and is 1 where there is none."""
    op, shapes = OPERATIONS[name]
    for fed in itertools.product([False, True], repeat=len(shapes)):
        check_against_oracle(applied(op, shapes, fed))


@pytest.mark.parametrize("name", OPERATIONS)
def test_operands_with_holes(name: str) -> None:
    """Elements that do not exist, in every choice of operands."""
    op, shapes = OPERATIONS[name]
    for holes in itertools.product([False, True], repeat=len(shapes)):
        check_against_oracle(applied(op, shapes, (True,) * len(shapes), holes=holes))


@pytest.mark.parametrize("name", OPERATIONS)
def test_all_operands_learned(name: str) -> None:
    """Under fan-in a computed parameter has the contexts that it has under `unit`."""
    op, shapes = OPERATIONS[name]
    graph = applied(op, shapes, (False,) * len(shapes), uneven=False)
    unit, fan_in = (count(graph, Weighting.parse(text), "exact") for text in ("unit", "fan_in:1"))
    for one, other in zip(unit.parameters, fan_in.parameters, strict=True):
        assert (one.contexts.to_dense() == other.contexts.to_dense()).all()


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("whole", [True, False])
def test_vectors_along_an_axis(axis: int, whole: bool) -> None:
    """A vector along any axis of the result, the first included; one of length 1 lies along all of it."""
    shape = (2, 3, 4)
    op = Map("add", align=(None, axis))
    check_against_oracle(applied(op, (shape, (shape[axis] if whole else 1,)), (True, False)))


@pytest.mark.parametrize(
    ("operand", "axis"),
    [((5,), 0), ((3,), 0), ((2,), 1), ((2, 3), 0), ((), 0), ((3,), 3), ((3,), -1)],
)
def test_vectors_that_do_not_fit(operand: Shape, axis: int) -> None:
    with pytest.raises(ShapeError):
        Map("add", align=(None, axis)).infer_shape(((2, 3, 4), operand))


def test_vectors_beside_vectors() -> None:
    """The first operand too may be a vector; the result then is as large as all together."""
    op = Map("add", align=(0, None))
    assert op.infer_shape(((2,), (2, 3))) == (2, 3)
    check_against_oracle(applied(op, ((2,), (2, 3)), (False, True)))


@pytest.mark.parametrize("axis", [2, 3])
def test_concatenation_along_an_axis_that_is_not_there(axis: int) -> None:
    with pytest.raises(ShapeError, match=f"along axis {axis}"):
        Concat(axis).infer_shape(((2, 3), (2, 3)))


@pytest.mark.parametrize("axis", [0, 1])
def test_concatenation(axis: int) -> None:
    """Three parts of unequal sizes, each at its place."""
    shapes = tuple(tuple(size if k == axis else 2 for k in range(2)) for size in (1, 3, 2))
    check_against_oracle(applied(Concat(axis), shapes, (True, False, True)))


@pytest.mark.parametrize("shapes", [((2, 3), (3, 3)), ((2, 3), (2, 3, 1)), ((2,), (2, 3))])
def test_concatenation_of_what_does_not_fit(shapes: tuple[Shape, ...]) -> None:
    with pytest.raises(ShapeError):
        Concat(1).infer_shape(shapes)


def test_sizes_of_pooling_are_those_of_pytorch() -> None:
    """With and without a last window that runs over the end, for all small geometries."""
    for size, kernel, stride, dilation in itertools.product(range(1, 8), (1, 2, 3), (1, 2, 3), (1, 2)):
        for padding, ceil in itertools.product(range(kernel // 2 + 1), (False, True)):
            op = Pool((kernel,), (stride,), ((padding, padding),), (dilation,), ceil)
            try:
                out = F.max_pool1d(torch.empty(1, 1, size), kernel, stride, padding, dilation, ceil)
            except RuntimeError:
                with pytest.raises(ShapeError):
                    op.infer_shape(((1, 1, size),))
                continue
            assert op.infer_shape(((1, 1, size),)) == tuple(out.shape)
