"""Item 10: writes at fed indices.

``index_add``/``index_copy``/``index_put(accumulate)``/``index_fill`` with fed indices mixed the axes
that are not indexed, ``index_copy``, ``index_fill`` by tensor and ``scatter_reduce(include_self=False)``
kept what they replace, and MACs of ``gather``/``scatter`` with fed indices had a one-hot product that
``index_select`` does not.
The tests of the operators one by one are in ``tests/frontends/torch/dependence/indexing.py``.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from reprior import analyze

ROWS, WIDTH = 5, 8


class Written(torch.nn.Module):
    """A linear layer's output, written into a state at fed positions of its first axis."""

    def __init__(self, write: Callable[..., torch.Tensor]) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(1, WIDTH, bias=False)
        self.state = torch.nn.Parameter(torch.zeros(ROWS, WIDTH))
        self.write = write

    def forward(self, x: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        return self.write(self.state, index, self.layer(x))


FED = [torch.zeros(ROWS, 1), torch.zeros(ROWS, dtype=torch.int64)]


@pytest.mark.parametrize(
    "write",
    [
        lambda x, i, y: x.index_add(0, i, y),
        lambda x, i, y: x.index_copy(0, i, y),
        lambda x, i, y: x.index_put((i,), y, accumulate=True),
        lambda x, i, y: x.index_put((i,), y),
        lambda x, i, y: x.index_reduce(0, i, y, "amax", include_self=False),
        lambda x, i, y: x.scatter_add(0, i[:, None].expand(-1, WIDTH), y),
        lambda x, i, y: x.scatter(0, i[:, None].expand(-1, WIDTH), y),
    ],
    ids=["index_add", "index_copy", "index_put adds", "index_put", "index_reduce", "scatter_add", "scatter"],
)
def test_item_10_other_axes_stay_aligned(write: Callable[..., torch.Tensor]) -> None:
    analysis = analyze(Written(write), FED, exact=True)
    # Row j of the source may come to any of the five rows, in its own column: 5 * 5 paths from a weight,
    # which makes one column of five rows. What was there may stay.
    assert analysis.counts("layer.weight").tolist() == [[ROWS * ROWS]] * WIDTH
    assert analysis.counts("state").tolist() == [[1] * WIDTH] * ROWS
    assert analysis.costs.macs == ROWS * WIDTH  # the linear layer's


def test_item_10_a_fill_is_one_element_wherever_it_goes() -> None:
    class Filled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.state, self.value = (
                torch.nn.Parameter(torch.zeros(3, 2)),
                torch.nn.Parameter(torch.zeros(())),
            )

        def forward(self, index: torch.Tensor) -> torch.Tensor:
            return self.state.index_fill(0, index, self.value)

    analysis = analyze(Filled(), [torch.zeros(2, dtype=torch.int64)], exact=True)
    assert analysis.counts("state").tolist() == [[1, 1]] * 3
    assert analysis.counts("value").tolist() == 6


class Replaced(torch.nn.Module):
    """Known positions of a parameter replaced."""

    def __init__(self, write: Callable[..., torch.Tensor]) -> None:
        super().__init__()
        self.state = torch.nn.Parameter(torch.zeros(3, 2))
        self.write = write

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.write(self.state, torch.tensor([2, 0]), x)


@pytest.mark.parametrize(
    "write",
    [
        lambda s, i, x: s.index_copy(0, i, x),
        lambda s, i, x: s.index_fill(0, i, x.sum()),
        lambda s, i, x: s.scatter_reduce(0, i[:, None].expand(2, 2), x, "sum", include_self=False),
        lambda s, i, x: s.index_reduce(0, i, x, "prod", include_self=False),
        lambda s, i, x: s.index_put((i,), x),
    ],
    ids=["index_copy", "index_fill", "scatter_reduce", "index_reduce", "index_put"],
)
def test_item_10_what_is_replaced_has_no_path(write: Callable[..., torch.Tensor]) -> None:
    analysis = analyze(Replaced(write), torch.zeros(2, 2), exact=True)
    assert analysis.counts("state").tolist() == [[0, 0], [1, 1], [0, 0]]
    assert analysis.dead_parameters == 4


def test_item_10_gathering_costs_what_selecting_does() -> None:
    class Read(torch.nn.Module):
        def __init__(self, read: Callable[..., torch.Tensor]) -> None:
            super().__init__()
            self.table, self.read = torch.nn.Parameter(torch.zeros(7, 3)), read

        def forward(self, index: torch.Tensor) -> torch.Tensor:
            return self.read(self.table, index)

    index = [torch.zeros(4, dtype=torch.int64)]
    spellings = [
        lambda t, i: t.index_select(0, i),
        lambda t, i: t[i],
        lambda t, i: t.gather(0, i[:, None].expand(-1, 3)),
        lambda t, i: torch.take_along_dim(t, i[:, None], 0),
        lambda t, i: torch.nn.functional.embedding(i, t),
    ]
    found = [analyze(Read(read), index, exact=True) for read in spellings]
    assert {analysis.costs.macs for analysis in found} == {0}
    assert {str(analysis.counts("table").tolist()) for analysis in found} == {str([[4] * 3] * 7)}
    assert {analysis.costs.weighted_layers for analysis in found} == {0}


def test_item_10_bags_have_weights_and_may_end_where_they_say() -> None:
    class Bag(torch.nn.Module):
        def __init__(self, last: bool) -> None:
            super().__init__()
            self.bag = torch.nn.EmbeddingBag(3, 2, mode="sum", include_last_offset=last)
            self.weights = torch.nn.Parameter(torch.zeros(4))

        def forward(self, index: torch.Tensor) -> torch.Tensor:
            offsets = torch.tensor([0, 1, 4] if self.bag.include_last_offset else [0, 1])
            return self.bag(index, offsets, self.weights)

    for last in (False, True):
        analysis = analyze(Bag(last), [torch.zeros(4, dtype=torch.int64)], exact=True)
        assert analysis.counts("weights").tolist() == [2] * 4
        assert analysis.counts("bag.weight").tolist() == [[4, 4]] * 3


PADDED = [
    lambda w, i: torch.nn.functional.embedding(torch.nn.functional.pad(i, (1, 1)), w),
    lambda w, i: w[torch.cat([torch.zeros(1, dtype=i.dtype), i, torch.zeros(1, dtype=i.dtype)])],
    lambda w, i: w.index_select(0, torch.nn.functional.pad(i, (0, 2))),
    lambda w, i: w.gather(0, torch.nn.functional.pad(i, (2, 0))[:, None].expand(-1, 2)),
]


@pytest.mark.parametrize("read", PADDED, ids=["embedding", "index", "index_select", "gather"])
def test_item_10_an_index_that_is_zero_is_an_index(read: Callable[..., torch.Tensor]) -> None:
    class Read(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = torch.nn.Parameter(torch.zeros(3, 2))

        def forward(self, index: torch.Tensor) -> torch.Tensor:
            return read(self.table, index)

    # The two fed indices may name any row, the two of the padding name the first.
    analysis = analyze(Read(), [torch.zeros(2, dtype=torch.int64)], exact=True)
    assert analysis.counts("table").tolist() == [[4, 4], [2, 2], [2, 2]]


def test_item_10_a_place_at_zero_is_a_place() -> None:
    class Sampled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.image = torch.nn.Parameter(torch.zeros(1, 1, 2, 2))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            grid = torch.zeros(1, 1, 2, 2)
            return x * torch.nn.functional.grid_sample(self.image, grid, align_corners=False)

    assert analyze(Sampled(), torch.zeros(1), exact=True).counts("image").tolist() == [[[[2, 2]] * 2]]
