"""Each primitive's enumeration of scalar edges against PyTorch's own operators.

The property tests take the enumeration as their oracle, so whatever it has in common with the
transpose rules (paddings, strides, rounding) must be checked from outside.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import assume, given
from hypothesis import strategies as st

from reprior.core.graph import GraphBuilder
from reprior.core.primitives import (
    Attention,
    Concat,
    Contract,
    Convolve,
    Expand,
    Input,
    Keep,
    Pad,
    Permute,
    Pool,
    Prefix,
    Reduce,
    Resample,
    Reshape,
    Slice,
    Take,
    adaptive_sources,
)
from reprior.core.runs import Runs
from reprior.errors import ShapeError
from reprior.lowering.interpolation import linear_sources, nearest_positions

from ..oracle import ScalarGraph, indices
from ..property.profile import examples
from .jacobians import linear_edges, multilinear_edges, scalar_edges

SHAPES = st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple)


@examples(60)
@given(data=st.data(), rank=st.sampled_from([1, 1, 2]))
def test_convolve(data: st.DataObject, rank: int) -> None:
    geometry = _geometry(data, rank)
    features, kernel, stride, dilation, padding, groups = geometry
    shapes = ((1, groups * features[0], *features[1:]), (groups * kernel[0], features[0], *kernel[1:]))
    op = Convolve(stride, padding, dilation, groups)
    assume(_fits(op, *shapes))
    conv = F.conv1d if rank == 1 else F.conv2d

    def run(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return conv(F.pad(x, _flat(padding)), w, stride=stride, dilation=dilation, groups=groups)

    assert scalar_edges(op, *shapes) == multilinear_edges(run, shapes)


@examples(60)
@given(data=st.data(), rank=st.sampled_from([1, 1, 2]))
def test_convolve_transposed(data: st.DataObject, rank: int) -> None:
    features, kernel, stride, dilation, padding, groups = _geometry(data, rank)
    shapes = ((1, groups * features[0], *features[1:]), (groups * features[0], kernel[0], *kernel[1:]))
    extra = tuple(data.draw(st.integers(0, size - 1)) for size in stride)
    if data.draw(st.booleans()):  # as PyTorch itself takes padding: symmetric, not negative
        padding = tuple((abs(before), abs(before)) for before, _ in padding)
    op = Convolve(stride, padding, dilation, groups, True, extra)
    assume(_fits(op, *shapes))
    conv = F.conv_transpose1d if rank == 1 else F.conv_transpose2d

    def run(x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        if all(before == after >= 0 for before, after in padding):
            return conv(x, w, None, stride, [before for before, _ in padding], extra, groups, dilation)
        full = conv(x, w, None, stride, 0, 0, groups, dilation)
        crop = tuple((-before, more - after) for (before, after), more in zip(padding, extra, strict=True))
        wider = [(max(before, 0), max(after, 0)) for before, after in crop]  # first, or nothing may be left
        narrower = [(min(before, 0), min(after, 0)) for before, after in crop]
        return F.pad(F.pad(full, _flat(wider)), _flat(narrower))

    assert scalar_edges(op, *shapes) == multilinear_edges(run, shapes)


@examples(30)
@given(data=st.data())
def test_nominal_fan_in_is_that_of_a_feature_map_without_ends(data: st.DataObject) -> None:
    channels, kernel, stride = (data.draw(st.integers(1, 3)) for _ in range(3))
    dilation = data.draw(st.integers(1, 2))
    before = data.draw(st.integers(-1, 2))
    transposed = data.draw(st.booleans())
    op = Convolve((stride,), ((before, before),), (dilation,), 1, transposed)
    size = 12 if transposed else 12 * stride
    shapes = ((1, channels, size), (channels, 1, kernel) if transposed else (1, channels, kernel))
    (_, _, out) = op.infer_shape(shapes)
    for position in range(out // 2 - 2, out // 2 + 3):
        scalar = op.scalar((0, 0, position), shapes)
        assert scalar.nominal == len(scalar.terms)


@examples(60)
@given(data=st.data(), rank=st.sampled_from([1, 1, 2]), ceil=st.booleans())
def test_pool(data: st.DataObject, rank: int, ceil: bool) -> None:
    spatial = tuple(data.draw(st.integers(1, 9 if rank == 1 else 5)) for _ in range(rank))
    kernel = tuple(data.draw(st.integers(1, 4)) for _ in range(rank))
    stride = tuple(data.draw(st.integers(1, 4)) for _ in range(rank))
    dilation = tuple(data.draw(st.integers(1, 2)) for _ in range(rank))
    padding = tuple(data.draw(st.integers(0, size // 2)) for size in kernel)
    op = Pool(kernel, stride, tuple((p, p) for p in padding), dilation, ceil)
    shape = (1, 2, *spatial)
    assume(_fits(op, shape))
    pool = F.max_pool1d if rank == 1 else F.max_pool2d

    def run(x: torch.Tensor) -> torch.Tensor:
        return pool(x, kernel, stride, padding, dilation, ceil)

    assert scalar_edges(op, shape) == linear_edges(run, shape)


@examples(30)
@given(size=st.integers(1, 9), out=st.integers(1, 9))
def test_adaptive_pool(size: int, out: int) -> None:
    op = Resample((size,), (adaptive_sources(size, out),))
    shape = (1, 2, size)
    assert scalar_edges(op, shape) == linear_edges(lambda x: F.adaptive_max_pool1d(x, out), shape)


@examples(30)
@given(height=st.integers(1, 5), width=st.integers(1, 4), factor=st.integers(1, 4), align=st.booleans())
def test_bilinear(height: int, width: int, factor: int, align: bool) -> None:
    sources = tuple(linear_sources(size, size * factor, align_corners=align) for size in (height, width))
    shape = (1, 1, height, width)

    def run(x: torch.Tensor) -> torch.Tensor:
        size = (height * factor, width * factor)
        return F.interpolate(x, size=size, mode="bilinear", align_corners=align)

    assert scalar_edges(Resample((height, width), sources), shape) == linear_edges(run, shape)


@examples(30)
@given(size=st.integers(1, 9), out=st.integers(1, 20))
def test_nearest(size: int, out: int) -> None:
    op, shape = Take(2, nearest_positions(size, out)), (1, 1, size)
    assert scalar_edges(op, shape) == linear_edges(
        lambda x: F.interpolate(x, size=out, mode="nearest"), shape
    )


@examples(40)
@given(shape=SHAPES, data=st.data(), keepdims=st.booleans())
def test_reduce(shape: tuple[int, ...], data: st.DataObject, keepdims: bool) -> None:
    axes = tuple(sorted(data.draw(st.sets(st.sampled_from(range(len(shape))), min_size=1))))
    op = Reduce(axes, keepdims)
    assert scalar_edges(op, shape) == linear_edges(lambda x: torch.amax(x, axes, keepdim=keepdims), shape)


@examples(20)
@given(shape=SHAPES, data=st.data())
def test_prefix(shape: tuple[int, ...], data: st.DataObject) -> None:
    axis = data.draw(st.sampled_from(range(len(shape))))
    assert scalar_edges(Prefix(axis), shape) == linear_edges(lambda x: torch.cumsum(x, axis), shape)


@examples(40)
@given(shape=SHAPES, data=st.data())
def test_moves(shape: tuple[int, ...], data: st.DataObject) -> None:
    axis = data.draw(st.sampled_from(range(len(shape))))
    size = shape[axis]
    order = tuple(data.draw(st.permutations(range(len(shape)))))
    start = data.draw(st.integers(0, size - 1))
    stop = data.draw(st.integers(start, size))
    where = np.array(data.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=5)))
    padding = tuple((data.draw(st.integers(-(n - 1) // 2, 2)), data.draw(st.integers(0, 2))) for n in shape)
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    along = [1] * len(shape)
    along[axis] = size
    cases = {
        Reshape((*shape[::-1],)): lambda x: x.reshape(shape[::-1]),
        Permute(order): lambda x: x.permute(order),
        Expand((2, *shape)): lambda x: x.expand((2, *shape)),
        Slice(axis, start, stop): lambda x: x.narrow(axis, start, stop - start),
        Take(axis, where): lambda x: x.index_select(axis, torch.tensor(where)),
        Pad(padding): lambda x: F.pad(x, _flat(padding)),
        Keep(Runs.from_dense(mask.astype(float).reshape(along))): (
            lambda x: x.masked_fill(~torch.tensor(mask.reshape(along)), 0.0)
        ),
    }
    for op, run in cases.items():
        assert scalar_edges(op, shape) == linear_edges(run, shape), op


@examples(20)
@given(shape=SHAPES, data=st.data())
def test_concat(shape: tuple[int, ...], data: st.DataObject) -> None:
    axis = data.draw(st.sampled_from(range(len(shape))))
    sizes = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    shapes = tuple((*shape[:axis], size, *shape[axis + 1 :]) for size in sizes)
    # One operand at a time is a function of that operand alone.
    for position, own in enumerate(shapes):

        def run(x: torch.Tensor, position: int = position) -> torch.Tensor:
            parts = [torch.zeros(s, dtype=x.dtype) for s in shapes]
            parts[position] = x
            return torch.cat(parts, axis)

        found = {
            (index, (at,))
            for index in indices(Concat(axis).infer_shape(shapes))
            for ((operand, at),) in Concat(axis).scalar(index, shapes).terms
            if operand == position
        }
        assert found == linear_edges(run, own)


@pytest.mark.parametrize(
    "equation",
    [
        "bi,oi->bo",
        "i,j->ij",
        "bqd,bkd->bqk",
        "bqk,bke->bqe",
        "ij,jk,kl->il",
        "ai,bi,ci->abc",
        "ij,i->j",
        "ijk->ki",
        "ab,bc->",
    ],
)
def test_contract(equation: str) -> None:
    sizes = dict(zip("abciojklqdke", (2, 3, 2, 3, 2, 2, 3, 2, 2, 3, 2, 3), strict=True))
    shapes = tuple(tuple(sizes[n] for n in names) for names in equation.split("->")[0].split(","))
    found = scalar_edges(Contract.parse(equation), *shapes)
    assert found == multilinear_edges(lambda *operands: torch.einsum(equation, *operands), shapes)


@examples(20)
@given(data=st.data(), kind=st.sampled_from(["none", "causal", "mask"]))
def test_attention(data: st.DataObject, kind: str) -> None:
    """Through which values, keys and queries an output can change at all."""
    queries, keys = data.draw(st.integers(1, 4)), data.draw(st.integers(2, 4))
    rows = data.draw(st.lists(st.booleans(), min_size=queries * keys, max_size=queries * keys))
    seen = np.array(rows).reshape(queries, keys)
    seen[:, 0] = True  # PyTorch gives NaN for a query without keys
    mask = {"none": None, "causal": "causal", "mask": Runs.from_dense(seen.astype(float))}[kind]
    shapes = ((1, queries, 2), (1, keys, 2), (1, keys, 3))
    builder = GraphBuilder()
    leaves = [builder.add(Input(name, shape)) for name, shape in zip("qkv", shapes, strict=True)]
    builder.output([builder.add(Attention(mask), leaves)])
    reached = _reach(ScalarGraph(builder.graph()), 3)
    generator = torch.Generator().manual_seed(1)
    tensors = [torch.rand(shape, dtype=torch.float64, generator=generator) for shape in shapes]

    def run(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        chosen = torch.tensor(seen) if kind == "mask" else None
        return F.scaled_dot_product_attention(q, k, v, attn_mask=chosen, is_causal=kind == "causal")

    jacobians = torch.autograd.functional.jacobian(run, tuple(tensors))
    for operand, jacobian in enumerate(jacobians):
        changes = {(tuple(i[:3]), tuple(i[3:])) for i in (jacobian.abs() > 1e-12).nonzero().tolist()}
        if operand < 2:
            # The softmax of a single score is 1 whatever the score, so numbers show fewer edges.
            alone = {out for out in {o for o, _ in reached[operand]} if _number_seen(reached, out) == 1}
            assert changes == {edge for edge in reached[operand] if edge[0] not in alone}
        else:
            assert changes == reached[operand]


def _number_seen(reached: list[set], out: tuple[int, ...]) -> int:
    """How many keys a query sees: those whose values reach its output."""
    return len({at[1] for index, at in reached[2] if index == out})


def _reach(scalars: ScalarGraph, leaves: int) -> list[set]:
    """For each leaf, its (output element, leaf element) pairs that some path joins."""
    reached: list[set] = [set() for _ in range(leaves)]
    for out, ref in scalars.elements[-1].items():
        pending, seen = [ref], {ref}
        while pending:
            for source in scalars.sources[pending.pop()][0]:
                if source not in seen:
                    seen.add(source)
                    pending.append(source)
        for leaf in range(leaves):
            reached[leaf] |= {(out, at) for at, node in scalars.elements[leaf].items() if node in seen}
    return reached


def _geometry(data: st.DataObject, rank: int) -> tuple:
    features = (
        data.draw(st.integers(1, 2)),
        *(data.draw(st.integers(1, 7 if rank == 1 else 4)) for _ in range(rank)),
    )
    kernel = (
        data.draw(st.integers(1, 2)),
        *(data.draw(st.integers(1, 4 if rank == 1 else 2)) for _ in range(rank)),
    )
    stride = tuple(data.draw(st.integers(1, 3)) for _ in range(rank))
    dilation = tuple(data.draw(st.integers(1, 2)) for _ in range(rank))
    padding = tuple((data.draw(st.integers(-1, 2)), data.draw(st.integers(-1, 2))) for _ in range(rank))
    return features, kernel, stride, dilation, padding, data.draw(st.integers(1, 2))


def _fits(op, *shapes) -> bool:
    try:
        op.infer_shape(shapes)
    except ShapeError:
        return False
    # A feature map that the padding crops away is an error in PyTorch even where a size is left.
    padding = op.padding if isinstance(op, Convolve) and not op.transposed else ()
    return all(size + sum(pair) > 0 for size, pair in zip(shapes[0][2:], padding, strict=False))


def _flat(padding) -> list[int]:
    """Padding as PyTorch writes it: the last axis first."""
    return [side for pair in reversed(padding) for side in pair]
