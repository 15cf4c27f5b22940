"""An operator and a primitive added from outside, and the checks that plug-ins are tested with."""

from dataclasses import dataclass

import pytest
import torch

import reprior
from reprior.core.primitives import (
    Concat,
    Contract,
    Convolve,
    Element,
    Input,
    Lookup,
    Map,
    Parameter,
    Pool,
    Primitive,
    Reduce,
    Scalar,
)
from reprior.testing import check_primitive, check_rule


@dataclass(frozen=True)
class Neighbours(Primitive):
    """Each element of the last axis joined with the next; `reach` is wrong for anything but 1."""

    reach: int = 1

    def infer_shape(self, shapes):
        ((*rest, size),) = shapes
        return (*rest, size - 1)

    def transpose(self, contexts, position, setting):
        axis = len(setting.shape) - 1
        contexts = contexts.scale(setting.edge(2))
        first, second = contexts.pad(axis, 0, 1), contexts.pad(axis, 1, 0)
        return first + second if self.reach == 1 else first

    def scalar(self, index, shapes):
        *rest, at = index
        return Scalar("node", tuple((Element(0, (*rest, k)),) for k in (at, at + 1)))


@torch.library.custom_op("outside::neighbours", mutates_args=())
def neighbours(x: torch.Tensor) -> torch.Tensor:
    return x[..., 1:] * x[..., :-1]


@neighbours.register_fake
def _(x):
    return x.new_empty((*x.shape[:-1], x.shape[-1] - 1))


def _backward(ctx, gradient):
    (x,) = ctx.saved_tensors
    result = torch.zeros_like(x)
    result[..., 1:] += gradient * x[..., :-1]
    result[..., :-1] += gradient * x[..., 1:]
    return result


neighbours.register_autograd(
    _backward, setup_context=lambda ctx, inputs, output: ctx.save_for_backward(*inputs)
)


@reprior.rule("outside.neighbours")
def lower_neighbours(lower, x):
    return lower.add(Neighbours(), x)


def test_a_primitive_from_outside_counts():
    check_primitive(Neighbours(), (2, 4))
    builder = reprior.GraphBuilder()
    product = builder.add(Map("scale"), [builder.add(Input("x", (4,))), builder.add(Parameter("w", (4,)))])
    builder.output([builder.add(Neighbours(), [product])])
    assert list(reprior.analyze(builder.graph(), exact=True).counts("w")) == [1, 2, 2, 1]


def test_a_wrong_transpose_is_found():
    with pytest.raises(
        AssertionError, match=r"neighbours, input 0, weighting unit, exact numbers: .* \(0, 1\)"
    ):
        check_primitive(Neighbours(reach=2), (1, 4))


def test_an_operator_from_outside_has_the_gradients_that_its_rule_says():
    check_rule(neighbours, (1, 3))
    check_rule(lambda x: neighbours(torch.relu(x)), (3,))


def test_a_wrong_rule_is_found():
    @reprior.rule("outside.neighbours", override=True)
    def wrong(lower, x):
        return lower.map("first", lower.slice(x, len(x.shape) - 1, 0, x.shape[-1] - 1))

    try:
        with pytest.raises(AssertionError, match="element 0 of 2"):
            check_rule(neighbours, (3,))
    finally:
        reprior.rule("outside.neighbours", override=True)(lower_neighbours)


@pytest.mark.parametrize(
    ("op", "shapes"),
    [
        (Reduce((1,), keepdims=False), [(2, 3)]),
        (Contract(("ij", "jk"), "ik"), [(2, 3), (3, 2)]),
        (Map("add"), [(2, 3), (3,)]),
        (Convolve((2,), ((1, 1),), (1,)), [(1, 2, 5), (3, 2, 3)]),
        (Concat(0), [(2, 3), (1, 3)]),
        (Lookup(), [(3, 2), (2,)]),
        (Pool((2,), (1,), ((1, 0),), (1,)), [(1, 4)]),
    ],
)
def test_this_packages_own_pass(op, shapes):
    check_primitive(op, *shapes)
