"""Checks for primitives and rules of your own: what this package holds its own to.

Both raise an `AssertionError` that says where the first difference is, so they are lines of a test.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from math import isclose
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .core.primitives import Primitive, Setting, Shape
from .core.runs import Number, Runs
from .core.weighting import Weighting

__all__ = ["check_primitive", "check_rule"]

_WEIGHTINGS = ("unit", "fan_in:1", "fan_in:0.5", "decay:1/3")


def check_primitive(op: Primitive, *shapes: Shape, seed: int = 0) -> None:
    """Hold a primitive's `transpose` against its `scalar`, edge by edge.

    Every input is fed and every element exists. For each input, in both number types and under weightings of
    every sort, the contexts that `transpose` gives are those that the scalar nodes give when their paths are
    added up one by one.

    Parameters
    ----------
    op : Primitive
    *shapes : tuple of int
        Of its inputs; small ones, since every element is visited.
    seed : int
        Of the contexts of the output's elements.

    Raises
    ------
    AssertionError
        Where they differ.

    Examples
    --------
    >>> from reprior.core.primitives import Reduce
    >>> check_primitive(Reduce((1,), keepdims=False), (2, 3))
    """
    shape = op.infer_shape(shapes)
    drawn = np.random.default_rng(seed).integers(1, 9, size=shape)
    for text in _WEIGHTINGS:
        weighting = Weighting.parse(text)
        setting = Setting(shapes, shape, (True,) * len(shapes), (None,) * len(shapes), weighting)
        expected = _added_up(op, shapes, drawn, weighting)
        for number in ("exact", "scaled") if weighting.is_exact else ("scaled",):
            positions = range(len(shapes))
            found = op.transpose_each(_runs(drawn, number), positions, setting)
            for position, runs in zip(positions, found, strict=True):
                where = f"{op.label}, input {position}, weighting {weighting}, {number} numbers"
                assert runs.shape == shapes[position], f"{where}: shape {runs.shape}, not {shapes[position]}"
                for index in _indices(shapes[position]):
                    value = _at(runs, index)
                    wanted = expected[position][index]
                    same = value == wanted if number == "exact" else isclose(value, wanted, rel_tol=1e-9)
                    assert same, f"{where}: {value} contexts at {index}, its scalar nodes give {wanted}"


def _added_up(
    op: Primitive, shapes: Sequence[Shape], contexts: NDArray[Any], weighting: Weighting
) -> list[NDArray[Any]]:
    """Contexts of every element of every input, through the scalar nodes of each output element."""
    result = [np.zeros(shape, dtype=object) for shape in shapes]
    for index in _indices(contexts.shape):
        scalar = op.scalar(index, tuple(shapes))
        here: Any = int(contexts[index])
        if scalar.kind == "alias":
            edges = [(element, here) for term in scalar.terms for element in term]
        elif scalar.kind == "node":
            elements = {element for (element,) in scalar.terms}
            nominal = len(elements) if scalar.nominal is None else scalar.nominal
            edges = [(element, here * weighting.edge(nominal)) for element in elements]
        else:
            summed = weighting.edge(scalar.nominal) if scalar.nominal else 1
            edges = [
                (element, here * summed * weighting.edge(len(term)))
                for term in scalar.terms
                for element in term
            ]
        for element, weight in edges:
            result[element.input][element.at] += weight
    return result


def _runs(values: NDArray[Any], number: Number) -> Runs:
    if number == "exact":
        return Runs.from_dense(values.astype(object))
    return Runs.from_dense(values.astype(np.float64))


def _at(runs: Runs, index: Shape) -> Any:
    value = runs.to_dense()[index]
    if runs.is_exact:
        return Fraction(value)
    return float(np.exp2(value))


def _indices(shape: Shape) -> Iterator[Shape]:
    return itertools.product(*(range(size) for size in shape))


def check_rule(function: Callable[..., Any], *shapes: Shape, seed: int = 0) -> None:
    """Hold the rules behind a function of tensors against automatic differentiation.

    Every operand is a parameter times a value that is fed. For each element of the result alone, the elements
    of the parameters that the analysis calls alive are those that have a gradient (extra ``torch``).

    Parameters
    ----------
    function : callable
        From tensors to one tensor; it calls the operator.
    *shapes : tuple of int
        Of the operands; small ones, since every element of the result is an analysis.
    seed : int
        Of weights and inputs.

    Raises
    ------
    AssertionError
        Where they differ.

    Examples
    --------
    >>> import torch
    >>> check_rule(lambda x: torch.cumsum(x, 0), (3,))
    """
    import torch

    from .api import verify

    class Element(torch.nn.Module):
        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index
            self.operands = torch.nn.ParameterList([torch.randn(shape) for shape in shapes])

        def forward(self, *fed: torch.Tensor) -> torch.Tensor:
            operands = [weight * one for weight, one in zip(self.operands, fed, strict=True)]
            result: torch.Tensor = function(*operands)
            return result.reshape(-1)[self.index]

    fed = [torch.randn(shape) for shape in shapes]
    size = function(*fed).numel()
    for index in range(size):
        found = verify(Element(index), fed, name=f"element {index} of {size}", seed=seed)
        assert not found.differences, f"{found}: {'; '.join(map(str, found.differences))}"
