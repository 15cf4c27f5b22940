"""Item 13: what the core accepted, or answered by hanging or crashing.

``Graph.check`` accepted two parameters of one name; negative axes of public primitives gave wrong shapes;
``Runs.reshape`` to a size that does not fit hung; ``index_add`` with a constant source raised TypeError;
``searchsorted`` had ``bucketize``'s operand order.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reprior import analyze
from reprior.core.graph import GraphBuilder
from reprior.core.primitives import (
    Concat,
    Map,
    Parameter,
    Permute,
    Prefix,
    Primitive,
    Reduce,
    Slice,
    Take,
)
from reprior.core.runs import Runs
from reprior.errors import GraphError, ShapeError


def test_item_13_parameters_of_one_name() -> None:
    builder = GraphBuilder()
    leaves = [builder.add(Parameter("weight", (2,))) for _ in range(2)]
    builder.output([builder.add(Map("add"), leaves)])
    with pytest.raises(GraphError, match="two parameters have the name 'weight'"):
        builder.graph().check()


@pytest.mark.parametrize(
    "op",
    [
        Slice(-1, 0, 1),
        Take(-1, np.array([0])),
        Concat(-1),
        Reduce((-1,)),
        Reduce((0, -1)),
        Reduce((1, 0)),
        Reduce((0, 0)),
        Reduce((2,)),
        Prefix(-1),
        Permute((0, -1)),
        Map("bias", (None, -1)),
    ],
    ids=lambda op: f"{op.label} {getattr(op, 'axis', getattr(op, 'axes', ''))}",
)
def test_item_13_axes_count_from_zero(op: Primitive) -> None:
    operands = ((2, 3), (2, 3)) if isinstance(op, Concat) else ((2, 3),)
    with pytest.raises(ShapeError):
        op.infer_shape((*operands, (3,)) if isinstance(op, Map) else operands)


@pytest.mark.parametrize("shape", [(4,), (2, 4), (5, 1), (), (3, 3), (-2, -3), (0,), (7,)])
@pytest.mark.parametrize("number", ["exact", "scaled"])
def test_item_13_a_size_that_does_not_fit_is_refused(shape: tuple[int, ...], number: str) -> None:
    with pytest.raises(ShapeError, match="cannot reshape"):
        Runs.ones((2, 3), number).reshape(shape)  # type: ignore[arg-type]


@pytest.mark.parametrize(("shape", "new"), [((0, 3), (2, 0)), ((2, 0, 3), (0,)), ((0,), (4, 0, 5))])
def test_item_13_no_elements_have_any_shape_without_elements(
    shape: tuple[int, ...], new: tuple[int, ...]
) -> None:
    found = Runs.ones(shape, "scaled").reshape(new)
    assert found.shape == new
    assert found.count_nonzero() == 0


class Function(torch.nn.Module):
    def __init__(self, function: object) -> None:
        super().__init__()
        self.weight, self.function = torch.nn.Parameter(torch.zeros(3, 2)), function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(self.weight * x)  # type: ignore[operator]


def test_item_13_index_add_of_a_constant() -> None:
    constant = torch.ones(2, 2)
    module = Function(lambda w: w.index_add(0, torch.tensor([2, 0]), constant))
    assert analyze(module, torch.zeros(1, 2), exact=True).counts("weight").tolist() == [[1, 1]] * 3


def test_item_13_searchsorted_has_its_boundaries_first() -> None:
    bounds = torch.tensor([0.5, 0.9])
    for function in (lambda w: torch.searchsorted(bounds, w), lambda w: torch.bucketize(w, bounds)):
        module = Function(lambda w, function=function: function(w).float())
        assert analyze(module, torch.zeros(1, 2), exact=True).counts("weight").tolist() == [[1, 1]] * 3
