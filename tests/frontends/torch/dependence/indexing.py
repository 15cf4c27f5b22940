"""Cases of reading and writing by indices, known and fed."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812

from .case import Case, Fed, call

__all__ = ["CASES"]

aten = torch.ops.aten
mask = torch.tensor([[True, False, True], [False, False, True]])
index = torch.tensor([[2, 0], [1, 1]])
places = torch.tensor([[2, 0], [1, 2]])
row = torch.tensor([2, 0])
twice = torch.tensor([1, 1, 0])
MANY = 60

# What is written or read at places that are fed: a union over the places.
_UNKNOWN_SCATTERS = [
    *(
        Case(
            f"aten.{name}",
            lambda i, x, s, run=run: run(x, 1, i, s),
            [Fed((2, 2), 3), (2, 3), (2, 2)],
            "change",
            MANY,
        )
        for name, run in (
            ("scatter.src", aten.scatter.src),
            ("scatter_add.default", aten.scatter_add),
            ("scatter.reduce", lambda x, d, i, s: aten.scatter.reduce(x, d, i, s, reduce="multiply")),
            (
                "scatter_reduce.two",
                lambda x, d, i, s: aten.scatter_reduce(x, d, i, s, "sum", include_self=False),
            ),
        )
    ),
    Case(
        "aten.scatter.value",
        lambda i, x: aten.scatter.value(x, 0, i, 0.0),
        [Fed((2, 2), 3), (3, 3)],
        "change",
        MANY,
    ),
    Case(
        "aten.scatter.value_reduce",
        lambda i, x: aten.scatter.value_reduce(x, 0, i, 2.0, reduce="multiply"),
        [Fed((2, 2), 3), (3, 3)],
        "change",
        MANY,
    ),
    Case(
        "aten.scatter.src",
        lambda i, s: torch.zeros(2, 3, dtype=s.dtype).scatter(1, i, s),
        [Fed((2, 2), 3), (2, 2)],
        "change",
        MANY,
    ),
    Case("aten.scatter.src", lambda i, x, s: aten.scatter.src(x, 1, i, s), [Fed((2, 1), 1), (2, 1), (2, 1)]),
    Case(
        "aten.max_unpool2d.default",
        lambda i, x: aten.max_unpool2d(x, i, [1, 3]),
        [Fed((1, 2, 1, 2), 3), (1, 2, 1, 2)],
        "change",
        MANY,
    ),
    Case(
        "aten.max_unpool3d.default",
        lambda i, x: aten.max_unpool3d(x, i, [1, 1, 3], [1, 1, 1], [0, 0, 0]),
        [Fed((1, 2, 1, 1, 2), 3), (1, 2, 1, 1, 2)],
        "change",
        MANY,
    ),
]

_UNKNOWN_ROWS = [
    Case(
        "aten.index_add.default",
        lambda i, x, s: x.index_add(1, i, s),
        [Fed((2,), 3), (2, 3), (2, 2)],
        "change",
        MANY,
    ),
    Case(
        "aten.index_copy.default",
        lambda i, x, s: x.index_copy(1, i, s),
        [Fed((2,), 3), (2, 3), (2, 2)],
        "change",
        MANY,
    ),
    Case("aten.index_copy.default", lambda i, x, s: x.index_copy(1, i, s), [Fed((1,), 1), (2, 1), (2, 1)]),
    *(
        Case(
            "aten.index_reduce.default",
            lambda i, x, s, own=own: x.index_reduce(0, i, s, "prod", include_self=own),
            [Fed((2,), 3), (3, 2), (2, 2)],
            "change",
            MANY,
        )
        for own in (True, False)
    ),
    Case(
        "aten.index_fill.int_Tensor",
        lambda i, x, v: aten.index_fill.int_Tensor(x, 1, i, v),
        [Fed((2,), 3), (2, 3), ()],
        "change",
        MANY,
    ),
    Case(
        "aten.index_fill.int_Scalar",
        lambda i, x: x.index_fill(1, i, 0.0),
        [Fed((2,), 3), (2, 3)],
        "change",
        MANY,
    ),
    *(
        Case(
            "aten.put.default",
            lambda i, x, s, adds=adds: x.put(i, s, adds),
            [Fed((2,), 6), (2, 3), (2,)],
            "change",
            MANY,
        )
        for adds in (True, False)
    ),
    *(
        Case(
            f"aten.{name}.default",
            lambda i, x, v, name=name, adds=adds: getattr(aten, name)(x, [None, i], v, adds),
            [Fed((2,), 3), (2, 3), (2, 2)],
            "change",
            MANY,
        )
        for name in ("index_put", "_unsafe_index_put")
        for adds in (True, False)
    ),
    Case(
        "aten._index_put_impl.default",
        lambda i, x, v: aten._index_put_impl(x, [i], v, True),
        [Fed((2,), 3), (3, 2), (1, 2)],
        "change",
        MANY,
    ),
    Case(
        "aten.index_put.default",
        lambda i, j, x, v: x.index_put((i, j), v),
        [Fed((2,), 2), Fed((2,), 3), (2, 3), (2,)],
        "change",
        150,
    ),
    Case(
        "aten.index_put.default",
        lambda i, x, v: x.index_put((torch.arange(2), i), v),
        [Fed((2,), 3), (2, 3), (2,)],
        "change",
        MANY,
    ),
    Case(
        "aten.index_put.default",
        lambda i, x, v: x.index_put((i, torch.tensor([1, 0])), v),
        [Fed((2,), 2), (2, 2, 2), (2, 2)],
        "change",
        MANY,
    ),
    Case(
        "aten.index_put.default",
        lambda m, x, v: x.index_put((m,), v),
        [Fed((2, 3)), (2, 3), ()],
        "change",
        MANY,
    ),
    Case(
        "aten.index_put.default",
        lambda m, x, v: x.index_put((m,), v),
        [Fed((2,)), (2, 3), (1, 3)],
        "change",
        MANY,
    ),
    Case(
        "aten.masked_scatter.default",
        lambda m, x, s: x.masked_scatter(m, s),
        [Fed((2, 3)), (2, 3), (7,)],
        "change",
        150,
    ),
]

_UNKNOWN_READS = [
    Case(
        "aten.embedding_bag.default",
        lambda o, t: aten.embedding_bag(t, torch.tensor([0, 2, 1, 2]), torch.cat([o[:1] * 0, o]))[0],
        [Fed((1,), 5), (3, 2)],
        "bound",
        MANY,
        reason="any bag may hold any position, whatever the order of the bounds",
    ),
    Case("aten.embedding.default", lambda i, t: F.embedding(i, t), [Fed((2, 2), 3), (3, 2)], "change", MANY),
    Case(
        "aten.index_select.default", lambda i, x: x.index_select(1, i), [Fed((2,), 3), (2, 3)], "change", MANY
    ),
    Case("aten.index.Tensor", lambda i, x: x[:, i], [Fed((2,), 3), (2, 3, 2)], "change", MANY),
    Case(
        "aten.index.Tensor",
        lambda i, j, x: x[i, :, j],
        [Fed((2,), 2), Fed((2,), 2), (2, 2, 2)],
        "change",
        150,
    ),
    Case("aten.index.Tensor", lambda i, x: x[torch.arange(2), i], [Fed((2,), 3), (2, 3)], "change", MANY),
    Case(
        "aten.index.Tensor",
        lambda i, x: x[i, :, torch.tensor([1, 0])],
        [Fed((2,), 3), (3, 2, 2)],
        "change",
        MANY,
    ),
    Case(
        "aten._unsafe_index.Tensor",
        lambda i, x: aten._unsafe_index.Tensor(x, [None, i]),
        [Fed((2,), 3), (2, 3)],
        "change",
        MANY,
    ),
    Case("aten.gather.default", lambda i, x: x.gather(1, i), [Fed((1, 2), 3), (2, 3)], "change", MANY),
    Case("aten.gather.default", lambda i, x: x.gather(0, i), [Fed((2, 2), 1), (1, 2)]),
    Case(
        "aten.take_along_dim.default",
        lambda i, x: torch.take_along_dim(x, i, 0),
        [Fed((2, 1), 3), (3, 2)],
        "change",
        MANY,
    ),
    Case("aten.take.default", lambda i, x: torch.take(x, i), [Fed((2,), 6), (2, 3)], "change", MANY),
    Case("aten.one_hot.default", lambda i: F.one_hot(i, 3), [Fed((2, 2), 3)], "change", MANY),
]

_BAGS = [torch.tensor([0, 2, 1, 2]), torch.tensor([0, 1])]
_KNOWN = [
    Case("aten.embedding.default", lambda t: F.embedding(index, t), [(3, 2)]),
    Case("aten.embedding_bag.default", lambda t: aten.embedding_bag(t, *_BAGS)[0], [(3, 2)]),
    Case(
        "aten.embedding_bag.padding_idx",
        lambda t: aten.embedding_bag.padding_idx(t, *_BAGS, False, 0, False, None, False, None)[0],
        [(3, 2)],
    ),
    Case("aten._embedding_bag.default", lambda t: aten._embedding_bag(t, *_BAGS)[0], [(3, 2)]),
    Case(
        "aten._embedding_bag_forward_only.default",
        lambda t: aten._embedding_bag_forward_only(t, *_BAGS)[0],
        [(3, 2)],
        "change",
    ),
    Case(
        "aten.embedding_bag.default",
        lambda t, w: aten.embedding_bag(t, *_BAGS, False, 0, False, w)[0],
        [(3, 2), (4,)],
    ),
    Case(
        "aten.embedding_bag.default",
        lambda t: aten.embedding_bag(t, _BAGS[0], torch.tensor([0, 1, 4]), False, 1, False, None, True)[0],
        [(3, 2)],
    ),
    Case("aten.index_select.default", lambda x: x.index_select(1, index[0]), [(2, 3)]),
    Case("aten.index.Tensor", lambda x: x[index, :, index.T], [(3, 2, 3)]),
    Case("aten.index.Tensor", lambda x: x[:, index, index.T], [(2, 3, 3)]),
    Case("aten.index.Tensor", lambda x: x[torch.tensor([-1, 0])], [(3, 2)]),
    Case("aten.index.Tensor", lambda x: x[mask], [(2, 3, 2)]),
    Case("aten._unsafe_index.Tensor", lambda x: aten._unsafe_index.Tensor(x, [None, index]), [(2, 3, 2)]),
    Case("aten.gather.default", lambda x: x.gather(1, index), [(2, 3)]),
    Case("aten.gather.default", lambda x: x.gather(0, torch.tensor([[1, 1], [0, 0], [1, 1]])), [(2, 2)]),
    Case("aten.gather.default", lambda x: x.gather(0, torch.tensor(0)), [()]),
    Case("aten.take_along_dim.default", lambda x: torch.take_along_dim(x, index, 1), [(2, 3)]),
    Case("aten.take_along_dim.default", lambda x: torch.take_along_dim(x, row), [(2, 3)]),
    Case("aten.take.default", lambda x: torch.take(x, torch.tensor([[-1, 0]])), [(2, 3)]),
    Case("aten.index_put.default", lambda x, y: x.index_put((index[0],), y), [(3, 2), (2, 2)]),
    Case("aten.index_put.default", lambda x, y: x.index_put((twice,), y, accumulate=True), [(3, 2), (3, 2)]),
    Case("aten.index_put.default", lambda x, y: aten.index_put(x, [None, row, row], y), [(2, 3, 3), (2, 1)]),
    Case("aten.index_put.default", lambda x, y: aten.index_put(x, [row, None, row], y), [(3, 2, 3), (2, 2)]),
    Case(
        "aten._index_put_impl.default",
        lambda x, y: aten._index_put_impl(x, [row], y),
        [(3, 2), (2, 2)],
        "change",
    ),
    Case(
        "aten._unsafe_index_put.default", lambda x, y: aten._unsafe_index_put(x, [row], y), [(3, 2), (1, 2)]
    ),
    Case("aten.index_add.default", lambda x, y: x.index_add(1, torch.tensor([2, 2]), y), [(2, 3), (2, 2)]),
    Case("aten.index_add.default", lambda x: x.index_add(1, row, torch.ones(2, 2, dtype=x.dtype)), [(2, 3)]),
    Case("aten.index_copy.default", lambda x, y: x.index_copy(1, row, y), [(2, 3), (2, 2)]),
    Case("aten.index_fill.int_Tensor", lambda x, v: aten.index_fill.int_Tensor(x, 1, row, v), [(2, 3), ()]),
    Case("aten.index_fill.int_Scalar", lambda x: x.index_fill(0, row, 0.0), [(3, 2)]),
    Case("aten.index_reduce.default", lambda x, y: x.index_reduce(0, twice, y, "prod"), [(3, 2), (3, 2)]),
    Case(
        "aten.index_reduce.default",
        lambda x, y: x.index_reduce(0, twice, y, "prod", include_self=False),
        [(3, 2), (3, 2)],
        "change",
    ),
    Case("aten.put.default", lambda x, y: x.put(row, y), [(2, 3), (2,)]),
    Case("aten.scatter.src", lambda x, y: x.scatter(1, places, y), [(2, 3), (2, 2)]),
    Case("aten.scatter.value", lambda x: aten.scatter.value(x, 1, places, 2.0), [(2, 3)]),
    Case("aten.scatter_add.default", lambda x, y: x.scatter_add(1, index, y), [(2, 3), (2, 2)]),
    Case(
        "aten.scatter.reduce",
        lambda x, y: aten.scatter.reduce(x, 1, index, y, reduce="add"),
        [(2, 3), (2, 2)],
        "change",
    ),
    Case(
        "aten.scatter.value_reduce",
        lambda x: aten.scatter.value_reduce(x, 1, places, 2.0, reduce="add"),
        [(2, 3)],
        "change",
    ),
    *(
        Case(
            "aten.scatter_reduce.two",
            lambda x, y, own=own: aten.scatter_reduce(x, 1, index, y, "sum", include_self=own),
            [(2, 3), (2, 2)],
        )
        for own in (True, False)
    ),
    call("aten.slice_scatter.default", [(2, 3), (2, 2)], 1, 0, 3, 2),
    call("aten.select_scatter.default", [(2, 3), (3,)], 0, 1),
    Case("aten.one_hot.default", lambda x: F.one_hot((2 * x).long(), 3), [(2, 2)], "change", 20),
    Case("aten.masked_scatter.default", lambda x, y: x.masked_scatter(mask, y), [(2, 3), (6,)]),
    Case(
        "aten.bucketize.Tensor",
        lambda x: torch.bucketize(x, torch.tensor([0.5, 0.9])),
        [(2, 3)],
        "change",
        20,
    ),
    Case("aten.bucketize.Tensor", lambda x, b: torch.bucketize(x, b.cumsum(0)), [(2, 3), (2,)], "change", 40),
    Case("aten.bucketize.Scalar", lambda b: torch.bucketize(0.7, b.cumsum(0)), [(2,)], "change", 40),
    Case(
        "aten.searchsorted.Tensor",
        lambda x: torch.searchsorted(torch.tensor([0.5, 0.9]), x),
        [(2, 3)],
        "change",
        20,
    ),
    Case(
        "aten.searchsorted.Tensor",
        lambda b, x: torch.searchsorted(b.cumsum(1), x),
        [(2, 2), (2, 3)],
        "change",
        40,
    ),
    Case("aten.searchsorted.Scalar", lambda b: torch.searchsorted(b.cumsum(0), 0.7), [(2,)], "change", 40),
]

CASES = [*_KNOWN, *_UNKNOWN_READS, *_UNKNOWN_ROWS, *_UNKNOWN_SCATTERS]
